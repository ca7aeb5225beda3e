// A tenant's settings, where they meet what is there already: indexes that it adds, names that
// are to be unique, names that are to be compared otherwise.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { filled, idOf } from "./fill.mjs";
import { client, eventually, start, user } from "./server.mjs";

let server;
before(async () => {
  server = await start("memory", { SHOW_COST: "1" });
});
after(() => server.stop());

const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const NUMBER = `${ENTERPRISE}:employeeNumber`;

/** A tenant by the name of its id, and ways to change its settings and to see its indexes. */
function handle({ id, token }, at = server) {
  const path = `/tenants/${id}`;
  return {
    id,
    scim: client(at.endpoint, token),
    show: async () => (await at.administer("GET", path)).body,
    set: (settings) => at.administer("PATCH", path, { settings: { requestsPerSecond: 0, ...settings } }),
  };
}

async function made(settings = {}) {
  const { body, status } = await server.administer("POST", "/tenants", { name: "settings", settings });
  assert.equal(status, 201, JSON.stringify(body));
  return handle({ id: body.tenant.id, token: body.token });
}

/** What a filter finds, and the rows that it reads. */
async function find({ scim }, filter, more = "&count=5&excludedAttributes=groups") {
  const reply = await scim("GET", `/Users?filter=${encodeURIComponent(filter)}${more}`);
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  const [, read] = /read=(\d+)/.exec(reply.headers.get("provisor-rows"));
  return { total: reply.body.totalResults, body: reply.body, read: Number(read) };
}

const ready = (tenant) =>
  eventually(async () => {
    const { indexes } = await tenant.show();
    assert.equal(indexes.walking, false, JSON.stringify(indexes));
    assert.deepEqual(indexes.pending, []);
    return indexes;
  }, 60);

const patch = (op, path, value) => ({ Operations: [{ op, path, value }] });

