// The doors of the Worker: the path, the token, the method, the scheme, the rate, and what of a request is
// hashed before it is carried out.
import assert from "node:assert/strict";
import { pbkdf2Sync } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Miniflare } from "miniflare";
import { worker } from "../../scripts/worker.mjs";
import { client, eventually, start, user } from "./server.mjs";

let server;
let origin;
before(async () => {
  server = await start("memory", { SHOW_COST: "1" });
  origin = new URL(server.endpoint).origin;
});
after(() => server.stop());

async function tenant(settings) {
  const { status, body } = await server.administer("POST", "/tenants", { name: "test", settings });
  assert.equal(status, 201, JSON.stringify(body));
  return { id: body.tenant.id, token: body.token, scim: client(server.endpoint, body.token) };
}

const vectors = (name) =>
  JSON.parse(readFileSync(new URL(`../vectors/http/${name}.json`, import.meta.url), "utf8"));

test("however a path is spelled, the same answers", async () => {
  const { id, scim } = await tenant();
  const { body: ada } = await scim("POST", "/Users", user("ada"));
  const { body: own } = await server.administer("POST", `/tenants/${id}/tokens`, { user: ada.id });
  const { body: read } = await server.administer("POST", `/tenants/${id}/tokens`, { scope: "read" });
  const [me, reader] = [own.token, read.token].map((token) => client(server.endpoint, token));
  for (const path of ["/Users", "//Users", "/Users/", "/./Users//", "/x/../Users", "/%55se%72s"]) {
    assert.equal((await scim("GET", path)).body.totalResults, 1, path);
  }
  for (const path of [`/Users/${ada.id}/`, `/Users//${ada.id}`, "/Me/", "//Me", "/%4de"]) {
    assert.equal((await me("GET", path)).body.userName, "ada", path);
  }
  for (const path of ["/Users/.search", "/Users/.search/", "/Users//%2Esearch", "/.search/"]) {
    assert.equal((await reader("POST", path, { count: 0 })).status, 200, path);
  }
  assert.equal((await reader("POST", "/Users/.search/x", { count: 0 })).status, 403);
  assert.equal((await reader("DELETE", "/Users/.search")).status, 403);
  for (const path of ["/Bulk", "/Bulk/", "//Bulk", "/Bul%6B"]) {
    const data = { Operations: [{ op: "replace", path: "title", value: path }] };
    const operation = { method: "PATCH", path: "//Me/", data };
    const { status, body } = await me("POST", path, { Operations: [operation] });
    assert.deepEqual([status, body.Operations?.[0].status], [200, "200"], path);
    assert.equal((await scim("GET", `/Users/${ada.id}`)).body.title, path);
  }
  for (const path of ["/Users/%", "/Users/%zz", "/%ff"]) {
    const { status, body } = await scim("GET", path);
    assert.deepEqual([status, body.scimType], [400, "invalidPath"], path);
  }
  assert.equal((await fetch(`${origin}//healthz/`)).status, 200);
  assert.equal((await server.administer("GET", `//tenants/${id}/`)).body.id, id);
});

test("a token is read in one way wherever one is wanted, and the log tells an odd one", async () => {
  const { id, token } = await tenant();
  const made = { delivery: "poll", audience: "app" };
  const { body: stream } = await server.administer("POST", `/tenants/${id}/streams`, made);
  const doors = [
    [client(server.endpoint, token), token, ["GET", "/Users"]],
    [client(server.admin, "x", "application/json"), server.adminToken, ["GET", `/tenants/${id}`]],
    [client(origin, "x", "application/json"), stream.token, ["POST", "/events/poll", { maxEvents: 0 }]],
  ];
  const { cases, refused } = vectors("bearer");
  for (const [ask, right, [method, path, body]] of doors) {
    const send = (authorization) => ask(method, path, body, { authorization, "x-request-id": "odd-token" });
    for (const { header, token: known } of cases.filter(({ token }) => ["T", "prv_0a.b.c"].includes(token))) {
      assert.equal((await send(header.replace(known, right))).status, 200, `${path}: ${header}`);
    }
    for (const { header, status } of refused.filter(({ header }) => header?.trim())) {
      assert.equal((await send(header)).status, status, `${path}: ${header}`);
    }
    // Two lines of the header are one with a comma to whoever reads it.
    assert.equal((await send([`Bearer ${right}`, `Bearer ${right}`])).status, 400, path);
  }
  await eventually(async () => {
    assert.match(server.log(), /"authorization":"without `Bearer`"/);
    assert.match(server.log(), /"authorization":"`Bearer` twice"/);
  });
  assert.ok(!server.log().includes(token));
});

