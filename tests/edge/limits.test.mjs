// The limits that stand around the Worker in every test here: a small Worker asks for too much of each, and is refused.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { Miniflare } from "miniflare";
import { start, user } from "./server.mjs";

const PROBE = `
import large from "./large.wasm";
const acts = {
  gets: async ({ env }, n) => { for (let i = 0; i < n; i += 1) await env.DIRECTORY.get("k" + i); },
  puts: async ({ env }, ...keys) => { for (const key of keys) await env.DIRECTORY.put(key, "v"); },
  put: ({ env }, key, length, options) => env.DIRECTORY.put(key, "v".repeat(length), options),
  fetches: async (_, n) => { for (let i = 0; i < n; i += 1) await fetch("data:,x").catch((error) => { if (/subrequests/.test(error.message)) throw error; }); },
  rounds: async (_, iterations) => {
    const key = await crypto.subtle.importKey("raw", new Uint8Array(8), "PBKDF2", false, ["deriveBits"]);
    await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: new Uint8Array(8), iterations }, key, 256);
  },
  send: ({ env }, length) => env.EVENTS.send("m".repeat(length)),
  sql: ({ state }, statement, ...values) => { [...state.storage.sql.exec(statement, ...values)]; },
  long: ({ state }, length) => { [...state.storage.sql.exec("SELECT 1 -- " + "x".repeat(length))]; },
  row: ({ state }, length) => { [...state.storage.sql.exec("SELECT length(?1)", "x".repeat(length))]; },
  deep: ({ state }, terms) => { [...state.storage.sql.exec("SELECT " + Array(terms).fill("1=1").join(" AND "))]; },
  bound: ({ state }, n) => { [...state.storage.sql.exec("SELECT " + Array(n).fill("?").join(","), ...Array(n).fill(1))]; },
  like: ({ state }, length) => { [...state.storage.sql.exec("SELECT 'a' LIKE ?1", "a".repeat(length))]; },
  grow: () => { new WebAssembly.Instance(large); },
  seen: (self) => { const seen = self.seen; self.seen = true; return seen; },
};
async function act(self, request) {
  const [name, ...given] = await request.json();
  try { return Response.json((await acts[name](self, ...given)) ?? "done"); } catch (error) { return Response.json(error.message); }
}
export default class { constructor(state, env) { this.env = env; } async fetch(request) {
  if (request.headers.get("in") === "object") return this.env.TENANT.getByName("x").fetch(request);
  return act(this, request);
} }
export class Tenant { constructor(state, env) { this.state = state; this.env = env; } fetch(request) { return act(this, request); } alarm() {} }
`;

// A wasm module whose memory has 2 049 pages of 64 KiB: more than 128 MB.
const LARGE = Buffer.from("0061736d0100000005040100811007 0a01066d656d6f72790200".replaceAll(" ", ""), "hex");

const made = [];
/** Asks a probe under a plan; `inObject` asks its object. */
async function probe(bindings = {}) {
  const module = async (name) => ({
    type: "ESModule",
    path: `build/${name}.mjs`,
    contents: await readFile(new URL(`${name}.mjs`, import.meta.url), "utf8"),
  });
  const miniflare = new Miniflare({
    modulesRoot: "build",
    modules: [
      await module("limits"),
      await module("memory"),
      { type: "ESModule", path: "build/index.js", contents: PROBE },
      { type: "CompiledWasm", path: "build/large.wasm", contents: LARGE },
    ],
    cf: false,
    compatibilityDate: "2026-04-01",
    bindings,
    kvNamespaces: ["DIRECTORY"],
    queueProducers: { EVENTS: "limits" },
    durableObjects: { TENANT: { className: "Tenant", useSQLite: true } },
  });
  made.push(miniflare);
  const ask =
    (place) =>
    async (...request) => {
      const reply = await miniflare.dispatchFetch("http://probe/", {
        method: "POST",
        headers: { in: place },
        body: JSON.stringify(request),
      });
      const text = await reply.text();
      return reply.status === 200 ? JSON.parse(text) : text;
    };
  return { worker: ask("worker"), object: ask("object") };
}

