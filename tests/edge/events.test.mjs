// A tenant's changes as Security Event Tokens (RFC 8417, RFC 9967): pushed (RFC 8935) to
// receivers that fail and come back, and polled (RFC 8936).
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { inObject } from "./object.mjs";
import { client, eventually, start, user } from "./server.mjs";
import { verified as check, claimsOf, headerOf } from "./tokens.mjs";

const PROV = "urn:ietf:params:scim:event:prov";

let server;
let origin;
before(async () => {
  server = await start();
  origin = new URL(server.endpoint).origin;
});
after(() => server.stop());

/** A tenant with functions for its streams. */
async function tenant() {
  const { body } = await server.administer("POST", "/tenants", { name: "events" });
  const id = body.tenant.id;
  const streams = (method, path = "", content) =>
    server.administer(method, `/tenants/${id}/streams${path}`, content);
  return { id, scim: client(server.endpoint, body.token), streams };
}

/** A receiver whose answer a test may change; it keeps what it took. */
async function receiver(answer = () => [202]) {
  const tokens = [];
  const requests = [];
  const self = { tokens, requests, answer };
  const http = createServer(async (request, response) => {
    const text = (await request.setEncoding("utf8").toArray()).join("");
    requests.push({ headers: request.headers, text });
    const [status, body] = self.answer(claimsOf(text), requests.length);
    if (status === 202) tokens.push(text);
    if (status !== null) response.writeHead(status, { "content-type": "application/json" }).end(body);
  });
  await once(http.listen(0, "127.0.0.1"), "listening");
  self.endpoint = `http://127.0.0.1:${http.address().port}/events`;
  self.close = () => http.closeAllConnections() ?? http.close();
  return self;
}

const verified = (token, id) => check(server.endpoint, token, id);

