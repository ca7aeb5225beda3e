// `/Me` (RFC 7644 §3.11): a token that is bound to a user.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { client, start, user } from "./server.mjs";

let server;
before(async () => {
  server = await start();
});
after(() => server.stop());

test("/Me is the user that the token is bound to", async () => {
  const made = await server.administer("POST", "/tenants", { name: "me" });
  const tenant = `/tenants/${made.body.tenant.id}`;
  const scim = client(server.endpoint, made.body.token);
  const ada = await scim("POST", "/Users", user("ada"));
  assert.equal((await scim("GET", "/Me")).status, 501);
  const nobody = await server.administer("POST", `${tenant}/tokens`, { user: "nobody" });
  assert.equal(nobody.status, 404);
  const { body } = await server.administer("POST", `${tenant}/tokens`, { user: ada.body.id });
  const own = client(server.endpoint, body.token);
  const me = await own("GET", "/Me");
  assert.equal(me.status, 200);
  assert.equal(me.body.userName, "ada");
  assert.ok(me.headers.get("location").endsWith(`/Users/${ada.body.id}`));
});
