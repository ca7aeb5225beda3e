// Two tenants with the same names: neither sees, finds, changes or infers the other's.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { client, eventually, start, user } from "./server.mjs";

let server;
let mine;
let theirs;
before(async () => {
  server = await start();
  const make = async (name) => {
    const { body } = await server.administer("POST", "/tenants", { name });
    const scim = client(server.endpoint, body.token);
    const person = (await scim("POST", "/Users", user("same", { title: `of ${name}`, externalId: "E1" })))
      .body;
    const group = (await scim("POST", "/Groups", { displayName: "all", members: [{ value: person.id }] }))
      .body;
    return { id: body.tenant.id, token: body.token, scim, person, group };
  };
  mine = await make("mine");
  theirs = await make("theirs");
});
after(() => server.stop());

const foreign = () => [theirs.person.id, theirs.group.id];

test("the same names live side by side", () => {
  assert.notEqual(mine.person.id, theirs.person.id);
  assert.deepEqual([mine.person.title, theirs.person.title], ["of mine", "of theirs"]);
});

test("another tenant's ids are not there, whatever is done to them", async () => {
  for (const id of foreign()) {
    for (const path of [`/Users/${id}`, `/Groups/${id}`]) {
      assert.equal((await mine.scim("GET", path)).status, 404);
      assert.equal((await mine.scim("DELETE", path)).status, 404);
      assert.equal((await mine.scim("PUT", path, user("other", { displayName: "other" }))).status, 404);
      const patch = { Operations: [{ op: "replace", path: "displayName", value: "x" }] };
      assert.equal((await mine.scim("PATCH", path, patch)).status, 404);
      // An ETag of theirs opens nothing either.
      const tagged = await mine.scim("GET", path, undefined, { "if-none-match": theirs.person.meta.version });
      assert.equal(tagged.status, 404);
    }
  }
  assert.equal((await theirs.scim("GET", `/Users/${theirs.person.id}`)).body.title, "of theirs");
});

test("no filter, search or sort leads to another tenant's", async () => {
  const filters = [
    'userName eq "same"',
    'externalId eq "E1"',
    `id eq "${theirs.person.id}"`,
    `groups.value eq "${theirs.group.id}"`,
    'title co "theirs"',
    "title pr",
    `not (id eq "${mine.person.id}")`,
  ];
  for (const filter of filters) {
    const list = await mine.scim("GET", `/Users?filter=${encodeURIComponent(filter)}`);
    assert.ok(!JSON.stringify(list.body).includes("of theirs"), filter);
    const search = await mine.scim("POST", "/.search", { filter });
    assert.ok(!JSON.stringify(search.body).includes("of theirs"), filter);
  }
  assert.equal((await mine.scim("GET", "/Users?sortBy=title&sortOrder=descending")).body.totalResults, 1);
  const members = await mine.scim("GET", `/Groups?filter=members.value eq "${theirs.person.id}"`);
  assert.equal(members.body.totalResults, 0);
});

test("a reference to another tenant's person is refused, and its `$ref` is not followed", async () => {
  const member = { value: theirs.person.id, $ref: `${server.endpoint}/Users/${theirs.person.id}` };
  const made = await mine.scim("POST", "/Groups", { displayName: "spies", members: [member] });
  assert.equal(made.status, 400);
  const patch = { Operations: [{ op: "add", path: "members", value: [member] }] };
  assert.equal((await mine.scim("PATCH", `/Groups/${mine.group.id}`, patch)).status, 400);
  // A tenant that takes unknown members shows their id, and nothing that it does not know.
  const { body } = await server.administer("POST", "/tenants", {
    name: "open",
    settings: { acceptsUnknownMembers: true },
  });
  const open = client(server.endpoint, body.token);
  const group = await open("POST", "/Groups", { displayName: "spies", members: [member] });
  assert.equal(group.status, 201);
  assert.equal((await open("GET", `/Groups/${group.body.id}`)).body.members[0].display, undefined);
});

test("a cursor of one tenant is none of another's", async () => {
  for (const n of [1, 2, 3]) await theirs.scim("POST", "/Users", user(`page${n}`));
  const first = await theirs.scim("GET", "/Users?cursor&count=1");
  const cursor = first.body?.nextCursor;
  assert.ok(cursor, JSON.stringify(first.body));
  const taken = await mine.scim("GET", `/Users?count=1&cursor=${encodeURIComponent(cursor)}`);
  assert.equal(taken.status, 400);
  assert.ok(!JSON.stringify(taken.body).includes("page"));
});

test("a token cannot be made to name another tenant", async () => {
  const forged = mine.token.replace(mine.id, theirs.id);
  assert.notEqual(forged, mine.token);
  assert.equal((await client(server.endpoint, forged)("GET", "/Users")).status, 401);
  const { body: reader } = await server.administer("POST", `/tenants/${mine.id}/tokens`, {
    scope: "edge-read",
  });
  const copy = client(server.endpoint, reader.token);
  await eventually(async () => assert.equal((await copy("GET", `/Users/${mine.person.id}`)).status, 200));
  assert.equal((await copy("GET", `/Users/${theirs.person.id}`)).status, 404);
  const crossed = client(server.endpoint, reader.token.replace(mine.id, theirs.id));
  assert.equal((await crossed("GET", `/Users/${theirs.person.id}`)).status, 401);
  // Nor by a path that climbs out of its own keys.
  for (const path of [
    `/Users/..%2F..%2F${theirs.id}%2FUser%2F${theirs.person.id}`,
    `/Users/%2e%2e/%2e%2e/${theirs.id}/User/${theirs.person.id}`,
  ]) {
    const { body, status } = await copy("GET", path);
    assert.ok(status >= 400 && !JSON.stringify(body).includes("of theirs"), path);
  }
});

test("an administrator's export and trail are of the tenant that was named", async () => {
  const read = async (path) => {
    const reply = await fetch(`${server.admin}/tenants/${mine.id}${path}`, {
      headers: { authorization: `Bearer ${server.adminToken}` },
    });
    assert.equal(reply.status, 200, path);
    return reply.text();
  };
  for (const path of ["/export", "/journal", "/journal?format=csv"]) {
    const text = await read(path);
    assert.ok(text.includes("of mine"), path);
    assert.ok(!text.includes("of theirs"), path);
  }
  // A tenant's own token is no administrator's.
  assert.equal((await client(server.admin, mine.token)("GET", `/tenants/${mine.id}`)).status, 401);
  for (const odd of ["readiness", "..", "%2e%2e", `${theirs.id}x`, theirs.id.toUpperCase()]) {
    assert.equal((await server.administer("GET", `/tenants/${odd}`)).status, 404, odd);
  }
});
