// The command line against a running deployment.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { client, start, user } from "./server.mjs";

let server;
let folder;
before(async () => {
  const built = spawnSync("cargo", ["build", "--quiet", "--features", "cli", "--bin", "provisor"], {
    encoding: "utf8",
  });
  assert.equal(built.status, 0, built.stderr);
  server = await start();
  folder = await mkdtemp(join(tmpdir(), "provisor-"));
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

function provisor(args, env = { ADMIN_TOKEN: server.adminToken }) {
  const { status, stdout, stderr } = spawnSync("target/debug/provisor", args, {
    encoding: "utf8",
    env: { ...process.env, ADMIN_TOKEN: "", PROVISOR_URL: new URL(server.endpoint).origin, ...env },
  });
  return { status, stdout, stderr };
}
const json = (args) => {
  const { status, stdout, stderr } = provisor(args);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
};

test("a tenant's own schemas are shown, set from a file, refused with a position, and cleared", async () => {
  const { tenant, token } = json(["tenant", "create", "Schemas"]);
  const scim = client(server.endpoint, token);
  assert.deepEqual(json(["tenant", "schemas", tenant.id]), { Schemas: [], ResourceTypes: [] });
  const read = async (name) => JSON.parse(await readFile(`examples/schemas/okta/${name}.json`, "utf8"));
  const okta = { Schemas: await read("schemas"), ResourceTypes: await read("resource-types") };
  const file = join(folder, "schemas.json");
  await writeFile(file, JSON.stringify(okta));
  const set = provisor(["tenant", "schemas", tenant.id, "--set", file]);
  assert.deepEqual([set.status, set.stdout], [0, `set from ${file}\n`]);
  assert.deepEqual(json(["tenant", "schemas", tenant.id]), okta);
  assert.equal((await scim("GET", "/Roles")).status, 200);

  okta.Schemas[0].attributes[0].type = "colour";
  await writeFile(file, JSON.stringify(okta));
  const wrong = provisor(["tenant", "schemas", tenant.id, "--set", file]);
  assert.notEqual(wrong.status, 0);
  assert.match(wrong.stderr, /\/attributes\/0\/type: `colour`/);
  await writeFile(file, "{");
  assert.match(provisor(["tenant", "schemas", tenant.id, "--set", file]).stderr, /is not JSON/);
  assert.match(provisor(["tenant", "schemas", tenant.id, "--set", `${file}.gone`]).stderr, /cannot be read/);
  assert.match(provisor(["tenant", "schemas", tenant.id, "--set", file, "--clear"]).stderr, /--clear/);
  assert.equal((await scim("GET", "/Roles")).status, 200, "what is refused changes nothing");

  assert.equal(provisor(["tenant", "schemas", tenant.id, "--clear"]).stdout, "cleared\n");
  assert.equal((await scim("GET", "/Roles")).status, 404);
  assert.match(provisor(["tenant", "schemas", "--help"]).stdout, /--set <FILE>/);
});

test("a tenant's whole life, from the command line", async () => {
  const { tenant, token } = json(["tenant", "create", "Example Ltd", "--settings", '{"strict": true}']);
  const scim = client(server.endpoint, token);
  assert.equal((await scim("POST", "/Users", user("ada", { title: "Countess" }))).status, 201);
  assert.ok(provisor(["tenant", "list"]).stdout.includes(`${tenant.id}  Example Ltd\n`));
  assert.equal(json(["tenant", "show", tenant.id]).users, 1);

  json(["tenant", "set", tenant.id, "--settings", '{"indexes": ["title"]}']);
  const { settings, copy: copies } = json([
    ...["tenant", "set", tenant.id, "--settings", '{"maxResults": 7}', "--copy", "false"],
  ]);
  assert.deepEqual(
    [settings.profile, settings.indexes, settings.maxResults, copies],
    ["strict", ["title"], 7, false],
    "what is not sent stays",
  );
  assert.equal(
    json(["tenant", "set", tenant.id, "--settings", '{"strict": false}']).settings.profile,
    "default",
  );
  assert.equal(provisor(["tenant", "set", tenant.id]).status, 2);

  const made = json(["token", "create", tenant.id, "--scope", "read"]);
  assert.equal(json(["token", "list", tenant.id]).tokens.length, 2);
  assert.equal((await client(server.endpoint, made.token)("GET", "/Users")).status, 200);
  assert.equal(provisor(["token", "revoke", tenant.id, made.id]).status, 0);
  assert.equal((await client(server.endpoint, made.token)("GET", "/Users")).status, 401);

  const line = JSON.parse(provisor(["audit", tenant.id]).stdout);
  assert.deepEqual([line.operation, line.after.title], ["create", "Countess"]);
  assert.match(provisor(["audit", tenant.id, "--format", "csv"]).stdout, /^sequence,at,actor,operation/);
  assert.equal(provisor(["audit", tenant.id, "--from", "2999-01-01T00:00:00Z"]).stdout, "");

  const file = join(folder, "tenant.ndjson");
  assert.equal(provisor(["export", tenant.id, "--file", file]).status, 0);
  assert.ok((await readFile(file, "utf8")).includes("Countess"));
  const copy = json(["tenant", "create", "Copy"]);
  json(["import", copy.tenant.id, "--file", file]);
  assert.equal((await client(server.endpoint, copy.token)("GET", "/Users")).body.totalResults, 1);

  assert.match(json(["tenant", "erase", tenant.id, line.id]).mark, /^erased-/);
  assert.equal(provisor(["tenant", "erase", tenant.id, "nobody"]).status, 2);
  assert.equal(provisor(["tenant", "delete", tenant.id, "--confirm", "Example Ltd"]).status, 2);
  assert.equal(json(["tenant", "suspend", tenant.id]).state, "suspended");
  assert.equal((await scim("GET", "/Users")).status, 403);
  assert.equal(json(["tenant", "resume", tenant.id]).state, "active");
  json(["tenant", "suspend", tenant.id]);
  assert.equal(provisor(["tenant", "delete", tenant.id, "--confirm", "Example Ltd"]).status, 0);
  assert.equal(json(["tenant", "show", tenant.id]).state, "deleting");
  assert.equal(provisor(["tenant", "delete", tenant.id, "--confirm", "Example Ltd"]).status, 0);
});

test("what is wrong is said, with what to do", () => {
  for (const [args, env, words] of [
    [["tenant", "list"], {}, /no administrator's token[\s\S]*help: set ADMIN_TOKEN/],
    [["tenant", "list"], { ADMIN_TOKEN: "wrong" }, /401[\s\S]*help: /],
    [["tenant", "list", "--url", "http://127.0.0.1:9"], undefined, /cannot be reached[\s\S]*--url/],
    [["tenant", "show", "no/id"], undefined, /`no\/id` is no id/],
    [["tenant", "show", "0".repeat(32)], undefined, /404[\s\S]*tenant list/],
    [["tenant", "create", "x", "--settings", "{"], undefined, /`--settings` is not JSON/],
    [["tenant", "create", "x", "--settings", '{"colour":1}'], undefined, /colour/],
    [["token", "create", "0".repeat(32), "--scope", "all"], undefined, /`all`/],
    [["import", "0".repeat(32), "--file", "/nowhere"], undefined, /`\/nowhere` cannot be read/],
  ]) {
    const { status, stderr } = provisor(args, env);
    assert.equal(status, 2, args.join(" "));
    assert.match(stderr, words);
    assert.match(stderr, /^provisor: /);
  }
});
