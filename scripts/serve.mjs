// Serves the release build under Miniflare: the page with the endpoint (`dev`), or the
// endpoint on a direct socket with one line of JSON when ready (`serve`).
//
//   node scripts/serve.mjs dev|serve     PORT=8787  DATA=.data/dev | memory
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Log, LogLevel, Miniflare } from "miniflare";
import { worker } from "./worker.mjs";

const HELP = `usage: node scripts/serve.mjs dev|serve
  PORT=8787      the port to listen on; 0 takes a free one
  DATA=FOLDER    where tenants are kept (default .data/dev); DATA=memory keeps nothing
  VARS=JSON      further variables of the Worker, such as {"SHOW_COST":"1"}
  LOG=none       drop the Worker's log instead of writing it to standard error
  WITH=MODULE    a module whose default function is given Miniflare's options and gives them back changed
`;

// Paths are the checkout's, wherever this was started from.
process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."));

const note = (text) => process.stderr.write(`${text}\n`);

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((ready) => server.once("listening", ready));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

/** The Worker's secrets: made once for a folder, and kept in it, readable by its owner only. */
async function secrets(folder) {
  const fresh = () => ({
    TOKEN_KEY: randomBytes(32).toString("hex"),
    ADMIN_TOKEN: randomBytes(24).toString("hex"),
  });
  if (!folder) return fresh();
  const file = join(folder, "secrets.json");
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    if (error.code !== "ENOENT") throw new Error(`${file} is not readable as JSON: ${error.message}`);
    const made = fresh();
    await writeFile(file, JSON.stringify(made), { mode: 0o600 });
    return made;
  }
}

/** The demo tenant: made on the first start with a folder, found again later. */
async function demoTenant(folder, origin, adminToken) {
  const file = folder && join(folder, "demo.json");
  if (file) {
    try {
      return { ...JSON.parse(await readFile(file, "utf8")), isNew: false };
    } catch (error) {
      if (error.code !== "ENOENT") throw new Error(`${file} is not readable as JSON: ${error.message}`);
    }
  }
  const reply = await fetch(`${origin}/admin/tenants`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "demo" }),
  });
  const text = await reply.text();
  if (reply.status !== 201) throw new Error(`the demo tenant could not be made: ${reply.status} ${text}`);
  const { tenant, token } = JSON.parse(text);
  if (file) await writeFile(file, JSON.stringify({ tenant, token }), { mode: 0o600 });
  return { tenant, token, isNew: true };
}

async function main(mode) {
  const memory = process.env.DATA === "memory";
  const folder = memory ? null : resolve(process.env.DATA || ".data/dev");
  if (folder) await mkdir(folder, { recursive: true });
  const port = Number(process.env.PORT || 8787) || (await freePort());
  const direct = mode === "serve" ? port : await freePort();
  const front = mode === "serve" ? await freePort() : port;
  // LOCAL: this is no Cloudflare, so issuers may be on this machine, and there are no jurisdictions.
  const bindings = { LOCAL: "1", ...(await secrets(folder)), ...JSON.parse(process.env.VARS || "{}") };

  const options = {
    log: new Log(LogLevel.WARN),
    host: "127.0.0.1",
    port: front,
    cf: false,
    // The Worker's log; standard output is kept for the one line that says all is ready.
    handleRuntimeStdio: (...streams) => {
      for (const stream of streams) {
        if (process.env.LOG === "none") stream.resume();
        else stream.pipe(process.stderr);
      }
    },
    durableObjectsPersist: folder ? join(folder, "objects") : false,
    kvPersist: folder ? join(folder, "kv") : false,
    workers: [
      {
        ...worker(bindings),
        assets: {
          directory: "www/dist",
          routerConfig: {
            has_user_worker: true,
            static_routing: {
              user_worker: [
                "/scim/*",
                "/admin/*",
                "/oauth/*",
                "/healthz",
                "/readyz",
                "/metrics",
                "/openapi.json",
              ],
            },
          },
          assetConfig: { not_found_handling: "none", html_handling: "auto-trailing-slash" },
        },
      },
      // A Worker with assets is reached through a proxy, even on a socket of its own; on another's it is not.
      {
        name: "direct",
        modules: true,
        script: "export default {}",
        unsafeDirectSockets: [{ host: "127.0.0.1", port: direct, serviceName: "provisor" }],
      },
    ],
  };
  const { default: change } = process.env.WITH
    ? await import(pathToFileURL(process.env.WITH))
    : { default: (same) => same };
  const miniflare = new Miniflare(change(options));
  await miniflare.ready;
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.on(signal, async () => {
      await miniflare.dispose();
      process.exit(0);
    });
  }

  const origin = `http://127.0.0.1:${direct}`;
  const demo = await demoTenant(folder, origin, bindings.ADMIN_TOKEN);
  if (mode === "serve") {
    const ready = {
      ready: true,
      page: `http://127.0.0.1:${front}/`,
      endpoint: `${origin}/scim/v2`,
      token: demo.token,
      admin: `${origin}/admin`,
      adminToken: bindings.ADMIN_TOKEN,
      tenant: demo.tenant.id,
    };
    process.stdout.write(`${JSON.stringify(ready)}\n`);
    return;
  }
  const page = `http://localhost:${front}`;
  const user = JSON.stringify({
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
    userName: `ada.${randomBytes(2).toString("hex")}@example.com`,
  });
  process.stdout.write(`
  Page          ${page}/
  Tenant URL    ${page}/scim/v2
  Secret Token  ${demo.token}

  Create a user:
  curl -sS ${page}/scim/v2/Users -H 'Authorization: Bearer ${demo.token}' -H 'Content-Type: application/scim+json' -d '${user}'

`);
}

const mode = process.argv[2];
if (mode === "dev" || mode === "serve") {
  main(mode).catch((error) => {
    note(`serve: ${error.message}\nhelp: is the port free (PORT=), and is the build there (\`make build\`)?`);
    process.exit(1);
  });
} else {
  process.stderr.write(HELP);
  process.exit(mode === "--help" ? 0 : 2);
}
