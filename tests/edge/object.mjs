// Reads and writes a tenant's SQLite beneath a stopped server: the same runtime and the
// same files, under an object whose code is this file's.
import { join } from "node:path";
import { Miniflare } from "miniflare";

const SCRIPT = `
import { DurableObject } from "cloudflare:workers";
export class Tenant extends DurableObject {
  async fetch(request) {
    const statements = await request.json();
    const sql = this.ctx.storage.sql;
    try {
      return Response.json(statements.map((text) => [...sql.exec(text)]));
    } catch (error) {
      return new Response(error.message, { status: 500 });
    }
  }
}
export default {
  async fetch(request, env) {
    const tenant = new URL(request.url).searchParams.get("tenant");
    return env.TENANT.getByName(tenant).fetch(request);
  },
};`;

/** Runs statements in a tenant's object of a data folder; answers with the rows of each. */
export async function inObject(folder, tenant, statements) {
  const miniflare = new Miniflare({
    name: "provisor",
    modules: true,
    script: SCRIPT,
    cf: false,
    compatibilityDate: "2026-04-01",
    durableObjectsPersist: join(folder, "objects"),
    durableObjects: { TENANT: { className: "Tenant", useSQLite: true } },
  });
  try {
    const reply = await miniflare.dispatchFetch(`http://object/?tenant=${tenant}`, {
      method: "POST",
      body: JSON.stringify(statements),
    });
    const text = await reply.text();
    if (reply.status !== 200) throw new Error(text);
    return JSON.parse(text);
  } finally {
    await miniflare.dispose();
  }
}
