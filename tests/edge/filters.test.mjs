// Filters as long and as deep as they may be, on the runtime's own SQLite, whose expressions are
// a hundred deep at most; and drawn ones, against what evaluation row by row finds.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { client, start, user } from "./server.mjs";

const MAX_TERMS = 256;
const MAX_LENGTH = 8_192;
const MAX_DEPTH = 64;
const SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

let server;
let scim;
const ids = [];
before(async () => {
  server = await start();
  const settings = { requestsPerSecond: 0 };
  const { body } = await server.administer("POST", "/tenants", { name: "filters", settings });
  scim = client(server.endpoint, body.token);
  const Operations = Array.from({ length: 24 }, (_, n) => ({
    method: "POST",
    path: "/Users",
    bulkId: `u${n}`,
    data: user(`u${n}`, {
      displayName: `name ${n % 6}`,
      externalId: `e${n % 8}`,
      active: n % 2 === 0,
      emails: [{ value: `m${n % 5}@x`, type: n % 3 ? "work" : "home" }, { value: `n${n}@x` }],
    }),
  }));
  const made = await scim("POST", "/Bulk", { Operations });
  for (const { location } of made.body.Operations) ids.push(location.split("/").at(-1));
});
after(() => server.stop());

/** How many users a filter finds, and which are the first. */
async function found(filter) {
  const { status, body } = await scim("POST", "/Users/.search", {
    schemas: [SEARCH],
    filter,
    attributes: ["id"],
  });
  assert.equal(status, 200, `${filter.slice(0, 300)}: ${JSON.stringify(body)}`);
  return [body.totalResults, body.Resources.map(({ id }) => id).join()];
}

const TERMS = [
  (n) => `id eq "${n % 3 ? `nobody${n}` : ids[n % ids.length]}"`,
  (n) => `id ne "${ids[n % 7]}"`,
  (n) => `userName eq "u${n}"`,
  (n) => `userName ne "u${n % 9}"`,
  (n) => `emails.value eq "m${n}@x"`,
  (n) => `displayName eq "name ${n}"`,
  (n) => `externalId ne "e${n % 8}"`,
  (n) => `active eq ${n % 2 === 0}`,
  (n) => `emails[value eq "n${n}@x"]`,
  (n) => `emails[type eq "work" and value eq "m${n}@x"]`,
  (n) => `meta.lastModified ${["gt", "lt", "ge", "le"][n % 4]} "2026-0${1 + (n % 9)}-01T00:00:00Z"`,
  (n) => `userName sw "u${n % 30}"`,
];

/** How many comparisons a filter makes. */
const compared = (filter) => filter.match(/ (eq|ne|sw|gt|ge|lt|le) /g).length;

/** As many terms as a filter may have. */
function most(term, separator, around = 0) {
  const terms = [];
  let length = around;
  let comparisons = 0;
  for (let n = 0; ; n += 1) {
    length += term(n).length + separator.length;
    comparisons += compared(term(n));
    if (length > MAX_LENGTH || comparisons > MAX_TERMS) break;
    terms.push(term(n));
  }
  return terms.join(separator);
}

test("filters as long as allowed are answered, whatever they ask", async () => {
  for (const term of TERMS) {
    for (const separator of [" or ", " and "]) {
      const filter = most(term, separator, 10);
      const [some] = await found(filter);
      const [others] = await found(`not (${filter})`);
      assert.equal(some + others, ids.length, filter.slice(0, 200));
    }
  }
  // Different predicates beside each other.
  for (const separator of [" or ", " and "]) {
    const mixed = most((n) => TERMS[n % TERMS.length](n), separator, 10);
    const [[some], [others]] = [await found(mixed), await found(`not (${mixed})`)];
    assert.equal(some + others, ids.length);
  }
});

test("filters as deep as allowed are answered, whatever they ask", async () => {
  for (const term of TERMS) {
    for (const [open, closes] of [
      ["not (", 1],
      [`not (${term(1)} and `, 1],
      [`${term(1)} or (${term(2)} and (`, 2],
      [`(${term(1)} and ${term(2)}) or not (`, 1],
    ]) {
      const fit = Math.floor((MAX_LENGTH - term(3).length) / (open.length + closes));
      // A value filter is a level, too.
      const levels = Math.floor((MAX_DEPTH - 1) / closes);
      const least = (MAX_TERMS - compared(term(3))) / Math.max(1, compared(`${open} eq `) - 1);
      const times = Math.min(levels, fit, Math.floor(least));
      const filter = `${open.repeat(times)}${term(3)}${")".repeat(closes * times)}`;
      const [some] = await found(filter);
      assert.ok(some >= 0 && some <= ids.length);
    }
  }
});

test("a page is looked up by a hundred ids, as clients do", async () => {
  const wanted = [...ids, ...Array.from({ length: 100 - ids.length }, (_, n) => `gone${n}`)];
  const filter = wanted.map((id) => `id eq "${id}"`).join(" or ");
  const { status, body } = await scim("GET", `/Users?filter=${encodeURIComponent(filter)}`);
  assert.deepEqual([status, body.totalResults], [200, ids.length]);
});

/** Numbers that a seed gives. */
function numbers(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function drawn(next, depth) {
  if (depth === 0 || next(4) === 0) return TERMS[next(TERMS.length)](next(30));
  if (next(4) === 0) return `not (${drawn(next, depth - 1)})`;
  const parts = Array.from({ length: 2 + next(next(3) ? 2 : 12) }, () => drawn(next, depth - 1));
  return `(${parts.join(next(2) ? " and " : " or ")})`;
}

test("what an index finds is what evaluation finds", async () => {
  const next = numbers(Number(process.env.SEED ?? 20261130));
  const rounds = Number(process.env.ROUNDS ?? 150);
  let some = 0;
  for (let round = 0; round < rounds; round += 1) {
    const filter = drawn(next, 1 + next(7));
    if (filter.length > MAX_LENGTH - 40 || compared(filter) >= MAX_TERMS) continue;
    // No index knows nick names: every row is evaluated.
    const evaluated = await found(`${filter} or nickName eq "nobody"`);
    assert.deepEqual(await found(filter), evaluated, filter);
    if (evaluated[0] > 0 && evaluated[0] < ids.length) some += 1;
  }
  assert.ok(some > rounds / 5, `only ${some} of ${rounds} filters told anybody apart`);
});
