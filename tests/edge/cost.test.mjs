// What a request costs does not grow with the directory: counted in rows that SQLite
// read and wrote, which no busy machine changes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { filled, idOf } from "./fill.mjs";
import { client, start } from "./server.mjs";

const [SMALL, LARGE] = [1_000, 10_000];

let server;
const tenants = {};
before(async () => {
  server = await start("memory", { SHOW_COST: "1" });
  for (const size of [SMALL, LARGE]) {
    const { id, token } = await filled(server, size, [10, size]);
    tenants[size] = { id, size, scim: client(server.endpoint, token) };
    // The first request of an object notes the token's use, and is not like the others.
    await tenants[size].scim("GET", "/Users?count=0");
  }
});
after(() => server.stop());

/** Rows that a request read and wrote. */
async function cost({ scim }, status, ...request) {
  const reply = await scim(...request);
  assert.equal(reply.status, status, JSON.stringify(reply.body));
  const [, read, written] = /read=(\d+), written=(\d+)/.exec(reply.headers.get("provisor-rows"));
  return { read: Number(read), written: Number(written), body: reply.body };
}

const patch = (op, path, value) => ({
  Operations: [{ op, path, ...(value === undefined ? {} : { value }) }],
});

test("a user is found by any indexed attribute at the same cost, whatever the size", async () => {
  for (const filter of [
    'userName eq "USER7@example.com"',
    'externalId eq "external-7"',
    'displayName eq "User 7"',
    'emails.value eq "user7@example.com"',
    'emails[type eq "work" and value eq "user7@example.com"]',
    `id eq "${idOf(7)}"`,
    'userName eq "nobody"',
  ]) {
    const path = `/Users?excludedAttributes=groups&filter=${encodeURIComponent(filter)}`;
    // An object that rested meanwhile reads its settings again at the first request.
    for (const size of [SMALL, LARGE]) await cost(tenants[size], 200, "GET", path);
    const [small, large] = [
      await cost(tenants[SMALL], 200, "GET", path),
      await cost(tenants[LARGE], 200, "GET", path),
    ];
    assert.equal(large.body.totalResults, filter.includes("nobody") ? 0 : 1, filter);
    assert.ok(large.read <= small.read * 1.3, `${filter}: ${large.read} rows against ${small.read}`);
    assert.ok(large.read < 30, `${filter}: ${large.read} rows`);
  }
});

test("what changed since a time is found at the cost of what changed", async () => {
  const changed = 40;
  const since = new Date().toISOString();
  for (const size of [SMALL, LARGE]) {
    for (let n = 100; n < 100 + changed; n += 1)
      await cost(tenants[size], 200, "PATCH", `/Users/${idOf(n)}`, patch("replace", "title", "New"));
  }
  const long = "2001-01-01T00:00:00Z";
  for (const [filter, wanted] of [
    [`meta.lastModified ge "${since}"`, changed],
    [`meta.lastModified ge "${since}" and meta.lastModified lt "2999-01-01T00:00:00Z"`, changed],
    [`meta[lastModified ge "${since}"]`, changed],
    [`active eq true and meta.lastModified ge "${since}"`, changed],
    [`not (active eq false) and meta.lastModified ge "${since}"`, changed],
    [`meta.lastModified ge "${since}" and title eq "New"`, changed],
    [`meta.lastModified gt "2999-01-01T00:00:00Z"`, 0],
    [`meta.lastModified eq "${since.replace("Z", "1Z")}"`, 0],
    [`meta.lastModified lt "${long}"`, 0],
  ]) {
    const path = `/Users?count=100&excludedAttributes=groups&filter=${encodeURIComponent(filter)}`;
    const [small, large] = [
      await cost(tenants[SMALL], 200, "GET", path),
      await cost(tenants[LARGE], 200, "GET", path),
    ];
    assert.equal(large.body.totalResults, wanted, filter);
    assert.ok(large.read <= small.read * 1.3, `${filter}: ${large.read} rows against ${small.read}`);
    assert.ok(large.read < 12 * changed, `${filter}: ${large.read} rows for ${changed}`);
  }
});

