// A tenant as a file: whole whatever is written meanwhile, and back as it was.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { content, exported as fileOf, line as resource, written } from "./lines.mjs";
import { inObject } from "./object.mjs";
import { calm, client, eventually, start, user } from "./server.mjs";

let server;
before(async () => {
  server = await start();
});
after(() => server.stop());

const quick = { requestsPerSecond: 0 };

async function tenant(settings = quick, at = server, more = {}) {
  const { status, body } = await at.administer("POST", "/tenants", { name: "test", settings, ...more });
  assert.equal(status, 201, JSON.stringify(body));
  return { id: body.tenant.id, token: body.token, scim: client(at.endpoint, body.token) };
}

/** The file of a tenant. */
async function exported(id) {
  const text = await fileOf(server, id);
  assert.ok(text, "the export is whole");
  return text;
}

const imported = (id, text, at = server) => at.administer("POST", `/tenants/${id}/import`, text);

/** An import that has sent this much and says nothing more; `cut` hangs up, `end` sends the rest. */
async function stalled(id, text, at = server) {
  const call = request(`${at.admin}/tenants/${id}/import`, {
    method: "POST",
    headers: { authorization: `Bearer ${at.adminToken}` },
  });
  const answered = new Promise((resume) => {
    call.on("error", () => resume(null));
    calm(call);
    call.on("response", async (reply) => {
      const body = await reply
        .setEncoding("utf8")
        .toArray()
        .catch(() => []);
      resume({ status: reply.statusCode, text: body.join("") });
    });
  });
  call.write(text);
  const stall = { answered, cut: () => call.destroy(), end: (rest) => call.end(rest) };
  await eventually(async () => assert.equal((await importOf(id, at)).state, "running"));
  return stall;
}

const shown = async (id, at = server) => (await at.administer("GET", `/tenants/${id}`)).body;
const importOf = async (id, at = server) => (await shown(id, at)).import ?? {};

const HEAD = { export: { form: 1, settings: quick } };
const patch = (op, path, value) => ({
  Operations: [{ op, path, ...(value === undefined ? {} : { value }) }],
});

test("a tenant goes into a file and comes back as it was", async () => {
  const one = await tenant({ ...quick, maxResults: 70 });
  const ada = (await one.scim("POST", "/Users", user("Ada@example.com", { title: "Countess" }))).body;
  const bo = (await one.scim("POST", "/Users", user("bo", { password: "correct horse" }))).body;
  await one.scim("PATCH", `/Users/${ada.id}`, patch("replace", "title", "Lady"));
  const members = [{ value: ada.id }, { value: bo.id }];
  const all = (await one.scim("POST", "/Groups", { displayName: "All", members })).body;
  const text = await exported(one.id);
  assert.ok(!text.includes("correct horse"));
  assert.match(text, /\$pbkdf2-sha256\$i=100000\$/);

  const two = await tenant();
  const { status, body } = await imported(two.id, text);
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual([body.resources, body.members, body.passwords], [3, 2, 1]);
  const back = await two.scim("GET", `/Users/${ada.id}`);
  assert.equal(back.body.title, "Lady");
  // Her version, with what tells her groups apart.
  assert.match(back.headers.get("etag"), /^W\/"2-[0-9a-f]{16}"$/);
  assert.deepEqual(back.body.meta.created, ada.meta.created);
  assert.equal((await two.scim("GET", `/Groups/${all.id}`)).body.members.length, 2);
  assert.equal((await two.scim("POST", "/Users", user("ADA@example.com"))).status, 409);
  assert.equal((await two.scim("GET", "/Users?filter=userName+eq+%22bo%22")).body.totalResults, 1);
  assert.equal((await two.scim("GET", "/Users")).body.totalResults, 2);
  assert.equal((await server.administer("GET", `/tenants/${two.id}`)).body.settings.maxResults, 70);
  assert.deepEqual(content(await exported(two.id)), content(text));
  // The copy is made too, and the trail tells what came before the next change.
  const { body: made } = await server.administer("POST", `/tenants/${two.id}/tokens`, { scope: "edge-read" });
  const reader = client(server.endpoint, made.token);
  await eventually(async () =>
    assert.equal((await reader("GET", `/Groups/${all.id}`)).body.members.length, 2),
  );
  await two.scim("PATCH", `/Users/${ada.id}`, patch("replace", "title", "Miss"));
  const { body: journal } = await server.administer("GET", `/tenants/${two.id}/journal`);
  const last = journal.entries.at(-1);
  assert.deepEqual([last.operation, last.before.title, last.after.title], ["patch", "Lady", "Miss"]);
});

