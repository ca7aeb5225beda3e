// What an operator sees: health, the log, metrics, headers and limits.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Miniflare } from "miniflare";
import { worker } from "../../scripts/worker.mjs";
import { client, eventually, start, user } from "./server.mjs";

let server;
let origin;
before(async () => {
  server = await start();
  origin = new URL(server.endpoint).origin;
});
after(() => server.stop());

async function tenant(settings) {
  const { status, body } = await server.administer("POST", "/tenants", { name: "test", settings });
  assert.equal(status, 201, JSON.stringify(body));
  return { id: body.tenant.id, token: body.token, scim: client(server.endpoint, body.token) };
}

/** The log's lines that are about one request. */
const lines = (id) =>
  server
    .log()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .filter(({ requestId }) => requestId === id);

test("a Worker that has all it needs says so", async () => {
  assert.equal((await fetch(`${origin}/healthz`)).status, 200);
  assert.equal((await fetch(`${origin}/healthz`, { method: "HEAD" })).status, 200);
  const ready = await fetch(`${origin}/readyz`);
  assert.deepEqual([ready.status, await ready.json()], [200, { status: "ready" }]);
});

test("a Worker that lacks a secret or a binding lives, but says what it lacks", async () => {
  const lacking = new Miniflare({
    ...worker({ ADMIN_TOKEN: "short" }),
    kvNamespaces: [],
    handleRuntimeStdio: () => {},
  });
  try {
    assert.equal((await lacking.dispatchFetch("http://x/healthz")).status, 200);
    const reply = await lacking.dispatchFetch("https://x/readyz");
    const { faults } = await reply.json();
    assert.equal(reply.status, 503);
    assert.equal(faults.length, 3, JSON.stringify(faults));
    assert.match(faults.join("\n"), /TOKEN_KEY[\s\S]*ADMIN_TOKEN[\s\S]*DIRECTORY/);
    assert.ok(!JSON.stringify(faults).includes("short"));
    const scim = await lacking.dispatchFetch("https://x/scim/v2/Users", {
      headers: { authorization: "Bearer prv_x.y.zz" },
    });
    assert.equal(scim.status, 503);
  } finally {
    await lacking.dispose();
  }
});

test("every reply is safe to hold: whatever was asked, by whomever", async () => {
  const { scim } = await tenant();
  const replies = [
    await fetch(`${origin}/healthz`),
    await fetch(`${origin}/readyz`),
    await fetch(`${origin}/openapi.json`),
    await fetch(`${origin}/nowhere`),
    await fetch(`${origin}/admin/tenants`),
    await fetch(`${server.endpoint}/Users`),
    await scim("POST", "/Users", user("safe")),
    await scim("POST", "/Users", user("safe")),
    await server.administer("GET", "/tenants"),
  ];
  for (const { status, headers } of replies) {
    assert.equal(headers.get("x-content-type-options"), "nosniff", `${status}`);
    assert.equal(headers.get("cache-control"), "no-store");
    assert.match(headers.get("content-security-policy"), /default-src 'none'.*frame-ancestors 'none'/);
    assert.match(headers.get("strict-transport-security"), /max-age=\d{8}/);
    assert.equal(headers.get("x-frame-options"), "DENY");
    assert.match(headers.get("x-request-id"), /^[0-9a-f-]{36}$/);
  }
});

test("a request's id is the client's if it is a plain one, and leads to one line of the log", async () => {
  const { id, scim } = await tenant();
  const reply = await scim("GET", "/Users", undefined, { "x-request-id": "client-0001" });
  assert.equal(reply.headers.get("x-request-id"), "client-0001");
  const [line, ...more] = await eventually(async () => {
    const found = lines("client-0001");
    assert.ok(found.length > 0);
    return found;
  });
  assert.equal(more.length, 0);
  assert.deepEqual(
    [line.level, line.event, line.method, line.route, line.status, line.tenant],
    ["info", "request", "GET", "/scim/v2/Users", 200, id],
  );
  assert.match(line.actor, /^[0-9a-f]{12}$/);
  for (const odd of ["x", 'a"b-and-more', "a".repeat(65), "white space"]) {
    const other = await scim("GET", "/Users", undefined, { "x-request-id": odd });
    assert.match(other.headers.get("x-request-id"), /^[0-9a-f-]{36}$/, odd);
  }
});

