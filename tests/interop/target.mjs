// Targets that cycles and plans are sent to: PyPI's scim2-server, and our own Worker.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { python } from "../../scripts/python.mjs";
import { client, start } from "../edge/server.mjs";

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Everything of a kind, page by page. */
async function list(ask, endpoint) {
  const found = [];
  for (;;) {
    const { status, body } = await ask("GET", `${endpoint}?startIndex=${found.length + 1}&count=100`);
    if (status !== 200) throw new Error(`${endpoint}: ${status} ${JSON.stringify(body)}`);
    found.push(...(body.Resources ?? []));
    if (found.length >= body.totalResults || !body.Resources?.length) return found;
  }
}

function target(base, token, stop) {
  const ask = client(base, token);
  return {
    base,
    token,
    ask,
    stop,
    all: async () => [...(await list(ask, "/Users")), ...(await list(ask, "/Groups"))],
  };
}

/** scim2-server on a free port. */
export async function scim2Server() {
  const port = await freePort();
  const child = spawn(join(python(), "scim2-server"), ["--port", String(port), "--bearer-token", "secret"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let noise = "";
  child.stderr.on("data", (chunk) => {
    noise = (noise + chunk).slice(-4000);
  });
  const ended = once(child, "exit");
  const made = target(`http://127.0.0.1:${port}`, "secret", async () => {
    child.kill("SIGKILL");
    await ended;
  });
  for (let tries = 0; ; tries++) {
    try {
      await made.ask("GET", "/Users");
      return made;
    } catch (error) {
      if (tries > 200 || child.exitCode !== null) throw new Error(`scim2-server: ${error.message}\n${noise}`);
      await new Promise((resume) => setTimeout(resume, 100));
    }
  }
}

/** Our own Worker, with a fresh tenant. */
export async function worker() {
  const server = await start();
  return target(server.endpoint, server.token, () => server.stop());
}
