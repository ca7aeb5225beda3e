// The Worker answers as its OpenAPI document says: every path and method, and no other.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { client, start, user } from "./server.mjs";

let server;
let origin;
let document;
before(async () => {
  server = await start();
  origin = new URL(server.endpoint).origin;
  document = await (await fetch(`${origin}/openapi.json`)).json();
});
after(() => server.stop());

const METHODS = ["get", "post", "put", "patch", "delete"];

/** The credentials that an operation of a path asks for. */
function credentials(path) {
  if (path.startsWith("/scim/")) return server.token;
  return server.adminToken;
}

async function send(path, method, values) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const body = method === "get" ? undefined : "{}";
  const type = path === "/oauth/token" ? "application/x-www-form-urlencoded" : "application/json";
  const reply = await fetch(`${origin}${filled}`, {
    method: method.toUpperCase(),
    // A connection for each request: the runtime closes an idle one just when it would be used.
    headers: { authorization: `Bearer ${credentials(path)}`, "content-type": type, connection: "close" },
    body,
  });
  return { status: reply.status, text: await reply.text(), type: reply.headers.get("content-type") };
}

test("every method of every path answers as described, or says that it is not allowed", async () => {
  const { body: made } = await server.scim("POST", "/Users", user("described"));
  assert.equal(document.openapi, "3.1.0");
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const id = path.includes("ResourceTypes")
        ? "User"
        : path.includes("Schemas")
          ? "urn:ietf:params:scim:schemas:core:2.0:User"
          : made.id;
      // The deployment's own tenant is left alone.
      const values = { tenant: "0".repeat(32), stream: "0".repeat(32), id };
      const { status, text, type } = await send(path, method, values);
      const operation = item[method];
      const at = `${method.toUpperCase()} ${path}: ${status} ${text.slice(0, 200)}`;
      if (operation) {
        assert.ok(operation.responses[status], at);
        let described = operation.responses[status];
        if (described.$ref) described = document.components.responses[described.$ref.split("/").at(-1)];
        if (text) {
          const types = Object.keys(described.content ?? {});
          assert.ok(types.includes(type?.split(";")[0]), `${at}: ${type}`);
        }
      } else {
        // A new resource at an unmade id, or a method that is not there.
        assert.ok([404, 405, 501].includes(status), at);
      }
    }
  }
});

test("what is not described is not there", async () => {
  for (const path of ["/admin", "/admin/users", "/oauth", "/events", "/tenants", "/.well-known/jwks.json"]) {
    assert.equal((await send(path, "get", {})).status, 404, path);
  }
  const other = await client(origin, server.adminToken)("PUT", "/admin/tenants");
  assert.equal(other.status, 405);
  assert.match(other.body.detail, /use GET, POST/);
});