test("a method that nothing knows is not taken for a GET", async () => {
  const { token } = await tenant();
  for (const [base, known] of [
    [`${server.endpoint}/Users`, token],
    [`${server.admin}/tenants`, server.adminToken],
    [`${origin}/healthz`, ""],
  ]) {
    for (const method of ["PROPFIND", "MKCOL", "COPY", "PURGE", "SEARCH"]) {
      const { status, body } = await client(base, known)(method, "");
      assert.deepEqual([status, body?.status], [501, "501"], `${method} ${base}`);
    }
    const head = await client(base, known)("HEAD", "");
    assert.deepEqual([head.status, head.body], [200, null], base);
  }
  assert.ok(!server.log().includes("PROPFIND"));
});

test("plain HTTP is refused outside development, whatever is asked", async () => {
  const secrets = { TOKEN_KEY: "k".repeat(32), ADMIN_TOKEN: "a".repeat(32) };
  const deployed = new Miniflare({ ...worker(secrets), handleRuntimeStdio: () => {} });
  const ask = (address) =>
    deployed.dispatchFetch(address, { headers: { authorization: `Bearer ${secrets.ADMIN_TOKEN}` } });
  try {
    for (const path of ["/scim/v2/Users", "/admin/tenants", "/events/poll", "/nowhere", "//admin/tenants"]) {
      const reply = await ask(`http://x${path}`);
      assert.equal(reply.status, 403, path);
      assert.match((await reply.json()).detail, /TLS/);
    }
    assert.equal((await ask("https://x/admin/tenants")).status, 200);
    assert.equal((await ask("http://x/healthz")).status, 200);
  } finally {
    await deployed.dispose();
  }
});

test("every way into a tenant is counted, refused ones too", async () => {
  const fast = { requestsPerSecond: 5 };
  const form = (values) => ({ method: "POST", body: new URLSearchParams(values) });
  const ways = {
    "a token":
      async ({ scim }) =>
      () =>
        scim("GET", "/Users?count=0"),
    "a revoked token": async ({ id }) => {
      const { body } = await server.administer("POST", `/tenants/${id}/tokens`, {});
      await server.administer("POST", `/tenants/${id}/tokens/revoke`, { token: body.id });
      return () => client(server.endpoint, body.token)("GET", "/Users");
    },
    "a poll": async ({ id }) => {
      const made = { delivery: "poll", audience: "app" };
      const { body } = await server.administer("POST", `/tenants/${id}/streams`, made);
      return () => client(origin, body.token, "application/json")("POST", "/events/poll", { maxEvents: 0 });
    },
    "a wrong client secret": async ({ id }) => {
      const { body } = await server.administer("POST", `/tenants/${id}/clients`, {});
      const values = { grant_type: "client_credentials", client_id: body.clientId, client_secret: "wrong" };
      return () => fetch(`${origin}/oauth/token`, form(values));
    },
  };
  for (const [way, prepare] of Object.entries(ways)) {
    const one = await tenant(fast);
    const ask = await prepare(one);
    const replies = await Promise.all(Array.from({ length: 40 }, ask));
    const late = replies.filter(({ status }) => status === 429);
    assert.ok(late.length >= 15, `${way}: ${late.length} of 40 were too many`);
    assert.ok(Number(late[0].headers.get("retry-after")) >= 1, way);
    const refused = replies.filter(({ status }) => status === 401);
    assert.equal(
      refused.length,
      way.startsWith("a revoked") || way.startsWith("a wrong") ? 40 - late.length : 0,
    );
    if (way === "a revoked token") {
      const written = refused.map(({ headers }) => headers.get("provisor-rows"));
      assert.ok(
        written.every((rows) => rows.endsWith("written=0")),
        written.join("; "),
      );
    }
    // What is refused is counted after the answer.
    await eventually(async () => {
      const { body } = await server.administer("GET", `/tenants/${one.id}`);
      assert.equal(body.refused.number, refused.length, way);
    });
  }
});

test("a bulk request counts as many as it has operations", async () => {
  const { scim } = await tenant({ requestsPerSecond: 10 });
  const Operations = Array.from({ length: 100 }, (_, n) => ({
    method: "POST",
    path: "/Users",
    bulkId: `b${n}`,
    data: user(`u${n}`),
  }));
  const bulk = await scim("POST", "/Bulk/", { Operations });
  assert.equal(bulk.status, 200);
  assert.ok(bulk.body.Operations.every(({ status }) => status === "201"));
  assert.equal(bulk.headers.get("x-ratelimit-remaining"), "0");
  const late = await scim("GET", "/Users?count=0");
  const wait = Number(late.headers.get("retry-after"));
  assert.equal(late.status, 429);
  assert.ok(wait >= 5 && wait <= 9, `${wait} s`);
});

