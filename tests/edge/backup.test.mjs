// A tenant as a file: whole whatever is written meanwhile, and back as it was.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { client, eventually, start, user } from "./server.mjs";

let server;
before(async () => {
  server = await start();
});
after(() => server.stop());

const quick = { requestsPerSecond: 0 };

async function tenant(settings = quick) {
  const { status, body } = await server.administer("POST", "/tenants", { name: "test", settings });
  assert.equal(status, 201, JSON.stringify(body));
  return { id: body.tenant.id, scim: client(server.endpoint, body.token) };
}

/** The file of a tenant. */
async function exported(id) {
  const reply = await fetch(`${server.admin}/tenants/${id}/export`, {
    headers: { authorization: `Bearer ${server.adminToken}` },
  });
  assert.equal(reply.status, 200);
  return reply.text();
}

const imported = (id, text) => server.administer("POST", `/tenants/${id}/import`, text);

/** What a file comes to: resources with their members, in a form that can be compared. */
function content(text) {
  const resources = new Map();
  const members = new Set();
  for (const line of text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))) {
    if (line.resource) resources.set(line.resource.id, line.resource);
    for (const id of line.members?.add ?? []) members.add(`${line.members.group} ${id}`);
    if (line.delete) {
      resources.delete(line.delete);
      for (const row of members) if (row.split(" ").includes(line.delete)) members.delete(row);
    }
  }
  return {
    resources: [...resources.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    members: [...members].sort(),
  };
}

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
  assert.deepEqual([back.body.title, back.headers.get("etag")], ["Lady", 'W/"2"']);
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
