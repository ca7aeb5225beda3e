// The promises of the endpoint that only the real runtime can show: who may ask, what is
// found, and the copy.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { client, eventually, start, user } from "./server.mjs";

let server;
before(async () => {
  server = await start();
});
after(() => server.stop());

/** A fresh, empty tenant. */
async function tenant(name = "test") {
  const { status, body } = await server.administer("POST", "/tenants", { name });
  assert.equal(status, 201);
  return { id: body.tenant.id, token: body.token, scim: client(server.endpoint, body.token) };
}

test("no token, a wrong one and a forged one are refused in SCIM's form", async () => {
  const { token } = await tenant();
  const bare = await fetch(`${server.endpoint}/Users`);
  assert.equal(bare.status, 401);
  assert.match(bare.headers.get("www-authenticate"), /^Bearer/);
  const [head, random, mac] = token.split(".");
  const other = (await tenant()).token.split(".")[0];
  for (const forged of [
    "x",
    `${head}.${random}.${"0".repeat(mac.length)}`,
    `${other}.${random}.${mac}`,
    `${token}00`,
  ]) {
    const { status, body } = await client(server.endpoint, forged)("GET", "/Users");
    assert.equal(status, 401);
    assert.deepEqual(body.schemas, ["urn:ietf:params:scim:api:messages:2.0:Error"]);
  }
});

test("a revoked token and a read token cannot write", async () => {
  const { id, scim } = await tenant();
  const { body } = await server.administer("POST", `/tenants/${id}/tokens`, { scope: "read" });
  const reader = client(server.endpoint, body.token);
  assert.equal((await reader("GET", "/Users")).status, 200);
  assert.equal((await reader("POST", "/Users", user("ada"))).status, 403);
  assert.equal(
    (await server.administer("POST", `/tenants/${id}/tokens/revoke`, { token: body.token })).status,
    204,
  );
  assert.equal((await reader("GET", "/Users")).status, 401);
  assert.equal((await scim("GET", "/Users")).status, 200);
});

test("tenants cannot see each other", async () => {
  const [one, two] = [await tenant("one"), await tenant("two")];
  const { body } = await one.scim("POST", "/Users", user("ada", { externalId: "secret" }));
  assert.equal((await two.scim("GET", `/Users/${body.id}`)).status, 404);
  assert.equal((await two.scim("PUT", `/Users/${body.id}`, user("eve"))).status, 404);
  assert.equal((await two.scim("DELETE", `/Users/${body.id}`)).status, 404);
  assert.equal((await two.scim("GET", "/Users?filter=externalId+eq+%22secret%22")).body.totalResults, 0);
  assert.equal(
    (await two.scim("POST", "/Groups", { displayName: "g", members: [{ value: body.id }] })).status,
    400,
  );
  assert.equal((await two.scim("POST", "/Users", user("ada"))).status, 201);
});

test("a user is created, found, listed, replaced, patched and deleted", async () => {
  const { scim } = await tenant();
  const created = await scim("POST", "/Users", user("Ada@Example.com", { active: true }));
  assert.equal(created.status, 201);
  const path = `/Users/${created.body.id}`;
  assert.equal(created.headers.get("location"), `${server.endpoint}${path}`);
  assert.equal((await scim("POST", "/Users", user("ADA@example.com"))).status, 409);
  const found = await scim("GET", "/Users?filter=userName%20eq%20%22ada@example.COM%22");
  assert.deepEqual([found.body.totalResults, found.body.Resources[0].id], [1, created.body.id]);
  assert.equal(
    (await scim("PUT", path, user("ada@example.com", { title: "Countess" }))).body.title,
    "Countess",
  );
  const patch = { Operations: [{ op: "Replace", path: "active", value: "False" }] };
  assert.equal((await scim("PATCH", path, patch)).body.active, false);
  assert.equal((await scim("PATCH", path, patch, { "if-match": 'W/"1"' })).status, 412);
  assert.equal((await scim("GET", "/Users?startIndex=1&count=1")).body.totalResults, 1);
  assert.equal((await scim("DELETE", path)).status, 204);
  assert.equal((await scim("GET", path)).status, 404);
  assert.equal((await scim("GET", "/Users")).body.totalResults, 0);
});

test("filters that no index answers are evaluated, with exact totals", async () => {
  const { scim } = await tenant();
  for (let n = 0; n < 30; n += 1) {
    await scim(
      "POST",
      "/Users",
      user(`user${n}`, { title: n % 3 ? "Engineer" : "Manager", active: n % 2 === 0 }),
    );
  }
  const count = async (filter) =>
    (await scim("GET", `/Users?count=2&filter=${encodeURIComponent(filter)}`)).body.totalResults;
  assert.equal(await count('title eq "manager"'), 10);
  assert.equal(await count('active eq true and title sw "Eng"'), 10);
  assert.equal(await count('not (active eq true) or userName eq "USER4"'), 16);
  const many = Array.from({ length: 60 }, (_, n) => `userName eq "user${n}"`).join(" or ");
  assert.equal(await count(many), 30);
});