test("an export taken while others write is whole", async () => {
  const one = await tenant();
  const ids = [];
  for (let n = 0; n < 1_200; n += 50) {
    const made = await Promise.all(
      Array.from({ length: 50 }, (_, i) => one.scim("POST", "/Users", user(`user${n + i}`))),
    );
    ids.push(...made.map(({ body }) => body.id));
  }
  const group = (await one.scim("POST", "/Groups", { displayName: "all" })).body.id;
  let running = true;
  let written = 0;
  // Names change hands, users go and come, members too: what makes a careless copy inconsistent.
  const write = async (...request) => {
    await one.scim(...request);
    written += 1;
  };
  const writer = async (turn) => {
    for (let n = 0; running; n += 1) {
      const id = ids[(n * 7 + turn * 13) % ids.length];
      const other = ids[(n * 11 + turn * 5) % ids.length];
      await write("PATCH", `/Users/${id}`, patch("replace", "userName", `taken${n % 9}`));
      await write("PATCH", `/Users/${id}`, patch("replace", "userName", `free${turn}-${n}`));
      await write("PATCH", `/Groups/${group}`, patch("add", "members", [{ value: id }, { value: other }]));
      await write("PATCH", `/Groups/${group}`, patch("remove", `members[value eq "${other}"]`));
      if (n % 3 === 0) await write("DELETE", `/Users/${ids[(n * 3 + turn) % ids.length]}`);
      await write("POST", "/Users", user(`new${turn}-${n}`));
    }
  };
  const writers = [0, 1, 2].map(writer);
  await new Promise((resume) => setTimeout(resume, 300));
  const before = written;
  const text = await exported(one.id);
  const during = written - before;
  running = false;
  await Promise.all(writers);
  assert.ok(during > 0, "there were writes while it was taken");

  const two = await tenant();
  const { status, body } = await imported(two.id, text);
  assert.equal(status, 200, JSON.stringify(body));
  const { resources, members } = content(text);
  assert.deepEqual([body.resources, body.members], [resources.length, members.length]);
  const names = resources.map(({ kind, document }) => `${kind} ${document.userName ?? document.displayName}`);
  assert.equal(new Set(names).size, names.length, "no name twice");
  const present = new Set(resources.map(({ id }) => id));
  assert.ok(
    members.every((row) => row.split(" ").every((id) => present.has(id))),
    "no member that is not there",
  );
  assert.deepEqual(content(await exported(two.id)), content(text));
  assert.equal((await two.scim("GET", "/Users")).body.totalResults, resources.length - 1);
});

test("a file that was cut or changed is refused, and nothing of it stays", async () => {
  const one = await tenant();
  await one.scim("POST", "/Users", user("ada", { title: "Countess" }));
  const text = await exported(one.id);
  const two = await tenant();
  const lines = text.trim().split("\n");
  for (const [broken, status] of [
    [lines.slice(0, -1).join("\n"), 400],
    [text.replace("Countess", "Duchess"), 422],
    [lines.filter((line) => !line.startsWith('{"resource"')).join("\n"), 422],
    [`${text}${lines[0]}\n`, 400],
    [`{"x":1}\n${text}`, 400],
    [text.replace('"form":1', '"form":99'), 400],
    ["", 400],
  ]) {
    const reply = await imported(two.id, broken);
    assert.equal(reply.status, status, JSON.stringify(reply.body));
    assert.equal((await two.scim("GET", "/Users")).body.totalResults, 0);
  }
  assert.equal((await imported(two.id, text)).status, 200);
  assert.equal((await imported(two.id, text)).status, 409);
  assert.equal((await two.scim("GET", "/Users")).body.totalResults, 1);
  const nowhere = await imported("0".repeat(32), text);
  assert.equal(nowhere.status, 404);
});

