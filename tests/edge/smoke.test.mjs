// The script that tries a deployment, tried on the local runtime.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { start } from "./server.mjs";

let server;
before(async () => {
  // KV's lists do not trail here.
  server = await start("memory", { KV_DELAY: "0.2" });
});
after(() => server.stop());

/** Runs it against an address; answers with its exit code and what it printed. */
async function smoke(address, adminToken) {
  const child = spawn(process.execPath, ["scripts/smoke.mjs", address], {
    env: { ...process.env, ADMIN_TOKEN: adminToken },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      text += chunk;
    });
  const [code] = await once(child, "close");
  return { code, text };
}

test("a deployment is tried and left as it was", async () => {
  const origin = new URL(server.endpoint).origin;
  const count = async () => (await server.administer("GET", "/tenants")).body.tenants.length;
  const before = await count();
  const { code, text } = await smoke(origin, server.adminToken);
  assert.equal(code, 0, text);
  assert.match(text, /^smoke: 1[2-9] passed, 0 failed$/m);
  assert.equal(await count(), before);
});

test("a deployment that cannot be used is said to have failed", async () => {
  const { code, text } = await smoke(new URL(server.endpoint).origin, "wrong");
  assert.equal(code, 1, text);
  assert.match(text, /^FAILED {2}a tenant is made: status 401/m);
  assert.equal((await smoke("http://127.0.0.1:1", "")).code, 2, "no token");
});