test("no name, value or secret ever stands in the log", async () => {
  const marks = [];
  const mark = (what) => {
    const text = `mark-${what}-${marks.length}`;
    marks.push(text);
    return text;
  };
  const { id, token, scim } = await tenant();
  const name = mark("user");
  const person = user(name, {
    externalId: mark("external"),
    password: mark("password"),
    name: { familyName: mark("family") },
    emails: [{ value: `${mark("mail")}@example.com` }],
  });
  const { body: made } = await scim("POST", "/Users", person);
  await scim("POST", "/Users", person);
  await scim("GET", `/Users?filter=userName eq "${name}"`);
  await scim("GET", `/Users?filter=userName xx "${mark("filter")}"`);
  await scim("GET", `/Users/${mark("id")}`);
  await scim("GET", `/${mark("endpoint")}`);
  await scim("POST", "/Users", `{"userName": "${mark("broken")}"`);
  await scim("PATCH", `/Users/${made.id}`, { Operations: [{ op: mark("op"), value: mark("value") }] });
  await scim("PUT", `/Users/${made.id}`, user(name, { password: mark("password") }), {
    "if-match": mark("etag"),
    cookie: mark("cookie"),
  });
  await scim("DELETE", `/Users/${made.id}?x=${mark("query")}`);
  await fetch(`${origin}/${mark("path")}`);
  await fetch(`${origin}/admin/tenants/${mark("tenant")}`);
  await fetch(`${server.endpoint}/Users`, { headers: { authorization: `Bearer ${mark("forged")}` } });
  await server.administer("POST", "/tenants", { name: mark("tenant-name") });
  await server.administer("PATCH", `/tenants/${id}`, { settings: { [mark("setting")]: 1 } });
  await scim("GET", "/Schemas", undefined, { "x-request-id": "last-of-all" });
  await eventually(async () => assert.equal(lines("last-of-all").length, 1));
  // The copy is written, and the metrics told, before the log is read.
  await eventually(async () =>
    assert.equal((await server.administer("GET", `/tenants/${id}`)).body.unpublished, 0),
  );
  const log = server.log();
  assert.ok(log.includes('"/scim/v2/Users/{id}"'));
  for (const text of [...marks, token, server.adminToken]) assert.ok(!log.includes(text), text);
});

test("Prometheus reads each tenant's counts and latencies", async () => {
  const { id, scim } = await tenant();
  for (const n of [1, 2, 3]) await scim("POST", "/Users", user(`user${n}`));
  await scim("POST", "/Users", user("user1"));
  await scim("GET", "/Groups");
  assert.equal((await fetch(`${origin}/metrics`)).status, 401);
  const read = async () => {
    const reply = await fetch(`${origin}/metrics?tenant=${id}`, {
      headers: { authorization: `Bearer ${server.adminToken}` },
    });
    assert.equal(reply.status, 200);
    assert.match(reply.headers.get("content-type"), /^text\/plain; version=0\.0\.4/);
    return reply.text();
  };
  await eventually(async () => {
    const page = await read();
    for (const line of [
      `provisor_requests_total{tenant="${id}",method="POST",route="/scim/v2/Users",status="201"} 3`,
      `provisor_requests_total{tenant="${id}",method="POST",route="/scim/v2/Users",status="409"} 1`,
      `provisor_requests_total{tenant="${id}",method="GET",route="/scim/v2/Groups",status="200"} 1`,
      `provisor_request_duration_seconds_count{tenant="${id}"} 5`,
      `provisor_request_duration_seconds_bucket{tenant="${id}",le="+Inf"} 5`,
      `provisor_users{tenant="${id}"} 3`,
    ]) {
      assert.ok(page.includes(`${line}\n`), `${line}\n\n${page}`);
    }
  });
  // Buckets only ever grow, and every sample has a declared metric.
  const page = await read();
  const buckets = [...page.matchAll(/_bucket\{.*\} (\d+)$/gm)].map(([, number]) => Number(number));
  assert.deepEqual(
    buckets,
    [...buckets].sort((a, b) => a - b),
  );
  const declared = new Set([...page.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  for (const [, name] of page.matchAll(/^(provisor_[a-z_]+)/gm)) {
    assert.ok(declared.has(name.replace(/_(bucket|sum|count)$/, "")), name);
  }
});

test("a body too long or too deep is refused, and nothing breaks", async () => {
  const { scim } = await tenant();
  const long = user("long", { title: "x".repeat(1_100_000) });
  assert.equal((await scim("POST", "/Users", long)).status, 413);
  // Without a length said beforehand it is read no further than the limit.
  const chunks = new ReadableStream({
    start(controller) {
      for (let n = 0; n < 20; n++) controller.enqueue(new TextEncoder().encode("x".repeat(100_000)));
      controller.close();
    },
  });
  const token = (await tenant()).token;
  const reply = await fetch(`${server.endpoint}/Users`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/scim+json" },
    body: chunks,
    duplex: "half",
  });
  assert.equal(reply.status, 413);
  const deep = `{"userName":"deep","name":${'{"a":'.repeat(300)}1${"}".repeat(300)}}`;
  assert.equal((await scim("POST", "/Users", deep)).status, 400);
  const filter = `${"(".repeat(500)}userName pr${")".repeat(500)}`;
  assert.equal((await scim("GET", `/Users?filter=${encodeURIComponent(filter)}`)).status, 400);
  const bytes = await fetch(`${server.endpoint}/Users`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/scim+json" },
    body: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
  });
  assert.equal(bytes.status, 400);
  assert.match((await bytes.json()).detail, /UTF-8/);
  assert.equal((await scim("GET", "/Users")).body.totalResults, 0);
});

