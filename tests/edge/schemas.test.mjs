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

/** Whether a text holds a marker: as it is, or within base64, wherever it begins there. */
function tells(text, marker) {
  const inBase64 = [0, 1, 2].flatMap((pad) => {
    const bytes = Buffer.concat([Buffer.alloc(pad), Buffer.from(marker)]);
    // Letters at the edges depend on the neighbours.
    const whole = (form) =>
      bytes
        .toString(form)
        .replace(/=+$/, "")
        .slice(pad ? 4 : 0, -1 - (bytes.length % 3 > 0));
    return [whole("base64"), whole("base64url")];
  });
  return [marker, ...inBase64].find((form) => text.includes(form));
}

test("what is never returned is in no reply, cursor or event", async () => {
  const MARKER = "never-to-be-told-0815";
  const PASSWORD = "secret-Pa55-4711";
  for (const pad of ["", "a", "ab"]) {
    const text = Buffer.from(`${pad}{"k":"${MARKER}"}`);
    assert.ok(tells(text.toString("base64url"), MARKER) && tells(text.toString("base64"), MARKER));
  }
  const hidden = { returned: "never", mutability: "writeOnly" };
  const schemas = await badges(hidden);
  schemas.Schemas[0].attributes.push({
    name: "doors",
    type: "complex",
    multiValued: true,
    subAttributes: [
      { name: "value", type: "string" },
      { name: "pin", type: "string", ...hidden },
    ],
  });
  const { id, scim } = await tenant(schemas);
  const told = [];
  const keep = (what, { status, headers, body }) => {
    told.push([`${what} ${status}`, `${[...headers].join("\n")}\n${JSON.stringify(body)}`]);
    return body;
  };
  const ask = async (method, path, body, headers) =>
    keep(`${method} ${path}`, await scim(method, path, body, headers));
  const admin = (method, path = "", body = undefined) =>
    server.administer(method, `/tenants/${id}${path}`, body);
  const streams = {};
  for (const full of [true, false]) {
    streams[full] = (await admin("POST", "/streams", { delivery: "poll", audience: "app", full })).body;
  }

  const badge = { code: MARKER, colour: "red", doors: [{ value: "north", pin: MARKER }] };
  const person = (name, more = {}) => user(name, { password: PASSWORD, [BADGE]: badge, ...more });
  const explain = { prefer: "explain" };
  const ada = await ask("POST", "/Users", person("ada"), explain);
  const { code: _, ...open } = badge;
  assert.deepEqual(ada[BADGE], { ...open, doors: [{ value: "north" }] });
  await ask("POST", "/Users", person("bo"));
  await ask("POST", "/Users", person("ada"));
  await ask("POST", "/Bulk", {
    Operations: [
      { method: "POST", path: "/Users", bulkId: "1", data: person("cy") },
      { method: "POST", path: "/Users", bulkId: "2", data: person("cy") },
      { method: "PUT", path: `/Users/${ada.id}`, data: person("ada", { title: "Lady" }) },
    ],
  });
  await ask("PUT", `/Users/${ada.id}`, person("ada", { title: "Countess" }), explain);
  const patches = [
    { op: "replace", path: `${BADGE}:code`, value: `${MARKER}!` },
    { op: "replace", value: { [`${BADGE}:code`]: `${MARKER}?`, title: 7 } },
    { op: "replace", path: `${BADGE}:doors[pin eq "${MARKER}"].value`, value: "south" },
    { op: "add", path: `${BADGE}:doors`, value: { value: "east", pin: MARKER } },
    { op: "replace", path: "password", value: `${PASSWORD}!` },
    // Each of these is a fault.
    { op: "replace", path: `${BADGE}:code`, value: { [MARKER]: MARKER } },
    { op: "replace", path: `${BADGE}:doors[pin sw "${MARKER}"].value`, value: "x" },
    { op: "remove", path: `${BADGE}:doors[pin eq ${MARKER}]` },
    { op: "replace", path: `password[value eq "${PASSWORD}"]`, value: "x" },
    { op: "replace", path: "password", value: { [PASSWORD]: PASSWORD } },
  ];
  for (const operation of patches) {
    await ask("PATCH", `/Users/${ada.id}`, { Operations: [operation] }, explain);
  }
  const filters = [`${BADGE}:code pr`, `${BADGE}:code ne "x"`, `${BADGE}:doors[pin pr]`];
  for (const path of [
    ...["", `?attributes=${BADGE}`, `?attributes=${BADGE}:code`, "?attributes=password"].map(
      (query) => `/Users/${ada.id}${query}`,
    ),
    ...["", "?cursor&count=1", "?cursor&count=1&sortBy=userName"].map((query) => `/Users${query}`),
    ...["code", "doors.pin", "doors"].map((name) => `/Users?count=1&cursor&sortBy=${BADGE}:${name}`),
    ...filters.map((filter) => `/Users?count=1&cursor&filter=${encodeURIComponent(filter)}`),
    "/Users?sortBy=password&cursor&count=1",
    "/",
    "/Schemas",
    "/ResourceTypes",
  ]) {
    await ask("GET", path);
  }
  await ask("POST", "/Users/.search", { filter: `${BADGE}:code eq "${MARKER}?"`, sortBy: `${BADGE}:code` });
  const found = await ask("POST", "/.search", { filter: `${BADGE}:code pr`, attributes: [`${BADGE}:code`] });
  assert.equal(found.totalResults, 3);
  for (const operator of ["sw", "co", "gt"]) {
    const guess = await ask("POST", "/Users/.search", { filter: `${BADGE}:code ${operator} "n"` });
    assert.equal(guess.scimType, "invalidFilter");
  }
  const sorted = await ask("POST", "/Users/.search", { sortBy: `${BADGE}:code`, cursor: "", count: 1 });
  assert.equal(sorted.scimType, "invalidPath");

  const { body: made } = await admin("POST", "/tokens", { scope: "edge-read" });
  const reader = client(server.endpoint, made.token);
  await eventually(async () => assert.equal((await admin("GET")).body.unpublished, 0));
  await eventually(async () => {
    const reply = await reader("GET", `/Users/${ada.id}`);
    assert.equal(reply.status, 200);
    keep("the copy", reply);
  });
  const bytes = async (path) => {
    const headers = { authorization: `Bearer ${server.adminToken}` };
    const reply = await fetch(`${server.admin}/tenants/${id}${path}`, { headers });
    assert.equal(reply.status, 200, path);
    return reply.text();
  };
  for (const format of ["json", "ndjson", "csv"]) {
    const text = await bytes(`/journal?format=${format}`);
    assert.ok(text.includes("Countess"), text);
    told.push([`the journal as ${format}`, text]);
  }
  for (const [full, stream] of Object.entries(streams)) {
    const poll = client(new URL(server.endpoint).origin, stream.token, "application/json");
    const { body } = await poll("POST", "/events/poll", { returnImmediately: true });
    const claims = Object.values(body.sets).map((set) =>
      Buffer.from(set.split(".")[1], "base64url").toString(),
    );
    assert.ok(claims.some((text) => text.includes(full === "true" ? "Countess" : `${BADGE}:code`)));
    told.push(
      [`events, full: ${full}`, claims.join("\n")],
      [`their tokens, full: ${full}`, JSON.stringify(body)],
    );
  }
  const plan = { files: [{ name: "users.json", text: '{"value": []}' }], settings: { syncAll: true } };
  keep("a plan", await admin("POST", "/plan", plan));
  for (const path of ["", "/schemas", "/tokens", "/streams"]) keep(`admin ${path}`, await admin("GET", path));
  told.push(["the log", server.log()]);
  for (const [what, text] of told) {
    for (const secret of [MARKER, PASSWORD]) {
      const form = tells(text, secret);
      assert.equal(form, undefined, `${what} tells \`${form}\`: ${text.slice(0, 2_000)}`);
    }
  }
  assert.ok(told.length >= 52, `only ${told.length} texts were looked through`);
  // A backup is the one exception: it restores what was there. Passwords are hashes there, too.
  const backup = await bytes("/export");
  assert.ok(backup.includes(MARKER) && !tells(backup, PASSWORD));
});
