// The whole page as one HTML file that opens from disk: scripts, styles, worker, wasm and
// the example inside, packed. Its policy names by their hashes the styles and the script that
// unpacks the others.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const root = import.meta.dirname;
const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const packed = (content: string | Buffer) =>
  gzipSync(content, { level: constants.Z_BEST_COMPRESSION }).toString("base64");
/** A script that unpacks another and runs it. */
const unpacking = (
  code: string,
) => `const bytes = Uint8Array.from(atob("${packed(code)}"), (letter) => letter.charCodeAt(0));
const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
const script = new Blob([await new Response(unpacked).arrayBuffer()], { type: "text/javascript" });
await import(URL.createObjectURL(script));`;

function oneFile(): Plugin {
  return {
    name: "one-file",
    enforce: "post",
    generateBundle(_, bundle) {
      const page = bundle["index.html"];
      if (page?.type !== "asset") throw new Error("there is no index.html to write into");
      let html = String(page.source);
      const scripts: string[] = [];
      const styles: string[] = [];
      for (const [name, file] of Object.entries(bundle)) {
        if (file.type === "chunk")
          scripts.push(unpacking(file.code.replaceAll("__VITE_PRELOAD__", "void 0")));
        else if (name.endsWith(".css")) styles.push(String(file.source));
        if (name !== "index.html") delete bundle[name];
      }
      if (scripts.length !== 1) throw new Error(`one script was expected, not ${scripts.length}`);
      const icon = `data:image/svg+xml;base64,${readFileSync(resolve(root, "public/icon.svg")).toString("base64")}`;
      const policy = [
        "default-src 'none'",
        `script-src ${scripts.map(hash).join(" ")} 'wasm-unsafe-eval' blob:`,
        `style-src ${styles.map(hash).join(" ")}`,
        "img-src data:",
        "worker-src blob: data:",
        "base-uri 'none'",
        "form-action 'none'",
      ].join("; ");
      html = html
        .replace(/<link rel="(?:stylesheet|manifest|modulepreload)"[^>]*>\s*/g, "")
        .replace(/<script type="module"[^>]*><\/script>\s*/g, "")
        .replace(
          /(http-equiv="Content-Security-Policy"\s+content=)"[^"]*"/,
          (_all, head) => `${head}"${policy}"`,
        )
        .replace(/href="[^"]*icon\.svg"/, () => `href="${icon}"`)
        .replace("</head>", () => `${styles.map((style) => `<style>${style}</style>`).join("")}</head>`)
        .replace(
          "</body>",
          () => `${scripts.map((script) => `<script type="module">${script}</script>`).join("")}</body>`,
        );
      page.source = html;
      page.fileName = "provisor.html";
    },
  };
}

/** The icon as data, wherever the page shows it. */
function icon(): Plugin {
  const data = `data:image/svg+xml;base64,${readFileSync(resolve(root, "public/icon.svg")).toString("base64")}`;
  return {
    name: "icon",
    transform(code, id) {
      if (!id.includes("/src/ui/")) return null;
      return code.replace(/`\$\{import\.meta\.env\.BASE_URL\}icon\.svg`/g, JSON.stringify(data));
    },
    enforce: "pre",
  };
}

/** The glue names its wasm as a file beside it; here it is handed over instead. */
function handedOver(): Plugin {
  return {
    name: "handed-over",
    enforce: "pre",
    transform: (code, id) =>
      id.includes("/pkg/") ? code.replace(/new URL\('\w+_bg\.wasm', import\.meta\.url\)/, "undefined") : null,
  };
}

/** The wasm as the text of its packed bytes; the worker unpacks it. */
function packedWasm(): Plugin {
  return {
    name: "packed-wasm",
    enforce: "pre",
    load(id) {
      const [file = "", query] = id.split("?");
      if (!file.endsWith(".wasm") || query !== "url") return null;
      return `export default "${packed(readFileSync(file))}"`;
    },
  };
}

/** The single-file page's own way to start the engine. */
function spawnInline(): Plugin {
  return {
    name: "spawn-inline",
    enforce: "pre",
    resolveId: (source, importer) =>
      source === "./spawn" && importer?.endsWith("/src/engine.ts")
        ? resolve(root, "src/spawn.single.ts")
        : null,
  };
}

export default defineConfig({
  root,
  publicDir: false,
  plugins: [icon(), packedWasm(), spawnInline(), oneFile()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  worker: {
    format: "iife",
    plugins: () => [handedOver()],
    rollupOptions: { output: { codeSplitting: false } },
  },
  build: {
    target: "es2022",
    outDir: "single",
    emptyOutDir: true,
    assetsInlineLimit: 100_000_000,
    cssCodeSplit: false,
    modulePreload: false,
    rollupOptions: { output: { codeSplitting: false } },
  },
});