test("a second import is refused while one runs, and nothing else writes or reads", async () => {
  const one = await tenant();
  await one.scim("POST", "/Users", user("ada"));
  const text = await exported(one.id);
  const [head, ...rest] = text.split(/(?<=\n)/);
  const two = await tenant();
  const stall = await stalled(two.id, head);
  const second = await imported(two.id, text);
  assert.equal(second.status, 409, JSON.stringify(second.body));
  assert.match(second.body.detail, /an import is under way/);
  const waits = [
    await two.scim("POST", "/Users", user("bo")),
    await two.scim("GET", "/Users"),
    await server.administer("PATCH", `/tenants/${two.id}`, { settings: { maxResults: 7 } }),
    await server.administer("PUT", `/tenants/${two.id}/schemas`, { Schemas: [] }),
    await server.administer("DELETE", `/tenants/${two.id}/schemas`),
    await server.administer("POST", `/tenants/${two.id}/republish`),
    await server.administer("POST", `/tenants/${two.id}/plan`, { files: [] }),
    await server.administer("GET", `/tenants/${two.id}/export`),
  ];
  assert.deepEqual(
    waits.map(({ status }) => status),
    waits.map(() => 503),
  );
  // A tenant may be shut while it is restored.
  assert.equal((await server.administer("PATCH", `/tenants/${two.id}`, { state: "active" })).status, 200);
  stall.end(rest.join(""));
  const done = await stall.answered;
  assert.equal(done?.status, 200, done?.text);
  const ended = await importOf(two.id);
  assert.deepEqual([ended.state, ended.lines], ["done", 2]);
  assert.equal((await two.scim("GET", "/Users")).body.totalResults, 1);
  assert.equal((await imported(two.id, text)).status, 409);
});

test("an import that breaks off after another has succeeded takes nothing away", async () => {
  const one = await tenant();
  await one.scim("POST", "/Users", user("ada"));
  const text = await exported(one.id);
  const [head] = text.split(/(?<=\n)/);
  for (const ending of ["cut", "bad line", "whole file", "nothing"]) {
    const two = await tenant();
    const stall = await stalled(two.id, head);
    // The administrator gives it up and tries again.
    const stopped = await server.administer("DELETE", `/tenants/${two.id}/import`);
    assert.deepEqual([stopped.status, stopped.body.state], [200, "stopped"]);
    assert.equal((await server.administer("DELETE", `/tenants/${two.id}/import`)).status, 409);
    assert.equal((await imported(two.id, text)).status, 200);
    assert.equal((await two.scim("POST", "/Users", user("bo"))).status, 201);
    const before = (await server.administer("GET", `/tenants/${two.id}/journal`)).body.entries;
    assert.equal(before.length, 2);
    if (ending === "cut") {
      stall.cut();
      await stall.answered;
      await new Promise((resume) => setTimeout(resume, 300));
    } else {
      stall.end({ "bad line": "{}\n", "whole file": text.slice(head.length), nothing: "" }[ending]);
      const late = await stall.answered;
      assert.ok(late && late.status >= 400 && late.status < 500, `${ending}: ${late?.status} ${late?.text}`);
    }
    assert.equal((await two.scim("GET", "/Users")).body.totalResults, 2, ending);
    assert.deepEqual((await server.administer("GET", `/tenants/${two.id}/journal`)).body.entries, before);
    assert.equal((await importOf(two.id)).state, "done");
  }
});

