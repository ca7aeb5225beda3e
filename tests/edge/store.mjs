// Reads what a stopped server left on disk: KV's keys and values, and the bytes of every file.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Miniflare } from "miniflare";

/** The files below a folder whose bytes hold a text. */
export function filesWith(folder, text) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((file) => readFileSync(file).includes(text));
}

/** What KV holds in a data folder: a map from keys to values. */
export async function kvOf(folder) {
  const miniflare = new Miniflare({
    modules: true,
    script: "export default { fetch: () => new Response() };",
    cf: false,
    kvNamespaces: ["DIRECTORY"],
    kvPersist: join(folder, "kv"),
  });
  try {
    const kv = await miniflare.getKVNamespace("DIRECTORY");
    const all = new Map();
    let cursor;
    do {
      const page = await kv.list({ cursor });
      for (const { name } of page.keys) all.set(name, await kv.get(name));
      cursor = page.list_complete ? undefined : page.cursor;
    } while (cursor);
    return all;
  } finally {
    await miniflare.dispose();
  }
}
