// The SCIM core's wasm beside JavaScript libraries, in one Chromium: `node benches/scim.mjs`.
// Builds `benches/browser`; installs the libraries below `target`, where nothing else sees them.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { chromium } from "@playwright/test";
import { build } from "esbuild";

const LIBRARIES = ["scim2-filter@0.2.0", "scim2-parse-filter@0.2.10", "scim-patch@0.8.3"];
const FOLDER = "target/browser-bench";
const FILTERS = [
  `userName eq "bjensen"`,
  `emails[type eq "work" and value co "@example.com"] or (active eq true and not (name.familyName sw "J"))`,
];
const USERS = 10_000;

await mkdir(FOLDER, { recursive: true });
if (!existsSync(join(FOLDER, "node_modules/scim-patch"))) {
  execFileSync("npm", ["install", "--silent", "--no-audit", "--no-fund", "--prefix", FOLDER, ...LIBRARIES]);
}
execFileSync(
  "bash",
  [
    "-c",
    `. scripts/env.sh && with_wasm wasm-pack --quiet build --release --target web --mode no-install --no-pack --out-dir ../../${FOLDER}/pkg benches/browser`,
  ],
  {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, CARGO_TARGET_DIR: join(process.cwd(), "target/browser") },
  },
);
await writeFile(
  join(FOLDER, "page.js"),
  `import init, { People, patched, reads } from "./pkg/browser_bench.js";
   import * as filterA from "scim2-filter";
   import * as filterB from "scim2-parse-filter";
   import { scimPatch } from "scim-patch";
   await init("./pkg/browser_bench_bg.wasm");
   Object.assign(window, { People, patched, reads, filterA, filterB, scimPatch, ready: true });`,
);
await build({
  entryPoints: [join(FOLDER, "page.js")],
  outfile: join(FOLDER, "bundle.js"),
  bundle: true,
  format: "esm",
  logLevel: "error",
});

const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };
const server = createServer(async (request, reply) => {
  const { pathname } = new URL(request.url, "http://x");
  if (pathname === "/") {
    reply.writeHead(200, { "content-type": "text/html" });
    return reply.end('<!doctype html><script type="module" src="bundle.js"></script>');
  }
  const body = await readFile(join(FOLDER, pathname)).catch(() => undefined);
  const type = TYPES[extname(pathname)] ?? "text/plain";
  return body ? reply.writeHead(200, { "content-type": type }).end(body) : reply.writeHead(404).end();
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const page = await browser.newPage();
page.on("pageerror", (error) => console.error(error.message));
await page.goto(`http://127.0.0.1:${server.address().port}/`);
await page.waitForFunction("window.ready === true");
await page.evaluate(() => {
  // The best of many short runs, in turn with the others', so that the machine's moods meet all alike.
  window.race = (contenders, calls, rounds = 40) => {
    const best = contenders.map(() => Number.POSITIVE_INFINITY);
    for (let round = 0; round < rounds; round += 1) {
      contenders.forEach(([, work], index) => {
        const start = performance.now();
        for (let call = 0; call < calls; call += 1) work();
        best[index] = Math.min(best[index], (performance.now() - start) / calls);
      });
    }
    return contenders.map(([name], index) => [name, best[index] * 1000]);
  };
});

/** Prints a race: microseconds each, and how many times ours it takes. */
const print = (title, rows, each = 1) => {
  const ours = rows[0][1];
  console.log(`\n${title}\n  ${"".padEnd(34)}${"µs".padStart(10)}${"ratio".padStart(8)}`);
  for (const [name, micros] of rows) {
    const shown = Number.isFinite(micros) ? (micros / each).toFixed(3) : "refuses";
    const ratio = Number.isFinite(micros) ? (micros / ours).toFixed(2) : "";
    console.log(`  ${name.padEnd(34)}${shown.padStart(10)}${ratio.padStart(8)}`);
  }
};

for (const filter of FILTERS) {
  const rows = await page.evaluate((text) => {
    const works = (work) => {
      try {
        work();
        return true;
      } catch {
        return false;
      }
    };
    const contenders = [
      ["provisor, wasm, with spans", () => window.reads(text)],
      ["scim2-filter", () => window.filterA.parse(text)],
      ["scim2-parse-filter", () => window.filterB.parse(text)],
    ];
    const able = contenders.filter(([, work]) => works(work));
    return window.race(able, 10_000, 15);
  }, filter);
  print(`read ${filter}`, rows);
}

const user = (number) => ({
  schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
  id: `${number}`,
  userName: number % 97 === 0 ? "bjensen" : `user${number}`,
  name: { familyName: number % 3 === 0 ? "Jensen" : `Family${number}`, givenName: "G" },
  active: number % 4 !== 0,
  emails: [
    {
      type: "work",
      value: `user${number}@${number % 2 === 0 ? "example.com" : "example.org"}`,
      primary: true,
    },
    { type: "home", value: `user${number}@home.example` },
  ],
  title: "Guide",
});
const people = Array.from({ length: USERS }, (_, number) => user(number));
for (const filter of FILTERS) {
  const [rows, wrong] = await page.evaluate(
    ([text, people]) => {
      const ours = new window.People(JSON.stringify(people));
      const a = window.filterA.filter(window.filterA.parse(text));
      const b = window.filterB.filter(window.filterB.parse(text));
      const count = (test) => people.filter((user) => test(user)).length;
      const contenders = [
        ["provisor, wasm", () => ours.count(text)],
        ["scim2-filter", () => count(a)],
        ["scim2-parse-filter", () => count(b)],
      ];
      // A library that finds something else is not raced.
      const found = contenders.map(([name, work]) => [name, work()]);
      const right = contenders.filter((_, index) => found[index][1] === found[0][1]);
      return [window.race(right, 10, 15), found.filter(([, count]) => count !== found[0][1])];
    },
    [filter, people],
  );
  print(`evaluate over ${USERS} users, per user: ${filter}`, rows, USERS);
  for (const [name, count] of wrong) console.log(`  ${name} is wrong: it finds ${count}`);
}

const patch = {
  schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
  Operations: [{ op: "replace", path: 'emails[type eq "work"].value', value: "b@example.com" }],
};
const rows = await page.evaluate(
  ([user, patch]) => {
    const [document, body] = [JSON.stringify(user), JSON.stringify(patch)];
    return window.race(
      [
        ["provisor, wasm, with schema checks", () => window.patched(document, body)],
        ["JSON.parse and stringify alone", () => JSON.stringify(JSON.parse(document))],
        [
          "scim-patch",
          () => JSON.stringify(window.scimPatch(JSON.parse(document), JSON.parse(body).Operations)),
        ],
      ],
      500,
    );
  },
  [user(1), patch],
);
print("PATCH by a value path, text in, text out", rows);
await browser.close();
server.close();
