// A tenant's end, its copy's, and its readers': stored first, worked off in rounds, whatever breaks in between.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { line, written } from "./lines.mjs";
import { client, eventually, start, user } from "./server.mjs";
import { kvOf } from "./store.mjs";

// KV's lists do not trail here; a pass of a removal may follow the last one at once.
const VARS = { KV_DELAY: "0.2" };

let folder;
let server;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "provisor-"));
  server = await start(folder, VARS);
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function tenant(users = 0) {
  const { status, body } = await server.administer("POST", "/tenants", {
    name: "test",
    settings: { requestsPerSecond: 0 },
  });
  assert.equal(status, 201, JSON.stringify(body));
  const { id } = body.tenant;
  const scim = client(server.endpoint, body.token);
  for (let n = 0; n < users; n += 50) {
    const Operations = Array.from({ length: Math.min(50, users - n) }, (_, m) => ({
      method: "POST",
      path: "/Users",
      bulkId: `b${n + m}`,
      data: user(`user${n + m}`),
    }));
    const schemas = ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"];
    assert.equal((await scim("POST", "/Bulk", { schemas, Operations })).status, 200);
  }
  return { id, token: body.token, scim };
}
const show = (id) => server.administer("GET", `/tenants/${id}`);
const published = (id) => eventually(async () => assert.equal((await show(id)).body.unpublished, 0), 60);
const suspend = (id) => server.administer("PATCH", `/tenants/${id}`, { state: "suspended" });
const remove = (id) => server.administer("DELETE", `/tenants/${id}`, { confirm: "test" });
const isGone = (id) => eventually(async () => assert.equal((await show(id)).status, 404), 90);

test("a tenant's end takes its copies, tokens, issuers, keys and entry, and is survived by a kill", async () => {
  const one = await tenant(400);
  await server.administer("POST", `/tenants/${one.id}/tokens`, { scope: "edge-read" });
  const issuers = {
    issuers: [
      { issuer: "https://id.example", audience: "aud", jwksUri: "https://id.example/keys", scope: "read" },
    ],
  };
  const set = await server.administer("PUT", `/tenants/${one.id}/issuers`, issuers);
  assert.equal(set.status, 200, JSON.stringify(set.body));
  const stream = { delivery: "poll", audience: "x" };
  assert.equal((await server.administer("POST", `/tenants/${one.id}/streams`, stream)).status, 201);
  await published(one.id);
  assert.equal((await remove(one.id)).status, 409, "an active one is not deleted");
  await suspend(one.id);
  const gone = await remove(one.id);
  assert.deepEqual([gone.status, gone.body.state], [202, "deleting"], JSON.stringify(gone.body));
  assert.equal((await one.scim("GET", "/Users")).status, 401, "refused from the first moment");
  assert.equal((await remove(one.id)).status, 202, "repeating does no harm");
  assert.equal((await server.administer("PATCH", `/tenants/${one.id}`, { state: "active" })).status, 409);
  await server.kill();
  server = await start(folder, VARS);
  // Asking wakes the object, as its alarm does.
  const { body } = await show(one.id);
  assert.ok(body.state === "deleting" || body.status === "404", JSON.stringify(body));
  await isGone(one.id);
  const { body: list } = await server.administer("GET", "/tenants?limit=500");
  assert.ok(!list.tenants.some(({ id }) => id === one.id));
  const again = await tenant();
  const taken = await server.administer("PUT", `/tenants/${again.id}/issuers`, issuers);
  assert.equal(taken.status, 200, "what it held may be taken by another");
  await server.stop();
  const left = [...(await kvOf(folder))].filter((entry) => entry.some((text) => `${text}`.includes(one.id)));
  server = await start(folder, VARS);
  assert.deepEqual(left, []);
});

test("a copy that KV lists late is removed too", async () => {
  const other = await mkdtemp(join(tmpdir(), "provisor-"));
  await server.stop();
  // What is looked at again, is looked at after all that was put is listed.
  server = await start(other, { KV_DELAY: "3", KV_LAG: "2000" });
  const { id } = await tenant(20);
  await published(id);
  await suspend(id);
  assert.equal((await remove(id)).status, 202);
  await isGone(id);
  await server.stop();
  const left = [...(await kvOf(other)).keys()].filter((key) => key.includes(id));
  server = await start(folder, VARS);
  await rm(other, { recursive: true, force: true });
  assert.deepEqual(left, []);
});

