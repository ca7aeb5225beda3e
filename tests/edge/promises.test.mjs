// What README and docs promise and a request can show, sentence by sentence, where no other file asks it of
// the Worker. Each row names the place and quotes it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { client, start, user } from "./server.mjs";

let server;
before(async () => {
  server = await start();
});
after(() => server.stop());

async function tenant(settings) {
  const { status, body } = await server.administer("POST", "/tenants", { name: "test", settings });
  assert.equal(status, 201, JSON.stringify(body));
  return { id: body.tenant.id, scim: client(server.endpoint, body.token) };
}

const replace = (path, value) => ({ Operations: [{ op: "Replace", path, value }] });
const bulk = (...Operations) => ({ Operations });
const post = (bulkId, data, path = "/Users") => ({ method: "POST", path, bulkId, data });

/** File, sentence, and what shows it. */
const PROMISES = [
  [
    "README.md",
    "`Prefer: explain` tells\n  what was read how",
    async () => {
      const { scim } = await tenant();
      const { body: ada } = await scim("POST", "/Users", user("ada"));
      const prefer = { prefer: "return=minimal, explain" };
      const told = await scim("PATCH", `/Users/${ada.id}`, replace("active", "False"), prefer);
      const readings = JSON.parse(told.headers.get("provisor-read-as"));
      assert.ok(
        readings.some(({ flag, from, to }) => flag === "booleanText" && from === "False" && to === false),
      );
      const silent = await scim("PATCH", `/Users/${ada.id}`, replace("active", "True"));
      assert.equal(silent.headers.get("provisor-read-as"), null);
    },
  ],
  [
    "docs/compatibility.md",
    "`to` is null where something was passed over",
    async () => {
      const { scim } = await tenant();
      const made = await scim("POST", "/Users", user("ada", { shoeSize: 42 }), { prefer: "explain" });
      const [reading] = JSON.parse(made.headers.get("provisor-read-as"));
      assert.deepEqual(reading, { flag: "unknownAttributes", path: "shoeSize", from: 42, to: null });
    },
  ],
  [
    "docs/compatibility.md",
    "- `strict` is RFC 7644 to the letter",
    async () => {
      const { scim } = await tenant({ profile: "strict" });
      assert.equal((await scim("GET", "/Users", undefined, { accept: "text/html" })).status, 406);
      assert.equal((await scim("GET", "/Users", undefined, { accept: "text/html, */*" })).status, 200);
      const typed = { "content-type": "text/plain" };
      assert.equal((await scim("POST", "/Users", JSON.stringify(user("ada")), typed)).status, 415);
      assert.equal(
        (await (await tenant()).scim("GET", "/Users", undefined, { accept: "text/html" })).status,
        200,
      );
    },
  ],
  [
    "docs/compatibility.md",
    "A name that is no flag is refused with the list\nof flags",
    async () => {
      const { id } = await tenant();
      const settings = { profile: { colour: true } };
      const { status, body } = await server.administer("PATCH", `/tenants/${id}`, { settings });
      assert.deepEqual([status, /opCase/.test(body.detail)], [400, true], body.detail);
    },
  ],
  [
    "docs/directory.md",
    "In a circle, the culprit has its own error, the others have 409 with its reason",
    async () => {
      const { scim } = await tenant();
      const group = (bulkId, other, more) =>
        post(bulkId, { displayName: bulkId, members: [{ value: `bulkId:${other}` }], ...more }, "/Groups");
      const circle = bulk(
        group("a", "b"),
        group("b", "a", { displayName: 7, members: [{ value: "nobody" }, { value: "bulkId:a" }] }),
      );
      const { body } = await scim("POST", "/Bulk", circle);
      assert.deepEqual(
        body.Operations.map(({ status }) => status),
        ["409", "400"],
      );
      assert.match(body.Operations[0].response.detail, /operation 2/);
      assert.equal((await scim("GET", "/Groups")).body.totalResults, 0);
    },
  ],
  [
    "docs/directory.md",
    "`failOnErrors` counts failed operations; those not begun are not in the response",
    async () => {
      const { scim } = await tenant();
      const request = bulk(post("a", {}), post("b", user("b")));
      const { body } = await scim("POST", "/Bulk", { ...request, failOnErrors: 1 });
      assert.deepEqual(
        body.Operations.map(({ bulkId, status }) => [bulkId, status]),
        [["a", "400"]],
      );
    },
  ],
  [
    "docs/directory.md",
    "More than 1 000 operations or 1 048 576 bytes: 413 that names the limit",
    async () => {
      const { scim } = await tenant();
      const many = await scim("POST", "/Bulk", bulk(...Array(1001).fill(post("a", {}))));
      assert.deepEqual([many.status, /1000/.test(many.body.detail)], [413, true], many.body.detail);
      const long = await scim("POST", "/Bulk", bulk(post("a", user("x".repeat(1_048_576)))));
      assert.deepEqual([long.status, /1048576/.test(long.body.detail)], [413, true], long.body.detail);
    },
  ],
  [
    "docs/directory.md",
    "Successful operations have `location`, `version` and `status`, but no `response`",
    async () => {
      const { scim } = await tenant();
      const [done] = (await scim("POST", "/Bulk", bulk(post("a", user("a"))))).body.Operations;
      assert.deepEqual(Object.keys(done).sort(), ["bulkId", "location", "method", "status", "version"]);
    },
  ],
  [
    "docs/directory.md",
    "Missing values are last ascending and first descending; equal values keep the order of creation",
    async () => {
      const { scim } = await tenant();
      for (const [name, title] of [
        ["a", "T"],
        ["b", undefined],
        ["c", "S"],
        ["d", "T"],
      ]) {
        await scim("POST", "/Users", user(name, { title }));
      }
      const names = async (order) =>
        (await scim("GET", `/Users?sortBy=title&sortOrder=${order}`)).body.Resources.map(
          ({ userName }) => userName,
        );
      assert.deepEqual(await names("ascending"), ["c", "a", "d", "b"]);
      assert.equal((await names("descending"))[0], "b");
    },
  ],
  [
    "docs/directory.md",
    "`previousCursor` leads back",
    async () => {
      const { scim } = await tenant();
      for (const name of ["a", "b", "c"]) await scim("POST", "/Users", user(name));
      const page = async (cursor) =>
        (await scim("GET", `/Users?count=1&cursor=${encodeURIComponent(cursor)}`)).body;
      const first = await page("");
      const second = await page(first.nextCursor);
      assert.equal((await page(second.previousCursor)).Resources[0].id, first.Resources[0].id);
    },
  ],
  [
    "docs/directory.md",
    "Groups may form circles, as §3.7.1 asks, and a group may be its own member; reading ends all the same",
    async () => {
      const { scim } = await tenant();
      const { body: group } = await scim("POST", "/Groups", { displayName: "g" });
      const add = { Operations: [{ op: "add", path: "members", value: [{ value: group.id }] }] };
      assert.equal((await scim("PATCH", `/Groups/${group.id}`, add)).status, 204);
      assert.equal((await scim("GET", `/Groups/${group.id}`)).body.members[0].value, group.id);
    },
  ],
  [
    "docs/directory.md",
    "`If-Match` and `If-None-Match` take lists and `*`, and compare weakly",
    async () => {
      const { scim } = await tenant();
      const { body: ada } = await scim("POST", "/Users", user("ada"));
      const path = `/Users/${ada.id}`;
      const patch = (title, headers) => scim("PATCH", path, replace("title", title), headers);
      assert.equal((await scim("GET", path, undefined, { "if-none-match": 'W/"9", "1"' })).status, 304);
      assert.equal((await patch("a", { "if-match": 'W/"9"' })).status, 412);
      assert.equal((await patch("a", { "if-match": 'W/"9", "1"' })).status, 200);
      assert.equal((await patch("b", { "if-match": "*" })).status, 200);
      assert.equal((await patch("c", { "if-none-match": "*" })).status, 412);
      assert.equal((await scim("DELETE", path, undefined, { "if-none-match": 'W/"3"' })).status, 412);
    },
  ],
  [
    "docs/storage.md",
    "A filter on `meta.lastModified` is a range of the index",
    async () => {
      const { scim } = await tenant();
      const { body: ada } = await scim("POST", "/Users", user("ada"));
      const since = async (operator, time) => {
        const filter = encodeURIComponent(`meta.lastModified ${operator} "${time}"`);
        return (await scim("GET", `/Users?filter=${filter}`)).body.totalResults;
      };
      const { lastModified } = ada.meta;
      assert.deepEqual([await since("ge", lastModified), await since("gt", lastModified)], [1, 0]);
      assert.equal(await since("lt", lastModified.replace("Z", "4Z")), 1);
    },
  ],
  [
    "docs/storage.md",
    "any number are valid at once, so a new one is\n  made before the old one is revoked",
    async () => {
      const { id, scim } = await tenant();
      const { body } = await server.administer("POST", `/tenants/${id}/tokens`, {});
      assert.equal((await client(server.endpoint, body.token)("GET", "/Users")).status, 200);
      assert.equal((await scim("GET", "/Users")).status, 200);
    },
  ],
  [
    "README.md",
    "*Test connection* asks for a user that is not there and expects an empty list",
    async () => {
      const { scim } = await tenant();
      const filter = encodeURIComponent('userName eq "5b2b-nobody"');
      const { status, body } = await scim("GET", `/Users?aadOptscim062020&filter=${filter}`);
      assert.deepEqual([status, body.totalResults, body.Resources], [200, 0, []]);
    },
  ],
];

for (const [file, sentence, show] of PROMISES) {
  test(`${file}: ${sentence.replace(/\s+/g, " ")}`, async () => {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
    assert.ok(text.includes(sentence), "the sentence is no longer there; change the row with it");
    await show();
  });
}
