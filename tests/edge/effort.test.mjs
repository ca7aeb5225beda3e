// No allowed request costs more than about two seconds of CPU or 32 MB: a table of dear requests, each with
// the routes that it stands for. Time is relative to a request whose steps the Worker counted in this very
// process; memory is the Worker's own, which never shrinks, and the runtime's.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { after, before, test } from "node:test";
import { filled, idOf, imported, person } from "./fill.mjs";
import { client, start } from "./server.mjs";

/** The default budget of a request, in steps. */
const BUDGET = 40_000_000;
/** How much longer than its steps say a request may take here: the machine is shared. */
const SLACK = 4;
/** What any request may take besides, in milliseconds. */
const FLOOR = 4_000;
/** How much the Worker's memory and the runtime's may grow, in bytes, by all of the table. */
const MOST_WASM = 40 * 2 ** 20;
const MOST_RSS = 400 * 2 ** 20;

let server;
let other;
/** Milliseconds of a step. */
let step;
const tenants = {};

const operations = (...list) => ({ Operations: list });
const search = (filter, more = {}) => ({ count: 0, filter, ...more });
const terms = (number, term) => Array.from({ length: number }, (_, n) => term(n)).join(" or ");
const numbers = (from, number) =>
  Array.from({ length: number }, (_, n) => ({ value: String(from + n).padStart(8, "0") }));
const long = (letter, bytes) => letter.repeat(bytes / Buffer.byteLength(letter));

/**
 * The table: what is asked, the tenant, the routes that it stands for, and the request. `statuses` are
 * those that it may be answered with.
 */
const DEAR = [
  {
    name: "60 terms in two texts of 900 KB, not of ASCII",
    tenant: "long",
    routes: ["POST /scim/v2/Users/.search"],
    request: ["POST", "/Users/.search", search(terms(60, (n) => `nickName co "zz${n}"`))],
  },
  {
    name: "60 terms of which all but the last letter are there",
    tenant: "long",
    routes: ["POST /scim/v2/.search"],
    request: ["POST", "/.search", search(terms(60, (n) => `title co "${"e".repeat(20)}z${n}"`))],
  },
  {
    name: "256 terms over all users",
    tenant: "people",
    routes: ["GET /scim/v2/Users"],
    request: ["GET", `/Users?count=1&filter=${encodeURIComponent(terms(200, (n) => `title co "x${n}"`))}`],
    statuses: [200, 400],
  },
  {
    name: "a sorted list over several types",
    tenant: "people",
    routes: ["GET /scim/v2"],
    request: ["GET", "?sortBy=displayName&count=100"],
  },
  {
    name: "256 names of attributes",
    tenant: "people",
    routes: ["GET /scim/v2/Users/{id}"],
    request: [
      "GET",
      `/Users/${idOf(1)}?attributes=${Array.from({ length: 256 }, (_, n) => `emails.v${n}`).join(",")}`,
    ],
  },
  {
    name: "80 000 names of attributes",
    tenant: "people",
    routes: ["POST /scim/v2/Groups/.search"],
    request: ["POST", "/Groups/.search", { attributes: Array(80_000).fill("id") }],
    statuses: [400],
  },
  {
    name: "a list of resources of 900 KB",
    tenant: "long",
    routes: ["GET /scim/v2/Users"],
    request: ["GET", "/Users"],
  },
  {
    name: "a group whose members have names of 900 KB",
    tenant: "long",
    routes: ["GET /scim/v2/Groups/{id}"],
    request: ["GET", `/Groups/${idOf(0, "g")}`],
    statuses: [413],
  },
  {
    name: "the list of such a group",
    tenant: "long",
    routes: ["GET /scim/v2/Groups"],
    request: ["GET", "/Groups"],
    statuses: [400],
  },
  {
    name: "a group with such members, made anew",
    tenant: "long",
    routes: ["POST /scim/v2/Groups"],
    request: [
      "POST",
      "/Groups",
      { displayName: "new", members: Array.from({ length: 28 }, (_, n) => ({ value: idOf(n) })) },
    ],
    statuses: [201, 409],
  },
  {
    name: "all members of a group replaced",
    tenant: "people",
    routes: ["PUT /scim/v2/Groups/{id}"],
    request: [
      "PUT",
      `/Groups/${idOf(0, "g")}`,
      { displayName: "all", members: Array.from({ length: 2_000 }, (_, n) => ({ value: idOf(n) })) },
    ],
  },
  {
    name: "300 removals of members by a filter",
    tenant: "people",
    routes: ["PATCH /scim/v2/Groups/{id}"],
    request: [
      "PATCH",
      `/Groups/${idOf(0, "g")}`,
      operations(...Array(300).fill({ op: "remove", path: 'members[display co "zz"]' })),
    ],
    statuses: [204, 400, 413],
  },
  {
    name: "4 000 values added to a list",
    tenant: "people",
    routes: ["PATCH /scim/v2/Users/{id}"],
    request: [
      "PATCH",
      `/Users/${idOf(7)}`,
      operations({ op: "add", path: "phoneNumbers", value: numbers(0, 4_000) }),
    ],
    statuses: [200, 400, 413],
  },
  {
    name: "a resource of a megabyte",
    tenant: "people",
    routes: ["POST /scim/v2/Users"],
    request: ["POST", "/Users", { userName: "big", phoneNumbers: numbers(0, 50_000) }],
    statuses: [201, 400, 413],
  },
  {
    name: "a name of marks",
    tenant: "people",
    routes: ["PUT /scim/v2/Users/{id}"],
    request: ["PUT", `/Users/${idOf(8)}`, { userName: `a${"\u0301\u0323".repeat(100_000)}` }],
    statuses: [200, 400, 413],
  },
  {
    name: "a thousand users in one Bulk",
    tenant: "bulk",
    routes: ["POST /scim/v2/Bulk"],
    request: [
      "POST",
      "/Bulk",
      operations(
        ...Array.from({ length: 1_000 }, (_, n) => ({
          method: "POST",
          path: "/Users",
          bulkId: String(n),
          data: { ...person(n), userName: `bulk${n}` },
        })),
      ),
    ],
  },
];

