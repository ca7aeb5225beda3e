// What the bare runtime can do on this machine: the least that could be done for a
// greeting, a read of KV, a row found and a row written, without any SCIM.
import { createServer } from "node:net";
import { Miniflare } from "miniflare";

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

/** The bare Worker as Miniflare's options, with the bindings that Provisor has. */
export const bare = {
  name: "bare",
  modules: true,
  script: SCRIPT,
  compatibilityDate: "2026-04-01",
  kvNamespaces: ["KV"],
  durableObjects: { BARE: { className: "Bare", useSQLite: true } },
};

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
        unsafeDirectSockets: [{ host: "127.0.0.1", port }],
      },
    ],
  });
  await miniflare.ready;
  return { origin: `http://127.0.0.1:${port}`, stop: () => miniflare.dispose() };
}
