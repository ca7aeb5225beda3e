// What an administrator may do with a tenant, and what a tenant's settings change.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { client, eventually, start, user } from "./server.mjs";

let server;
before(async () => {
  server = await start();
});
after(() => server.stop());

async function tenant(settings) {
  const { status, body } = await server.administer("POST", "/tenants", { name: "test", settings });
  assert.equal(status, 201, JSON.stringify(body));
  return { id: body.tenant.id, token: body.token, scim: client(server.endpoint, body.token) };
}

test("a tenant is suspended, resumed, and deleted in two steps", async () => {
  const { id, scim } = await tenant();
  const { body: made } = await server.administer("POST", `/tenants/${id}/tokens`, { scope: "edge-read" });
  const reader = client(server.endpoint, made.token);
  const { body: ada } = await scim("POST", "/Users", user("ada"));
  await eventually(async () => assert.equal((await reader("GET", `/Users/${ada.id}`)).status, 200));

  const early = await server.administer("DELETE", `/tenants/${id}`, { confirm: "test" });
  assert.equal(early.status, 409);
  assert.equal(
    (await server.administer("PATCH", `/tenants/${id}`, { state: "suspended" })).body.state,
    "suspended",
  );
  assert.equal((await scim("GET", "/Users")).status, 403);
  const { body: late } = await server.administer("POST", `/tenants/${id}/tokens`, { scope: "edge-read" });
  assert.equal((await client(server.endpoint, late.token)("GET", `/Users/${ada.id}`)).status, 401);
  await eventually(async () => assert.equal((await reader("GET", `/Users/${ada.id}`)).status, 401), 90);
  assert.equal(
    (await server.administer("PATCH", `/tenants/${id}`, { state: "active" })).body.state,
    "active",
  );
  assert.equal((await scim("GET", "/Users")).body.totalResults, 1);
  assert.equal((await server.administer("PATCH", `/tenants/${id}`, { state: "gone" })).status, 400);

  await server.administer("PATCH", `/tenants/${id}`, { state: "suspended" });
  assert.equal((await server.administer("DELETE", `/tenants/${id}`, { confirm: "other" })).status, 400);
  assert.equal((await server.administer("DELETE", `/tenants/${id}`, { confirm: "test" })).status, 202);
  assert.equal((await server.administer("GET", `/tenants/${id}`)).body.state, "deleting");
  assert.equal((await scim("GET", "/Users")).status, 401);
});

test("tokens are listed without their text, expire, rotate and are revoked by id", async () => {
  const { id, token, scim } = await tenant();
  const path = `/tenants/${id}/tokens`;
  const second = (await server.administer("POST", path, { scope: "provision" })).body;
  assert.equal((await client(server.endpoint, second.token)("GET", "/Users")).status, 200);
  const expired = (await server.administer("POST", path, { expires: "2020-01-01T00:00:00Z" })).body;
  const refused = await client(server.endpoint, expired.token)("GET", "/Users");
  assert.equal(refused.status, 401);
  assert.match(refused.body.detail, /expired/);
  assert.equal((await server.administer("POST", path, { expires: "soon" })).status, 400);

  const { body } = await server.administer("GET", path);
  assert.equal(body.tokens.length, 3);
  assert.ok(!JSON.stringify(body).includes(token));
  assert.ok(body.tokens.find(({ id }) => id === second.id).lastUsed);
  assert.equal((await server.administer("POST", `${path}/revoke`, { token: second.id })).status, 204);
  assert.equal((await client(server.endpoint, second.token)("GET", "/Users")).status, 401);
  assert.equal((await scim("GET", "/Users")).status, 200);
  assert.equal((await server.administer("POST", `${path}/revoke`, { token: "nobody" })).status, 404);
  // Revoked again, it keeps the time at which it was.
  const revoked = async () =>
    (await server.administer("GET", path)).body.tokens.find(({ id }) => id === second.id).revoked;
  const first = await revoked();
  await new Promise((resume) => setTimeout(resume, 5));
  assert.equal((await server.administer("POST", `${path}/revoke`, { token: second.id })).status, 204);
  assert.equal(await revoked(), first);
});

