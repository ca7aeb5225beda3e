// KV that is slow, full or busy: SCIM does not wait for it, and the copy catches up.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { client, eventually, user } from "./server.mjs";
import { claimsOf } from "./tokens.mjs";
import { witnessed } from "./witness.mjs";

let witness;
let server;
before(async () => {
  witness = await witnessed();
  server = witness.server;
});
after(() => witness.stop());

const sleep = (seconds) => new Promise((resume) => setTimeout(resume, seconds * 1000));
const retitle = (title) => ({ Operations: [{ op: "replace", path: "title", value: title }] });
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** A tenant whose copy is read beside it. */
async function tenant() {
  const { body } = await server.administer("POST", "/tenants", {
    name: "kv",
    settings: { requestsPerSecond: 0 },
  });
  const { id } = body.tenant;
  const made = await server.administer("POST", `/tenants/${id}/tokens`, { scope: "edge-read" });
  return {
    id,
    scim: client(server.endpoint, body.token),
    reader: client(server.endpoint, made.body.token),
    unpublished: async () => (await server.administer("GET", `/tenants/${id}`)).body.unpublished,
  };
}

/** Writes and reads so many users one after another; their ids, and the milliseconds of each request. */
async function work({ scim }, name, users) {
  const ids = [];
  const times = [];
  const timed = async (status, ...request) => {
    const began = performance.now();
    const reply = await scim(...request);
    times.push(performance.now() - began);
    assert.equal(reply.status, status, JSON.stringify(reply.body));
    return reply.body;
  };
  for (let n = 0; n < users; n += 1) {
    const { id } = await timed(201, "POST", "/Users", user(`${name}${n}`, { title: "0" }));
    await timed(200, "PATCH", `/Users/${id}`, retitle("1"));
    assert.equal((await timed(200, "GET", `/Users/${id}`)).title, "1");
    ids.push(id);
  }
  return { ids, times };
}

/** Twice the time that was usual, and what a busy machine adds. */
const isUsual = (times, before) =>
  assert.ok(median(times) < 2 * median(before) + 20, `${median(times)} ms instead of ${median(before)} ms`);

/** Each user as the copy tells it, by id and by name. */
async function assertCopied({ reader }, ids, name) {
  for (const [n, id] of ids.entries()) {
    const byId = await reader("GET", `/Users/${id}`);
    assert.deepEqual([byId.body.title, byId.headers.get("provisor-source")], ["1", "copy"]);
    const { body } = await reader("GET", `/Users?filter=userName+eq+%22${name}${n}%22`);
    assert.deepEqual([body.totalResults, body.Resources?.[0]?.id], [1, id]);
  }
}

test("while each put takes seconds writes keep their pace, and the copy catches up", async () => {
  const place = await tenant();
  const quick = await work(place, "quick", 12);
  await eventually(async () => assert.equal(await place.unpublished(), 0));

  const stream = { delivery: "queue", audience: place.id };
  assert.equal((await server.administer("POST", `/tenants/${place.id}/streams`, stream)).status, 201);
  let open;
  const gate = new Promise((resolve) => {
    open = resolve;
  });
  let passed = 0;
  let most = 0;
  let waiting = 0;
  witness.put = async () => {
    waiting += 1;
    most = Math.max(most, waiting);
    await Promise.all([gate, sleep(3)]);
    waiting -= 1;
    passed += 1;
  };
  try {
    const seen = witness.puts.length;
    const first = await place.scim("POST", "/Users", user("first", { title: "0" }));
    await eventually(async () => assert.ok(witness.puts.length > seen, "a put is under way"));
    // All of this happens while that put is awaited.
    const slow = await work(place, "slow", 12);
    assert.equal(passed, 0, "no put was done before the last write was answered");
    isUsual(slow.times, quick.times);
    // The copy trails, and says what it knows.
    const behind = await place.reader("GET", `/Users/${slow.ids[0]}`);
    assert.equal(behind.status, 404, JSON.stringify(behind.body));
    await place.scim("PATCH", `/Users/${first.body.id}`, retitle("1"));
    open();
    // A round of the copy ends after ten seconds, so that events are told meanwhile.
    const told = () => witness.events.filter((token) => claimsOf(token).aud === place.id).length;
    await eventually(async () => assert.ok(told() > 0), 30);
    assert.ok((await place.unpublished()) > 0, "the copy was still being made");
    await eventually(async () => assert.equal(await place.unpublished(), 0), 60);
    assert.equal(told(), 26);
    assert.ok(most <= 6, `${most} puts at once`);
    await assertCopied(place, quick.ids, "quick");
    await assertCopied(place, slow.ids, "slow");
    assert.equal((await place.reader("GET", `/Users/${first.body.id}`)).body.title, "1");
  } finally {
    open();
    witness.put = async () => {};
  }
});