test("what comes of an import that was ended changes nothing of the one that runs", async () => {
  const one = await tenant();
  await one.scim("POST", "/Users", user("ada"));
  const text = await exported(one.id);
  const [head, ...rest] = text.split(/(?<=\n)/);
  for (const ending of ["cut", "bad line", "whole file", "nothing"]) {
    const two = await tenant();
    const old = await stalled(two.id, head);
    assert.equal((await server.administer("DELETE", `/tenants/${two.id}/import`)).status, 200);
    const running = await stalled(two.id, head);
    const before = await importOf(two.id);
    if (ending === "cut") {
      old.cut();
      await old.answered;
      await new Promise((resume) => setTimeout(resume, 300));
    } else {
      old.end({ "bad line": "{}\n", "whole file": rest.join(""), nothing: "" }[ending]);
      const late = await old.answered;
      assert.ok(late && late.status >= 400 && late.status < 500, `${ending}: ${late?.status} ${late?.text}`);
    }
    assert.deepEqual(await importOf(two.id), before, ending);
    running.end(rest.join(""));
    const done = await running.answered;
    assert.equal(done?.status, 200, `${ending}: ${done?.text}`);
    assert.equal((await two.scim("GET", "/Users")).body.totalResults, 1, ending);
  }
});

test("an import whose connection is cut is taken back, and the tenant is as it was", async () => {
  const badge = {
    Schemas: [{ id: "urn:example:Badge", name: "Badge", attributes: [{ name: "code", type: "string" }] }],
    ResourceTypes: [],
  };
  const settings = { ...quick, maxResults: 33, indexes: ["title"] };
  const two = await tenant(settings, server, { copy: false });
  assert.equal((await server.administer("PUT", `/tenants/${two.id}/schemas`, badge)).status, 200);
  const { body: made } = await two.scim("POST", "/Users", user("ada"));
  await two.scim("DELETE", `/Users/${made.id}`);
  const stream = { delivery: "poll", audience: "app", fromTheBeginning: true };
  const { body: poll } = await server.administer("POST", `/tenants/${two.id}/streams`, stream);
  const receive = async () => {
    const reply = await fetch(`${new URL(server.endpoint).origin}/events/poll`, {
      method: "POST",
      headers: { authorization: `Bearer ${poll.token}`, "content-type": "application/json" },
      body: JSON.stringify({ returnImmediately: true }),
    });
    return { status: reply.status, sets: Object.keys((await reply.json()).sets ?? {}).sort() };
  };
  const state = async () => ({
    settings: (await shown(two.id)).settings,
    indexes: (await shown(two.id)).indexes,
    schemas: (await server.administer("GET", `/tenants/${two.id}/schemas`)).body,
    journal: (await server.administer("GET", `/tenants/${two.id}/journal`)).body.entries,
    users: (await two.scim("GET", "/Users")).body.totalResults,
    events: (await receive()).sets,
  });
  const before = await state();
  assert.equal(before.events.length, 2);
  const head = { export: { form: 1, settings: { ...quick, maxResults: 99 } } };
  // Long enough that a batch is applied before the rest comes.
  const many = Array.from({ length: 3_000 }, (_, n) => resource(`u${n}`, { userName: `user${n}` }));
  const lines = [head, ...many].map((line) => `${JSON.stringify(line)}\n`).join("");
  const stall = await stalled(two.id, lines);
  await eventually(async () => assert.ok((await importOf(two.id)).lines > 1_000));
  // Nobody is told of what is not there yet.
  assert.equal((await receive()).status, 503);
  const { body: trail } = await server.administer("GET", `/tenants/${two.id}/journal`);
  assert.deepEqual(trail.entries, before.journal);
  stall.cut();
  await eventually(async () => assert.equal((await importOf(two.id)).state, "failed"));
  assert.deepEqual(await state(), before);
  // What is written next has a later number than anything before.
  await two.scim("POST", "/Users", user("bo"));
  const { entries } = (await server.administer("GET", `/tenants/${two.id}/journal`)).body;
  assert.ok(entries.at(-1).sequence > 1_000, `${entries.at(-1).sequence}`);
  assert.deepEqual((await receive()).sets.length, 3);
});

