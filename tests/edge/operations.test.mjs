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
    const reply = await lacking.dispatchFetch("http://x/readyz");
    const { faults } = await reply.json();
    assert.equal(reply.status, 503);
    assert.equal(faults.length, 3, JSON.stringify(faults));
    assert.match(faults.join("\n"), /TOKEN_KEY[\s\S]*ADMIN_TOKEN[\s\S]*DIRECTORY/);
    assert.ok(!JSON.stringify(faults).includes("short"));
    const scim = await lacking.dispatchFetch("http://x/scim/v2/Users", {
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
