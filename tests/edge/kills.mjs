// A server that is killed again and again, while its tenants are written, restored and changed.
//
// What was acknowledged is kept in a model beside it. After a kill, everything that was asked for and
// not acknowledged may have happened or not; everything that was acknowledged is there, in the tenant
// and in each restore of an export that was taken after it.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { content, exported, line, written } from "./lines.mjs";
import { inObject } from "./object.mjs";
import { calm, client, eventually, start, user } from "./server.mjs";
import { assertSound } from "./sound.mjs";

/** Kills after which a tenant is looked at as a whole, and another one takes its place. */
const BLOCK = 20;
const BADGE = "urn:example:scim:schemas:Badge";
const quick = { requestsPerSecond: 0 };
// KV's lists do not trail here: a tenant's end need not be waited for.
const VARS = { KV_DELAY: "0" };
/** A user's own version: the copy holds none of what else a tag tells apart, her groups. */
const version = ({ headers }) => headers.get("etag")?.replace(/-[0-9a-f]+"$/, '"');

const patch = (op, path, value) => ({
  Operations: [{ op, path, ...(value === undefined ? {} : { value }) }],
});

const schemas = (size) => ({
  Schemas: [
    {
      id: BADGE,
      name: "Badge",
      attributes: Array.from({ length: size }, (_, n) => ({ name: `code${n}`, type: "string" })),
    },
  ],
  ResourceTypes: [],
});

/** An import that stalls after these lines. */
function stalled(server, id, text) {
  const call = request(`${server.admin}/tenants/${id}/import`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.adminToken}` },
  });
  calm(call);
  call.on("response", (reply) => reply.resume());
  call.write(text);
  return call;
}

class Lane {
  done = {
    kills: 0,
    acknowledged: 0,
    unanswered: 0,
    indexes: 0,
    schemas: 0,
    exports: 0,
    restores: 0,
    stalls: 0,
    retries: 0,
    erasures: 0,
    purges: 0,
  };

  constructor(folder, seed) {
    this.folder = folder;
    this.seed = seed;
  }

  random() {
    this.seed = (Math.imul(this.seed, 1664525) + 1013904223) >>> 0;
    return this.seed / 2 ** 32;
  }

  /** A tenant to be written to, with all that is known of it. */
  async begin() {
    const made = await this.tenant();
    this.main = { ...made, known: new Map(), indexes: [[]], schemas: [null] };
    this.others = [];
    const group = await client(this.server.endpoint, made.token)("POST", "/Groups", { displayName: "all" });
    assert.equal(group.status, 201);
    this.main.group = group.body.id;
  }

  async tenant() {
    const asked = { name: "test", settings: quick };
    const { status, body } = await this.server.administer("POST", "/tenants", asked);
    assert.equal(status, 201, JSON.stringify(body));
    return { id: body.tenant.id, token: body.token };
  }

  /** Asks; null when the kill came before the answer. */
  async ask(ask, ...asked) {
    const reply = await ask(...asked).catch(() => null);
    if (reply === null || !this.running) {
      this.done.unanswered += 1;
      return null;
    }
    assert.ok(
      reply.status < 300,
      `${asked.slice(0, 2).join(" ")}: ${reply.status} ${JSON.stringify(reply.body)}`,
    );
    this.done.acknowledged += 1;
    return reply;
  }

  /** Makes users, and does to each what is done to users. */
  async write(writer) {
    const { known, group, token } = this.main;
    const scim = client(this.server.endpoint, token);
    for (let n = 0; this.running; n += 1) {
      const entry = { name: `user${this.done.kills}-${writer}-${n}`, member: false, gone: false };
      const step = (asked, ...request) => {
        entry.asked = asked;
        return this.ask(scim, ...request);
      };
      const made = await step("create", "POST", "/Users", user(entry.name, { title: "0" }));
      if (!made) return;
      entry.title = "0";
      known.set(made.body.id, entry);
      const path = `/Users/${made.body.id}`;
      if (!(await step("title", "PATCH", path, patch("replace", "title", "1")))) return;
      entry.title = "1";
      const member = patch("add", "members", [{ value: made.body.id }]);
      if (!(await step("member", "PATCH", `/Groups/${group}`, member))) return;
      entry.member = true;
      if (n % 4 === 0) {
        if (!(await step("delete", "DELETE", path))) return;
        entry.gone = true;
      }
      entry.asked = "nothing";
    }
  }

  /** One of the administrator's acts after the other. */
  async administer() {
    const acts = [this.index, this.schema, this.restore, this.retry, this.stall, this.erase, this.purge];
    while (this.running) {
      const act = acts[Math.floor(this.random() * acts.length)];
      if ((await act.call(this)) === null) return;
    }
  }

  /** A setting and the walk that follows from it. */
  async index() {
    const wanted = this.main.indexes.at(-1).length ? [] : ["title"];
    this.main.indexes.push(wanted);
    const asked = { settings: { indexes: wanted } };
    const reply = await this.ask(this.server.administer, "PATCH", `/tenants/${this.main.id}`, asked);
    if (!reply) return null;
    this.main.indexes = [wanted];
    this.done.indexes += 1;
  }

  async schema() {
    const wanted = schemas((this.main.schemas.at(-1)?.Schemas[0].attributes.length ?? 0) + 1);
    if (wanted.Schemas[0].attributes.length > 200) return;
    this.main.schemas.push(wanted);
    const reply = await this.ask(this.server.administer, "PUT", `/tenants/${this.main.id}/schemas`, wanted);
    if (!reply) return null;
    this.main.schemas = [wanted];
    this.done.schemas += 1;
  }

  /** An export, into a new tenant: it has what was acknowledged before it was asked for. */
  async restore() {
    const before = [...this.main.known].map(([id, entry]) => [id, { ...entry }]);
    const text = await exported(this.server, this.main.id);
    if (text === null || !this.running) return null;
    this.done.exports += 1;
    const file = content(text);
    const there = new Map(file.resources.map(({ id, document }) => [id, document]));
    const members = new Set(file.members);
    for (const [id, then] of before) {
      const now = this.main.known.get(id);
      if (then.gone) assert.ok(!there.has(id), `${then.name} was deleted and is in the export`);
      if (now.gone || now.asked === "delete") continue;
      assert.ok(there.has(id), `${then.name} is in the export`);
      assert.ok(there.get(id).title >= then.title, `${then.name} as it was`);
      assert.ok(!then.member || members.has(`${this.main.group} ${id}`), `${then.name} is a member`);
    }
    const made = await this.tenant().catch(() => null);
    if (!made) return null;
    const reply = await this.ask(this.server.administer, "POST", `/tenants/${made.id}/import`, text);
    if (!reply) {
      this.others.push({ ...made, users: null });
      return null;
    }
    this.others.push({ ...made, users: file.resources.filter(({ kind }) => kind === "User").length, file });
    this.done.restores += 1;
  }

  /** An import that stalls, is given up, done again and written after; then the first one ends. */
  async retry() {
    const made = await this.tenant().catch(() => null);
    if (!made) return null;
    const other = { ...made, users: null };
    this.others.push(other);
    const lines = [{ export: { form: 1, settings: quick } }, line("u1", { userName: "ada" })];
    const call = stalled(this.server, made.id, `${JSON.stringify(lines[0])}\n`);
    const state = async () => (await this.server.administer("GET", `/tenants/${made.id}`)).body.import?.state;
    while ((await state().catch(() => null)) !== "running") if (!this.running) return null;
    if (!(await this.ask(this.server.administer, "DELETE", `/tenants/${made.id}/import`))) return null;
    const text = written(lines);
    if (!(await this.ask(this.server.administer, "POST", `/tenants/${made.id}/import`, text))) return null;
    other.users = 1;
    const scim = client(this.server.endpoint, made.token);
    other.asked = 1;
    if (!(await this.ask(scim, "POST", "/Users", user("bo")))) return null;
    other.users = 2;
    other.asked = 0;
    if (this.random() < 0.5) call.destroy();
    else call.end("{}\n");
    this.done.retries += 1;
  }

  /** An import that is still under way when the kill comes, or is left alone. */
  async stall() {
    const made = await this.tenant().catch(() => null);
    if (!made) return null;
    const lines = Array.from({ length: 2_000 }, (_, n) =>
      JSON.stringify(line(`u${n}`, { userName: `u${n}` })),
    );
    stalled(this.server, made.id, `${JSON.stringify({ export: { form: 1 } })}\n${lines.join("\n")}\n`);
    this.others.push({ ...made, users: null });
    this.done.stalls += 1;
  }

  /** The erasure of somebody who was deleted. */
  async erase() {
    const some = [...this.main.known].filter(([, { gone, erased }]) => gone && !erased);
    if (!some.length) return;
    const [id, entry] = some[Math.floor(this.random() * some.length)];
    entry.erased = "asked";
    const reply = await this.ask(this.server.administer, "POST", `/tenants/${this.main.id}/erase`, { id });
    if (!reply) return null;
    entry.erased = "acknowledged";
    this.done.erasures += 1;
  }

  /** A tenant's end, in its two steps. */
  async purge() {
    const other = this.others.find(({ users, ending, file }) => users !== null && !ending && !file);
    if (!other) return;
    other.ending = "asked";
    const path = `/tenants/${other.id}`;
    if (!(await this.ask(this.server.administer, "PATCH", path, { state: "suspended" }))) return null;
    if (!(await this.ask(this.server.administer, "DELETE", path, { confirm: "test" }))) return null;
    other.ending = "acknowledged";
    this.done.purges += 1;
  }

  /** One life of the server, and its end. */
  async round(longest) {
    this.server = await start(this.folder, VARS);
    if (!this.main) await this.begin();
    else await this.look();
    this.running = true;
    const work = [0, 1, 2, 3].map((writer) => this.write(writer));
    work.push(this.administer());
    const failed = Promise.all(work).then(() => null);
    failed.catch(() => {});
    try {
      const life = 150 + this.random() * longest;
      await Promise.race([failed, new Promise((resume) => setTimeout(resume, life))]);
    } finally {
      await this.server.kill();
      this.running = false;
    }
    await failed;
    this.done.kills += 1;
  }

  /** Looks at what little may be looked at after every start. */
  async look() {
    const { body: shown } = await this.server.administer("GET", `/tenants/${this.main.id}`);
    const isAsked = this.main.indexes.some((asked) => asked.join() === shown.settings.indexes.join());
    assert.ok(isAsked, `${shown.settings.indexes} of ${JSON.stringify(this.main.indexes)}`);
    this.main.indexes = [shown.settings.indexes];
    const { body } = await this.server.administer("GET", `/tenants/${this.main.id}/schemas`);
    const kept = body.Schemas.length ? body : null;
    const known = this.main.schemas.find((asked) => JSON.stringify(asked) === JSON.stringify(kept));
    assert.ok(known !== undefined, "the schemas are those that were asked for");
    this.main.schemas = [known];
    for (const other of this.others.slice(-6)) await this.lookAt(other);
  }

  /** A tenant into which something was, or was to be, imported. */
  async lookAt(other) {
    const { status, body: shown } = await this.server.administer("GET", `/tenants/${other.id}`);
    const scim = client(this.server.endpoint, other.token);
    if (other.ending) {
      const isEnding = status === 404 || shown.state === "deleting";
      assert.ok(
        isEnding || other.ending === "asked",
        `a tenant whose end was acknowledged is ${shown.state}`,
      );
      if (isEnding) assert.ok((await scim("GET", "/Users?count=0")).status >= 400, "nobody is let in");
      return;
    }
    const total = async () => (await scim("GET", "/Users?count=0")).body.totalResults;
    if (shown.import?.state === "running") {
      // Whoever sent it was killed: nothing of it is there for anybody, and it can be ended.
      assert.equal(other.users, null, "an import that was acknowledged is not under way");
      assert.equal((await scim("GET", "/Users?count=0")).status, 503);
      assert.equal((await this.server.administer("DELETE", `/tenants/${other.id}/import`)).status, 200);
      assert.equal(await total(), 0);
      other.users = 0;
    } else if (other.users === null) {
      other.users = await total();
      const all = shown.import?.state === "done";
      assert.ok(other.users === 0 || all, `${other.users} users of an import that is ${shown.import?.state}`);
    } else {
      const found = await total();
      assert.ok(
        found === other.users || found === other.users + (other.asked ?? 0),
        `${found} of ${other.users}`,
      );
    }
  }

  /** Looks at all that is known, beneath and from outside. */
  async whole(isLast) {
    const there = this.others.filter(({ ending }) => !ending);
    for (const { id } of [this.main, ...there.slice(-2)]) await assertSound(this.folder, id);
    this.server = await start(this.folder, VARS);
    try {
      await this.look();
      for (const other of this.others) await this.lookAt(other);
      const restored = this.others.findLast(({ file }) => file);
      if (restored) assert.deepEqual(content(await exported(this.server, restored.id)), restored.file);
      await this.users();
      await this.ends();
      if (isLast) await this.copy();
    } finally {
      await this.server.stop();
    }
    await this.erased();
    this.main = null;
  }

  /** However often it was killed, what was begun comes to its end. */
  async ends() {
    const show = (id) => this.server.administer("GET", `/tenants/${id}`);
    await eventually(async () => assert.deepEqual((await show(this.main.id)).body.work, []), 120);
    for (const { id, ending } of this.others) {
      if (ending === "acknowledged")
        await eventually(async () => assert.equal((await show(id)).status, 404), 120);
    }
  }

  /** Who was erased stands in no table, beneath the stopped server. */
  async erased() {
    const { id: tenant, known } = this.main;
    const [tables] = await inObject(this.folder, tenant, [
      "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 4) <> '_cf_'",
    ]);
    const rows = await inObject(
      this.folder,
      tenant,
      tables.map(({ name }) => `SELECT * FROM ${name}`),
    );
    const texts = new Set(rows.flat().flatMap((row) => JSON.stringify(row).match(/user\d+-\d+-\d+/g) ?? []));
    for (const { name, erased } of known.values()) {
      if (erased === "acknowledged") assert.ok(!texts.has(name), `${name} was erased and is in a table`);
      else if (!erased) assert.ok(texts.has(name), `the search does not find ${name}`);
    }
  }

  async users() {
    const { known, group, token, id: tenant } = this.main;
    const scim = client(this.server.endpoint, token);
    this.members = new Set((await scim("GET", `/Groups/${group}`)).body.members?.map(({ value }) => value));
    let promoted = 0;
    for (const [id, entry] of known) {
      const reply = await scim("GET", `/Users/${id}`);
      // What was asked for and not acknowledged may have happened, or not.
      if (entry.gone || (entry.asked === "delete" && reply.status === 404)) {
        assert.equal(reply.status, 404, `${entry.name} was deleted`);
        assert.ok(!this.members.has(id));
        continue;
      }
      assert.equal(reply.status, 200, `${entry.name} was acknowledged`);
      const titles = entry.asked === "title" ? [entry.title, "1"] : [entry.title];
      assert.ok(titles.includes(reply.body.title), `${entry.name} is ${reply.body.title}`);
      assert.ok(this.members.has(id) || !entry.member, `${entry.name} is a member`);
      if (reply.body.title === "1") promoted += 1;
    }
    // However often the walk was killed, the index finds what there is.
    await eventually(async () => {
      const { body } = await this.server.administer("GET", `/tenants/${tenant}`);
      assert.equal(body.indexes.walking, false);
    }, 60);
    const { body: found } = await scim("GET", "/Users?count=0&filter=title+eq+%221%22");
    assert.equal(found.totalResults, promoted);
  }

  async copy() {
    const { known, group, token, id: tenant } = this.main;
    const shown = async () => (await this.server.administer("GET", `/tenants/${tenant}`)).body;
    await eventually(async () => assert.equal((await shown()).unpublished, 0), 120);
    const asked = { scope: "edge-read" };
    const { body: made } = await this.server.administer("POST", `/tenants/${tenant}/tokens`, asked);
    const [reader, scim] = [made.token, token].map((token) => client(this.server.endpoint, token));
    for (const [id, entry] of [...known].slice(-40)) {
      const [copied, present] = [await reader("GET", `/Users/${id}`), await scim("GET", `/Users/${id}`)];
      assert.deepEqual(
        [copied.status, version(copied), copied.body.title],
        [present.status, version(present), present.body.title],
        entry.name,
      );
    }
    const copied = await reader("GET", `/Groups/${group}`);
    assert.equal(copied.status, 200, JSON.stringify(copied.body));
    assert.deepEqual((copied.body.members ?? []).map(({ value }) => value).sort(), [...this.members].sort());
  }
}

/** So many kills in one data folder; answers with what was done meanwhile. */
export async function killed(kills, seed) {
  const folder = await mkdtemp(join(tmpdir(), "provisor-"));
  const lane = new Lane(folder, seed);
  for (let kill = 1; kill <= kills; kill += 1) {
    await lane.round(kills > 10 ? 600 : 1_000);
    if (kill % BLOCK !== 0 && kill !== kills) continue;
    await lane.whole(kill === kills);
    // It may go on for hours.
    if (kills > BLOCK) console.error(`${kill} of ${kills} kills: ${JSON.stringify(lane.done)}`);
  }
  await rm(folder, { recursive: true, force: true });
  return lane.done;
}
