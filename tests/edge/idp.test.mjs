// What directories really send (tests/vectors/idp) and the examples of the standard
// (tests/vectors/rfc7643, rfc7644), replayed over HTTP by the command line; the same files as
// tests/protocol.rs replays against the core.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { client, start, user } from "./server.mjs";

const folders = (path) =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(path, entry.name));

let server;
let scratch;
before(async () => {
  const built = spawnSync("cargo", ["build", "--quiet", "--features", "cli", "--bin", "provisor"], {
    encoding: "utf8",
  });
  assert.equal(built.status, 0, built.stderr);
  server = await start();
  scratch = mkdtempSync(join(tmpdir(), "provisor-"));
});
after(async () => {
  await server.stop();
  rmSync(scratch, { recursive: true, force: true });
});

/** A fresh tenant's token, with Okta's roles and entitlements where they are wanted. */
async function tenant(name, withOkta = false, requestsPerSecond = 1000) {
  const { body } = await server.administer("POST", "/tenants", { name, settings: { requestsPerSecond } });
  if (withOkta) {
    const read = (part) => JSON.parse(readFileSync(`examples/schemas/okta/${part}.json`, "utf8"));
    const okta = { Schemas: read("schemas"), ResourceTypes: read("resource-types") };
    const set = await server.administer("PUT", `/tenants/${body.tenant.id}/schemas`, okta);
    assert.equal(set.status, 200, JSON.stringify(set.body));
  }
  return body.token;
}

/** Runs `provisor replay-conversations`; not spawnSync, which would leave the server's log unread. */
function replay(token, ...args) {
  const all = ["replay-conversations", server.endpoint, "--token", token, "--rate", "1000", ...args];
  return new Promise((resolve) => {
    execFile("target/debug/provisor", all, (error, stdout, stderr) =>
      resolve({ status: error?.code ?? 0, stdout, stderr }),
    );
  });
}

const conversations = [
  ...folders("tests/vectors/idp").flatMap(folders),
  ...folders("tests/vectors/rfc7643"),
  ...folders("tests/vectors/rfc7644"),
];
for (const conversation of conversations) {
  test(conversation, async () => {
    const [first] = readdirSync(conversation).sort();
    const { needs } = JSON.parse(readFileSync(join(conversation, first), "utf8"));
    const token = await tenant(conversation, Boolean(needs));
    const { status, stdout, stderr } = await replay(token, "--exact", "--folder", conversation);
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /^conversations: 1 passed, 0 failed, 0 skipped$/m);
  });
}

test("the conversations that are built in are the folder's, and leave a tenant as they found it", async () => {
  const token = await tenant("all");
  const { status, stdout } = await replay(token);
  const passed = folders("tests/vectors/idp").flatMap(folders).length - 1;
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^skipped {2}okta\/entitlements: `\/ResourceTypes` names no `\/Roles`$/m);
  assert.ok(stdout.endsWith(`conversations: ${passed} passed, 0 failed, 1 skipped\n`), stdout);
  const scim = client(server.endpoint, token);
  for (const endpoint of ["/Users", "/Groups"]) {
    assert.equal((await scim("GET", endpoint)).body.totalResults, 0, endpoint);
  }
  const some = await replay(token, "--only", "ping", "--only", "okta/oin");
  assert.match(some.stdout, /^conversations: 4 passed, 0 failed, 0 skipped$/m);
});

test("a difference is told in words, and the exit code says so", async () => {
  const folder = join(scratch, "mine");
  cpSync("tests/vectors/idp/okta/oin", folder, { recursive: true });
  const file = join(folder, "09-deactivate.json");
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace('"active": false\n  }\n}', '"active": true\n  }\n}'),
  );
  const token = await tenant("different");
  const { status, stdout } = await replay(token, "--folder", folder);
  assert.equal(status, 1);
  assert.match(
    stdout,
    /^failed {3}mine: 09-deactivate\.json, `PATCH \/Users\/[^ ]+`: \/active is false, expected true\nconversations: 0 passed, 1 failed, 0 skipped\n$/,
  );
  assert.equal((await client(server.endpoint, token)("GET", "/Users")).body.totalResults, 0);
});

test("a server that cannot be asked is told from one that answers wrongly", async () => {
  const token = await tenant("held");
  await client(server.endpoint, token)("POST", "/Users", user("someone"));
  for (const [who, args, words] of [
    ["wrong", [], /refuses the token \(401\)\nhelp: .*--token T/],
    [token, [], /there are 1 users already[\s\S]*--not-empty/],
    [token, ["--only", "nobody"], /no conversation is of `nobody`\nhelp: there are `authentik\/client`/],
    [token, ["--folder", scratch, "--only", "x"], /no conversation is of `x`/],
    [token, ["--folder", "tests/nowhere"], /`tests\/nowhere` cannot be read/],
  ]) {
    const { status, stderr } = await replay(who, ...args);
    assert.equal(status, 2, stderr);
    assert.match(stderr, words);
  }
  const { status } = await replay(token, "--not-empty", "--only", "entra/members");
  assert.equal(status, 0);
});

test("a server that is busy is asked again when it says so", async () => {
  const token = await tenant("busy", false, 5);
  const scim = client(server.endpoint, token);
  const asked = await Promise.all(Array.from({ length: 12 }, () => scim("GET", "/Users")));
  assert.ok(asked.some(({ status }) => status === 429));
  const { status, stdout } = await replay(token, "--only", "ping/one");
  assert.equal(status, 0, stdout);
  assert.doesNotMatch(stdout, /could not be deleted/);
});