let paid;
let free;
before(async () => {
  paid = await probe({ LIMITS: "paid" });
  free = await probe({ LIMITS: "free" });
});
after(() => Promise.all(made.map((miniflare) => miniflare.dispose())));

test("an invocation may ask KV a thousand times, and no more", async () => {
  for (const { worker, object } of [paid, free]) {
    for (const ask of [worker, object]) {
      assert.equal(await ask("gets", 1_000), "done");
      assert.match(await ask("gets", 1_001), /Too many API requests/);
    }
  }
});

test("a key is put once a second, is short, and its value and metadata are bounded", async () => {
  const { worker } = paid;
  assert.equal(await worker("puts", "a", "b"), "done");
  assert.match(await worker("puts", "c", "c"), /429/);
  assert.match(await worker("put", "k".repeat(513), 1), /key of 513 bytes/);
  assert.match(await worker("put", "long", 25 * 1024 * 1024 + 1), /value of/);
  assert.match(await worker("put", "told", 1, { metadata: "m".repeat(1_100) }), /metadata/);
  assert.match(await worker("put", "brief", 1, { expirationTtl: 30 }), /expirationTtl/);
});

test("subrequests and a queue's messages are bounded by the plan", async () => {
  assert.equal(await free.worker("fetches", 50), "done");
  assert.match(await free.worker("fetches", 51), /Too many subrequests/);
  assert.equal(await paid.worker("fetches", 51), "done");
  assert.match(await paid.worker("send", 128_001), /message of/);
});

test("an object's SQLite refuses what Cloudflare's does", async () => {
  const { object } = paid;
  assert.equal(await object("bound", 100), "done");
  assert.match(await object("bound", 101), /101 bound values|too many SQL variables/);
  assert.match(await object("long", 100_001), /statement of|too long/);
  assert.match(await object("row", 2_000_001), /value of/);
  assert.equal(await object("deep", 90), "done");
  assert.match(await object("deep", 120), /depth/);
  assert.match(await object("like", 51), /LIKE|pattern/);
});

test("PBKDF2 is capped, as in production", async () => {
  assert.equal(await paid.worker("rounds", 100_000), "done");
  assert.match(await paid.worker("rounds", 100_001), /iteration/i);
});

test("an isolate whose memory grew past 128 MB answers no more", async () => {
  const { worker, object } = await probe();
  assert.equal(await worker("gets", 1), "done");
  assert.match(await object("grow"), /exceeded memory/);
  assert.match(await worker("gets", 1), /exceeded memory/);
});

test("an evicted object has forgotten what it kept in memory", async () => {
  const evicting = await probe({ EVICT: "1" });
  assert.deepEqual([await paid.object("seen"), await paid.object("seen")], ["done", true]);
  assert.deepEqual([await evicting.object("seen"), await evicting.object("seen")], ["done", "done"]);
});

test("a tenant whose object is evicted between any two requests loses nothing", async () => {
  const server = await start("memory", { EVICT: "1" });
  try {
    const { scim } = server;
    const ada = await scim("POST", "/Users", user("ada"));
    assert.equal(ada.status, 201);
    assert.equal((await scim("POST", "/Users", user("ADA"))).status, 409);
    const group = await scim("POST", "/Groups", { displayName: "all", members: [{ value: ada.body.id }] });
    assert.equal(group.status, 201);
    const page = await scim("GET", "/Users?count=1&cursor=");
    assert.equal(page.status, 200);
    const etag = ada.headers.get("etag");
    const patch = { Operations: [{ op: "replace", path: "title", value: "Countess" }] };
    assert.equal((await scim("PATCH", `/Users/${ada.body.id}`, patch, { "if-match": etag })).status, 200);
    assert.equal((await scim("PATCH", `/Users/${ada.body.id}`, patch, { "if-match": etag })).status, 412);
    assert.equal((await scim("GET", `/Users/${ada.body.id}`)).body.groups.length, 1);
    assert.equal((await scim("DELETE", `/Users/${ada.body.id}`)).status, 204);
    assert.equal((await scim("GET", "/Users")).body.totalResults, 0);
  } finally {
    await server.stop();
  }
});