test("a push stream tells each change once, signed, in SCIM's own events", async () => {
  const { id, scim, streams } = await tenant();
  const app = await receiver();
  try {
    await scim("POST", "/Users", user("before-the-stream"));
    const made = await streams("POST", "", {
      delivery: "push",
      endpoint: app.endpoint,
      authorization: "Bearer receiver-secret",
      audience: "https://app.example.com",
      full: true,
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.ok(!JSON.stringify(made.body).includes("receiver-secret"));
    const { body: ada } = await scim(
      "POST",
      "/Users",
      user("ada", { externalId: "E1", password: "S3cret!pw" }),
    );
    await scim("PATCH", `/Users/${ada.id}`, {
      Operations: [
        { op: "replace", path: "title", value: "Countess" },
        { op: "replace", path: "active", value: false },
      ],
    });
    await scim("PUT", `/Users/${ada.id}`, user("ada.lovelace", { externalId: "E1", active: true }));
    const { body: group } = await scim("POST", "/Groups", { displayName: "g", members: [{ value: ada.id }] });
    await scim("PATCH", `/Groups/${group.id}`, { Operations: [{ op: "remove", path: "members" }] });
    await scim("DELETE", `/Users/${ada.id}`);
    await eventually(async () => assert.equal(app.tokens.length, 6, `${app.tokens.length}`));

    const claims = await Promise.all(app.tokens.map((token) => verified(token, id)));
    const [created, patched, replaced, grouped, left, deleted] = claims;
    for (const { iss, aud, iat, jti, sub, txn } of claims) {
      assert.deepEqual([iss, aud, sub], [server.endpoint, "https://app.example.com", undefined]);
      assert.ok(Math.abs(Date.now() / 1000 - iat) < 60 && jti.endsWith(`.${txn}`));
    }
    assert.deepEqual(created.sub_id, {
      format: "scim",
      uri: `/Users/${ada.id}`,
      id: ada.id,
      externalId: "E1",
    });
    const full = created.events[`${PROV}:create:full`];
    assert.deepEqual([full.version, full.data.userName, full.data.id], ['W/"1"', "ada", ada.id]);
    assert.deepEqual(Object.keys(patched.events).sort(), [`${PROV}:deactivate`, `${PROV}:patch:full`]);
    const { Operations } = patched.events[`${PROV}:patch:full`].data;
    assert.deepEqual(
      Operations.find(({ path }) => path === "title"),
      {
        op: "add",
        path: "title",
        value: "Countess",
      },
    );
    assert.equal(replaced.events[`${PROV}:put:full`].data.userName, "ada.lovelace");
    assert.ok(replaced.events[`${PROV}:activate`]);
    assert.deepEqual(grouped.events[`${PROV}:create:full`].data.members, [{ value: ada.id }]);
    assert.deepEqual(left.events[`${PROV}:patch:full`].data.Operations, [
      { op: "remove", path: `members[value eq "${ada.id}"]` },
    ]);
    assert.deepEqual(deleted.events, { [`${PROV}:delete`]: {} });
    assert.ok(!app.tokens.some((token) => JSON.stringify(claimsOf(token)).includes("S3cret")));
    assert.ok(app.requests.every(({ headers }) => headers["content-type"] === "application/secevent+jwt"));
    assert.ok(app.requests.every(({ headers }) => headers.authorization === "Bearer receiver-secret"));
    assert.equal(app.requests.length, 6, "nothing is sent twice");
    const config = (await scim("GET", "/ServiceProviderConfig")).body;
    assert.ok(config.securityEvents.eventUris.includes(`${PROV}:create:full`));
    assert.ok(!server.log().includes("receiver-secret"));
  } finally {
    app.close();
  }
});

test("a receiver that fails, hangs up and comes back gets all, each person's changes in order", async () => {
  const { id, scim, streams } = await tenant();
  const app = await receiver((_, n) => [n % 3 === 0 ? 202 : n % 3 === 1 ? 503 : 429]);
  try {
    await streams("POST", "", { delivery: "push", endpoint: app.endpoint, audience: "app" });
    const people = [];
    for (const name of ["a", "b", "c"]) people.push((await scim("POST", "/Users", user(name))).body);
    for (const title of ["one", "two"]) {
      for (const { id } of people) {
        await scim("PATCH", `/Users/${id}`, { Operations: [{ op: "replace", path: "title", value: title }] });
      }
    }
    await eventually(async () => assert.ok(app.tokens.length >= 1));
    app.answer = () => [202];
    await eventually(async () => {
      const { body } = await streams("GET");
      assert.deepEqual([body.streams[0].pending, app.tokens.length], [0, 9]);
    }, 60);
    for (const { id: person } of people) {
      const versions = app.tokens
        .map(claimsOf)
        .filter(({ sub_id }) => sub_id.id === person)
        .map(({ events }) => Object.values(events)[0].version);
      assert.deepEqual(versions, ['W/"1"', 'W/"2"', 'W/"3"']);
    }
    const notice = claimsOf(app.tokens.at(-1)).events[`${PROV}:patch:notice`];
    assert.deepEqual([notice.attributes, notice.data], [["title"], undefined]);
    await verified(app.tokens[0], id);
  } finally {
    app.close();
  }
});

test("what a receiver refuses is a dead letter, to be seen and sent again; the rest goes on", async () => {
  const { scim, streams } = await tenant();
  const app = await receiver(({ sub_id }) =>
    sub_id.externalId === "bad" ? [400, JSON.stringify({ err: "invalid_request" })] : [202],
  );
  try {
    const { body: stream } = await streams("POST", "", {
      delivery: "push",
      endpoint: app.endpoint,
      audience: "app",
    });
    await scim("POST", "/Users", user("bad", { externalId: "bad" }));
    await scim("POST", "/Users", user("good", { externalId: "good" }));
    await eventually(async () => assert.equal(app.tokens.length, 1));
    const dead = async () => (await streams("GET", `/${stream.id}/dead-letters`)).body.deadLetters;
    const [letter, ...more] = await dead();
    assert.equal(more.length, 0);
    assert.match(letter.error, /invalid_request/);
    assert.equal(letter.operation, "create");
    assert.equal((await streams("POST", `/${stream.id}/dead-letters/resend`, { jti: "x.999" })).status, 404);
    app.answer = () => [202];
    assert.equal(
      (await streams("POST", `/${stream.id}/dead-letters/resend`, { jti: letter.jti })).status,
      202,
    );
    await eventually(async () => assert.equal(app.tokens.length, 2));
    assert.deepEqual(await dead(), []);
    assert.equal(claimsOf(app.tokens[1]).jti, letter.jti);
  } finally {
    app.close();
  }
});

test("a polling receiver gets all again until it acknowledges, and waits for what comes", async () => {
  const { id, scim, streams } = await tenant();
  const { body: stream } = await streams("POST", "", { delivery: "poll", audience: "app", full: true });
  assert.match(stream.token, /^pev_/);
  const poll = client(origin, stream.token, "application/json");
  const ask = async (body) => (await poll("POST", "/events/poll", body)).body;
  for (const n of [1, 2, 3, 4, 5]) await scim("POST", "/Users", user(`user${n}`));
  const first = await ask({ maxEvents: 2, returnImmediately: true });
  assert.deepEqual([Object.keys(first.sets).length, first.moreAvailable], [2, true]);
  const again = await ask({ maxEvents: 2, returnImmediately: true });
  assert.deepEqual(Object.keys(again.sets), Object.keys(first.sets));
  const [one, two] = Object.keys(first.sets);
  const claims = await verified(first.sets[one], id);
  assert.deepEqual([claims.jti, claims.events[`${PROV}:create:full`].data.userName], [one, "user1"]);

  // Out of turn: the second is settled, the first refused.
  const rest = await ask({ ack: [two], setErrs: { [one]: { err: "invalid_key" } }, returnImmediately: true });
  assert.deepEqual([Object.keys(rest.sets).length, rest.moreAvailable], [3, false]);
  const { body: dead } = await streams("GET", `/${stream.id}/dead-letters`);
  assert.deepEqual(
    dead.deadLetters.map(({ jti }) => jti),
    [one],
  );
  await streams("POST", `/${stream.id}/dead-letters/resend`, {});
  const resent = await ask({ ack: Object.keys(rest.sets), returnImmediately: true });
  assert.deepEqual(Object.keys(resent.sets), [one]);
  assert.deepEqual(await ask({ ack: [one], maxEvents: 0 }), { sets: {}, moreAvailable: false });

  const waiting = ask({});
  await scim("POST", "/Users", user("late"));
  assert.equal(Object.keys((await waiting).sets).length, 1);

  // Nobody else's token, and no other stream's, opens it.
  assert.equal(
    (await client(origin, "pev_x.y.z", "application/json")("POST", "/events/poll", {})).status,
    401,
  );
  assert.equal(
    (await client(origin, server.token, "application/json")("POST", "/events/poll", {})).status,
    401,
  );
  assert.equal((await client(server.endpoint, stream.token)("GET", "/Users")).status, 401);
  assert.equal((await streams("DELETE", `/${stream.id}`)).status, 204);
  assert.equal((await poll("POST", "/events/poll", { returnImmediately: true })).status, 401);
});

test("keys change, and tokens signed with the one before can still be checked", async () => {
  const { id, scim, streams } = await tenant();
  const { body: stream } = await streams("POST", "", { delivery: "poll", audience: "app" });
  const ask = async () => {
    const reply = await client(origin, stream.token, "application/json")("POST", "/events/poll", {
      returnImmediately: true,
    });
    return Object.values(reply.body.sets)[0];
  };
  await scim("POST", "/Users", user("ada"));
  const old = await ask();
  const kid = (token) => headerOf(token).kid;
  const { body } = await server.administer("POST", `/tenants/${id}/keys/rotate`);
  assert.equal(body.keys.length, 2);
  assert.ok(body.keys.every(({ d }) => d === undefined));
  const fresh = await ask();
  assert.notEqual(kid(old), kid(fresh));
  const known = body.keys.map((key) => key.kid);
  assert.deepEqual(known, [kid(old), kid(fresh)]);
});

test("a stream that cannot be sent says so, and the others go on", async () => {
  const { scim, streams } = await tenant();
  const good = await receiver();
  const closed = await receiver();
  closed.close();
  const moved = await receiver(() => [301]);
  try {
    const make = (endpoint) => streams("POST", "", { delivery: "push", endpoint, audience: "app" });
    // Two of each, so that a bad one comes before the good one, whatever their ids.
    for (const { endpoint } of [closed, closed, moved, moved, good]) {
      assert.equal((await make(endpoint)).status, 201);
    }
    for (const name of ["a", "b", "c"]) await scim("POST", "/Users", user(name));
    await eventually(async () => {
      assert.equal(good.tokens.length, 3);
      const { body } = await streams("GET");
      const said = (endpoint) => body.streams.filter((one) => one.endpoint === endpoint);
      for (const [app, words] of [
        [closed, /could not be reached/],
        [moved, /redirect/],
      ]) {
        for (const one of said(app.endpoint)) {
          assert.match(one.error ?? "", words);
          assert.ok(one.failures > 0 && one.pending > 0, JSON.stringify(one));
        }
      }
      const [{ error, pending, failures, gap }] = said(good.endpoint);
      assert.deepEqual([error, pending, failures, gap], [null, 0, 0, null]);
    });
  } finally {
    good.close();
    moved.close();
  }
});

test("a slow receiver takes only its share", async () => {
  const { scim, streams } = await tenant();
  const fast = await receiver();
  const hanging = await receiver(() => [null]);
  const slow = { tokens: [] };
  const wait = (time) => new Promise((resume) => setTimeout(resume, time));
  const tardy = createServer(async (request, response) => {
    await request.resume().toArray();
    await wait(500);
    slow.tokens.push(1);
    response.writeHead(202).end();
  });
  await once(tardy.listen(0, "127.0.0.1"), "listening");
  const endpoints = [
    hanging.endpoint,
    hanging.endpoint,
    `http://127.0.0.1:${tardy.address().port}/`,
    fast.endpoint,
  ];
  try {
    for (const endpoint of endpoints) {
      assert.equal((await streams("POST", "", { delivery: "push", endpoint, audience: "app" })).status, 201);
    }
    await Promise.all(Array.from({ length: 60 }, (_, n) => scim("POST", "/Users", user(`user${n}`))));
    await eventually(async () => assert.equal(fast.tokens.length, 60), 20);
    // Half a second each: while the fast one had all, the slow one had a few, and none was stuck.
    assert.ok(slow.tokens.length <= 30, `the fast receiver waited for ${slow.tokens.length} of the slow one`);
    await eventually(async () => assert.ok(slow.tokens.length >= 2 && hanging.requests.length >= 2));
  } finally {
    fast.close();
    hanging.close();
    tardy.closeAllConnections();
    tardy.close();
  }
});

test("many slow receivers leave time to a fast one", async () => {
  const { scim, streams } = await tenant();
  const fast = await receiver();
  let answered = 0;
  const tardy = createServer(async (request, response) => {
    await request.resume().toArray();
    await new Promise((resume) => setTimeout(resume, 2_000));
    answered += 1;
    response.writeHead(202).end();
  });
  await once(tardy.listen(0, "127.0.0.1"), "listening");
  // More than may be asked at once: each takes two seconds an event, and five of a round at most.
  const slow = Array(7).fill(`http://127.0.0.1:${tardy.address().port}/`);
  try {
    for (const endpoint of [...slow, fast.endpoint]) {
      assert.equal((await streams("POST", "", { delivery: "push", endpoint, audience: "app" })).status, 201);
    }
    await Promise.all(Array.from({ length: 12 }, (_, n) => scim("POST", "/Users", user(`user${n}`))));
    await eventually(async () => assert.equal(fast.tokens.length, 12), 60);
    // By turns alone the fast one would have had one for each of the others'.
    assert.ok(answered <= 5 * slow.length, `the fast receiver waited for ${answered} of the slow ones`);
  } finally {
    fast.close();
    tardy.closeAllConnections();
    tardy.close();
  }
});

test("an event is sent once, also after an import", async () => {
  const from = await tenant();
  await from.scim("POST", "/Users", user("restored"));
  const exported = await fetch(`${server.admin}/tenants/${from.id}/export`, {
    headers: { authorization: `Bearer ${server.adminToken}` },
  });
  const backup = await exported.text();

  const { id, scim, streams } = await tenant();
  const app = await receiver(() => [503]);
  const { body: polled } = await streams("POST", "", { delivery: "poll", audience: "app" });
  await streams("POST", "", { delivery: "push", endpoint: app.endpoint, audience: "app" });
  try {
    const { body: gone } = await scim("POST", "/Users", user("gone"));
    await scim("DELETE", `/Users/${gone.id}`);
    await eventually(async () => assert.ok(app.requests.length > 0));
    const imported = await server.administer("POST", `/tenants/${id}/import`, backup);
    assert.equal(imported.status, 200, JSON.stringify(imported.body));
    app.answer = () => [202];
    await scim("POST", "/Users", user("after"));
    const pushed = async () =>
      (await streams("GET")).body.streams.find(({ delivery }) => delivery === "push");
    await eventually(async () => assert.equal((await pushed()).pending, 0), 30);
    await new Promise((resume) => setTimeout(resume, 1500));
    const told = app.tokens.map((token) => claimsOf(token).jti);
    assert.equal(new Set(told).size, told.length, "an event was sent again");
    const of = (person) => app.tokens.map(claimsOf).filter(({ sub_id }) => sub_id.id === person);
    const names = of(gone.id).map(({ events }) => Object.keys(events)[0].slice(PROV.length + 1));
    assert.deepEqual(names, ["create:notice", "delete"]);

    // The receiver that polls gets each once too, and no more once it has all.
    const poll = client(origin, polled.token, "application/json");
    const first = (await poll("POST", "/events/poll", { returnImmediately: true })).body;
    const ack = Object.keys(first.sets);
    assert.ok(ack.length > 0);
    const rest = (await poll("POST", "/events/poll", { ack, returnImmediately: true })).body;
    assert.deepEqual(rest, { sets: {}, moreAvailable: false });
  } finally {
    app.close();
  }
});

test("a row whose entry is gone is dropped, and the stream is told of the gap", async () => {
  const folder = await mkdtemp(join(tmpdir(), "provisor-"));
  const app = await receiver();
  try {
    let own = await start(folder);
    const { body } = await own.administer("POST", "/tenants", { name: "gap" });
    const streams = `/tenants/${body.tenant.id}/streams`;
    const settings = { delivery: "push", endpoint: app.endpoint, audience: "app" };
    const { body: stream } = await own.administer("POST", streams, settings);
    const people = (server) => client(server.endpoint, body.token);
    for (const name of ["a", "b"]) await people(own)("POST", "/Users", user(name));
    await eventually(async () => assert.equal(app.tokens.length, 2));
    await own.stop();
    await inObject(folder, body.tenant.id, [
      "DELETE FROM journal WHERE seq = 1",
      `INSERT INTO event VALUES ('${stream.id}', 1, 'a', 'retry', 1, 0, 'it was down')`,
    ]);
    own = await start(folder, {});
    try {
      await people(own)("POST", "/Users", user("c"));
      await eventually(async () => {
        const { streams: shown } = (await own.administer("GET", streams)).body;
        const { pending, gap } = shown[0];
        assert.deepEqual([pending, gap?.from, gap?.to, app.tokens.length], [0, 1, 1, 3]);
      });
      const told = app.tokens.map((token) => claimsOf(token).txn);
      assert.deepEqual(told, ["1", "2", "3"], "another entry is not taken for the one that is gone");
    } finally {
      await own.stop();
    }
  } finally {
    app.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test("reasons are kept until an event is taken", async () => {
  const { scim, streams } = await tenant();
  const app = await receiver(() => [500]);
  try {
    await streams("POST", "", { delivery: "push", endpoint: app.endpoint, audience: "app" });
    await scim("POST", "/Users", user("ada"));
    const shown = async () => (await streams("GET")).body.streams[0];
    await eventually(async () => {
      const { failures, error } = await shown();
      assert.ok(failures > 0);
      assert.match(error ?? "", /answered 500/);
    });
    app.answer = () => [202];
    await eventually(async () => {
      const { failures, error, pending } = await shown();
      assert.deepEqual([failures, error, pending], [0, null, 0]);
    });
    assert.equal(app.tokens.length, 1);
  } finally {
    app.close();
  }
});

test("a poll is bounded: what does not fit comes with the next one", async () => {
  const { scim, streams } = await tenant();
  const { body: stream } = await streams("POST", "", { delivery: "poll", audience: "app", full: true });
  const poll = client(origin, stream.token, "application/json");
  const ask = (body) => poll("POST", "/events/poll", { returnImmediately: true, ...body });
  const title = "x".repeat(150_000);
  const count = 30;
  for (let n = 0; n < count; n += 1) {
    const made = await scim("POST", "/Users", user(`user${n}`, { title }));
    assert.equal(made.status, 201, JSON.stringify(made.body).slice(0, 300));
  }
  const seen = [];
  for (let ack = []; seen.length < count; ) {
    const { body } = await ask({ ack });
    ack = Object.keys(body.sets);
    assert.ok(ack.length > 0, "the stream stands still");
    assert.ok(JSON.stringify(body).length < 5_000_000, "the answer is too long");
    seen.push(...ack);
    assert.equal(body.moreAvailable, seen.length < count);
  }
  assert.ok(seen.length === count && new Set(seen).size === count);
  const many = await ask({ ack: Array.from({ length: 2001 }, (_, n) => `${stream.id}.${n}`) });
  assert.equal(many.status, 413);
  assert.match(many.body.detail, /several requests/);
});

test("a stream's settings are checked, in words that help", async () => {
  const { streams } = await tenant();
  for (const [settings, words] of [
    [{ delivery: "fax", audience: "app" }, /fax/],
    [{ delivery: "push", audience: "app", endpoint: "http://example.com/" }, /https/],
    [{ delivery: "push", audience: "app", endpoint: "https://me:pw@example.com/" }, /user name/],
    [{ delivery: "push", endpoint: "https://example.com/", audience: "" }, /audience/],
    [{ delivery: "push", audience: "app" }, /endpoint/],
    [{ delivery: "push", audience: "app", endpoint: "https://[" }, /no URL/],
    [{ delivery: "push", audience: "app", endpoint: "https://x:99999/" }, /no URL/],
    ...["Bearer \u0000", "Bearer a\r\nX-Evil: 1", "Bearer ä", " Bearer a", "Bearer a\t"].map(
      (authorization) => [
        { delivery: "push", audience: "app", endpoint: "https://example.com/", authorization },
        /visible ASCII/,
      ],
    ),
    [{ delivery: "poll", audience: "app", resourceTypes: ["Robot"] }, /Robot/],
    [{ delivery: "poll", audience: "app", tokenHash: "x" }, /tokenHash/],
    [{ delivery: "poll", audience: "app", colour: "blue" }, /colour/],
    [{ delivery: "queue", audience: "app" }, /EVENTS/],
  ]) {
    const { status, body } = await streams("POST", "", settings);
    assert.equal(status, 400, JSON.stringify(settings));
    assert.match(body.detail, words);
  }
});

test("on the free plan many events go out in rounds, each once", async () => {
  const free = await start("memory", { LIMITS: "free" });
  const app = await receiver();
  try {
    const { body } = await free.administer("POST", "/tenants", { name: "free" });
    const made = await free.administer("POST", `/tenants/${body.tenant.id}/streams`, {
      delivery: "push",
      endpoint: app.endpoint,
      audience: "app",
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const scim = client(free.endpoint, body.token);
    const Operations = Array.from({ length: 130 }, (_, n) => ({
      method: "POST",
      path: "/Users",
      bulkId: `b${n}`,
      data: user(`user${n}`),
    }));
    const bulk = { schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], Operations };
    assert.equal((await scim("POST", "/Bulk", bulk)).status, 200);
    await eventually(async () => assert.equal(app.tokens.length, 130, `${app.tokens.length}`), 30);
    assert.equal(new Set(app.tokens.map((token) => claimsOf(token).jti)).size, 130);
    assert.ok(!free.log().includes('"event":"limit"'), free.log().slice(-500));
  } finally {
    app.close();
    await free.stop();
  }
});
