// Where a tenant lives, and whether it is copied.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { client, eventually, start, user } from "./server.mjs";

let server;
before(async () => {
  // KV's lists do not trail here, so that a copy's end need not be waited for.
  server = await start("memory", { ORIGIN_EU: "https://eu.scim.example.com/", KV_DELAY: "0" });
});
after(() => server.stop());

async function tenant(more = {}) {
  const { status, body } = await server.administer("POST", "/tenants", { name: "test", ...more });
  assert.equal(status, 201, JSON.stringify(body));
  return { id: body.tenant.id, made: body, scim: client(server.endpoint, body.token) };
}

const shown = async (id) => (await server.administer("GET", `/tenants/${id}`)).body;

// The local runtime has no jurisdictions: what is shown here is all but the last step.
test("a tenant in the EU has an id, a token and a Tenant URL that say so, and no copy", async () => {
  const { id, made, scim } = await tenant({ jurisdiction: "eu" });
  assert.match(id, /^eu-[0-9a-f]{32}$/);
  assert.ok(made.token.startsWith(`prv_${id}.`));
  assert.equal(made.tenant.tenantUrl, "https://eu.scim.example.com/scim/v2");
  assert.equal((await scim("POST", "/Users", user("ada"))).status, 201);
  const { copy, unpublished, users } = await shown(id);
  assert.deepEqual([copy, unpublished, users], [false, 0, 1]);
  assert.equal(
    (await server.administer("POST", `/tenants/${id}/tokens`, { scope: "edge-read" })).status,
    409,
  );
  assert.equal((await server.administer("POST", `/tenants/${id}/republish`)).status, 409);
  assert.equal((await tenant({ jurisdiction: "eu", copy: true }).then(({ id }) => shown(id))).copy, true);
  assert.equal((await tenant().then(({ id }) => shown(id))).copy, true);
  for (const wrong of [{ jurisdiction: "mars" }, { jurisdiction: 1 }, { copy: "no" }]) {
    assert.equal((await server.administer("POST", "/tenants", { name: "x", ...wrong })).status, 400);
  }
});

test("without the word that this is a developer's machine, a jurisdiction is never passed over", async () => {
  const elsewhere = await start("memory", { LOCAL: "" }, { WITH: "tests/edge/tls.mjs" });
  try {
    const refused = await elsewhere.administer("POST", "/tenants", { name: "x", jurisdiction: "eu" });
    assert.equal(refused.status, 503);
    assert.equal((await elsewhere.administer("POST", "/tenants", { name: "x" })).status, 201);
  } finally {
    await elsewhere.stop();
  }
});

test("a tenant switches its copy off and on", async () => {
  const { id, scim } = await tenant();
  const { body: made } = await server.administer("POST", `/tenants/${id}/tokens`, { scope: "edge-read" });
  const reader = client(server.endpoint, made.token);
  const { body: ada } = await scim("POST", "/Users", user("ada"));
  const status = async () => (await reader("GET", `/Users/${ada.id}`)).status;
  await eventually(async () => assert.equal(await status(), 200));
  assert.equal((await server.administer("PATCH", `/tenants/${id}`, { copy: "off" })).status, 400);
  assert.equal((await server.administer("PATCH", `/tenants/${id}`, { copy: false })).body.copy, false);
  await eventually(async () => assert.equal(await status(), 401));
  await scim("POST", "/Users", user("bo"));
  assert.equal((await shown(id)).unpublished, 0);

  assert.equal((await server.administer("PATCH", `/tenants/${id}`, { copy: true })).body.copy, true);
  await eventually(async () => assert.equal(await status(), 200));
  await eventually(async () =>
    assert.equal((await reader("GET", "/Users?filter=userName+eq+%22bo%22")).body.totalResults, 1),
  );
});
