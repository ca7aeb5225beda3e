// What happens at once, and what goes wrong: crowds, SIGKILL, a copy that cannot be written.
//
//   KILLS=200 LANES=2 SOAK=3600 node --test tests/edge/faults.test.mjs     (`make prove`; SEED= repeats one run)
import assert from "node:assert/strict";
import { mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { killed } from "./kills.mjs";
import { client, eventually, start, user } from "./server.mjs";
import { assertSound, INVARIANTS } from "./sound.mjs";

const quick = { requestsPerSecond: 0 };
/** Seconds of mixed load. */
const SOAK = Number(process.env.SOAK ?? 20);

let server;
before(async () => {
  server = await start();
});
after(() => server.stop());

async function tenant(of = server) {
  const { status, body } = await of.administer("POST", "/tenants", { name: "test", settings: quick });
  assert.equal(status, 201);
  return { id: body.tenant.id, token: body.token, scim: client(of.endpoint, body.token) };
}

const patch = (op, path, value) => ({
  Operations: [{ op, path, ...(value === undefined ? {} : { value }) }],
});

test("of two hundred concurrent creates of one userName exactly one succeeds", async () => {
  const { scim } = await tenant();
  const replies = await Promise.all(
    Array.from({ length: 200 }, (_, n) => scim("POST", "/Users", user(n % 2 ? "ada" : "ADA"))),
  );
  const count = (status) => replies.filter((reply) => reply.status === status).length;
  assert.deepEqual([count(201), count(409)], [1, 199]);
});

test("two hundred concurrent membership adds are all there", async () => {
  const { scim } = await tenant();
  const users = await Promise.all(
    Array.from({ length: 200 }, (_, n) => scim("POST", "/Users", user(`user${n}`))),
  );
  const group = (await scim("POST", "/Groups", { displayName: "all" })).body.id;
  const replies = await Promise.all(
    users.map(({ body }) => scim("PATCH", `/Groups/${group}`, patch("add", "members", [{ value: body.id }]))),
  );
  assert.ok(replies.every(({ status }) => status === 204));
  assert.equal((await scim("GET", `/Groups/${group}`)).body.members.length, 200);
});

test("concurrent changes under If-Match: each success built on what it saw, none is lost", async () => {
  const { scim } = await tenant();
  const { body } = await scim("POST", "/Users", user("counter", { title: "0" }));
  let succeeded = 0;
  let refused = 0;
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      for (let n = 0; n < 8; n += 1) {
        const seen = await scim("GET", `/Users/${body.id}`);
        const next = patch("replace", "title", String(Number(seen.body.title) + 1));
        const reply = await scim("PATCH", `/Users/${body.id}`, next, {
          "if-match": seen.headers.get("etag"),
        });
        if (reply.status === 200) succeeded += 1;
        else refused += reply.status === 412 ? 1 : assert.fail(`status ${reply.status}`);
      }
    }),
  );
  assert.equal((await scim("GET", `/Users/${body.id}`)).body.title, String(succeeded));
  assert.ok(refused > 0, "there was a contest");
});

test("SIGKILL under load: what was acknowledged is there, nothing is half there, the copy catches up", async (t) => {
  const [kills, lanes] = [Number(process.env.KILLS ?? 2), Number(process.env.LANES ?? 1)];
  const seed = Number(process.env.SEED ?? 20261124);
  const begun = performance.now();
  const outcomes = await Promise.all(
    Array.from({ length: lanes }, (_, lane) => killed(Math.ceil(kills / lanes), seed + lane)),
  );
  const done = outcomes.reduce((sum, one) => {
    for (const [name, number] of Object.entries(one)) sum[name] = (sum[name] ?? 0) + number;
    return sum;
  }, {});
  assert.ok(done.acknowledged > 0 && done.unanswered > 0, "the kills came while writes were under way");
  const seconds = ((performance.now() - begun) / 1000 / kills).toFixed(1);
  t.diagnostic(`${JSON.stringify(done)}, none of the acknowledged is lost; ${seconds} s a kill`);
});

