// A tenant's changes as Security Event Tokens (RFC 8417, RFC 9967): pushed (RFC 8935) to
// receivers that fail and come back, and polled (RFC 8936).
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
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

test("a stream's settings are checked, in words that help", async () => {
  const { streams } = await tenant();
  for (const [settings, words] of [
    [{ delivery: "fax", audience: "app" }, /fax/],
    [{ delivery: "push", audience: "app", endpoint: "http://example.com/" }, /https/],
    [{ delivery: "push", audience: "app", endpoint: "https://me:pw@example.com/" }, /user name/],
    [{ delivery: "push", endpoint: "https://example.com/", audience: "" }, /audience/],
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