test("readers at the edge see the copy, follow renames, and lose the deleted", async () => {
  const { id, scim } = await tenant();
  const { body: made } = await server.administer("POST", `/tenants/${id}/tokens`, { scope: "edge-read" });
  const reader = client(server.endpoint, made.token);
  const { body: ada } = await scim("POST", "/Users", user("ada@example.com", { title: "Countess" }));
  const byName = (name) => reader("GET", `/Users?filter=userName+eq+%22${name}%22`);
  const seen = await eventually(async () => {
    const reply = await reader("GET", `/Users/${ada.id}`);
    assert.equal(reply.status, 200);
    return reply;
  });
  assert.deepEqual(
    [seen.body.title, seen.headers.get("provisor-source"), seen.headers.get("etag")],
    ["Countess", "copy", 'W/"1"'],
  );
  await eventually(async () => assert.equal((await byName("ADA@example.com")).body.totalResults, 1));
  assert.equal((await reader("GET", "/Users")).status, 403);
  assert.equal((await reader("DELETE", `/Users/${ada.id}`)).status, 403);

  // The old name goes to somebody else: the copy must name its present owner.
  await scim("PATCH", `/Users/${ada.id}`, {
    Operations: [{ op: "replace", path: "userName", value: "lovelace@example.com" }],
  });
  const { body: eve } = await scim("POST", "/Users", user("ada@example.com"));
  await eventually(async () => assert.equal((await byName("ada@example.com")).body.Resources[0]?.id, eve.id));
  await scim("DELETE", `/Users/${eve.id}`);
  await eventually(async () => assert.equal((await reader("GET", `/Users/${eve.id}`)).status, 404));
  await eventually(async () => assert.equal((await byName("ada@example.com")).body.totalResults, 0));
});

test("a plan of a posted source against the tenant's directory", async () => {
  const { id, scim } = await tenant();
  await scim("POST", "/Users", user("ada@contoso.com", { displayName: "Ada", active: true }));
  const person = (n, upn) => ({
    id: `u${n}`,
    userPrincipalName: upn,
    displayName: `Person ${n}`,
    accountEnabled: true,
  });
  const text = JSON.stringify({ value: [person(1, "ada@contoso.com"), person(2, "bo@contoso.com")] });
  const { status, body } = await server.administer("POST", `/tenants/${id}/plan`, {
    files: [{ name: "users.json", text }],
    settings: { syncAll: true },
  });
  assert.equal(status, 200);
  assert.deepEqual([body.summary.create, body.summary.update, body.summary.local], [1, 1, 0]);
  const broken = await server.administer("POST", `/tenants/${id}/plan`, {
    files: [{ name: "x", text: "{" }],
  });
  assert.equal(broken.status, 400);
  const odd = await server.administer("POST", `/tenants/${id}/plan`, { files: [], schema: "{}" });
  assert.deepEqual([odd.status, /^`schema`: /.test(odd.body.detail)], [400, true], odd.body.detail);
});

test("a plan at the edge goes by the links that the tenant keeps", async () => {
  const { id, scim } = await tenant();
  const { body: ada } = await scim("POST", "/Users", user("ada@contoso.com", { active: true }));
  const plan = async (upn, more = {}) => {
    const text = JSON.stringify({ value: [{ id: "u1", userPrincipalName: upn, accountEnabled: true }] });
    const files = [{ name: "users.json", text }];
    const settings = { syncAll: true };
    return server.administer("POST", `/tenants/${id}/plan`, { files, settings, ...more });
  };
  const counts = ({ body: { summary } }) => [summary.create, summary.update, summary.local];
  // Without links only a name ties them, and a new name is a new person.
  assert.deepEqual(counts(await plan("lovelace@contoso.com")), [1, 0, 1]);
  assert.equal((await plan("ada@contoso.com", { keepLinks: true })).body.summary.linksAssumed, true);
  const renamed = await plan("lovelace@contoso.com");
  assert.deepEqual([counts(renamed), renamed.body.summary.linksAssumed], [[0, 1, 0], false]);
  assert.deepEqual(renamed.body.operations[0].target.id, ada.id);
  // Given ones replace them, null forgets them, and a deleted resource takes its link along.
  assert.deepEqual(counts(await plan("lovelace@contoso.com", { links: null })), [1, 0, 1]);
  assert.deepEqual(counts(await plan("lovelace@contoso.com", { links: { u1: ada.id } })), [0, 1, 0]);
  assert.deepEqual(counts(await plan("lovelace@contoso.com")), [0, 1, 0]);
  // Set to none they are none, also in the next plan; only null has it match anew.
  assert.deepEqual(
    counts(await plan("ada@contoso.com", { links: {} })),
    counts(await plan("ada@contoso.com")),
  );
  assert.equal((await plan("ada@contoso.com")).body.summary.linksAssumed, false);
  await plan("lovelace@contoso.com", { links: { u1: ada.id } });
  assert.equal((await plan("lovelace@contoso.com", { links: { u1: 7 } })).status, 400);
  assert.deepEqual(counts(await plan("lovelace@contoso.com")), [0, 1, 0], "what is refused changes nothing");
  assert.equal((await scim("DELETE", `/Users/${ada.id}`)).status, 204);
  assert.deepEqual(counts(await plan("lovelace@contoso.com")), [1, 0, 0]);
});

test("what lies outside answers plainly", async () => {
  const origin = new URL(server.endpoint).origin;
  assert.equal((await fetch(`${origin}/healthz`)).status, 200);
  assert.equal((await fetch(`${origin}/scim/v1/Users`)).status, 404);
  assert.equal((await fetch(`${origin}/admin/tenants`)).status, 401);
});

test("a compressed body is refused, not misread", async () => {
  const { scim } = await tenant();
  const body = gzipSync(JSON.stringify(user("ada@example.com")));
  const reply = await scim("POST", "/Users", body, { "content-encoding": "gzip" });
  assert.deepEqual(
    [reply.status, reply.body.detail],
    [415, "the body is compressed by `gzip`; send it as it is"],
  );
});
