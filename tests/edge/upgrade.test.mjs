// What earlier versions left is opened by this one: a tenant in use with its keys in KV, an export, a job that was
// killed, a plan. The folders of tests/fixtures/upgrade were made by those versions and never change; what the page
// kept is opened by www/e2e/upgrade.spec.ts. A tenant that a newer version wrote is refused in tables.test.mjs.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { putKeys } from "../fixtures/upgrade/kv.mjs";
import { inObject } from "./object.mjs";
import { client, eventually, start, user } from "./server.mjs";
import { claimsOf } from "./tokens.mjs";

const FIXTURES = new URL("../fixtures/upgrade/", import.meta.url);
const versions = (await readdir(FIXTURES, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
assert.ok(versions.length > 0, "there is nothing to upgrade from");

/** The command line, as built by `cargo build --features cli`. */
function provisor(args, env = {}) {
  const { status, stdout, stderr } = spawnSync("target/debug/provisor", args, {
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 1 << 28,
  });
  return { status, stdout, stderr };
}

/** Every place of a JSON document, with the type of what is there; items of a list are one place. */
function places(value, path = "", all = new Set()) {
  const type = value === null ? "null" : Array.isArray(value) ? "list" : typeof value;
  all.add(`${path}: ${type}`);
  if (Array.isArray(value)) for (const item of value) places(item, `${path}[]`, all);
  else if (type === "object")
    for (const [name, item] of Object.entries(value)) places(item, `${path}.${name}`, all);
  return all;
}

for (const version of versions) {
  const text = (name) => readFile(new URL(`${version}/${name}`, FIXTURES), "utf8");

  test(`a tenant of ${version} goes on with all that it had`, async () => {
    const fixture = JSON.parse(await text("fixture.json"));
    const folder = await mkdtemp(join(tmpdir(), "provisor-"));
    await writeFile(join(folder, "secrets.json"), JSON.stringify(fixture.secrets));
    await inObject(folder, fixture.tenant, [await text("tenant.sql")]);
    await putKeys(folder, JSON.parse(await text("kv.json")));
    const server = await start(folder);
    try {
      const as = (token) => client(server.endpoint, token);
      const scim = as(fixture.tokens.provision);
      const [first] = fixture.people;
      const admin = (method, path, body) =>
        server.administer(method, `/tenants/${fixture.tenant}${path}`, body);

      // The copy answers before anything was published anew.
      const copied = await as(fixture.tokens["edge-read"])("GET", `/Users/${first}`);
      assert.equal(copied.status, 200);
      assert.equal(copied.headers.get("provisor-source"), "copy");

      const read = await as(fixture.tokens.read)("GET", `/Users/${first}`);
      assert.equal(read.status, 200);
      assert.deepEqual(
        [read.body.userName, read.body.groups.length, read.body.password],
        ["Person0@Example.com", 2, undefined],
      );
      assert.equal((await as(fixture.tokens.read)("POST", "/Users", user("nobody"))).status, 403);
      const found = async (filter) =>
        (await scim("GET", `/Users?filter=${encodeURIComponent(filter)}`)).body.totalResults;
      assert.equal(await found('userName eq "person3@example.com"'), 1);
      assert.equal(await found('emails.value eq "person4@example.com"'), 1);
      assert.equal(await found('externalId eq "e-11"'), 0, "deleted in that version");
      assert.equal((await scim("GET", `/Groups/${fixture.inner}`)).body.members.length, 3);
      assert.equal((await scim("GET", "/Roles")).status, 200, "its own resource types");
      assert.equal((await scim("POST", "/Users", user("PERSON5@example.com"))).status, 409);
      assert.equal((await scim("POST", "/Users", user("later@example.com"))).status, 201);

      const granted = await fetch(new URL("/oauth/token", server.endpoint), {
        method: "POST",
        body: new URLSearchParams({
          grant_type: "client_credentials",
          client_id: fixture.client.clientId,
          client_secret: fixture.client.clientSecret,
        }),
      });
      assert.equal(granted.status, 200, "an OAuth client");
      const { body: trusted } = await admin("GET", "/issuers");
      assert.deepEqual(
        trusted.issuers.map(({ issuer }) => issuer),
        ["https://issuer.example"],
      );
      const { body: journal } = await admin("GET", "/journal?limit=200");
      const numbers = journal.entries.map(({ sequence }) => sequence);
      assert.ok(numbers.length > 30 && numbers.every((number, n) => number === n + 1), `${numbers}`);
      const { body: streams } = await admin("GET", "/streams");
      assert.equal(streams.streams.length, 2);

      // A receiver takes up where it was: every change, once, in order.
      const told = [];
      for (;;) {
        const reply = await fetch(new URL("/events/poll", server.endpoint), {
          method: "POST",
          headers: { authorization: `Bearer ${fixture.poll}` },
          body: JSON.stringify({
            returnImmediately: true,
            maxEvents: 20,
            ack: told.slice(-20).map(({ jti }) => jti),
          }),
        });
        assert.equal(reply.status, 200);
        const { sets } = await reply.json();
        if (Object.keys(sets).length === 0) break;
        told.push(...Object.values(sets).map(claimsOf));
      }
      assert.equal(new Set(told.map(({ jti }) => jti)).size, told.length);
      assert.equal(told.length, numbers.length);

      // Its key signs on, and what it publishes now is in this version's form.
      assert.equal(
        (await fetch(new URL(`/tenants/${fixture.tenant}/jwks.json`, server.endpoint))).status,
        200,
      );
      await eventually(async () => {
        const later = await as(fixture.tokens["edge-read"])(
          "GET",
          `/Users?filter=${encodeURIComponent('userName eq "later@example.com"')}`,
        );
        assert.equal(later.body.totalResults, 1);
      });
    } finally {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });

  test(`an export of ${version} is read, and a job of it goes on`, async () => {
    const fixture = JSON.parse(await text("fixture.json"));
    const server = await start();
    const folder = await mkdtemp(join(tmpdir(), "provisor-"));
    try {
      const { body } = await server.administer("POST", "/tenants", {
        name: "restored",
        settings: { requestsPerSecond: 0 },
      });
      const { tenant, token } = body;
      const imported = await fetch(`${server.admin}/tenants/${tenant.id}/import`, {
        method: "POST",
        headers: { authorization: `Bearer ${server.adminToken}` },
        body: await text("export.ndjson"),
      });
      assert.equal(imported.status, 200, await imported.text());
      const scim = client(server.endpoint, token);
      const users = (await scim("GET", "/Users?count=100")).body;
      assert.equal(users.totalResults, fixture.people.length - 1);
      assert.deepEqual(users.Resources.map(({ id }) => id).sort(), fixture.people.slice(0, -1).sort());
      const groups = (await scim("GET", "/Groups?count=100")).body.Resources;
      assert.deepEqual(groups.map(({ members }) => members.length).sort(), [12, 3]);

      // The job knew some people before it was killed; it goes on with them, and a cycle later nothing is left to do.
      const built = spawnSync("cargo", ["build", "--quiet", "--features", "cli", "--bin", "provisor"]);
      assert.equal(built.status, 0, `${built.stderr}`);
      for (const name of ["job.json", "job.json.journal"])
        await cp(new URL(`${version}/${name}`, FIXTURES), join(folder, name));
      const examples = (...names) =>
        names.flatMap((name) => [`--${name}`, `examples/clarizen-one/${name}.json`]);
      const cycle = () =>
        provisor(
          [
            ...["cycle", "--tenant-url", server.endpoint, "--state", join(folder, "job.json")],
            ...["--rate", "1000", ...examples("users", "groups", "roles", "assignments")],
          ],
          { SECRET_TOKEN: token },
        );
      const before = JSON.parse(await text("job.json")).job.objects;
      const ran = cycle();
      assert.ok([0, 1].includes(ran.status), ran.stderr);
      const after = JSON.parse(await readFile(join(folder, "job.json"), "utf8")).job.objects;
      for (const id of Object.keys(before)) assert.ok(after[id], `${id} was forgotten`);
    } finally {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });

  test(`a plan has every field that one of ${version} had`, async () => {
    const planned = provisor([
      ...["preview", "--target", "examples/clarizen-one/target.json", "--format", "json"],
      ...["users", "groups", "roles", "assignments"].flatMap((name) => [
        `--${name}`,
        `examples/clarizen-one/${name}.json`,
      ]),
    ]);
    const earlier = JSON.parse(await text("plan.json"));
    const now = JSON.parse(planned.stdout);
    const have = places(now);
    const lost = [...places(earlier)].filter((place) => !have.has(place));
    // Fields may come; none may go or change its type, unless the version says that the form is another.
    if (now.version === earlier.version) assert.deepEqual(lost, []);
    assert.equal(now.operations.length, earlier.operations.length);
  });
}