/** Takes KV's store of values away, or gives it back: every put then fails in earnest. */
async function breakKv(folder, isBroken) {
  const kv = join(folder, "kv");
  for (const name of await readdir(kv)) {
    const [blobs, aside] = [join(kv, name, "blobs"), join(kv, name, "aside")];
    const there = await readdir(join(kv, name));
    if (isBroken && there.includes("blobs")) {
      await rename(blobs, aside);
      await writeFile(blobs, "not a folder");
    }
    if (!isBroken && there.includes("aside")) {
      await rm(blobs);
      await rename(aside, blobs);
    }
  }
}

test("while KV fails writes go on, and then the copy catches up", async () => {
  const folder = await mkdtemp(join(tmpdir(), "provisor-"));
  const instance = await start(folder);
  try {
    const { id, scim } = await tenant(instance);
    const unpublished = async () => (await instance.administer("GET", `/tenants/${id}`)).body.unpublished;
    const { body: made } = await instance.administer("POST", `/tenants/${id}/tokens`, { scope: "edge-read" });
    const reader = client(instance.endpoint, made.token);
    const { body: ada } = await scim("POST", "/Users", user("ada", { title: "0" }));
    await eventually(async () => assert.equal(await unpublished(), 0));

    await breakKv(folder, true);
    const ids = [ada.id];
    for (let n = 0; n < 30; n += 1) {
      const reply = await scim("POST", "/Users", user(`user${n}`, { title: "0" }));
      assert.equal(reply.status, 201);
      ids.push(reply.body.id);
    }
    for (const one of ids) {
      assert.equal((await scim("PATCH", `/Users/${one}`, patch("replace", "title", "1"))).status, 200);
    }
    // Long enough for a round and for one more try.
    await new Promise((resume) => setTimeout(resume, 7_000));
    assert.equal((await scim("GET", "/Users")).body.totalResults, 31);
    assert.equal(await unpublished(), 62, "nothing was published, nothing was forgotten");

    await breakKv(folder, false);
    await eventually(async () => assert.equal(await unpublished(), 0), 30);
    for (const one of ids) {
      assert.equal((await reader("GET", `/Users/${one}`)).body.title, "1");
    }
  } finally {
    await instance.stop();
  }
  await rm(folder, { recursive: true, force: true });
});

async function soak(t) {
  const folder = await mkdtemp(join(tmpdir(), "provisor-"));
  const instance = await start(folder);
  const { id, scim } = await tenant(instance);
  const end = Date.now() + SOAK * 1000;
  const group = (await scim("POST", "/Groups", { displayName: "all" })).body.id;
  let done = 0;
  await Promise.all(
    Array.from({ length: 8 }, async (_, worker) => {
      for (let n = 0; Date.now() < end; n += 1) {
        const made = await scim("POST", "/Users", user(`user${worker}-${n}`, { active: true }));
        assert.equal(made.status, 201);
        const path = `/Users/${made.body.id}`;
        const add = patch("add", "members", [{ value: made.body.id }]);
        assert.equal((await scim("PATCH", `/Groups/${group}`, add)).status, 204);
        assert.equal((await scim("PATCH", path, patch("replace", "active", false))).body.active, false);
        const found = await scim("GET", `/Users?filter=userName+eq+%22user${worker}-${n}%22`);
        assert.equal(found.body.totalResults, 1);
        if (n % 2) assert.equal((await scim("DELETE", path)).status, 204);
        done += 5;
      }
    }),
  );
  assert.ok(done > 0);
  await instance.stop();
  await assertSound(folder, id);
  t.diagnostic(`${done} requests, ${Object.keys(INVARIANTS).length} invariants hold`);
  await rm(folder, { recursive: true, force: true });
}

test(`a soak: mixed load for ${SOAK} seconds, and all is sound`, soak);
