// A tenant's own schemas and resource types: set by the administrator, used by every request.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { client, eventually, start, user } from "./server.mjs";

let server;
let okta;
before(async () => {
  server = await start();
  const read = async (name) => JSON.parse(await readFile(`examples/schemas/okta/${name}.json`, "utf8"));
  okta = { Schemas: await read("schemas"), ResourceTypes: await read("resource-types") };
});
after(() => server.stop());

const ROLE = "urn:okta:scim:schemas:core:1.0:Role";

async function tenant(schemas) {
  const { body } = await server.administer("POST", "/tenants", { name: "schemas" });
  const path = `/tenants/${body.tenant.id}/schemas`;
  if (schemas) assert.equal((await server.administer("PUT", path, schemas)).status, 200);
  return { path, id: body.tenant.id, token: body.token, scim: client(server.endpoint, body.token) };
}

test("Okta's roles are made, found, changed and deleted at /Roles", async () => {
  const { path, scim } = await tenant(okta);
  assert.deepEqual((await server.administer("GET", path)).body, okta);
  const names = (await scim("GET", "/ResourceTypes")).body.Resources.map(({ name }) => name);
  assert.ok(names.includes("Role") && names.includes("Entitlement"), names.join());
  assert.equal((await scim("GET", `/Schemas/${ROLE}`)).body.name, "Role");

  const made = await scim("POST", "/Roles", { schemas: [ROLE], displayName: "Auditor", type: "system" });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.equal(made.body.meta.resourceType, "Role");
  assert.ok(made.headers.get("location").endsWith(`/Roles/${made.body.id}`));
  await scim("POST", "/Roles", { schemas: [ROLE], displayName: "Editor", type: "own" });
  const nameless = await scim("POST", "/Roles", { schemas: [ROLE], type: "own" });
  assert.equal(nameless.status, 400);
  assert.match(nameless.body.detail, /displayName/);

  const found = await scim("GET", `/Roles?filter=${encodeURIComponent('type eq "SYSTEM"')}`);
  assert.deepEqual(
    found.body.Resources.map(({ displayName }) => displayName),
    ["Auditor"],
  );
  const patched = await scim("PATCH", `/Roles/${made.body.id}`, {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    Operations: [{ op: "replace", path: "description", value: "reads all" }],
  });
  assert.ok([200, 204].includes(patched.status), JSON.stringify(patched.body));
  assert.equal((await scim("GET", `/Roles/${made.body.id}`)).body.description, "reads all");
  assert.equal((await scim("DELETE", `/Roles/${made.body.id}`)).status, 204);
  assert.equal((await scim("GET", `/Roles/${made.body.id}`)).status, 404);
  assert.equal((await scim("GET", "/Roles")).body.totalResults, 1);
  assert.equal((await scim("POST", "/Users", user("ada"))).status, 201);
});

test("an unknown type is told plainly, and another tenant does not see these", async () => {
  const own = await tenant(okta);
  const other = await tenant();
  assert.equal((await own.scim("GET", "/Roles")).status, 200);
  for (const [scim, path] of [
    [own.scim, "/Badges"],
    [other.scim, "/Roles"],
  ]) {
    const { status, body } = await scim("GET", path);
    assert.equal(status, 404);
    assert.ok(body.detail.includes(path), body.detail);
  }
  assert.equal((await other.scim("GET", "/ResourceTypes")).body.totalResults, 2);
  assert.deepEqual((await server.administer("GET", other.path)).body, { Schemas: [], ResourceTypes: [] });
});

test("what holds resources neither vanishes nor changes its meaning", async () => {
  const { path, scim } = await tenant(okta);
  const { body: role } = await scim("POST", "/Roles", { schemas: [ROLE], displayName: "Auditor" });
  const refused = await server.administer("DELETE", path);
  assert.equal(refused.status, 409);
  assert.match(refused.body.detail, /1 resources of the type `Role`/);
  const exact = structuredClone(okta);
  exact.Schemas.find(({ id }) => id === ROLE).attributes[0].caseExact = true;
  assert.match((await server.administer("PUT", path, exact)).body.detail, /`displayName`/);
  const more = structuredClone(okta);
  more.Schemas.find(({ id }) => id === ROLE).attributes.push({ name: "owner", type: "string" });
  assert.equal((await server.administer("PUT", path, more)).status, 200);
  const owned = { schemas: [ROLE], displayName: "Auditor", owner: "ada" };
  assert.equal((await scim("PUT", `/Roles/${role.id}`, owned)).body.owner, "ada");

  await scim("DELETE", `/Roles/${role.id}`);
  assert.equal((await server.administer("DELETE", path)).status, 204);
  assert.equal((await scim("GET", "/Roles")).status, 404);
});

