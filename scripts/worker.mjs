// The built Worker as Miniflare's options: what wrangler.toml says of it.
import { readFileSync } from "node:fs";

/** Tests put the platform's limits around the Worker: modules that stand before it. */
const limits = () =>
  ["limits", "memory"].map((name) => ({
    type: "ESModule",
    path: `build/${name}.mjs`,
    contents: readFileSync(`tests/edge/${name}.mjs`, "utf8"),
  }));

/** The Worker with its bindings; secrets and vars are given. With `LIMITS` in the environment it has the platform's limits. */
export const worker = (bindings) => ({
  name: "provisor",
  modulesRoot: "build",
  modules: [
    ...(process.env.LIMITS ? limits() : []),
    { type: "ESModule", path: "build/index.js" },
    { type: "CompiledWasm", path: "build/index_bg.wasm" },
  ],
  compatibilityDate: "2026-04-01",
  bindings,
  kvNamespaces: ["DIRECTORY"],
  durableObjects: { TENANT: { className: "Tenant", useSQLite: true } },
});
