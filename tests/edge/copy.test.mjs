// The copy of large groups: in chunks, whole at every moment, and never without a name it has.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { filled, idOf } from "./fill.mjs";
import { client, eventually, start } from "./server.mjs";

const SIZE = 1_300;

let server;
let tenant;
let reader;
const group = idOf(0, "g");
const all = Array.from({ length: SIZE }, (_, n) => idOf(n));

before(async () => {
  server = await start();
  tenant = await filled(server, SIZE + 1, [SIZE]);
  tenant.scim = client(server.endpoint, tenant.token);
  const { body } = await server.administer("POST", `/tenants/${tenant.id}/tokens`, { scope: "edge-read" });
  reader = client(server.endpoint, body.token);
  await settled();
});
after(() => server.stop());

const unpublished = async () => (await server.administer("GET", `/tenants/${tenant.id}`)).body.unpublished;
const settled = () => eventually(async () => assert.equal(await unpublished(), 0), 120);
const read = async (query = "") => {
  const reply = await reader("GET", `/Groups/${group}${query}`);
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  return reply;
};
const copied = async () => (await read()).body.members.map(({ value }) => value);
const patch = (op, path, value) => ({
  Operations: [{ op, path, ...(value === undefined ? {} : { value }) }],
});

test("a group of many chunks is read whole, in order, with names and the object's version", async () => {
  const { body, headers } = await read();
  assert.deepEqual(
    body.members.map(({ value }) => value),
    all,
  );
  assert.deepEqual(
    [body.members[42].display, body.members[42].type, body.displayName],
    ["User 42", "User", `Group 0 of ${SIZE}`],
  );
  const present = await tenant.scim("GET", `/Groups/${group}`);
  assert.equal(headers.get("etag"), present.headers.get("etag"));
  assert.equal(headers.get("provisor-source"), "copy");
  assert.ok(Number(headers.get("provisor-sequence")) > 0);
  assert.deepEqual(body, present.body);
  const known = await reader("GET", `/Groups/${group}`, undefined, { "if-none-match": headers.get("etag") });
  assert.equal(known.status, 304);
  assert.equal((await read("?excludedAttributes=members")).body.members, undefined);
  assert.deepEqual(Object.keys((await read("?attributes=displayName")).body).sort(), [
    "displayName",
    "id",
    "schemas",
  ]);
});

test("one more member makes two keys stale, not all of them", async () => {
  await settled();
  const added = patch("add", "members", [{ value: idOf(SIZE) }]);
  assert.equal((await tenant.scim("PATCH", `/Groups/${group}`, added)).status, 204);
  assert.equal(await unpublished(), 2);
  await settled();
  assert.deepEqual(await copied(), [...all, idOf(SIZE)]);
  const removed = patch("remove", `members[value eq "${idOf(SIZE)}"]`);
  await tenant.scim("PATCH", `/Groups/${group}`, removed);
  await settled();
  assert.deepEqual(await copied(), all);
});

test("a member's new name, and its end, reach the groups it is in", async () => {
  await tenant.scim("PATCH", `/Users/${all[7]}`, patch("replace", "displayName", "Seven"));
  await settled();
  assert.equal((await read()).body.members[7].display, "Seven");
  await tenant.scim("DELETE", `/Users/${all.at(-1)}`);
  await settled();
  assert.deepEqual(await copied(), all.slice(0, -1));
});

test("while a group is replaced again and again no reader sees a part of it", async () => {
  const members = all.slice(0, -1).map((value) => ({ value }));
  let running = true;
  const writer = (async () => {
    for (let n = 0; n < 4; n += 1) {
      const put = { displayName: `Group ${n}`, members };
      const reply = await tenant.scim("PUT", `/Groups/${group}`, put);
      assert.equal(reply.status, 200, JSON.stringify(reply.body));
      await new Promise((resume) => setTimeout(resume, 700));
    }
    running = false;
  })();
  let reads = 0;
  while (running) {
    assert.equal((await copied()).length, members.length);
    reads += 1;
  }
  await writer;
  assert.ok(reads > 0);
  await settled();
  assert.equal((await read()).body.displayName, "Group 3");
});

test("an emptied group is copied empty, and fills again; a deleted one is gone", async () => {
  await tenant.scim("PATCH", `/Groups/${group}`, patch("remove", "members"));
  await settled();
  assert.equal((await read()).body.members, undefined);
  await tenant.scim("PATCH", `/Groups/${group}`, patch("add", "members", [{ value: all[3] }]));
  await settled();
  assert.deepEqual(await copied(), [all[3]]);
  await tenant.scim("DELETE", `/Groups/${group}`);
  await settled();
  assert.equal((await reader("GET", `/Groups/${group}`)).status, 404);
});
