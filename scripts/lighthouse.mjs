// Lighthouse's figures for the page as it is served, with its floors: `node scripts/lighthouse.mjs`,
// after `make page worker`. Lighthouse is large and needed for nothing else, so it is installed
// beside the other tools when this runs for the first time.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const VERSION = "12.8.2";
const FLOORS = { performance: 95, accessibility: 100, "best-practices": 95 };

const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
const folder = join(process.env.PROVISOR_TOOLS || join(cache, "provisor"), "lighthouse");
const inside = (name, file) => pathToFileURL(join(folder, "node_modules", name, file)).href;
if (!existsSync(join(folder, "node_modules/lighthouse"))) {
  process.stderr.write(`npm install lighthouse@${VERSION}\n`);
  const args = [
    "install",
    "--no-audit",
    "--no-fund",
    "--silent",
    "--prefix",
    folder,
    `lighthouse@${VERSION}`,
  ];
  if (spawnSync("npm", args, { stdio: ["ignore", process.stderr, process.stderr] }).status !== 0)
    throw new Error(`lighthouse could not be installed into ${folder}; the npm registry is needed once`);
}

const socket = createServer().listen(0, "127.0.0.1");
await new Promise((ready) => socket.once("listening", ready));
const { port } = socket.address();
await new Promise((closed) => socket.close(closed));
const url = `http://127.0.0.1:${port}/`;
const env = { ...process.env, PORT: String(port), DATA: "memory" };
const server = spawn("node", ["scripts/serve.mjs", "dev"], { env, stdio: "ignore" });
const until = Date.now() + 60_000;
while (
  !(await fetch(url).then(
    (reply) => reply.ok,
    () => false,
  ))
) {
  if (Date.now() > until) throw new Error("the page is not served; run `make page worker` first");
  await new Promise((soon) => setTimeout(soon, 200));
}

const { default: lighthouse } = await import(inside("lighthouse", "core/index.js"));
const { launch } = await import(inside("chrome-launcher", "dist/index.js"));
const chrome = await launch({
  chromePath: process.env.CHROMIUM || "/usr/bin/chromium",
  chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu"],
});
let low = false;
try {
  const { lhr } = await lighthouse(url, { port: chrome.port, onlyCategories: Object.keys(FLOORS) });
  process.stdout.write("| Lighthouse | Measured | Floor |\n| --- | --: | --: |\n");
  for (const [id, floor] of Object.entries(FLOORS)) {
    const { score, title, auditRefs } = lhr.categories[id];
    const measured = Math.round((score ?? 0) * 100);
    process.stdout.write(`| ${title} | ${measured} | ${floor} |\n`);
    low ||= measured < floor;
    if (measured >= 100) continue;
    for (const { id: audit, weight } of auditRefs) {
      const { score: held, title: name, displayValue = "" } = lhr.audits[audit];
      if (weight > 0 && held !== null && held < 1) process.stderr.write(`  ${name} ${displayValue}\n`);
    }
  }
} finally {
  chrome.kill();
  server.kill();
}
process.exitCode = low ? 1 : 0;
