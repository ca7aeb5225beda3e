// The tables of every earlier version are taken over; a newer one is left alone.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inObject } from "./object.mjs";
import { client, eventually, start, user } from "./server.mjs";

const TABLES = new URL("tables/", import.meta.url);
// A token of the tenant that every file of tables/ holds; its hash stands there.
const TENANT = "f17e0000000000000000000000000001";
const KEY = "fixture-key";
const TOKEN =
  "prv_f17e0000000000000000000000000001.0123456789abcdef.e7e31bce6acff6dd59dbf4ab55a539ddab28cb164a4c4b2318ba1800e5107c78";

const versions = (await readdir(TABLES)).map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);

/** A data folder whose tenant has the tables of a version, after further statements. */
async function folderOf(version, ...statements) {
  const folder = await mkdtemp(join(tmpdir(), "provisor-"));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "secrets.json"), JSON.stringify({ TOKEN_KEY: KEY, ADMIN_TOKEN: "admin" }));
  await inObject(folder, TENANT, [await readFile(new URL(`${version}.sql`, TABLES), "utf8"), ...statements]);
  return folder;
}

const clean = (folder) => rm(folder, { recursive: true, force: true });

for (const version of versions) {
  test(`tables of version ${version} are taken over with all they hold`, async () => {
    const folder = await folderOf(version);
    const server = await start(folder);
    try {
      const scim = client(server.endpoint, TOKEN);
      const ada = await scim("GET", "/Users/u-ada");
      assert.equal(ada.status, 200);
      assert.deepEqual(
        [ada.body.userName, ada.body.title, ada.body.meta.lastModified],
        ["Ada@example.com", "Countess", "2026-11-02T10:00:00.000Z"],
      );
      // Her version, with what tells her groups apart.
      assert.match(ada.headers.get("etag"), /^W\/"2-/);
      assert.deepEqual(
        ada.body.groups.map(({ value }) => value),
        ["g-all"],
      );
      const count = async (filter) =>
        (await scim("GET", `/Users?filter=${encodeURIComponent(filter)}`)).body.totalResults;
      assert.equal(await count('userName eq "ADA@example.com"'), 1);
      assert.equal(await count('displayName eq "Bo O\'Neil"'), 1);
      assert.equal(await count('emails[value eq "ada@example.com"]'), 1);
      assert.equal(await count("active eq false"), 1);
      const members = (await scim("GET", "/Groups/g-all")).body.members.map(({ value }) => value);
      assert.deepEqual(members.sort(), ["g-inner", "u-ada"]);

      // It goes on from there: unique names hold, totals and versions count on.
      assert.equal((await scim("POST", "/Users", user("ada@EXAMPLE.com"))).status, 409);
      assert.equal((await scim("POST", "/Users", user("cy"))).status, 201);
      assert.equal((await scim("GET", "/Users")).body.totalResults, 3);
      const renamed = await scim("PATCH", "/Users/u-ada", {
        Operations: [{ op: "replace", path: "displayName", value: "Lovelace" }],
      });
      assert.match(renamed.headers.get("etag"), /^W\/"3-/);
      const { body: journal } = await server.administer("GET", `/tenants/${TENANT}/journal`);
      assert.deepEqual(
        journal.entries.map(({ sequence }) => sequence),
        [1, 2, 3, 4, 5, 6, 7, 8],
      );
      const { body: shown } = await server.administer("GET", `/tenants/${TENANT}`);
      assert.deepEqual([shown.settings.maxResults, shown.users, shown.groups], [50, 3, 2]);

      // The copy is made in its present form.
      const { body: made } = await server.administer("POST", `/tenants/${TENANT}/tokens`, {
        scope: "edge-read",
      });
      const reader = client(server.endpoint, made.token);
      await eventually(async () => {
        const { body } = await reader("GET", "/Groups/g-all");
        const shown = body.members.map(({ value, display }) => `${value} ${display}`).sort();
        assert.deepEqual(shown, ["g-inner Inner", "u-ada Lovelace"]);
      });
      for (let earlier = 1; earlier < shown.tables; earlier += 1) {
        assert.ok(versions.includes(earlier), `tests/edge/tables has no version ${earlier}`);
      }
    } finally {
      await server.stop();
    }
    // `_cf_` is where the runtime keeps the alarm.
    const names =
      "SELECT type, name FROM sqlite_master WHERE substr(name, 1, 4) <> '_cf_' ORDER BY type, name";
    const tables = async (tenant) => (await inObject(folder, tenant, [names]))[0];
    const { tenant } = JSON.parse(await readFile(join(folder, "demo.json"), "utf8"));
    assert.deepEqual(await tables(TENANT), await tables(tenant.id), "as in a new tenant");
    await clean(folder);
  });
}

test("tables that a newer Worker wrote are refused, and stay as they are", async () => {
  const folder = await folderOf(versions.at(-1), "INSERT INTO schema_version VALUES (999)");
  const everything = async () =>
    inObject(folder, TENANT, ["SELECT sql FROM sqlite_master", "SELECT * FROM fact"]);
  const before = await everything();
  const server = await start(folder);
  try {
    const refused = await client(server.endpoint, TOKEN)("GET", "/Users/u-ada");
    assert.equal(refused.status, 503);
    assert.match(refused.body.detail, /newer version/);
    assert.equal((await server.administer("GET", `/tenants/${TENANT}`)).status, 503);
  } finally {
    await server.stop();
  }
  assert.deepEqual(await everything(), before);
  await clean(folder);
});
