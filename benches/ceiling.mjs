// What the bare runtime can do on this machine: the least that could be done for a
// greeting, a read of KV, a row found and a row written, without any SCIM.
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { Miniflare } from "miniflare";
import { worker } from "../scripts/worker.mjs";

const SCRIPT = `
import { DurableObject } from "cloudflare:workers";
export class Bare extends DurableObject {
  constructor(context, env) {
    super(context, env);
    this.sql = context.storage.sql;
    this.sql.exec("CREATE TABLE IF NOT EXISTS row (id TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID");
    this.sql.exec("INSERT OR REPLACE INTO row VALUES ('one', '{}')");
  }
  async fetch(request) {
    if (request.method === "GET") {
      return new Response([...this.sql.exec("SELECT document FROM row WHERE id = ?", "one")][0].document);
    }
    const text = await request.text();
    JSON.parse(text);
    this.sql.exec("INSERT INTO row VALUES (?, ?)", crypto.randomUUID(), text);
    return new Response(text, { status: 201 });
  }
}
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/hello") return new Response("hello");
    if (pathname === "/kv") return new Response((await env.KV.get("one")) ?? (await env.KV.put("one", "{}"), "{}"));
    return env.BARE.getByName("bare").fetch(request);
  },
};`;

const bare = { name: "bare", modules: true, script: SCRIPT, compatibilityDate: "2026-04-01" };

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((ready) => server.once("listening", ready));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

/** Starts the bare Worker on a direct socket, its data where Provisor's is: in memory or a folder. */
export async function ceiling(folder) {
  const port = await freePort();
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    durableObjectsPersist: folder ? `${folder}/objects` : false,
    kvPersist: folder ? `${folder}/kv` : false,
    workers: [
      {
        ...bare,
        kvNamespaces: ["KV"],
        durableObjects: { BARE: { className: "Bare", useSQLite: true } },
        unsafeDirectSockets: [{ host: "127.0.0.1", port }],
      },
    ],
  });
  await miniflare.ready;
  return { origin: `http://127.0.0.1:${port}`, stop: () => miniflare.dispose() };
}

/** Milliseconds of CPU that the runtime's process has used. */
async function cpuOfRuntime() {
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const [name, rest] = [
      stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")")),
      stat.slice(stat.lastIndexOf(")") + 2),
    ];
    const fields = rest.split(" ");
    if (name.startsWith("workerd") && Number(fields[1]) === process.pid) {
      return (Number(fields[11]) + Number(fields[12])) * 10;
    }
  }
  throw new Error("the runtime's process was not found");
}

async function startUp(options, path) {
  const miniflare = new Miniflare({ cf: false, ...options });
  try {
    const reply = await miniflare.dispatchFetch(`http://worker${path}`);
    await reply.text();
    return await cpuOfRuntime();
  } finally {
    await miniflare.dispose();
  }
}

/** CPU of start and first request above that of a greeting in JavaScript: the median of so many, in milliseconds. */
export async function startUpCpu(times) {
  const ours = worker({ TOKEN_KEY: "key", ADMIN_TOKEN: "admin" });
  const hello = {
    ...bare,
    kvNamespaces: ["KV"],
    durableObjects: { BARE: { className: "Bare", useSQLite: true } },
  };
  const above = [];
  for (let n = 0; n < times; n += 1) {
    above.push((await startUp(ours, "/healthz")) - (await startUp(hello, "/hello")));
  }
  return above.sort((a, b) => a - b)[Math.floor(times / 2)];
}
