// The one door of requests that leave: which addresses may be set, and which are called. The vectors
// are the core's own (tests/outbound.rs); here the runtime's parser reads the addresses.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { client, eventually, start, user } from "./server.mjs";

const VECTORS = JSON.parse(
  await readFile(new URL("../vectors/outbound/addresses.json", import.meta.url), "utf8"),
);
const WORDS = {
  noUrl: /no URL|missing/,
  scheme: /not encrypted/,
  user: /user name/,
  port: /port/,
  private: /private network/,
  dot: /dot/,
};

let deployed;
let local;
before(async () => {
  const behindTls = { WITH: "tests/edge/tls.mjs" };
  [deployed, local] = await Promise.all([start("memory", { LOCAL: "" }, behindTls), start()]);
});
after(() => Promise.all([deployed.stop(), local.stop()]));

async function tenant(server) {
  const { body } = await server.administer("POST", "/tenants", { name: "outbound" });
  const at = (method, path, content) =>
    server.administer(method, `/tenants/${body.tenant.id}${path}`, content);
  return { at, scim: client(server.endpoint, body.token) };
}

test("an address is judged by what the runtime makes of it, when it is set", async () => {
  const judged = async (server, rule, vectors) => {
    const { at } = await tenant(server);
    for (const vector of vectors) {
      const settings = { delivery: "push", audience: "app", endpoint: vector.url };
      const made = await at("POST", "/streams", settings);
      const about = `${vector.url} ${rule} ${JSON.stringify(made.body)}`;
      const wanted = vector[rule];
      assert.equal(made.status, wanted ? 400 : 201, about);
      if (wanted) assert.match(made.body.detail, WORDS[wanted], about);
      else assert.equal(made.body.endpoint, new URL(vector.url).href);
      if (!wanted) await at("DELETE", `/streams/${made.body.id}`);
    }
    // An issuer's keys go through the same door.
    for (const vector of vectors.filter((vector, n) => vector[rule] && vector.url && n % 4 === 0)) {
      const issuers = [{ issuer: "https://id.example.com", audience: "x", jwksUri: vector.url }];
      const reply = await at("PUT", "/issuers", { issuers });
      assert.equal(reply.status, 400, vector.url);
      assert.match(reply.body.detail, WORDS[vector[rule]], vector.url);
    }
  };
  await Promise.all([
    judged(deployed, "refused", VECTORS),
    // At home only what differs, and what is refused there too.
    judged(
      local,
      "local",
      VECTORS.filter(({ url }) => !url.startsWith("https://") || url.includes("@")),
    ),
  ]);
});

test("a redirect is not followed, neither to a receiver nor to an issuer's keys", async () => {
  const asked = [];
  const http = createServer((request, reply) => {
    asked.push(request.url);
    reply.writeHead(302, { location: `${origin}/elsewhere` }).end();
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  const origin = `http://127.0.0.1:${http.address().port}`;
  try {
    const { at, scim } = await tenant(local);
    await at("POST", "/streams", { delivery: "push", audience: "app", endpoint: `${origin}/push` });
    await scim("POST", "/Users", user("ada"));
    await eventually(async () => {
      const { body } = await at("GET", "/streams");
      assert.match(body.streams[0].error ?? "", /302, a redirect/);
    });
    const issuers = await at("PUT", "/issuers", { issuers: [{ issuer: origin, audience: "x" }] });
    assert.equal(issuers.status, 400);
    assert.match(issuers.body.detail, /redirect/);
    assert.ok(!asked.includes("/elsewhere"), `${asked}`);
    assert.ok(asked.includes("/push") && asked.includes("/.well-known/openid-configuration"));
  } finally {
    http.closeAllConnections();
    http.close();
  }
});
