// OAuth clients, and the tokens of an issuer of our own: an HTTP server that publishes keys.
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { client, eventually, start, user } from "./server.mjs";

const AUDIENCE = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621";

let server;
let issuer;
before(async () => {
  issuer = await startIssuer();
  server = await start("memory", { ACCESS_ISSUER: issuer.url, ACCESS_AUDIENCE: "the-admin-api" });
});
after(async () => {
  await server.stop();
  issuer.http.close();
});

const base64 = (value) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** A key pair with its public half as a JWK. */
function keyOf(algorithm, kid, bits = 2048) {
  const pair =
    algorithm === "RS256"
      ? generateKeyPairSync("rsa", { modulusLength: bits })
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = { ...pair.publicKey.export({ format: "jwk" }), kid, use: "sig", alg: algorithm };
  return { algorithm, kid, jwk, privateKey: pair.privateKey, publicKey: pair.publicKey };
}

async function startIssuer() {
  const state = { keys: [keyOf("RS256", "one"), keyOf("ES256", "two")], asked: 0, requests: 0, fails: false };
  const http = createServer((request, reply) => {
    const answer = (body) => reply.setHeader("content-type", "application/json").end(JSON.stringify(body));
    state.requests += 1;
    if (state.fails) return reply.writeHead(500).end();
    if (request.url === "/.well-known/openid-configuration") {
      return answer({ issuer: state.url, jwks_uri: `${state.url}/keys` });
    }
    state.asked += 1;
    return answer({ keys: state.keys.map(({ jwk }) => jwk) });
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  state.url = `http://127.0.0.1:${http.address().port}`;
  state.http = http;
  return state;
}

const seconds = () => Math.floor(Date.now() / 1000);
const claims = (more = {}) => ({
  iss: issuer.url,
  aud: AUDIENCE,
  sub: "directory",
  iat: seconds(),
  nbf: seconds(),
  exp: seconds() + 600,
  ...more,
});

function jwt(key, payload, header = {}) {
  const signed = `${base64({ alg: key.algorithm, kid: key.kid, typ: "JWT", ...header })}.${base64(payload)}`;
  const signature = sign("sha256", Buffer.from(signed), { key: key.privateKey, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}

async function tenant() {
  const { body } = await server.administer("POST", "/tenants", { name: "test" });
  return { id: body.tenant.id, token: body.token, scim: client(server.endpoint, body.token) };
}

/** A tenant that takes our issuer's tokens for an audience of its own. */
async function trusting(more = {}) {
  const made = await tenant();
  const audience = randomUUID();
  const issuers = [{ issuer: issuer.url, audience, ...more }];
  const { status, body } = await server.administer("PUT", `/tenants/${made.id}/issuers`, { issuers });
  assert.equal(status, 200, JSON.stringify(body));
  return { ...made, audience, shown: body };
}

const asking = (token) => client(server.endpoint, token)("GET", "/Users");

async function grant(form, headers = {}) {
  const origin = new URL(server.endpoint).origin;
  const reply = await fetch(`${origin}/oauth/token`, {
    method: "POST",
    headers,
    body: new URLSearchParams(form),
  });
  return { status: reply.status, headers: reply.headers, body: await reply.json() };
}

test("a client gets a short-lived token that writes, until the client is revoked", async () => {
  const { id } = await tenant();
  const { status, body: made } = await server.administer("POST", `/tenants/${id}/clients`, {});
  assert.equal(status, 201);
  const form = {
    grant_type: "client_credentials",
    client_id: made.clientId,
    client_secret: made.clientSecret,
  };
  const granted = await grant(form);
  assert.equal(granted.status, 200, JSON.stringify(granted.body));
  assert.deepEqual(
    [granted.body.token_type, granted.body.expires_in, granted.body.scope],
    ["Bearer", 3600, "provision"],
  );
  assert.equal(granted.headers.get("cache-control"), "no-store");
  const scim = client(server.endpoint, granted.body.access_token);
  assert.equal((await scim("POST", "/Users", user("ada"))).status, 201);
  const { body: journal } = await server.administer("GET", `/tenants/${id}/journal`);
  assert.equal(journal.entries[0].actor, `client:${made.id}`);

  const pair = Buffer.from(`${encodeURIComponent(made.clientId)}:${made.clientSecret}`).toString("base64");
  const basic = await grant({ grant_type: "client_credentials" }, { authorization: `Basic ${pair}` });
  assert.equal(basic.status, 200);

  const [head, client_, expiry, mac] = granted.body.access_token.split(".");
  for (const forged of [
    `${head}.${client_}.${Number(expiry) + 9999}.${mac}`,
    `${head}.other.${expiry}.${mac}`,
  ]) {
    assert.equal((await asking(forged)).status, 401);
  }
  const { body: listed } = await server.administer("GET", `/tenants/${id}/clients`);
  assert.equal(listed.clients.length, 1);
  assert.ok(listed.clients[0].lastUsed);
  assert.ok(!JSON.stringify(listed).includes(made.clientSecret));
  const revoked = await server.administer("POST", `/tenants/${id}/clients/revoke`, { client: made.clientId });
  assert.equal(revoked.status, 204);
  assert.equal((await scim("GET", "/Users")).status, 401);
  assert.equal((await grant(form)).status, 401);
});

test("the token endpoint refuses in RFC 6749's words, and counts it", async () => {
  const { id } = await tenant();
  const { body: made } = await server.administer("POST", `/tenants/${id}/clients`, { scope: "read" });
  const form = {
    grant_type: "client_credentials",
    client_id: made.clientId,
    client_secret: made.clientSecret,
  };
  for (const [change, status, error] of [
    [{ grant_type: "password" }, 400, "unsupported_grant_type"],
    [{ grant_type: "" }, 400, "invalid_request"],
    [{ client_secret: "wrong" }, 401, "invalid_client"],
    [{ client_id: "nobody" }, 401, "invalid_client"],
    [{ client_secret: "" }, 401, "invalid_client"],
    [{ scope: "provision" }, 400, "invalid_scope"],
  ]) {
    const reply = await grant({ ...form, ...change });
    assert.deepEqual([reply.status, reply.body.error], [status, error], JSON.stringify(change));
  }
  const { body: granted } = await grant({ ...form, scope: "read" });
  const scim = client(server.endpoint, granted.access_token);
  assert.equal((await scim("GET", "/Users")).status, 200);
  assert.equal((await scim("POST", "/Users", user("ada"))).status, 403);
  assert.equal(
    (await server.administer("POST", `/tenants/${id}/clients`, { scope: "edge-read" })).status,
    400,
  );
  // A secret that is wrong; one without a value is none (RFC 6749 §3.2). Counted after the answer.
  await eventually(async () =>
    assert.equal((await server.administer("GET", `/tenants/${id}`)).body.refused.number, 1),
  );
});

test("tokens of a trusted issuer are taken, by RSA and by elliptic curve", async () => {
  const { id, audience, shown } = await trusting();
  assert.equal(shown.issuers[0].jwksUri, `${issuer.url}/keys`, "found by discovery");
  for (const key of issuer.keys) {
    const scim = client(server.endpoint, jwt(key, claims({ aud: [AUDIENCE, audience] })));
    const reply = await scim("POST", "/Users", user(`by ${key.algorithm}`));
    assert.equal(reply.status, 201, JSON.stringify(reply.body));
  }
  const { body: journal } = await server.administer("GET", `/tenants/${id}/journal`);
  assert.match(journal.entries[0].actor, /^issuer:[0-9a-f]{12}$/);
  // No longer trusted: the object refuses at once, whatever a location still remembers.
  const token = jwt(issuer.keys[0], claims({ aud: audience }));
  assert.equal((await asking(token)).status, 200);
  await server.administer("PUT", `/tenants/${id}/issuers`, { issuers: [] });
  assert.equal((await asking(token)).status, 401);
});

test("/Me is the user whose name an issuer's token bears, and nobody else", async () => {
  const { scim, audience } = await trusting();
  const me = (more) =>
    client(server.endpoint, jwt(issuer.keys[0], claims({ aud: audience, ...more })))("GET", "/Me");
  const ada = await scim("POST", "/Users", user("Ada@example.com", { externalId: "E-1" }));
  await scim("POST", "/Users", user("E-2", { externalId: "shared" }));
  await scim("POST", "/Users", user("grace", { externalId: "E-2" }));
  await scim("POST", "/Users", user("mary", { externalId: "shared" }));
  for (const [sub, userName] of [
    ["ada@EXAMPLE.com", "Ada@example.com"],
    ["E-1", "Ada@example.com"],
    ["E-2", "E-2"],
  ]) {
    const reply = await me({ sub });
    assert.deepEqual([reply.status, reply.body.userName], [200, userName], sub);
  }
  assert.ok((await me({ sub: "E-1" })).headers.get("location").endsWith(`/Users/${ada.body.id}`));
  // An externalId is exact in its letters, and one that two users share is nobody's.
  for (const sub of ["e-1", "shared", "directory", ""]) assert.equal((await me({ sub })).status, 501, sub);

  const entra = await trusting({ subjectClaim: "oid" });
  await entra.scim("POST", "/Users", user("ada", { externalId: "0b1c" }));
  const token = claims({ aud: entra.audience, sub: "pairwise", oid: "0b1c" });
  const own = client(server.endpoint, jwt(issuer.keys[0], token));
  assert.equal((await own("GET", "/Me")).body.userName, "ada");
});

test("what an attacker would try with a JWT is refused", async () => {
  const { audience } = await trusting();
  const [rsa, ec] = issuer.keys;
  const good = claims({ aud: audience });
  assert.equal((await asking(jwt(rsa, good))).status, 200);
  const [head, , signature] = jwt(rsa, good).split(".");
  const stranger = keyOf("RS256", "one");
  const byPublicKey = `${base64({ alg: "HS256", kid: "one" })}.${base64(good)}`;
  const pem = rsa.publicKey.export({ format: "pem", type: "spki" });
  const attempts = {
    "another's signature": jwt(stranger, good),
    "changed claims": `${head}.${base64({ ...good, sub: "other" })}.${signature}`,
    "no signature": `${base64({ alg: "none" })}.${base64(good)}.`,
    "an HMAC by the public key": `${byPublicKey}.${createHmac("sha256", pem).update(byPublicKey).digest("base64url")}`,
    "an algorithm that is not the key's": jwt(rsa, good, { alg: "ES256" }),
    "a key of another kind": jwt(ec, good, { kid: "one" }),
    "an unknown key": jwt({ ...rsa, kid: "none" }, good),
    "a key in its own header": jwt({ ...stranger, kid: "mine" }, good, { jwk: stranger.jwk }),
    "a critical extension": jwt(rsa, good, { crit: ["b64"], b64: false }),
    expired: jwt(rsa, { ...good, exp: seconds() - 120 }),
    "without an end": jwt(rsa, { ...good, exp: undefined }),
    "not yet": jwt(rsa, { ...good, nbf: seconds() + 300 }),
    "for somebody else": jwt(rsa, claims({ aud: "other" })),
    "of somebody else": jwt(rsa, { ...good, iss: "https://example.com" }),
    "too long": `${jwt(rsa, { ...good, filler: "x".repeat(15_000) })}`,
  };
  await Promise.all(
    Object.entries(attempts).map(async ([name, token]) => {
      assert.equal((await asking(token)).status, 401, name);
    }),
  );
});

test("an issuer's new keys are found, and it may fail for a while", async () => {
  const short = keyOf("RS256", "short", 1024);
  const { audience } = await trusting({ algorithms: ["RS256"] });
  const good = claims({ aud: audience });
  assert.equal((await asking(jwt(issuer.keys[0], good))).status, 200);
  assert.equal((await asking(jwt(issuer.keys[1], good))).status, 401, "not an algorithm agreed on");
  const asked = issuer.asked;
  for (let n = 0; n < 5; n += 1) await asking(jwt({ ...issuer.keys[0], kid: `guess ${n}` }, good));
  assert.ok(issuer.asked <= asked + 1, "guesses do not make us ask again and again");

  // Nor do tokens of an issuer that does not answer: it is asked once, whoever sends them.
  const down = await startIssuer();
  const failing = await trusting({ jwksUri: `${down.url}/keys` });
  down.fails = true;
  const forged = jwt(keyOf("RS256", "one"), claims({ aud: failing.audience }));
  const replies = await Promise.all(Array.from({ length: 20 }, () => asking(forged)));
  assert.deepEqual([...new Set(replies.map(({ status }) => status))], [503]);
  for (let n = 0; n < 5; n += 1) assert.equal((await asking(forged)).status, 503);
  assert.equal(down.requests, 1, "the failure is remembered, and one question is under way at a time");
  down.http.close();

  // A place of its own is a cache of its own: here the keys change between two requests.
  const second = await trusting({ jwksUri: `${issuer.url}/keys?second`, algorithms: ["RS256"] });
  const fresh = claims({ aud: second.audience });
  assert.equal((await asking(jwt(issuer.keys[0], fresh))).status, 200);
  issuer.fails = true;
  assert.equal((await asking(jwt(issuer.keys[0], fresh))).status, 200, "kept keys go on");
  const away = await trusting({ jwksUri: `${issuer.url}/keys?third` });
  assert.equal((await asking(jwt(issuer.keys[0], claims({ aud: away.audience })))).status, 503);
  issuer.fails = false;

  const third = await trusting({ jwksUri: `${issuer.url}/keys?fourth` });
  issuer.keys = [keyOf("RS256", "three"), short];
  assert.equal((await asking(jwt(issuer.keys[0], claims({ aud: third.audience })))).status, 200);
  assert.equal(
    (await asking(jwt(short, claims({ aud: third.audience })))).status,
    401,
    "1024 bits are too few",
  );
});

test("what may be configured is checked", async () => {
  const { id, audience } = await trusting();
  const put = (issuers) => server.administer("PUT", `/tenants/${id}/issuers`, { issuers });
  for (const [change, words] of [
    [{ algorithms: ["none"] }, /RS256/],
    [{ scope: "edge-read" }, /provision/],
    [{ jwksUri: "http://example.com/keys" }, /https/],
    [{ issuer: "http://example.com", jwksUri: undefined }, /https/],
    [{ audience: "" }, /audience/],
    [{ subjectClaim: " " }, /subjectClaim/],
    [{ colour: "blue" }, /colour/],
  ]) {
    const reply = await put([{ issuer: issuer.url, audience, jwksUri: `${issuer.url}/keys`, ...change }]);
    assert.equal(reply.status, 400, JSON.stringify(change));
    assert.match(reply.body.detail, words);
  }
  const other = await tenant();
  const taken = await server.administer("PUT", `/tenants/${other.id}/issuers`, {
    issuers: [{ issuer: issuer.url, audience }],
  });
  assert.equal(taken.status, 409);
});

test("Cloudflare Access may guard the administrator's API", async () => {
  const ask = (token) =>
    fetch(`${server.admin}/tenants`, { headers: token ? { "cf-access-jwt-assertion": token } : {} });
  const key = issuer.keys[0];
  assert.equal((await ask(jwt(key, claims({ aud: "the-admin-api" })))).status, 200);
  assert.equal((await ask(jwt(key, claims({ aud: "another" })))).status, 401);
  assert.equal((await ask(jwt(keyOf("RS256", key.kid), claims({ aud: "the-admin-api" })))).status, 401);
  assert.equal((await ask()).status, 401);
});

test("bad tokens are answered slowly and counted for the tenant they name, good ones are not", async () => {
  const { id, token, scim } = await tenant();
  const began = Date.now();
  await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      const forged = `${token.slice(0, -4)}${String(1000 + n)}`;
      assert.equal((await asking(forged)).status, 401);
    }),
  );
  assert.ok(Date.now() - began >= 500);
  await eventually(async () => {
    const { body } = await server.administer("GET", `/tenants/${id}`);
    assert.equal(body.refused.number, 20);
    assert.ok(body.refused.last);
  });
  const quick = Date.now();
  assert.equal((await scim("GET", "/Users")).status, 200);
  assert.ok(Date.now() - quick < 500);
  // A tenant that is none is not made by naming it.
  assert.equal((await asking(`prv_${"0".repeat(32)}.x.00`)).status, 401);
  assert.equal((await server.administer("GET", `/tenants/${"0".repeat(32)}`)).status, 404);
});

test("Access admits nobody whom another site sent", async () => {
  const token = jwt(issuer.keys[0], claims({ aud: "the-admin-api" }));
  const ask = (headers, body = JSON.stringify({ name: "test" })) =>
    fetch(`${server.admin}/tenants`, {
      method: "POST",
      body,
      headers: { "cf-access-jwt-assertion": token, ...headers },
    });
  const json = { "content-type": "application/json" };
  const own = { origin: new URL(server.admin).origin, "sec-fetch-site": "same-origin" };
  const evil = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
  const count = async () => (await server.administer("GET", "/tenants")).body.tenants.length;
  const before = await count();
  for (const [headers, words] of [
    [{ ...evil, "content-type": "text/plain" }, /another site/],
    [{ ...evil, ...json }, /another site/],
    [{ ...json, origin: "null" }, /another site/],
    [{ ...json, origin: "https://evil.example" }, /another site/],
    [{ ...json, "sec-fetch-site": "same-site" }, /another site/],
    [{ ...own, "content-type": "application/x-www-form-urlencoded" }, /Content-Type: application\/json/],
    [{ "content-type": "text/plain" }, /Content-Type: application\/json/],
  ]) {
    const reply = await ask(headers);
    assert.equal(reply.status, 403, JSON.stringify(headers));
    assert.match((await reply.json()).detail, words);
  }
  // Without a body too: keys are rotated by a POST that has none.
  assert.equal((await ask({ origin: "https://evil.example" }, undefined)).status, 403);
  assert.equal(await count(), before);
  assert.equal((await ask({ ...json })).status, 201);
  assert.equal((await ask({ ...own, "content-type": "application/json; charset=utf-8" })).status, 201);
  // A token is added by no browser: whoever has it may ask from anywhere.
  const { status } = await server.administer("POST", "/tenants", { name: "test" }, evil);
  assert.equal(status, 201);
});
