// A person who is erased stands nowhere any more: all that is stored is searched for what was known of them.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { inObject } from "./object.mjs";
import { client, eventually, start, user } from "./server.mjs";
import { kvOf } from "./store.mjs";

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

async function tenant() {
  const { body } = await server.administer("POST", "/tenants", { name: "erase" });
  // The server is another one after each rest.
  const scim = (...request) => client(server.endpoint, body.token)(...request);
  return { id: body.tenant.id, scim };
}
const show = (id) => server.administer("GET", `/tenants/${id}`);
const erase = (tenant, id) => server.administer("POST", `/tenants/${tenant}/erase`, { id });
const settled = (id) =>
  eventually(async () => {
    const { body } = await show(id);
    assert.deepEqual([body.work, body.unpublished], [[], 0]);
  }, 60);

/** Where a text stands in a tenant's tables and in KV; the server rests meanwhile. */
async function places(tenant, ...texts) {
  await server.stop();
  const [tables] = await inObject(folder, tenant, [
    "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 4) <> '_cf_'",
  ]);
  const rows = await inObject(
    folder,
    tenant,
    tables.map(({ name }) => `SELECT * FROM ${name}`),
  );
  const kv = await kvOf(folder);
  server = await start(folder, VARS);
  const found = [];
  for (const text of texts) {
    for (const [n, { name }] of tables.entries()) {
      const hits = rows[n].filter((row) => JSON.stringify(row).includes(text));
      found.push(...hits.map((row) => `${name}: ${JSON.stringify(row)}`));
    }
    // A tombstone names the id for a day, and holds nothing.
    for (const [key, value] of kv) {
      if (value.includes(text) || (key.includes(text) && value !== "")) found.push(`kv ${key}: ${value}`);
    }
  }
  return found;
}

/** A person who left their mark wherever one can be left. */
async function person({ id, scim }, mark) {
  const more = { password: `${mark}-password`, name: { familyName: mark }, externalId: `${mark}-external` };
  const { body: made } = await scim("POST", "/Users", user(`${mark}-name`, more));
  assert.ok(made.id, JSON.stringify(made));
  const rename = { Operations: [{ op: "replace", path: "userName", value: `${mark}-renamed` }] };
  assert.equal((await scim("PATCH", `/Users/${made.id}`, rename)).status, 200);
  const { body: group } = await scim("POST", "/Groups", {
    displayName: mark.slice(0, 4) + id.slice(0, 6),
    members: [{ value: made.id }],
  });
  assert.ok(group.id, JSON.stringify(group));
  await server.administer("POST", `/tenants/${id}/tokens`, { scope: "read", user: made.id });
  return made.id;
}

test("who is erased stands in no table and no copy, and that they are gone was told", async () => {
  const place = await tenant();
  const stream = await server.administer("POST", `/tenants/${place.id}/streams`, {
    delivery: "poll",
    audience: "x",
    full: true,
  });
  assert.equal(stream.status, 201, JSON.stringify(stream.body));
  const mark = "zyxw-marker-one";
  const id = await person(place, mark);
  const { body: other } = await place.scim("POST", "/Users", user("stays"));
  assert.ok((await places(place.id, mark)).length > 5, "the search finds what is there");

  const begun = await erase(place.id, id);
  assert.deepEqual([begun.status, begun.body.state], [202, "erasing"], JSON.stringify(begun.body));
  assert.match(begun.body.mark, /^erased-[0-9a-f]{16}$/);
  assert.equal((await place.scim("GET", `/Users/${id}`)).status, 404, "gone at once");
  assert.equal((await erase(place.id, id)).body.mark, begun.body.mark, "repeating says where it stands");
  await server.kill();
  server = await start(folder, VARS);
  // The values go at once; the id is kept until the stream has been told.
  await eventually(async () => {
    const [work] = (await show(place.id)).body.work;
    assert.equal(work.phase, "streams");
  }, 30);
  await eventually(async () => assert.equal((await show(place.id)).body.unpublished, 0), 30);
  assert.deepEqual(await places(place.id, mark), []);

  const poll = client(new URL(server.endpoint).origin, stream.body.token, "application/json");
  const { body: told } = await poll("POST", "/events/poll", { returnImmediately: true });
  const claims = Object.values(told.sets).map((set) =>
    JSON.parse(Buffer.from(set.split(".")[1], "base64url").toString()),
  );
  assert.ok(!JSON.stringify(claims).includes(mark));
  const about = claims.filter(({ sub_id }) => sub_id.id === id).map(({ events }) => Object.keys(events));
  assert.deepEqual(about, [["urn:ietf:params:scim:event:prov:delete"]]);
  const ack = Object.keys(told.sets);
  await poll("POST", "/events/poll", { ack, maxEvents: 0, returnImmediately: true });
  await settled(place.id);
  assert.deepEqual(await places(place.id, mark, id), []);

  // The trail still says what was done, when and by whom, to somebody.
  const { body: trail } = await server.administer(
    "GET",
    `/tenants/${place.id}/journal?id=${begun.body.mark}`,
  );
  assert.deepEqual(
    trail.entries.map(({ operation, before, after, erased }) => [operation, before, after, erased]),
    ["create", "patch", "delete"].map((operation) => [operation, null, null, true]),
  );
  assert.equal((await erase(place.id, id)).status, 404, "nothing is kept of them");
  assert.equal((await place.scim("GET", `/Users/${other.id}`)).body.userName, "stays");
  assert.equal((await erase(place.id, "")).status, 400);
});

