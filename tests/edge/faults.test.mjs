// What happens at once, and what goes wrong: crowds, SIGKILL, a copy that cannot be written.
//
//   KILLS=200 SOAK=3600 node --test tests/edge/faults.test.mjs     (`make prove`; SEED= repeats one run)
import assert from "node:assert/strict";
import { mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { inObject } from "./object.mjs";
import { client, eventually, start, user } from "./server.mjs";

const quick = { requestsPerSecond: 0 };
/** Seconds of mixed load. */
const SOAK = Number(process.env.SOAK ?? 60);

let server;
before(async () => {
  server = await start();
});
after(() => server.stop());

async function tenant(of = server) {
  const { status, body } = await of.administer("POST", "/tenants", { name: "test", settings: quick });
  assert.equal(status, 201);
  return { id: body.tenant.id, token: body.token, scim: client(of.endpoint, body.token) };
}

const patch = (op, path, value) => ({
  Operations: [{ op, path, ...(value === undefined ? {} : { value }) }],
});

test("of two hundred concurrent creates of one userName exactly one succeeds", async () => {
  const { scim } = await tenant();
  const replies = await Promise.all(
    Array.from({ length: 200 }, (_, n) => scim("POST", "/Users", user(n % 2 ? "ada" : "ADA"))),
  );
  const count = (status) => replies.filter((reply) => reply.status === status).length;
  assert.deepEqual([count(201), count(409)], [1, 199]);
});

test("two hundred concurrent membership adds are all there", async () => {
  const { scim } = await tenant();
  const users = await Promise.all(
    Array.from({ length: 200 }, (_, n) => scim("POST", "/Users", user(`user${n}`))),
  );
  const group = (await scim("POST", "/Groups", { displayName: "all" })).body.id;
  const replies = await Promise.all(
    users.map(({ body }) => scim("PATCH", `/Groups/${group}`, patch("add", "members", [{ value: body.id }]))),
  );
  assert.ok(replies.every(({ status }) => status === 204));
  assert.equal((await scim("GET", `/Groups/${group}`)).body.members.length, 200);
});

test("concurrent changes under If-Match: each success built on what it saw, none is lost", async () => {
  const { scim } = await tenant();
  const { body } = await scim("POST", "/Users", user("counter", { title: "0" }));
  let succeeded = 0;
  let refused = 0;
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      for (let n = 0; n < 8; n += 1) {
        const seen = await scim("GET", `/Users/${body.id}`);
        const next = patch("replace", "title", String(Number(seen.body.title) + 1));
        const reply = await scim("PATCH", `/Users/${body.id}`, next, {
          "if-match": seen.headers.get("etag"),
        });
        if (reply.status === 200) succeeded += 1;
        else refused += reply.status === 412 ? 1 : assert.fail(`status ${reply.status}`);
      }
    }),
  );
  assert.equal((await scim("GET", `/Users/${body.id}`)).body.title, String(succeeded));
  assert.ok(refused > 0, "there was a contest");
});

// What must hold in a tenant's tables whenever nobody is writing; each query finds what breaks it.
const INVARIANTS = {
  "a unique key whose owner is gone": "SELECT * FROM unique_key WHERE id NOT IN (SELECT id FROM resource)",
  "a search key whose owner is gone": "SELECT * FROM search_key WHERE id NOT IN (SELECT id FROM resource)",
  "a user that its name does not find": `SELECT id FROM resource AS r WHERE kind = 'User' AND NOT EXISTS (SELECT 1 FROM
    unique_key AS k WHERE k.id = r.id AND k.attribute = 'username' AND k.value = lower(json_extract(r.document, '$.userName')))`,
  "a user that a search does not find": `SELECT id FROM resource AS r WHERE kind = 'User' AND NOT EXISTS (SELECT 1 FROM
    search_key AS k WHERE k.id = r.id AND k.attribute = 'username' AND k.value = lower(json_extract(r.document, '$.userName')))`,
  "a name too many": `SELECT id FROM unique_key WHERE attribute = 'username' GROUP BY id HAVING COUNT(*) > 1`,
  "a membership of nobody": "SELECT * FROM member WHERE member_id NOT IN (SELECT id FROM resource)",
  "a membership in nothing": "SELECT * FROM member WHERE group_id NOT IN (SELECT id FROM resource)",
  "a group without a chunk": `SELECT id FROM resource WHERE kind = 'Group' AND id NOT IN (SELECT group_id FROM chunk WHERE first = '')`,
  "a total that is wrong": `SELECT * FROM total AS t WHERE number <> (SELECT COUNT(*) FROM resource AS r WHERE r.kind = t.kind)`,
  "a resource that the trail tells otherwise": `SELECT r.id FROM resource AS r JOIN journal AS j ON j.seq =
    (SELECT MAX(seq) FROM journal WHERE id = r.id) WHERE j.after <> r.version OR j.document <> r.document`,
  "a resource that the trail does not know":
    "SELECT id FROM resource WHERE id NOT IN (SELECT id FROM journal)",
  "a gap in a resource's trail": `SELECT a.id FROM journal AS a JOIN journal AS b ON b.seq =
    (SELECT MIN(seq) FROM journal WHERE id = a.id AND seq > a.seq) WHERE b.before <> a.after`,
};

