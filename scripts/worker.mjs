// The built Worker as Miniflare's options: what wrangler.toml says of it.

/** The Worker with its bindings; secrets and vars are given. */
export const worker = (bindings) => ({
  name: "provisor",
  modulesRoot: "build",
  modules: [
    { type: "ESModule", path: "build/index.js" },
    { type: "CompiledWasm", path: "build/index_bg.wasm" },
  ],
  compatibilityDate: "2026-04-01",
  bindings,
  kvNamespaces: ["DIRECTORY"],
  durableObjects: { TENANT: { className: "Tenant", useSQLite: true } },
});