test("a reply says how many requests are left", async () => {
  const { scim } = await tenant({ requestsPerSecond: 5 });
  const first = await scim("GET", "/Users");
  assert.deepEqual(
    ["limit", "remaining", "reset"].map((name) => first.headers.get(`x-ratelimit-${name}`)),
    ["10", "9", "1"],
  );
  const replies = await Promise.all(Array.from({ length: 30 }, () => scim("GET", "/Users")));
  const late = replies.find(({ status }) => status === 429);
  assert.deepEqual([late.headers.get("retry-after"), late.headers.get("x-ratelimit-remaining")], ["1", "0"]);
  const free = await tenant({ requestsPerSecond: 0 });
  assert.equal((await free.scim("GET", "/Users")).headers.get("x-ratelimit-limit"), null);
});

test("the trail is filtered, paged and exported, members and all", async () => {
  const { id, scim } = await tenant();
  const { body: ada } = await scim(
    "POST",
    "/Users",
    user("ada", { password: "S3cret!pw", title: 'a "quote"' }),
  );
  const { body: bo } = await scim("POST", "/Users", user("bo"));
  const { body: group } = await scim("POST", "/Groups", { displayName: "g", members: [{ value: ada.id }] });
  await scim("PUT", `/Groups/${group.id}`, { displayName: "g", members: [{ value: bo.id }] });
  const trail = async (query) => (await server.administer("GET", `/tenants/${id}/journal?${query}`)).body;
  const all = await trail("");
  assert.deepEqual(
    all.entries.map(({ operation, resourceType }) => `${operation} ${resourceType}`),
    ["create User", "create User", "create Group", "replace Group"],
  );
  assert.deepEqual(all.entries[2].members, { added: [ada.id], removed: [] });
  assert.deepEqual(all.entries[3].members, { added: [bo.id], removed: [ada.id] });
  const [{ actor, at }] = all.entries;
  const count = async (query) => (await trail(query)).entries.length;
  assert.equal(await count(`actor=${actor}`), 4);
  assert.equal(await count("actor=nobody"), 0);
  assert.equal(await count(`id=${ada.id}`), 1);
  assert.equal(await count("resourceType=Group&operation=replace"), 1);
  assert.equal(await count(`to=${at.slice(0, 10)}T00:00:00Z`), 0);
  assert.equal(await count(`from=${at.slice(0, 10)}T00:00:00Z`), 4);
  const page = await trail("limit=3");
  assert.deepEqual([page.entries.length, page.next], [3, page.entries[2].sequence]);
  assert.equal(await count(`after=${page.next}`), 1);
  for (const [query, words] of [
    ["from=yesterday", /yesterday/],
    ["limit=many", /many/],
    ["format=xml", /xml/],
  ]) {
    const reply = await server.administer("GET", `/tenants/${id}/journal?${query}`);
    assert.equal(reply.status, 400);
    assert.match(reply.body.detail, words);
  }
  const read = (format) =>
    fetch(`${server.admin}/tenants/${id}/journal?limit=3&format=${format}`, {
      headers: { authorization: `Bearer ${server.adminToken}` },
    });
  const lines = await read("ndjson");
  assert.equal(lines.headers.get("provisor-next"), String(page.next));
  assert.deepEqual((await lines.text()).trim().split("\n").map(JSON.parse), page.entries);
  const csv = await (await read("csv")).text();
  assert.equal(csv.split("\n").filter(Boolean).length, 4);
  assert.ok(csv.includes('""title"":""a \\""quote\\""""'), csv);
  for (const text of [JSON.stringify(all), csv]) assert.ok(!text.includes("S3cret"));
});