test("every fault is told with its place, and nothing of it is kept", async () => {
  const { path, scim } = await tenant(okta);
  const wrong = structuredClone(okta);
  wrong.Schemas[0].attributes[0].type = "colour";
  wrong.ResourceTypes[1].endpoint = "/Users";
  const { status, body } = await server.administer("PUT", path, wrong);
  assert.equal(status, 400);
  assert.match(body.detail, /schemas \/0\/attributes\/0.*`colour`/);
  assert.match(body.detail, /resourceTypes \/1\/endpoint.*`\/Users`/);
  assert.equal((await server.administer("PUT", path, { schemas: [] })).status, 400);
  assert.deepEqual((await server.administer("GET", path)).body, okta);
  assert.equal((await scim("GET", "/Entitlements")).status, 200);
});

test("a backup takes them along", async () => {
  const { id, scim } = await tenant(okta);
  await scim("POST", "/Roles", { schemas: [ROLE], displayName: "Auditor" });
  const headers = { authorization: `Bearer ${server.adminToken}` };
  const lines = await (await fetch(`${server.admin}/tenants/${id}/export`, { headers })).text();
  const copy = await tenant();
  const into = `${server.admin}/tenants/${copy.id}/import`;
  const done = await fetch(into, { method: "POST", headers, body: lines });
  assert.equal(done.status, 200, await done.text());
  assert.equal((await copy.scim("GET", "/Roles")).body.Resources[0].displayName, "Auditor");
});

const BADGE = "urn:example:scim:schemas:Badge";
const USER = "urn:ietf:params:scim:schemas:core:2.0:User";

/** Users with a badge; `more` says how its code is shown. */
async function badges(more = {}) {
  const schema = {
    id: BADGE,
    name: "Badge",
    attributes: [
      { name: "code", type: "string", multiValued: false, ...more },
      { name: "colour", type: "string", multiValued: false },
    ],
  };
  const { meta: _, ...kind } = (await server.scim("GET", "/ResourceTypes/User")).body;
  return {
    Schemas: [schema],
    ResourceTypes: [{ ...kind, schemaExtensions: [{ schema: BADGE, required: false }] }],
  };
}

test("readers of the copy see what the tenant's own schemas show, and what they show later", async () => {
  const { id, path, scim } = await tenant(await badges());
  const { body: made } = await server.administer("POST", `/tenants/${id}/tokens`, { scope: "edge-read" });
  const reader = client(server.endpoint, made.token);
  const badge = { code: "A-1", colour: "red" };
  const { body: ada } = await scim("POST", "/Users", {
    schemas: [USER, BADGE],
    userName: "ada",
    title: "Countess",
    [BADGE]: badge,
  });
  const settled = async () => {
    await eventually(async () => {
      const { body } = await server.administer("GET", `/tenants/${id}`);
      assert.equal(body.unpublished, 0);
    });
  };
  await settled();
  for (const [query, title, shown] of [
    ["", "Countess", badge],
    [`?attributes=${BADGE}:code`, undefined, { code: "A-1" }],
    [`?attributes=${BADGE}`, undefined, badge],
    [`?excludedAttributes=${BADGE}:code`, "Countess", { colour: "red" }],
    ["?attributes=title", "Countess", undefined],
  ]) {
    const of = { copy: reader, object: scim };
    for (const [source, ask] of Object.entries(of)) {
      const { body, headers } = await ask("GET", `/Users/${ada.id}${query}`);
      assert.equal(headers.get("provisor-source"), source === "copy" ? "copy" : null);
      assert.deepEqual([body.title, body[BADGE]], [title, shown], `${source} ${query}`);
    }
  }
  // From now on the code is never shown: the copy must forget it, though nobody changed Ada.
  const changed = await server.administer("PUT", path, await badges({ returned: "never" }));
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  await settled();
  await eventually(async () => {
    const { body } = await reader("GET", `/Users/${ada.id}`);
    assert.deepEqual(body[BADGE], { colour: "red" });
    assert.equal((await reader("GET", `/Users/${ada.id}?attributes=${BADGE}:code`)).body[BADGE], undefined);
  }, 45);
  // The same schemas once more make nothing stale but themselves.
  await server.administer("PUT", path, await badges({ returned: "never" }));
  const { unpublished } = (await server.administer("GET", `/tenants/${id}`)).body;
  assert.ok(unpublished <= 1, `${unpublished} keys are stale`);
});

test("the copy finds a user by a name as the tenant compares it", async () => {
  const settings = { preparedUserNames: true };
  const { body } = await server.administer("POST", "/tenants", { name: "prepared", settings });
  const scim = client(server.endpoint, body.token);
  assert.equal((await scim("POST", "/Users", user("Ame\u0301lie"))).status, 201);
  const made = await server.administer("POST", `/tenants/${body.tenant.id}/tokens`, { scope: "edge-read" });
  const reader = client(server.endpoint, made.body.token);
  await eventually(async () => {
    const filter = encodeURIComponent('userName eq "AMÉLIE"');
    assert.equal((await reader("GET", `/Users?filter=${filter}`)).body.totalResults, 1);
  }, 45);
});