test("the copy is removed in rounds, and made anew after that", async () => {
  const { id, scim } = await tenant(40);
  const { body } = await scim("POST", "/Users", user("last"));
  await published(id);
  const { body: made } = await server.administer("POST", `/tenants/${id}/tokens`, { scope: "edge-read" });
  const reader = client(server.endpoint, made.token);
  assert.equal((await reader("GET", `/Users/${body.id}`)).status, 200);
  const off = await server.administer("PATCH", `/tenants/${id}`, { copy: false });
  assert.ok(
    off.body.work.some(({ kind }) => kind === "removeCopies"),
    JSON.stringify(off.body.work),
  );
  const on = await server.administer("PATCH", `/tenants/${id}`, { copy: true });
  assert.ok(
    on.body.work.some(({ kind }) => kind === "removeCopies"),
    "it is ended first",
  );
  await eventually(async () => assert.deepEqual((await show(id)).body.work, []), 30);
  await published(id);
  await eventually(async () => assert.equal((await reader("GET", `/Users/${body.id}`)).status, 200), 90);
});

test("many readers are let out and in again by the alarm", async () => {
  const { id } = await tenant();
  for (let n = 0; n < 5; n += 1) {
    await server.administer("POST", `/tenants/${id}/tokens`, { scope: "edge-read" });
  }
  const readers = async () => {
    await server.stop();
    const keys = [...(await kvOf(folder))].filter(([key, value]) => key.startsWith("token/") && value === id);
    server = await start(folder, VARS);
    return keys.length;
  };
  const settled = () => eventually(async () => assert.deepEqual((await show(id)).body.work, []), 30);
  await suspend(id);
  await settled();
  const state = async () =>
    (await server.administer("GET", "/tenants?limit=500")).body.tenants.find((one) => one.id === id).state;
  assert.equal(await state(), "suspended");
  const out = await readers();
  await server.administer("PATCH", `/tenants/${id}`, { state: "active" });
  await settled();
  assert.deepEqual([out, await readers()], [0, 5]);
  assert.equal(await state(), "active");
});

test("tenants are listed in pages, and made once for one key", async () => {
  const made = [];
  for (let n = 0; n < 3; n += 1) made.push((await tenant()).id);
  const seen = [];
  let query = "?limit=2";
  for (let pages = 0; query && pages < 50; pages += 1) {
    const { status, body } = await server.administer("GET", `/tenants${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    assert.ok(body.tenants.length <= 2);
    seen.push(...body.tenants.map(({ id }) => id));
    query = body.next ? `?limit=2&cursor=${encodeURIComponent(body.next)}` : "";
  }
  assert.equal(new Set(seen).size, seen.length);
  for (const id of made) assert.ok(seen.includes(id));
  assert.equal((await server.administer("GET", "/tenants?limit=0")).status, 400);

  const key = { "idempotency-key": "a-random-text-0001" };
  const one = await server.administer("POST", "/tenants", { name: "once" }, key);
  const two = await server.administer("POST", "/tenants", { name: "once" }, key);
  assert.deepEqual([one.status, two.status, two.body.tenant.id], [201, 201, one.body.tenant.id]);
  assert.notEqual(one.body.token, two.body.token);
  for (const { body } of [one, two]) {
    assert.equal((await client(server.endpoint, body.token)("GET", "/Users")).status, 200);
  }
  assert.equal((await server.administer("POST", "/tenants", { name: "other" }, key)).status, 409);
  const wrong = await server.administer("POST", "/tenants", { name: "x", settings: { colour: 1 } });
  assert.equal(wrong.status, 400);
});

test("what is published again is noted in parts, and none is left out", async () => {
  const { id, scim } = await tenant();
  const count = 620;
  const name = (n) => `u${String(n).padStart(5, "0")}`;
  const lines = Array.from({ length: count }, (_, n) => line(name(n), { userName: name(n) }));
  const file = written([{ export: { form: 1, settings: { requestsPerSecond: 0 } } }, ...lines]);
  assert.equal((await server.administer("POST", `/tenants/${id}/import`, file)).status, 200);
  // One part is noted with the import's end, the second by the alarm.
  assert.equal((await scim("GET", "/Users?count=0")).body.totalResults, count);
  const { body: made } = await server.administer("POST", `/tenants/${id}/tokens`, { scope: "edge-read" });
  const reader = client(server.endpoint, made.token);
  await eventually(async () => {
    const { body: now } = await show(id);
    assert.deepEqual([now.work, now.unpublished], [[], 0]);
  }, 180);
  for (const n of [0, 499, 500, count - 1]) {
    assert.equal((await reader("GET", `/Users/${name(n)}`)).body.userName, name(n));
    const found = await reader("GET", `/Users?filter=userName+eq+%22${name(n)}%22`);
    assert.equal(found.body.totalResults, 1, name(n));
  }
});