test("while KV is full writes keep their pace, nothing is forgotten, and the copy catches up", async () => {
  const place = await tenant();
  const quick = await work(place, "quick", 12);
  await eventually(async () => assert.equal(await place.unpublished(), 0));

  const from = witness.puts.length;
  witness.put = async () => [429, "KV put() limit exceeded for the day."];
  try {
    const { ids, times } = await work(place, "full", 12);
    isUsual(times, quick.times);
    await place.scim("DELETE", `/Users/${quick.ids[0]}`);
    // Long enough for a round and for one more try; writing does not hurry it.
    await sleep(4);
    await place.scim("PATCH", `/Users/${ids[0]}`, retitle("1"));
    await sleep(3);
    const tries = witness.puts.slice(from).map(({ at }) => at);
    const rounds = tries.filter((at, n) => n === 0 || at - tries[n - 1] > 1_000);
    assert.ok(rounds.length >= 2 && tries.length <= 6 * rounds.length, `${tries.map(Math.round)}`);
    assert.ok(
      rounds.every((at, n) => n === 0 || at - rounds[n - 1] >= 5_000),
      `${rounds.map(Math.round)}`,
    );
    assert.equal(await place.unpublished(), 26, "twelve users and one gone, by id and by name");
    assert.equal((await place.reader("GET", `/Users/${ids[0]}`)).status, 404);
    assert.equal((await place.reader("GET", `/Users/${quick.ids[0]}`)).status, 200, "the copy trails");

    witness.put = async () => {};
    await eventually(async () => assert.equal(await place.unpublished(), 0), 30);
    await assertCopied(place, ids, "full");
    assert.equal((await place.reader("GET", `/Users/${quick.ids[0]}`)).status, 404);
  } finally {
    witness.put = async () => {};
  }
});

test("a burst of writes to one user is one put a second for each of its keys", async () => {
  const place = await tenant();
  const { body } = await place.scim("POST", "/Users", user("busy"));
  const from = witness.puts.length;
  const end = performance.now() + 5_000;
  let writes = 0;
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (; performance.now() < end; writes += 1) {
        const reply = await place.scim("PATCH", `/Users/${body.id}`, retitle(`${writes}`));
        assert.equal(reply.status, 200);
      }
    }),
  );
  await place.scim("PATCH", `/Users/${body.id}`, retitle("last"));
  await eventually(async () => assert.equal(await place.unpublished(), 0));
  const times = new Map();
  for (const { key, at } of witness.puts.slice(from)) {
    times.set(key, [...(times.get(key) ?? []), at]);
  }
  assert.ok(times.size >= 1 && times.size <= 2, `keys: ${[...times.keys()]}`);
  for (const [key, ats] of times) {
    const gaps = ats.slice(1).map((at, n) => at - ats[n]);
    assert.ok(ats.length >= 3, `${key}: ${ats.length} puts`);
    assert.ok(Math.min(...gaps) >= 1_000, `${key}: puts ${gaps.map(Math.round)} ms apart`);
    assert.ok(ats.length * 4 < writes, `${ats.length} puts for ${writes} writes`);
  }
  assert.equal((await place.reader("GET", `/Users/${body.id}`)).body.title, "last");
});