test("an import whose Worker died times out: the tenant is empty, says so, and writes again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "provisor-"));
  const first = await start(folder);
  const [two, three] = [await tenant(quick, first), await tenant(quick, first)];
  const lines = [
    HEAD,
    ...Array.from({ length: 3_000 }, (_, n) => resource(`u${n}`, { userName: `user${n}` })),
  ];
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  for (const { id } of [two, three]) {
    await stalled(id, text, first);
    await eventually(async () => assert.ok((await importOf(id, first)).lines > 1_000));
  }
  await first.kill();
  const second = await start(folder);
  const scim = client(second.endpoint, two.token);
  assert.equal((await importOf(two.id, second)).state, "running");
  assert.equal((await imported(two.id, text, second)).status, 409);
  assert.equal((await scim("GET", "/Users")).status, 503);
  await second.kill();
  // Eleven minutes later; one as an earlier version left it.
  const aged =
    "UPDATE fact SET value = json_set(value, '$.at', json_extract(value, '$.at') - 660000) WHERE name = 'importing'";
  await inObject(folder, two.id, [aged]);
  await inObject(folder, three.id, ["UPDATE fact SET value = 'yes' WHERE name = 'importing'"]);
  const third = await start(folder);
  try {
    for (const { id, token } of [two, three]) {
      const scim = client(third.endpoint, token);
      assert.equal((await scim("GET", "/Users")).body.totalResults, 0);
      const ended = await importOf(id, third);
      assert.equal(ended.state, "given up");
      assert.equal((await scim("POST", "/Users", user("ada"))).status, 201);
      assert.equal((await shown(id, third)).users, 1);
      assert.equal((await third.administer("GET", `/tenants/${id}/journal`)).body.entries.length, 1);
    }
  } finally {
    await third.stop();
  }
  await rm(folder, { recursive: true, force: true });
});

test("an import that fails leaves every table as it was", async () => {
  const folder = await mkdtemp(join(tmpdir(), "provisor-"));
  let at = await start(folder);
  const { id, scim } = await tenant({ ...quick, indexes: ["title"] }, at);
  const { body: ada } = await scim("POST", "/Users", user("ada"));
  await at.administer("POST", `/tenants/${id}/streams`, { delivery: "poll", audience: "app" });
  await at.administer("POST", `/tenants/${id}/clients`, { scope: "read" });
  await scim("DELETE", `/Users/${ada.id}`);
  await eventually(async () => assert.equal((await shown(id, at)).unpublished, 0));
  await at.stop();
  const names =
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'";
  const tables = (await inObject(folder, id, [names]))[0].map(({ name }) => name);
  assert.ok(tables.length > 15 && tables.includes("journal"), `${tables}`);
  const content = async () => {
    // Where the journal's numbers stand may only grow, and how the import ended is told.
    const statements = tables
      .filter((name) => name !== "sqlite_sequence")
      .map(
        (name) =>
          `SELECT * FROM "${name}"${name === "fact" ? " WHERE name <> 'import' AND name <> 'tally'" : ""}`,
      );
    return inObject(folder, id, statements);
  };
  const before = await content();
  at = await start(folder);
  const head = {
    export: { form: 1, settings: { ...quick, maxResults: 5 }, schemas: { Schemas: [], ResourceTypes: [] } },
  };
  const group = { resource: { ...resource("g1", { displayName: "All" }).resource, kind: "Group" } };
  const hash = `$pbkdf2-sha256$i=100000$${"c2FsdHNhbHQ"}$${"aGFzaGhhc2g"}`;
  const lines = [
    head,
    resource("u1", { userName: "a", title: "t" }, { password: hash }),
    group,
    { members: { group: "g1", add: ["u1"] } },
  ];
  const failed = await imported(id, written(lines, { resources: 7, passwords: 1 }), at);
  assert.equal(failed.status, 422, JSON.stringify(failed.body));
  await at.stop();
  assert.deepEqual(await content(), before);
  await rm(folder, { recursive: true, force: true });
});