test("a page costs its length", async () => {
  const first = await cost(tenants[LARGE], 200, "GET", "/Users?count=100&excludedAttributes=groups");
  assert.equal(first.body.totalResults, LARGE);
  assert.ok(first.read < 500, `${first.read} rows for a hundred users`);
});

test("the last page by cursor costs what the first does, and a filtered one is counted once", async () => {
  for (const [filter, most] of [
    ["", 450],
    ["active eq true", 650],
    ['not (userName eq "nobody")', 650],
  ]) {
    const query = `/Users?count=100&excludedAttributes=groups${filter && `&filter=${encodeURIComponent(filter)}`}`;
    const pages = [];
    let next = "";
    do {
      const page = await cost(tenants[LARGE], 200, "GET", `${query}&cursor=${next}`);
      next = page.body.nextCursor;
      pages.push(page);
    } while (next);
    assert.equal(pages.length, LARGE / 100);
    const ids = new Set(pages.flatMap(({ body }) => body.Resources.map(({ id }) => id)));
    assert.equal(ids.size, LARGE);
    const reads = pages.map(({ read }) => read);
    assert.ok(Math.max(...reads.slice(1)) < most, `${filter}: ${reads}`);
    if (!filter) assert.ok(reads.at(-1) <= reads[0] + 10, `${reads.at(-1)} rows against ${reads[0]}`);
    // And back from the end.
    const back = await cost(
      tenants[LARGE],
      200,
      "GET",
      `${query}&cursor=${pages.at(-1).body.previousCursor}`,
    );
    assert.equal(back.body.Resources.length, 100);
    assert.ok(back.read < most, `${filter}: ${back.read} rows back`);
  }
});

test("a member is added to and removed from any group at the same cost", async () => {
  for (const [op, more] of [
    ["remove", ""],
    ["add", [{ value: idOf(5) }]],
  ]) {
    const costs = [];
    for (const group of [idOf(0, "g"), idOf(1, "g")]) {
      const body = op === "add" ? patch(op, "members", more) : patch(op, `members[value eq "${idOf(5)}"]`);
      costs.push(await cost(tenants[LARGE], 204, "PATCH", `/Groups/${group}`, body));
    }
    const [ten, all] = costs;
    assert.ok(all.read <= ten.read * 1.5 + 5, `${op}: ${all.read} rows read against ${ten.read}`);
    assert.ok(all.written <= ten.written * 1.5, `${op}: ${all.written} rows written against ${ten.written}`);
  }
});

test("groups without members touch no membership", async () => {
  const lists = [];
  for (const size of [SMALL, LARGE]) {
    lists.push(await cost(tenants[size], 200, "GET", "/Groups?excludedAttributes=members"));
    lists.push(await cost(tenants[size], 200, "GET", "/Groups?attributes=displayName"));
    lists.push(await cost(tenants[size], 200, "GET", `/Groups/${idOf(1, "g")}?excludedAttributes=members`));
  }
  for (const { read, body } of lists) {
    assert.ok(!JSON.stringify(body).includes('"members"'));
    assert.ok(read < 30, `${read} rows read`);
  }
});

test("a change of one user writes the same rows whatever the size", async () => {
  const change = patch("replace", "title", "Manager");
  const [small, large] = [
    await cost(tenants[SMALL], 200, "PATCH", `/Users/${idOf(3)}`, change),
    await cost(tenants[LARGE], 200, "PATCH", `/Users/${idOf(3)}`, change),
  ];
  assert.equal(large.written, small.written);
  assert.ok(large.read <= small.read * 1.3 + 3);
});

test("a group of ten thousand is read whole", async () => {
  const { body } = await cost(tenants[LARGE], 200, "GET", `/Groups/${idOf(1, "g")}`);
  assert.equal(body.members.length, LARGE);
  assert.deepEqual(
    [body.members[7].value, body.members[7].display, body.members[7].type],
    [idOf(7), "User 7", "User"],
  );
});