/** Each user's name with the stored hash of its password, from a backup. */
async function kept(id) {
  const reply = await fetch(`${server.admin}/tenants/${id}/export`, {
    headers: { authorization: `Bearer ${server.adminToken}` },
  });
  const lines = (await reply.text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const users = lines.map(({ resource }) => resource).filter(Boolean);
  return new Map(users.map(({ document, password }) => [document.userName, password]));
}

const isHashOf = (stored, password) => {
  const [, scheme, rounds, salt, hash] = stored.split("$");
  assert.deepEqual([scheme, rounds], ["pbkdf2-sha256", "i=100000"]);
  const made = pbkdf2Sync(password, Buffer.from(salt, "base64"), 100_000, 32, "sha256");
  return made.toString("base64").replaceAll("=", "") === hash;
};

test("a password is kept as a hash, whichever way it came", async () => {
  const { id, scim } = await tenant();
  const looksHashed = "$pbkdf2-sha256$i=100000$c2FsdA$aGFzaA";
  const made = await scim("POST", "/Users", user("post", { password: looksHashed }));
  assert.deepEqual([made.status, "password" in made.body], [201, false]);
  const fresh = async (name) => `/Users/${(await scim("POST", "/Users", user(name))).body.id}`;
  const put = user("put", { "urn:ietf:params:scim:schemas:core:2.0:User:Password": "by put" });
  assert.equal((await scim("PUT", await fresh("put"), put)).status, 200);
  const patch = (operation) => ({ Operations: [operation] });
  const path = { op: "Add", path: "Password", value: ["by path"] };
  assert.equal((await scim("PATCH", await fresh("path"), patch(path))).status, 200);
  const bare = { op: "replace", value: { PASSWORD: "without path" } };
  assert.equal((await scim("PATCH", await fresh("bare"), patch(bare))).status, 200);
  const one = (name, password) => ({
    method: "POST",
    path: "/Users",
    bulkId: name,
    data: user(name, { password }),
  });
  const Operations = [one("one", "the same"), one("two", "the same"), one("odd", "bulkId:one")];
  Operations[1].data = JSON.stringify(Operations[1].data);
  const bulk = await scim("POST", "/Bulk", { Operations });
  assert.ok(
    bulk.body.Operations.every(({ status }) => status === "201"),
    JSON.stringify(bulk.body),
  );
  const passwords = await kept(id);
  const wanted = {
    post: looksHashed,
    put: "by put",
    path: "by path",
    bare: "without path",
    one: "the same",
    two: "the same",
    odd: "bulkId:one",
  };
  for (const [name, password] of Object.entries(wanted)) {
    assert.ok(isHashOf(passwords.get(name), password), name);
  }
  assert.notEqual(passwords.get("one"), passwords.get("two"));
});

test("more than twenty passwords in a request are refused, and nothing is changed", async () => {
  const { id, scim } = await tenant();
  const Operations = Array.from({ length: 21 }, (_, n) => ({
    method: "POST",
    path: "/Users",
    bulkId: `b${n}`,
    data: user(`u${n}`, { password: `p${n}` }),
  }));
  const { status, body } = await scim("POST", "/Bulk", { Operations });
  assert.deepEqual([status, body.detail], [413, "21 passwords in one request; send at most 20 at a time"]);
  assert.equal((await server.administer("GET", `/tenants/${id}`)).body.users, 0);
});

test("a token revoked while passwords are hashed changes nothing any more", async () => {
  const { id } = await tenant();
  const { body } = await server.administer("POST", `/tenants/${id}/tokens`, {});
  const Operations = Array.from({ length: 20 }, (_, n) => ({
    method: "POST",
    path: "/Users",
    bulkId: `b${n}`,
    data: user(`u${n}`, { password: `p${n}` }),
  }));
  const asked = client(server.endpoint, body.token)("POST", "/Bulk", { Operations });
  const bulk = asked.then(({ status }) => ({ status, at: Date.now() }));
  await new Promise((resume) => setTimeout(resume, 50));
  await server.administer("POST", `/tenants/${id}/tokens/revoke`, { token: body.id });
  const revoked = Date.now();
  const { status, at } = await bulk;
  const { users } = (await server.administer("GET", `/tenants/${id}`)).body;
  assert.deepEqual([status, users], status === 401 ? [401, 0] : [200, 20]);
  // Between the revocation and the reply lay several hashes: it must have been seen.
  if (at - revoked > 100) assert.equal(status, 401);
});