async function assertSound(folder, id) {
  const found = await inObject(folder, id, Object.values(INVARIANTS));
  Object.keys(INVARIANTS).forEach((name, index) => {
    assert.deepEqual(found[index], [], name);
  });
}

test("SIGKILL under load: what was acknowledged is there, nothing is half there, the copy catches up", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "provisor-"));
  const kills = Number(process.env.KILLS ?? 2);
  let seed = Number(process.env.SEED ?? 20261124);
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  // By user: what was last acknowledged, and what was last asked for.
  const known = new Map();
  let [id, token, group] = [];
  let acknowledged = 0;
  let unanswered = 0;
  for (let round = 0; round < kills; round += 1) {
    const instance = await start(folder);
    if (!id) {
      ({ id, token } = await tenant(instance));
      const made = await client(instance.endpoint, token)("POST", "/Groups", { displayName: "all" });
      group = made.body.id;
    }
    const scim = client(instance.endpoint, token);
    let running = true;
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let n = 0; running; n += 1) {
        const name = `user${round}-${writer}-${n}`;
        const entry = { name, member: false, gone: false, asked: "create" };
        const step = async (asked, ...request) => {
          entry.asked = asked;
          const reply = await scim(...request).catch(() => null);
          if (reply === null || !running) {
            unanswered += 1;
            return null;
          }
          assert.ok(reply.status < 300, `${asked}: ${reply.status} ${JSON.stringify(reply.body)}`);
          acknowledged += 1;
          return reply;
        };
        const made = await step("create", "POST", "/Users", user(name, { title: "0" }));
        if (!made) return;
        known.set(made.body.id, entry);
        const path = `/Users/${made.body.id}`;
        entry.title = "0";
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
    });
    await new Promise((resume) => setTimeout(resume, 300 + random() * 900));
    await instance.kill();
    running = false;
    await Promise.all(writers);
    await assertSound(folder, id);
  }
  assert.ok(acknowledged > 0 && unanswered > 0, "the kills came while writes were under way");
  const last = await start(folder);
  try {
    const scim = client(last.endpoint, token);
    const members = new Set((await scim("GET", `/Groups/${group}`)).body.members?.map(({ value }) => value));
    for (const [id, entry] of known) {
      const reply = await scim("GET", `/Users/${id}`);
      // What was asked for and not acknowledged may have happened, or not.
      if (entry.gone || (entry.asked === "delete" && reply.status === 404)) {
        assert.equal(reply.status, 404, `${entry.name} was deleted`);
        assert.ok(!members.has(id));
        continue;
      }
      assert.equal(reply.status, 200, `${entry.name} was acknowledged`);
      const titles = entry.asked === "title" ? [entry.title, "1"] : [entry.title];
      assert.ok(titles.includes(reply.body.title), `${entry.name} is ${reply.body.title}`);
      assert.ok(members.has(id) || !entry.member, `${entry.name} is a member`);
    }
    await eventually(
      async () => assert.equal((await last.administer("GET", `/tenants/${id}`)).body.unpublished, 0),
      120,
    );
    const { body: made } = await last.administer("POST", `/tenants/${id}/tokens`, { scope: "edge-read" });
    const reader = client(last.endpoint, made.token);
    for (const [id, entry] of [...known].slice(-40)) {
      const [copied, present] = [await reader("GET", `/Users/${id}`), await scim("GET", `/Users/${id}`)];
      assert.deepEqual(
        [copied.status, copied.headers.get("etag"), copied.body.title],
        [present.status, present.headers.get("etag"), present.body.title],
        entry.name,
      );
    }
    const copied = await reader("GET", `/Groups/${group}`);
    assert.equal(copied.status, 200, JSON.stringify(copied.body));
    assert.deepEqual((copied.body.members ?? []).map(({ value }) => value).sort(), [...members].sort());
    t.diagnostic(
      `${kills} kills, ${unanswered} writes cut off, ${acknowledged} acknowledged and none of them lost`,
    );
  } finally {
    await last.stop();
  }
  await rm(folder, { recursive: true, force: true });
});