/** Operations that take a body or a query and have no row, and why. */
const NOT_HERE = {
  "GET /admin/tenants": "for administrators: a page of the list",
  "POST /admin/tenants/{tenant}/erase": "for administrators: worked off in rounds by the alarm",
  "GET /metrics": "counts that the object keeps, of no more labels than there are routes",
  "POST /oauth/token": "one secret is compared; the body is bounded",
  "POST /admin/tenants": "for administrators: one row is written",
  "PATCH /admin/tenants/{tenant}": "for administrators: settings are checked and kept",
  "DELETE /admin/tenants/{tenant}": "for administrators: worked off in rounds by the alarm",
  "POST /admin/tenants/{tenant}/tokens": "for administrators: one row is written",
  "POST /admin/tenants/{tenant}/tokens/revoke": "for administrators: one row is written",
  "POST /admin/tenants/{tenant}/clients": "for administrators: one row is written",
  "POST /admin/tenants/{tenant}/clients/revoke": "for administrators: one row is written",
  "PUT /admin/tenants/{tenant}/issuers": "for administrators: one row is written",
  "PUT /admin/tenants/{tenant}/schemas": "for administrators: schemas are bounded where they are read",
  "GET /admin/tenants/{tenant}/journal": "for administrators: a page that is bounded by rows and by bytes",
  "POST /admin/tenants/{tenant}/republish":
    "for administrators: names of copies are noted, the alarm writes them",
  "POST /admin/tenants/{tenant}/import":
    "for administrators: read in batches; docs/limits.md has its own line",
  "POST /admin/tenants/{tenant}/plan": "for administrators: docs/limits.md has its own line",
  "POST /admin/tenants/{tenant}/streams": "for administrators: one row is written",
  "POST /admin/tenants/{tenant}/streams/{stream}/dead-letters/resend": "for administrators: rows are marked",
  "POST /admin/tenants/{tenant}/keys/rotate": "for administrators: one key is made",
  "POST /events/poll": "a page that is bounded by rows and by bytes",
};

before(async () => {
  server = await start("memory", { SHOW_COST: "1" });
  const documents = Array.from({ length: 28 }, (_, n) => ({
    userName: `long${n}`,
    displayName: long("d", 900_000),
    ...(n < 2 ? { displayName: `${n}`, nickName: long("é", 450_000), title: long("e", 400_000) } : {}),
  }));
  const members = documents.map((_, n) => idOf(n));
  const kept = await imported(server, "long", documents, [{ displayName: "of long names", members }]);
  tenants.long = client(server.endpoint, kept.token);
  const people = await filled(server, 5_000, [2_000]);
  tenants.people = client(server.endpoint, people.token);
  const bulk = await filled(server, 1);
  tenants.bulk = client(server.endpoint, bulk.token);
  const another = await filled(server, 10);
  other = client(server.endpoint, another.token);
  await Promise.all([...Object.values(tenants), other].map((scim) => scim("GET", "/Users?count=0")));
  // What a step takes here: the least of some ordinary searches, by their own count.
  const ordinary = ["POST", "/Users/.search", search(terms(20, (n) => `title co "x${n}"`))];
  const times = [];
  for (let n = 0; n < 5; n += 1) {
    const { milliseconds, steps } = await timed(tenants.people, ...ordinary);
    // Five thousand rows, twenty comparisons each: nothing is as good as it looks where nothing is counted.
    assert.ok(steps > 200_000, `${steps} steps`);
    times.push(milliseconds / steps);
  }
  step = Math.min(...times);
});
after(() => server.stop());

/** A request with its time, the steps that it was charged, and the Worker's memory after it. */
async function timed(scim, ...sent) {
  const begun = performance.now();
  const reply = await scim(...sent);
  const milliseconds = performance.now() - begun;
  const header = (name) => Number(reply.headers.get(name));
  return { reply, milliseconds, steps: header("provisor-effort"), memory: header("provisor-memory") };
}