test("the journal tells who changed what, from what to what", async () => {
  const { id, scim } = await tenant();
  const { body: ada } = await scim("POST", "/Users", user("ada", { title: "Miss" }));
  await scim("PATCH", `/Users/${ada.id}`, {
    Operations: [{ op: "replace", path: "title", value: "Countess" }],
  });
  await scim("DELETE", `/Users/${ada.id}`);
  const { body } = await server.administer("GET", `/tenants/${id}/journal`);
  const told = body.entries.map(({ operation, before, after }) => [operation, before?.title, after?.title]);
  assert.deepEqual(told, [
    ["create", undefined, "Miss"],
    ["patch", "Miss", "Countess"],
    ["delete", "Countess", undefined],
  ]);
  const rest = await server.administer("GET", `/tenants/${id}/journal?after=${body.entries[1].sequence}`);
  assert.equal(rest.body.entries.length, 1);
});

test("a tenant's settings choose its side where directories disagree", async () => {
  const kind = await tenant({ groupPatchReturnsBody: true, acceptsUnknownMembers: true });
  const { body: group } = await kind.scim("POST", "/Groups", { displayName: "g" });
  const add = { Operations: [{ op: "add", path: "members", value: [{ value: "somebody-elsewhere" }] }] };
  const patched = await kind.scim("PATCH", `/Groups/${group.id}`, add);
  assert.deepEqual([patched.status, patched.body.members], [200, [{ value: "somebody-elsewhere" }]]);

  const microsoft = await tenant({ profile: "microsoft" });
  const { body: ada } = await microsoft.scim("POST", "/Users", user("ada"));
  const title = { Operations: [{ op: "replace", path: "title", value: "Countess" }] };
  const titled = (headers) => microsoft.scim("PATCH", `/Users/${ada.id}`, title, headers);
  assert.equal((await titled()).status, 204);
  const whole = await titled({ prefer: "return=representation" });
  assert.deepEqual([whole.status, whole.headers.get("preference-applied")], [200, "return=representation"]);
  const path = `/tenants/${microsoft.id}`;
  await server.administer("PATCH", path, { settings: { patchReply: { users: 200 } } });
  assert.equal((await titled()).status, 200);
  const { settings } = (await server.administer("GET", path)).body;
  assert.deepEqual(
    [settings.profile, settings.patchReply, settings.acceptsUnknownMembers],
    ["microsoft", { users: 200, groups: 204 }, true],
  );

  const strict = await tenant({ strict: true });
  assert.equal((await strict.scim("POST", "/Users", user("ada", { active: "True" }))).status, 400);
  const wrong = await server.administer("POST", "/tenants", { name: "x", settings: { colour: "blue" } });
  assert.equal(wrong.status, 400);
  assert.match(wrong.body.detail, /colour/);
});

test("a tenant that asks too fast is told when to come back, and loses nothing", async () => {
  const { id, scim } = await tenant({ requestsPerSecond: 5 });
  const replies = await Promise.all(
    Array.from({ length: 30 }, (_, n) => scim("POST", "/Users", user(`user${n}`))),
  );
  const made = replies.filter(({ status }) => status === 201).length;
  const late = replies.filter(({ status }) => status === 429);
  assert.ok(late.length >= 15 && made >= 10, `${made} made, ${late.length} refused`);
  assert.equal(late[0].headers.get("retry-after"), "1");
  assert.equal((await server.administer("GET", `/tenants/${id}`)).body.users, made);
});

test("the copy is made anew on demand", async () => {
  const { id, scim } = await tenant();
  await scim("POST", "/Users", user("ada"));
  await eventually(async () =>
    assert.equal((await server.administer("GET", `/tenants/${id}`)).body.unpublished, 0),
  );
  // The user by id and by name, and the schemas.
  assert.equal((await server.administer("POST", `/tenants/${id}/republish`)).body.noted, 3);
  await eventually(async () =>
    assert.equal((await server.administer("GET", `/tenants/${id}`)).body.unpublished, 0),
  );
});