/** Takes KV's store of values away, or gives it back: every put then fails in earnest. */
async function breakKv(folder, isBroken) {
  const kv = join(folder, "kv");
  for (const name of await readdir(kv)) {
    const [blobs, aside] = [join(kv, name, "blobs"), join(kv, name, "aside")];
    const there = await readdir(join(kv, name));
    if (isBroken && there.includes("blobs")) {
      await rename(blobs, aside);
      await writeFile(blobs, "not a folder");
    }
    if (!isBroken && there.includes("aside")) {
      await rm(blobs);
      await rename(aside, blobs);
    }
  }
}

test("while KV fails writes go on, and then the copy catches up", async () => {
  const folder = await mkdtemp(join(tmpdir(), "provisor-"));
  const instance = await start(folder);
  try {
    const { id, scim } = await tenant(instance);
    const unpublished = async () => (await instance.administer("GET", `/tenants/${id}`)).body.unpublished;
    const { body: made } = await instance.administer("POST", `/tenants/${id}/tokens`, { scope: "edge-read" });
    const reader = client(instance.endpoint, made.token);
    const { body: ada } = await scim("POST", "/Users", user("ada", { title: "0" }));
    await eventually(async () => assert.equal(await unpublished(), 0));

    await breakKv(folder, true);
    const ids = [ada.id];
    for (let n = 0; n < 30; n += 1) {
      const reply = await scim("POST", "/Users", user(`user${n}`, { title: "0" }));
      assert.equal(reply.status, 201);
      ids.push(reply.body.id);
    }
    for (const one of ids) {
      assert.equal((await scim("PATCH", `/Users/${one}`, patch("replace", "title", "1"))).status, 200);
    }
    // Long enough for a round and for one more try.
    await new Promise((resume) => setTimeout(resume, 7_000));
    assert.equal((await scim("GET", "/Users")).body.totalResults, 31);
    assert.equal(await unpublished(), 62, "nothing was published, nothing was forgotten");

    await breakKv(folder, false);
    await eventually(async () => assert.equal(await unpublished(), 0), 30);
    for (const one of ids) {
      assert.equal((await reader("GET", `/Users/${one}`)).body.title, "1");
    }
  } finally {
    await instance.stop();
  }
  await rm(folder, { recursive: true, force: true });
});

async function soak(t) {
  const folder = await mkdtemp(join(tmpdir(), "provisor-"));
  const instance = await start(folder);
  const { id, scim } = await tenant(instance);
  const end = Date.now() + SOAK * 1000;
  const group = (await scim("POST", "/Groups", { displayName: "all" })).body.id;
  let done = 0;
  await Promise.all(
    Array.from({ length: 8 }, async (_, worker) => {
      for (let n = 0; Date.now() < end; n += 1) {
        const made = await scim("POST", "/Users", user(`user${worker}-${n}`, { active: true }));
        assert.equal(made.status, 201);
        const path = `/Users/${made.body.id}`;
        const add = patch("add", "members", [{ value: made.body.id }]);
        assert.equal((await scim("PATCH", `/Groups/${group}`, add)).status, 204);
        assert.equal((await scim("PATCH", path, patch("replace", "active", false))).body.active, false);
        const found = await scim("GET", `/Users?filter=userName+eq+%22user${worker}-${n}%22`);
        assert.equal(found.body.totalResults, 1);
        if (n % 2) assert.equal((await scim("DELETE", path)).status, 204);
        done += 5;
      }
    }),
  );
  assert.ok(done > 0);
  await instance.stop();
  await assertSound(folder, id);
  t.diagnostic(`${done} requests, ${Object.keys(INVARIANTS).length} invariants hold`);
  await rm(folder, { recursive: true, force: true });
}

test(`a soak: mixed load for ${SOAK} seconds, and all is sound`, soak);
