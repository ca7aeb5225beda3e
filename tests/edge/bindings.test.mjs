// The bindings that a deployment may have besides: a queue for events, a dataset for metrics.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { client, eventually, user } from "./server.mjs";
import { claimsOf, verified } from "./tokens.mjs";
import { witnessed } from "./witness.mjs";

const PROV = "urn:ietf:params:scim:event:prov";

let witness;
let server;
before(async () => {
  witness = await witnessed();
  server = witness.server;
});
after(() => witness.stop());

const retitle = (title) => ({ Operations: [{ op: "replace", path: "title", value: title }] });

async function tenant(stream) {
  const made = await server.administer("POST", "/tenants", { name: "bindings" });
  const { id } = made.body.tenant;
  const streams = (method, path = "", body) =>
    server.administer(method, `/tenants/${id}/streams${path}`, body);
  if (stream) assert.equal((await streams("POST", "", { audience: id, ...stream })).status, 201);
  return {
    id,
    streams,
    scim: client(server.endpoint, made.body.token),
    /** The events of this tenant that a consumer was given. */
    told: () => witness.events.filter((token) => claimsOf(token).aud === id),
  };
}

test("change events go to the queue, signed, once, and each resource's in order", async () => {
  const { id, scim, streams, told } = await tenant({ delivery: "queue", full: true });
  const people = await Promise.all(["a", "b", "c"].map((name) => scim("POST", "/Users", user(name))));
  const ids = people.map(({ body }) => body.id);
  await Promise.all(
    ids.map(async (person) => {
      for (let n = 2; n <= 8; n += 1) {
        assert.equal((await scim("PATCH", `/Users/${person}`, retitle(`${n}`))).status, 200);
      }
      assert.equal((await scim("DELETE", `/Users/${person}`)).status, 204);
    }),
  );
  await eventually(async () => assert.equal(told().length, 27));
  const claims = await Promise.all(told().map((token) => verified(server.endpoint, token, id)));
  assert.equal(new Set(claims.map(({ jti }) => jti)).size, 27, "nothing is sent twice");
  for (const person of ids) {
    const own = claims.filter(({ sub_id }) => sub_id.id === person);
    const names = own.map(({ events }) => Object.keys(events)[0].slice(PROV.length + 1));
    assert.deepEqual(names, ["create:full", ...Array(7).fill("patch:full"), "delete"]);
    const values = own.slice(1, 8).map(({ events }) => events[`${PROV}:patch:full`].data.Operations[0].value);
    assert.deepEqual(values, ["2", "3", "4", "5", "6", "7", "8"]);
  }
  assert.deepEqual((await streams("GET")).body.streams[0].pending, 0);
});

test("a consumer that fails is given the batch again", async () => {
  const { scim, told } = await tenant({ delivery: "queue" });
  let failures = 0;
  witness.batch = () => {
    failures += 1;
    return failures > 1;
  };
  try {
    await scim("POST", "/Users", user("again"));
    await eventually(async () => assert.equal(told().length, 1));
    assert.ok(failures >= 2);
  } finally {
    witness.batch = () => true;
  }
});

test("an event that a queue would not take goes as a notice, and what follows it goes too", async () => {
  const { id, scim, told, streams } = await tenant({ delivery: "queue", full: true });
  const { body } = await scim("POST", "/Users", user("long", { title: "é".repeat(60_000) }));
  await scim("PATCH", `/Users/${body.id}`, retitle("short"));
  await eventually(async () => assert.equal(told().length, 2));
  const [large, small] = await Promise.all(told().map((token) => verified(server.endpoint, token, id)));
  const notice = large.events[`${PROV}:create:notice`];
  assert.ok(notice.attributes.includes("title"), JSON.stringify(large).slice(0, 500));
  assert.equal(small.events[`${PROV}:patch:full`].data.Operations[0].value, "short");
  assert.deepEqual((await streams("GET")).body.streams[0].deadLetters, 0);
});

test("each request is a data point, and no point holds a person's value", async () => {
  const { id, scim } = await tenant();
  const secrets = ["margaret.hamilton", "apollo@example.com", "S3cret!pw", "E-1969"];
  const [userName, value, password, externalId] = secrets;
  const { body } = await scim(
    "POST",
    "/Users",
    user(userName, { externalId, password, emails: [{ value }] }),
  );
  await scim("GET", `/Users/${body.id}`);
  await scim("GET", `/Users?filter=userName+eq+%22${userName}%22`);
  await scim("PATCH", `/Users/${body.id}`, retitle("Director"));
  await scim("POST", "/Users", user(userName));
  await scim("GET", `/Users/${userName}`);
  await scim("GET", `/${userName}`);
  await client(server.endpoint, `psc_${userName}`)("GET", "/Users");
  const own = () => witness.points.filter(({ index }) => index === id);
  await eventually(async () =>
    assert.equal(own().filter(({ blobs }) => blobs[1].startsWith("/scim")).length, 7),
  );
  const seen = own().map(({ blobs }) => blobs.join(" "));
  const routes = [
    "POST /scim/v2/Users 201",
    "GET /scim/v2/Users/{id} 200",
    "GET /scim/v2/Users 200",
    "PATCH /scim/v2/Users/{id} 200",
    "POST /scim/v2/Users 409",
    "GET /scim/v2/Users/{id} 404",
  ];
  assert.deepEqual(seen.filter((text) => text.includes("/scim")).slice(0, 6), routes);
  for (const { doubles, dataset } of own()) {
    assert.equal(dataset, "core:user:dataset");
    assert.ok(doubles[0] >= 0 && doubles[0] < 60_000, `${doubles[0]} ms`);
  }
  await eventually(async () =>
    assert.ok(witness.points.some(({ index, blobs }) => index === "" && blobs.join(" ").endsWith("401"))),
  );
  const all = JSON.stringify(witness.points);
  for (const secret of [...secrets, body.id])
    assert.ok(!all.includes(secret), `${secret} is in a data point`);
});