test("a file that was written by hand cannot say what a request could not", async () => {
  const two = await tenant();
  const good = resource("u1", { userName: "ada" });
  const group = { resource: { ...resource("g1", { displayName: "All" }).resource, kind: "Group" } };
  for (const [lines, status, words] of [
    [[HEAD, resource("u1", { userName: ["a"] })], 400, /line 2: `userName` takes one value/],
    [[HEAD, good, resource("../Groups/x", { userName: "b" })], 400, /line 3: `id` is `..\/Groups\/x`; send/],
    [[HEAD, resource("a\r\nX-Evil: 1", { userName: "b" })], 400, /line 2: `id`/],
    [[HEAD, resource("u1", { userName: "a" }, { kind: "Robot" })], 400, /line 2: .*`Robot`/],
    [[HEAD, resource("u1", { userName: "a" }, { password: "plain" })], 400, /line 2: `password` is no hash/],
    [[HEAD, resource("u1", { userName: "a" }, { version: 0 })], 400, /line 2: `version`/],
    [
      [HEAD, resource("u1", { userName: "a", nickName: "x".repeat(3_000_000) })],
      413,
      /line 2: `document` has 3000/,
    ],
    [[good], 400, /line 1: the first line/],
    [[HEAD, HEAD], 400, /line 2: it begins another/],
    [[HEAD, good, { members: { group: "u1", add: ["u1"] } }], 422, /`u1` has members and is no group/],
    [[HEAD, good, { members: { group: "g1", add: ["u1"] } }], 422, /`g1` has members and is no group/],
    [
      [HEAD, group, { members: { group: "g1", add: ["u9"] } }],
      422,
      /the member `u9`, who is not in the export/,
    ],
  ]) {
    const reply = await imported(two.id, written(lines));
    assert.equal(reply.status, status, JSON.stringify(reply.body));
    assert.match(reply.body.detail, words);
    assert.ok(!reply.body.detail.includes("plain"));
    assert.equal((await two.scim("GET", "/Users")).body.totalResults, 0);
  }
  const odd = {
    id: "other",
    groups: [{ value: "admins" }],
    schemas: ["x"],
    password: "secret",
    userName: "real",
  };
  const done = await imported(two.id, written([HEAD, resource("real", odd)]));
  assert.equal(done.status, 200, JSON.stringify(done.body));
  assert.equal(done.body.notes.length, 1);
  assert.match(
    done.body.notes[0],
    /^line 2: `real`: `id`, `groups`, `schemas`, `password` of `document` was left out/,
  );
  const { body } = await two.scim("GET", "/Users/real");
  assert.deepEqual([body.id, body.userName, body.groups], ["real", "real", undefined]);
  assert.ok(!(await exported(two.id)).includes("secret"));
  // A tenant that takes members from elsewhere takes them from a file, too, and goes on doing so.
  const three = await tenant({ ...quick, acceptsUnknownMembers: true });
  const text = written([HEAD, group, { members: { group: "g1", add: ["u9"] } }]);
  assert.equal((await imported(three.id, text)).status, 200);
  assert.equal((await shown(three.id)).settings.acceptsUnknownMembers, true);
});

test("an export is broken off when settings or schemas change under it", async () => {
  const one = await tenant();
  for (let n = 0; n < 70; n += 1) {
    const made = await one.scim("POST", "/Users", user(`user${n}`, { nickName: "x".repeat(240_000) }));
    assert.equal(made.status, 201);
  }
  const headers = { authorization: `Bearer ${server.adminToken}` };
  const reply = await fetch(`${server.admin}/tenants/${one.id}/export`, { headers });
  const reader = reply.body.getReader();
  await reader.read();
  const set = await server.administer("PATCH", `/tenants/${one.id}`, { settings: { maxResults: 7 } });
  assert.equal(set.status, 200);
  let text = "";
  const whole = await (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return true;
      text += Buffer.from(value).toString();
    }
  })().catch(() => false);
  assert.ok(!whole || !text.includes('{"end":'), "no whole file of two schemas");
  const again = await exported(one.id);
  assert.equal(content(again).resources.length, 70);
  const two = await tenant();
  assert.equal((await imported(two.id, again)).status, 200);
});
