import { createHash } from "node:crypto";
import { defineConfig, type Plugin } from "vite";

/** Writes `sw.js`: after one visit every file of this build is there without a network. */
function offline(): Plugin {
  return {
    name: "offline",
    apply: "build",
    generateBundle(_, bundle) {
      const files = [
        "/",
        "/icon.svg",
        "/manifest.webmanifest",
        ...Object.keys(bundle).map((name) => `/${name}`),
      ].filter((name) => name !== "/index.html");
      const digest = createHash("sha256");
      for (const [name, file] of Object.entries(bundle)) {
        digest.update(name).update(file.type === "chunk" ? file.code : file.source);
      }
      const cache = `provisor-${digest.digest("hex").slice(0, 12)}`;
      const source = `const CACHE = ${JSON.stringify(cache)};
const FILES = ${JSON.stringify(files)};
self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)));
});
// A page that is open goes on with the files it began with, until it is asked and says so.
self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});
self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))));
  event.waitUntil(old.then(() => self.clients.claim()));
});
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin || !FILES.includes(url.pathname)) return;
  event.respondWith(caches.match(url.pathname).then((kept) => kept ?? fetch(event.request)));
});
`;
      this.emitFile({ type: "asset", fileName: "sw.js", source });
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [offline()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  worker: { format: "es" },
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