const lines = async (tenant) => {
  const reply = await fetch(`${server.admin}/tenants/${tenant.id}/export`, {
    headers: { authorization: `Bearer ${server.adminToken}` },
  });
  return reply.text();
};
const load = async (tenant, text) => {
  const reply = await fetch(`${server.admin}/tenants/${tenant.id}/import`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.adminToken}` },
    body: text,
  });
  return { status: reply.status, text: await reply.text() };
};

test("what was there before an index is found by it when the walk is done, and at once without", async () => {
  const size = 3_000;
  const tenant = handle(await filled(server, size));
  const title = 'title eq "baker"';
  await tenant.scim("PATCH", `/Users/${idOf(2)}`, patch("replace", "title", "Baker"));
  await tenant.scim("PATCH", `/Users/${idOf(size - 2)}`, patch("replace", "title", "BAKER"));
  const scan = await find(tenant, title);
  assert.equal(scan.total, 2);
  assert.ok(scan.read >= size, `${scan.read} rows without an index`);

  const reply = await tenant.set({ indexes: ["title", NUMBER] });
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  assert.deepEqual(reply.body.settings.indexes, ["title", NUMBER]);
  // While the walk is under way nothing is lost, whatever is written.
  assert.equal((await find(tenant, title)).total, 2);
  for (const [n, value] of [
    [1, "Baker"],
    [size - 1, "Baker"],
    [2, "Cook"],
  ]) {
    const { status } = await tenant.scim("PATCH", `/Users/${idOf(n)}`, patch("replace", "title", value));
    assert.equal(status, 200);
    assert.equal((await find(tenant, title)).total, { 1: 3, [size - 1]: 4, 2: 3 }[n], `user ${n}`);
  }
  // Keys that a change does not touch are made all the same.
  await tenant.scim("PATCH", `/Users/${idOf(size - 2)}`, patch("replace", "nickName", "Bob"));
  const { body } = await tenant.scim("POST", "/Users", {
    ...user("late@example.com", { title: "baker" }),
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
    [ENTERPRISE]: { employeeNumber: "4711" },
  });

  const indexes = await ready(tenant);
  assert.deepEqual(indexes.usable, ["title", NUMBER.toLowerCase()]);
  const found = await find(tenant, title);
  assert.equal(found.total, 4);
  assert.ok(found.read < 60, `${found.read} rows by the index`);
  const [one] = (await find(tenant, `${NUMBER} eq "4711"`)).body.Resources;
  assert.equal(one.id, body.id);
  const engineers = await find(tenant, 'title eq "engineer"', "&count=0");
  assert.equal(engineers.total, size - 4);
  const others = await find(tenant, `userName eq "user7@example.com" and title eq "Engineer"`);
  assert.equal(others.total, 1);
  assert.ok(others.read < 60, `${others.read} rows by both`);
});

test("a walk that is killed goes on where it was, and nothing is found by half an index", async () => {
  const folder = await mkdtemp(join(tmpdir(), "walk-"));
  const vars = { SHOW_COST: "1" };
  let other = await start(folder, vars);
  try {
    const made = await filled(other, 6_000);
    const title = 'title eq "engineer"';
    assert.equal((await handle(made, other).set({ indexes: ["title"] })).status, 200);
    for (let kills = 0; kills < 3; kills += 1) {
      // Two of the twelve steps or so; the first kill at least comes while the walk is under way.
      await new Promise((resume) => setTimeout(resume, 100));
      if (kills === 0) assert.equal((await handle(made, other).show()).indexes.walking, true);
      await other.kill();
      other = await start(folder, vars);
      assert.equal((await find(handle(made, other), title)).total, 6_000);
    }
    assert.deepEqual((await ready(handle(made, other))).usable, ["title"]);
    const found = await find(handle(made, other), `${title} and userName eq "user5@example.com"`);
    assert.deepEqual([found.total, (await find(handle(made, other), title)).total], [1, 6_000]);
  } finally {
    await other.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

test("an index that is taken away is not used, its keys go, and it can come back", async () => {
  const tenant = handle(await filled(server, 1_200));
  assert.equal((await tenant.set({ indexes: ["title", "nickName"] })).status, 200);
  await ready(tenant);
  const gone = await tenant.set({ indexes: ["nickName"] });
  assert.deepEqual(gone.body.indexes.usable, ["nickname"]);
  await ready(tenant);
  await tenant.scim("PATCH", `/Users/${idOf(3)}`, patch("replace", "title", "Baker"));
  const scan = await find(tenant, 'title eq "Baker"');
  assert.equal(scan.total, 1);
  assert.ok(scan.read >= 1_200, "without the index all rows are read");
  assert.equal((await tenant.set({ indexes: ["nickName", "TITLE"] })).status, 200);
  await ready(tenant);
  const found = await find(tenant, 'title eq "Baker"');
  assert.equal(found.total, 1);
  assert.ok(found.read < 30, `${found.read} rows`);
  // In other words, the same: nothing is done again.
  const same = await tenant.set({ indexes: ["title", "nickName"] });
  assert.equal(same.body.indexes.walking, false);
});

test("an empty tenant has its indexes at once, and an import brings them along", async () => {
  const tenant = await made({ indexes: ["title"] });
  assert.deepEqual((await tenant.show()).indexes, { usable: ["title"], pending: [], walking: false });
  assert.equal((await tenant.scim("POST", "/Users", user("ada", { title: "Countess" }))).status, 201);
  assert.equal((await find(tenant, 'title eq "countess"')).total, 1);

  const restored = handle(await filled(server, 50, [], { requestsPerSecond: 0, indexes: ["title"] }));
  assert.deepEqual((await restored.show()).indexes, { usable: ["title"], pending: [], walking: false });
  const found = await find(restored, 'title eq "engineer" and userName eq "user3@example.com"');
  assert.equal(found.total, 1);
  assert.equal((await find(restored, 'title eq "baker"')).read < 10, true);
});

test("what cannot have an index is refused with its reason, and nothing is changed", async () => {
  const tenant = await made({ indexes: ["title"] });
  for (const [indexes, reason] of [
    [["shoeSize"], /`shoeSize` is no attribute/],
    [["userName"], /has an index already/],
    [["active"], /has an index already/],
    [["phoneNumbers"], /phoneNumbers\.value/],
    [["emails.primary"], /only texts/],
    [["title", "title"], /twice/],
    [[..."abcdefghi"], /there may be 8/],
    ["title", /`settings`/],
  ]) {
    const { status, body } = await tenant.set({ indexes });
    assert.equal(status, 400, JSON.stringify(body));
    assert.match(body.detail, reason);
  }
  assert.deepEqual((await tenant.show()).settings.indexes, ["title"]);
  const { status } = await server.administer("POST", "/tenants", {
    name: "none",
    settings: { indexes: ["shoeSize"] },
  });
  assert.equal(status, 400);
});

test("a schema whose attribute has an index stays until the index is gone", async () => {
  const tenant = await made();
  const urn = "urn:example:scim:schemas:Badge";
  const schema = {
    id: urn,
    name: "Badge",
    attributes: [{ name: "code", type: "string", multiValued: false, caseExact: true }],
  };
  const types = await server.scim("GET", "/ResourceTypes/User");
  const { meta: _, ...kind } = types.body;
  const extended = { ...kind, schemaExtensions: [{ schema: urn, required: false }] };
  const path = `/tenants/${tenant.id}/schemas`;
  const put = await server.administer("PUT", path, { Schemas: [schema], ResourceTypes: [extended] });
  assert.equal(put.status, 200, JSON.stringify(put.body));
  assert.equal((await tenant.set({ indexes: [`${urn}:code`] })).status, 200);
  const made1 = await tenant.scim("POST", "/Users", {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:User", urn],
    userName: "ada",
    [urn]: { code: "A-1" },
  });
  assert.equal(made1.status, 201, JSON.stringify(made1.body));
  assert.equal((await find(tenant, `${urn}:code eq "A-1"`)).total, 1);
  assert.equal((await find(tenant, `${urn}:code eq "a-1"`)).total, 0);
  await tenant.scim("DELETE", `/Users/${made1.body.id}`);
  const refused = await server.administer("DELETE", path);
  assert.equal(refused.status, 409);
  assert.match(refused.body.detail, /`indexes`/);
  assert.equal((await tenant.set({ indexes: [] })).status, 200);
  assert.equal((await server.administer("DELETE", path)).status, 204);
});

test("group names become unique only where they are, and then stay so", async () => {
  const tenant = await made({ profile: "strict" });
  const group = (displayName) => ({ schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"], displayName });
  const ids = [];
  for (const name of ["Sales", "SALES", "Staff"]) {
    const { status, body } = await tenant.scim("POST", "/Groups", group(name));
    assert.equal(status, 201);
    ids.push(body.id);
  }
  const refused = await tenant.set({ profile: "default" });
  assert.equal(refused.status, 409);
  assert.match(refused.body.detail, /sales/i);
  for (const id of ids.slice(0, 2)) assert.ok(refused.body.detail.includes(id), refused.body.detail);
  assert.equal((await tenant.show()).settings.profile, "strict");
  assert.equal((await tenant.scim("DELETE", `/Groups/${ids[1]}`)).status, 204);
  assert.equal((await tenant.set({ profile: "default" })).status, 200);
  // Those that were there before count too, also when something else of them changes.
  await tenant.scim("PATCH", `/Groups/${ids[2]}`, patch("replace", "externalId", "s"));
  for (const name of ["sales", "STAFF"])
    assert.equal((await tenant.scim("POST", "/Groups", group(name))).status, 409, name);
  assert.equal((await tenant.set({ profile: { uniqueGroupNames: false } })).status, 200);
  assert.equal((await tenant.scim("POST", "/Groups", group("sales"))).status, 201);
});

test("names are compared as RFC 8265 does where a tenant says so from its beginning", async () => {
  const plain = await made();
  assert.equal((await plain.scim("POST", "/Users", user("Ame\u0301lie"))).status, 201);
  assert.equal((await plain.scim("POST", "/Users", user("AMÉLIE"))).status, 201, "two names by the schema");
  const refused = await plain.set({ preparedUserNames: true });
  assert.equal(refused.status, 409);
  assert.match(refused.body.detail, /2 resources of the type `User`.*export/);

  const tenant = await made({ preparedUserNames: true });
  assert.equal((await tenant.scim("POST", "/Users", user("Ame\u0301lie"))).status, 201);
  assert.equal((await tenant.scim("POST", "/Users", user("AMÉLIE"))).status, 409);
  assert.equal((await find(tenant, 'userName eq "amélie"')).total, 1);
  assert.equal((await tenant.set({ preparedUserNames: false })).status, 409);
  assert.equal((await tenant.set({ preparedUserNames: true, maxResults: 50 })).status, 200);
});

test("an export is imported under other names: equal ones are told, none is lost silently", async () => {
  const plain = await made();
  const ids = [];
  for (const name of ["Ame\u0301lie", "AMÉLIE", "bob"])
    ids.push((await plain.scim("POST", "/Users", user(name))).body.id);
  const prepared = await made({ preparedUserNames: true });
  const refused = await load(prepared, await lines(plain));
  assert.equal(refused.status, 422, refused.text);
  for (const id of ids.slice(0, 2)) assert.ok(refused.text.includes(id), refused.text);
  assert.equal((await prepared.show()).users, 0);

  await plain.scim("DELETE", `/Users/${ids[0]}`);
  const done = await load(prepared, await lines(plain));
  assert.equal(done.status, 200, done.text);
  assert.equal((await prepared.show()).settings.preparedUserNames, true);
  assert.equal((await prepared.scim("POST", "/Users", user("ame\u0301lie"))).status, 409);
});

test("groups of one name come back from an export that allows them", async () => {
  const tenant = await made({ profile: { uniqueGroupNames: false } });
  for (const displayName of ["Sales", "sales"])
    assert.equal((await tenant.scim("POST", "/Groups", { displayName })).status, 201);
  const restored = await made();
  const done = await load(restored, await lines(tenant));
  assert.equal(done.status, 200, done.text);
  assert.equal((await restored.show()).groups, 2);
  assert.equal((await restored.set({ profile: "default" })).status, 409);
});
