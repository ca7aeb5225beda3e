// Servers that one would take instead, installed on demand beside the other tools in the user's cache,
// never among the repository's own packages. Both keep everything in memory and lose it when stopped.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { python } from "../scripts/python.mjs";
import { CONNECTIONS, send } from "./load.mjs";

const PINS = { express: "4.22.3", scimmy: "1.3.5", "scimmy-routers": "1.3.2" };

/** The folder whose node_modules has the peers from npm, made anew when their pins change. */
function packages() {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = join(process.env.PROVISOR_TOOLS || join(cache, "provisor"), "peers");
  const wanted = `${JSON.stringify({ private: true, type: "module", dependencies: PINS }, null, 2)}\n`;
  const file = join(folder, "package.json");
  const done = join(folder, "installed.json");
  if (!existsSync(done) || readFileSync(done, "utf8") !== wanted) {
    process.stderr.write("npm install scimmy\n");
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, wanted);
    const { status } = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: folder,
      stdio: ["ignore", process.stderr, process.stderr],
    });
    if (status !== 0) throw new Error("`npm install` of the peers failed; can the npm registry be reached?");
    writeFileSync(done, wanted);
  }
  return folder;
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

function peer(name, child, port) {
  const ended = once(child, "exit");
  return {
    name,
    pid: child.pid,
    endpoint: `http://127.0.0.1:${port}${name === "scimmy" ? "/scim/v2" : ""}`,
    token: "secret",
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function scimmy() {
  const child = spawn(process.execPath, ["benches/scimmy.mjs", packages()], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = await once(createInterface({ input: child.stdout }), "line");
  return peer("scimmy", child, port);
}

async function scim2Server() {
  const port = await freePort();
  const child = spawn(join(python(), "scim2-server"), ["--port", String(port), "--bearer-token", "secret"], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  const made = peer("scim2-server", child, port);
  for (let tries = 0; ; tries += 1) {
    try {
      await send(undefined, `${made.endpoint}/Users`, { token: made.token });
      return made;
    } catch (error) {
      if (tries > 200 || child.exitCode !== null) throw new Error(`scim2-server: ${error.message}`);
      await new Promise((resume) => setTimeout(resume, 100));
    }
  }
}

/** Each peer's name and how it is started. */
export const PEERS = { scimmy, "scim2-server": scim2Server };

/** Makes users and groups of these sizes by POST; the ids that the peer gave them. */
export async function fill(made, users, sizes) {
  const post = async (path, schema, body) => {
    const schemas = [`urn:ietf:params:scim:schemas:core:2.0:${schema}`];
    const answer = await send(undefined, `${made.endpoint}${path}`, {
      method: "POST",
      token: made.token,
      body: { schemas, ...body },
    });
    return JSON.parse(answer).id;
  };
  const ids = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (next < users.length) {
        const n = next;
        next += 1;
        ids[n] = await post("/Users", "User", users[n]);
      }
    }),
  );
  const groups = [];
  for (const [n, size] of sizes.entries()) {
    const members = ids.slice(0, size).map((value) => ({ value }));
    groups.push(await post("/Groups", "Group", { displayName: `Group ${n} of ${size}`, members }));
  }
  return { ids, groups };
}