test("who was deleted long ago is erased too, with what only the journal knew", async () => {
  const place = await tenant();
  const mark = "zyxw-marker-two";
  const id = await person(place, mark);
  assert.equal((await place.scim("DELETE", `/Users/${id}`)).status, 204);
  await settled(place.id);
  assert.ok((await places(place.id, mark)).some((text) => text.startsWith("journal")));
  assert.equal((await erase(place.id, id)).status, 202);
  await settled(place.id);
  assert.deepEqual(await places(place.id, mark, id), []);
});

test("the journal is cut by age, what nobody read is held for a while, and the sequence never falls", async () => {
  const place = await tenant();
  assert.equal((await show(place.id)).body.settings.journalDays, 400, "new tenants have 400 days");
  for (let n = 0; n < 4; n += 1) await place.scim("POST", "/Users", user(`u${n}`));
  const stream = await server.administer("POST", `/tenants/${place.id}/streams`, {
    delivery: "poll",
    audience: "x",
    fromTheBeginning: true,
  });
  assert.equal(stream.status, 201);
  const age = async (days) => {
    await server.stop();
    const at = new Date(Date.now() - days * 86_400_000).toISOString();
    await inObject(folder, place.id, [`UPDATE journal SET at = '${at}'`]);
    server = await start(folder, VARS);
  };
  const days = (journalDays) =>
    server.administer("PATCH", `/tenants/${place.id}`, { settings: { journalDays } });
  const entries = async () =>
    (await server.administer("GET", `/tenants/${place.id}/journal`)).body.entries.map(
      ({ sequence }) => sequence,
    );
  for (const wrong of [0, -1, 40_000, "x"]) assert.equal((await days(wrong)).status, 400, `${wrong}`);
  await age(12);
  assert.equal((await days(10)).status, 200);
  await new Promise((resume) => setTimeout(resume, 3_000));
  assert.deepEqual(await entries(), [1, 2, 3, 4], "the stream has not read them");
  await age(41);
  await days(null);
  await days(10);
  await eventually(async () => assert.deepEqual(await entries(), []), 20);
  const { body: shown } = await server.administer("GET", `/tenants/${place.id}/streams/${stream.body.id}`);
  assert.deepEqual([shown.gap.from, shown.gap.to, shown.gap.entries], [1, 4, 4]);
  assert.equal((await show(place.id)).body.sequence, 4, "it does not fall");
  await place.scim("POST", "/Users", user("next"));
  assert.deepEqual(await entries(), [5]);
  const { body: users } = await place.scim("GET", "/Users");
  assert.equal(users.totalResults, 5);
});

test("a store that is nearly full says so, and a full one refuses writes alone", async () => {
  const full = await start("memory", { ...VARS, STORAGE_LIMIT: "400000" });
  try {
    const { body } = await full.administer("POST", "/tenants", { name: "full" });
    const { id } = body.tenant;
    const scim = client(full.endpoint, body.token);
    const space = async () => (await full.administer("GET", `/tenants/${id}`)).body.storage;
    const made = [];
    let reply;
    const states = new Set();
    for (let n = 0; n < 200; n += 1) {
      reply = await scim("POST", "/Users", user(`user${n}`, { title: "x".repeat(2_000) }));
      if (reply.status !== 201) break;
      made.push(reply.body.id);
      states.add((await space()).state);
    }
    assert.equal(reply.status, 507, JSON.stringify(reply.body));
    assert.match(reply.body.detail, /full/);
    assert.deepEqual([...states], ["ok", "nearlyFull", "full"]);
    assert.equal((await space()).state, "full");
    const put = await scim("PUT", `/Users/${made[0]}`, user("other"));
    assert.equal(put.status, 507);
    assert.equal((await scim("GET", "/Users?count=1")).body.totalResults, made.length);
    assert.equal((await scim("POST", "/Users/.search", { schemas: [], count: 1 })).status, 200);
    const page = await fetch(`${new URL(full.endpoint).origin}/metrics?tenant=${id}`, {
      headers: { authorization: `Bearer ${full.adminToken}` },
    });
    assert.match(await page.text(), /provisor_storage_limit_bytes\{tenant="[0-9a-f]+"\} 400000/);
    await eventually(async () => assert.match(full.log(), /"event":"storage"/));
    assert.equal((await full.administer("POST", `/tenants/${id}/erase`, { id: made[0] })).status, 202);
    for (const one of made.slice(1, 60)) assert.equal((await scim("DELETE", `/Users/${one}`)).status, 204);
    for (const one of made.slice(1, 60)) await full.administer("POST", `/tenants/${id}/erase`, { id: one });
    await eventually(async () => assert.notEqual((await space()).state, "full"), 60);
    assert.equal((await scim("POST", "/Users", user("again"))).status, 201);
  } finally {
    await full.stop();
  }
});