/** Whether the Worker itself runs; a connection of its own, as the runtime closes idle ones. */
async function health() {
  const call = request(new URL("/healthz", server.endpoint), { agent: new Agent({ keepAlive: false }) });
  call.end();
  const [reply] = await once(call, "response");
  reply.resume();
  return { status: reply.statusCode };
}

/** What the runtime holds and has computed: the bytes and the milliseconds of all processes of the server's group. */
function runtime() {
  const sum = { resident: 0, cpu: 0 };
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      if (!stat.includes("(workerd)")) continue;
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const [, parent, group] = fields;
      if (Number(group) !== server.pid && Number(parent) !== server.pid) continue;
      const [, pages] = readFileSync(`/proc/${entry}/statm`, "utf8").split(" ");
      sum.resident += Number(pages) * 4_096;
      sum.cpu += (Number(fields[11]) + Number(fields[12])) * 10;
    } catch {
      // It ended meanwhile.
    }
  }
  return sum;
}

/** What a request that only reads computes when nothing else is done: the least of three, to ten milliseconds. */
async function alone(scim, ...sent) {
  let least = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 3; n += 1) {
    const { cpu } = runtime();
    await scim(...sent);
    least = Math.min(least, runtime().cpu - cpu);
  }
  return least;
}

test("each operation that takes a body or a query is among the dear requests, or is not for a reason", () => {
  const { paths } = JSON.parse(readFileSync("src/edge/openapi.json", "utf8"));
  const known = new Set([...DEAR.flatMap(({ routes }) => routes), ...Object.keys(NOT_HERE)]);
  const missing = [];
  const there = new Set();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const name = `${method.toUpperCase()} ${path}`;
      there.add(name);
      const takes =
        operation.requestBody || operation.parameters?.some((parameter) => parameter.in === "query");
      if (takes && !known.has(name)) missing.push(name);
    }
  }
  assert.deepEqual(missing, [], "add a row to DEAR, or a reason to NOT_HERE");
  assert.deepEqual(
    [...known].filter((name) => !there.has(name)),
    [],
    "no such operation",
  );
});

test("no dear request takes longer than its budget, holds much memory, or leaves others waiting", async () => {
  const most = FLOOR + SLACK * step * BUDGET;
  const first = await timed(other, "GET", "/Users?count=1");
  const before = { memory: first.memory, resident: runtime().resident };
  const table = [];
  for (const { name, tenant, request: sent, statuses = [200] } of DEAR) {
    const asked = timed(tenants[tenant], ...sent);
    // Meanwhile.
    const begun = performance.now();
    const [reply, healthy] = await Promise.all([other("GET", "/Users?count=1"), health()]);
    const waited = performance.now() - begun;
    assert.equal(reply.status, 200);
    assert.equal(healthy.status, 200);
    const { reply: answer, milliseconds, steps, memory } = await asked;
    const row = { name, status: answer.status, ms: Math.round(milliseconds), steps, MB: memory >> 20 };
    const reads = sent[0] === "GET" || sent[1].endsWith(".search");
    if (process.env.SHOW && reads && steps > 0) {
      const cpu = await alone(tenants[tenant], ...sent);
      Object.assign(row, { cpu, "ns a step": Math.round((cpu * 1e6) / steps) });
    }
    table.push(row);
    const detail = JSON.stringify(answer.body).slice(0, 300);
    assert.ok(statuses.includes(answer.status), `${name}: ${answer.status} ${detail}`);
    assert.ok(answer.status < 500, `${name}: ${detail}`);
    assert.ok(milliseconds < most, `${name}: ${milliseconds} ms, of at most ${most}`);
    assert.ok(waited < most, `${name}: others waited ${waited} ms, of at most ${most}`);
    assert.ok(steps <= BUDGET, `${name}: ${steps} steps`);
    if (answer.status >= 400) assert.match(answer.body.detail, /; |ask|send|leave/, name);
  }
  if (process.env.SHOW) console.table(table);
  const last = await timed(other, "GET", "/Users?count=1");
  const grown = { memory: last.memory - before.memory, resident: runtime().resident - before.resident };
  if (process.env.SHOW) console.table([grown]);
  assert.ok(last.memory > 0 && before.resident > 0, "memory is measured");
  assert.ok(grown.memory < MOST_WASM, `the Worker's memory grew by ${grown.memory} bytes`);
  assert.ok(grown.resident < MOST_RSS, `the runtime's memory grew by ${grown.resident} bytes`);
});

test("a list of long resources is read to its end, by index and by cursor", async () => {
  for (const form of [(seen) => `startIndex=${seen + 1}`, (_, next) => `cursor=${next ?? ""}`]) {
    const ids = new Set();
    let next;
    let pages = 0;
    do {
      const { status, body } = await tenants.long(
        "GET",
        `/Users?${form(ids.size, next)}&excludedAttributes=groups`,
      );
      assert.equal(status, 200);
      assert.equal(body.itemsPerPage, body.Resources.length);
      for (const { id } of body.Resources) ids.add(id);
      next = body.nextCursor;
      pages += 1;
    } while (next || (!form(0).startsWith("cursor") && ids.size < 28));
    assert.equal(ids.size, 28);
    assert.ok(pages > 3, `${pages} pages`);
  }
});
