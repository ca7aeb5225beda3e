// `/Me` (RFC 7644 §3.11): the user that a token stands for.
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

test("/Me is the user that an OAuth client is bound to; another client's is nobody", async () => {
  const made = await server.administer("POST", "/tenants", { name: "me" });
  const tenant = `/tenants/${made.body.tenant.id}`;
  const scim = client(server.endpoint, made.body.token);
  const ada = await scim("POST", "/Users", user("ada"));
  const nobody = await server.administer("POST", `${tenant}/clients`, { user: "nobody" });
  assert.equal(nobody.status, 404);
  assert.equal((await server.administer("GET", `${tenant}/clients`)).body.clients.length, 0);
  const as = async (settings) => {
    const { body } = await server.administer("POST", `${tenant}/clients`, settings);
    const form = {
      grant_type: "client_credentials",
      client_id: body.clientId,
      client_secret: body.clientSecret,
    };
    const reply = await fetch(new URL("/oauth/token", server.endpoint), {
      method: "POST",
      body: new URLSearchParams(form),
    });
    return client(server.endpoint, (await reply.json()).access_token);
  };
  const own = await as({ user: ada.body.id });
  const me = await own("GET", "/Me");
  assert.deepEqual([me.status, me.body.userName], [200, "ada"]);
  const title = { Operations: [{ op: "replace", path: "title", value: "Countess" }] };
  const patched = await own("PATCH", "/Me", title);
  assert.equal(patched.status, 200);
  assert.ok(patched.headers.get("location").endsWith(`/Users/${ada.body.id}`));
  assert.equal((await scim("GET", `/Users/${ada.body.id}`)).body.title, "Countess");
  const other = await (await as({}))("GET", "/Me");
  assert.equal(other.status, 501);
  assert.match(other.body.detail, /stands for none; use `\/Users\/\{id\}`/);
  assert.equal((await own("DELETE", "/Me")).status, 204);
  assert.equal((await own("GET", "/Me")).status, 404);
});
