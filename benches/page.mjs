// How fast the page is, in Chromium: `node benches/page.mjs`, after `make page`. It serves the
// built page itself and prints a table with each figure's budget. Compare within one run.
//
// A task's length is told twice: as it was, and what of it the processor did. On a busy
// machine the first counts the wait for others, too.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { chromium } from "@playwright/test";

/** Milliseconds for all of it; what was measured by then is told. */
const LIMIT = 180_000;
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
};
const root = process.env.PAGE ?? "www/dist";
/** The headers that every file of it is served with. */
const headers = Object.fromEntries(
  (await readFile(join(root, "_headers"), "utf8"))
    .split(/^(?=\/)/m)
    .filter((part) => part.startsWith("/*\n"))
    .flatMap((part) => [...part.matchAll(/^ +([\w-]+): (.+)$/gm)].map(([, name, value]) => [name, value])),
);
const server = createServer(async (request, reply) => {
  const { pathname } = new URL(request.url, "http://x");
  const file = join(root, pathname === "/" ? "index.html" : pathname);
  try {
    const body = await readFile(file);
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    reply.writeHead(200, { ...headers, "content-type": type }).end(body);
  } catch {
    reply.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});

const rows = [];
function told(what, value, unit, budget) {
  const shown = value >= 100 ? value.toFixed(0) : value.toFixed(1);
  rows.push([what, `${shown} ${unit}`, budget === undefined ? "" : `${budget} ${unit}`]);
}
function print() {
  const table = [["In Chromium", "Measured", "Budget"], ["---", "--:", "--:"], ...rows];
  for (const row of table) process.stdout.write(`| ${row.join(" | ")} |\n`);
}
async function end(code) {
  print();
  await browser.close().catch(() => {});
  server.close();
  process.exit(code);
}
setTimeout(() => {
  process.stderr.write(`page: not done after ${LIMIT / 1000} s; what there is:\n`);
  void end(1);
}, LIMIT);

const page = await browser.newPage({ serviceWorkers: "block", viewport: { width: 1440, height: 900 } });
const events = [];
const tracing = await browser.newBrowserCDPSession();
tracing.on("Tracing.dataCollected", ({ value }) => events.push(...value));

/** The page's longest task while something was done: [milliseconds, of which the processor's]. */
async function longest(work) {
  events.length = 0;
  await tracing.send("Tracing.start", { categories: "toplevel,__metadata", transferMode: "ReportEvents" });
  await work();
  const done = new Promise((ready) => tracing.once("Tracing.tracingComplete", ready));
  await tracing.send("Tracing.end");
  await done;
  const main = new Set(
    events
      .filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid}:${tid}`),
  );
  const tasks = events.filter(
    ({ name, ph, pid, tid }) => ph === "X" && /RunTask$/.test(name) && main.has(`${pid}:${tid}`),
  );
  const most = (of) => Math.max(0, ...tasks.map((task) => (task[of] ?? 0) / 1000));
  return [most("dur"), most("tdur")];
}
const time = () => page.evaluate(() => performance.now());
async function timed(work) {
  const began = await time();
  await work();
  return (await time()) - began;
}
/** Waits within the page, so that nobody else's clock counts. */
const until = (condition, argument) =>
  page.waitForFunction(condition, argument, { timeout: LIMIT, polling: "raf" });
const settled = () => until(() => !document.querySelector(".working-line"));

await page.goto(`http://127.0.0.1:${server.address().port}/`);

// Keystroke to result: the example's sixty people, somebody open.
await page.getByRole("button", { name: "Try the Clarizen One example" }).click();
await until(() => document.querySelector(".tiles"));
await settled();
await page.getByRole("button", { name: "Close the guide" }).click();
await page.locator(".row:not(.columns)").nth(8).click();
await page
  .getByRole("button", { name: /^Source of displayName:/ })
  .first()
  .click();
await page.getByRole("textbox", { name: "Source of displayName" }).waitFor();
await page.keyboard.press("ControlOrMeta+a");
await page.keyboard.insertText('Append([displayName], "")');
for (const key of ["ArrowLeft", "ArrowLeft"]) await page.keyboard.press(key);
await page.waitForTimeout(500);
// From the moment the browser had the key until the page holds what it makes of the open person.
await page.evaluate(() => {
  globalThis.strokes = [];
  const live = document.querySelectorAll(".mapping .live")[1];
  const host = document.querySelector(".editor").shadowRoot.querySelector(".cm-content");
  let began = 0;
  host.addEventListener("keydown", ({ timeStamp }) => (began = timeStamp), true);
  new MutationObserver(() => {
    if (began) globalThis.strokes.push(performance.now() - began);
    began = 0;
  }).observe(live, { subtree: true, childList: true, characterData: true });
});
for (let at = 0; at < 60; at++) {
  // Eight strokes a second, as somebody quick types.
  await page.keyboard.press(String(at % 10));
  await page.waitForFunction((count) => globalThis.strokes.length > count, at, { polling: 20 });
  await page.waitForTimeout(100);
}
const strokes = (await page.evaluate(() => globalThis.strokes)).sort((one, other) => one - other);
told("keystroke to result, p50", strokes[30], "ms");
told("keystroke to result, p95", strokes[57], "ms", 16);

// A hundred thousand people.
const planned = () => until(() => document.querySelector(".sentence")?.textContent.includes("100,000"));
let load = 0;
const [task, work] = await longest(async () => {
  await page.locator("summary", { hasText: "More" }).click();
  load = await timed(async () => {
    await page.getByRole("button", { name: "Generate 100 000 people" }).first().click();
    await planned();
  });
  await settled();
  await page.evaluate(async () => {
    const box = document.querySelector(".rows");
    for (let at = 0; at <= 40; at++) {
      box.scrollTo(0, (box.scrollHeight * at) / 40);
      await new Promise((done) => requestAnimationFrame(done));
    }
  });
  await until(() => document.querySelector("#row-99999"));
});
told("make up, load and plan 100 000 people", load, "ms");
told("longest task of the page while it made up, loaded, planned and scrolled", task, "ms", 50);
told("of which the processor's, at most", work, "ms", 50);

const plan = await page.evaluate(() => performance.getEntriesByName("plan").at(-1).duration);
told("plan of 100 000 × 38", plan, "ms", 2_000);

// One mapping edited.
const source = page.getByRole("button", { name: /^Source of title:/ }).first();
await source.click();
await page.getByRole("textbox", { name: "Source of title" }).waitFor();
const edits = [];
for (const text of ["[department]", "[jobTitle]", "[department]", "[jobTitle]"]) {
  const before = await page.evaluate(() => performance.getEntriesByName("plan").length);
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
  await until((count) => performance.getEntriesByName("plan").length > count, before);
  await settled();
  edits.push(await page.evaluate(() => performance.getEntriesByName("plan").at(-1).duration));
}
told("one mapping edited, until everyone is planned", Math.min(...edits), "ms", 150);

// Cancel, while everyone is planned: until the engine is free to answer.
const cancels = [];
for (const text of ["ToUpper([jobTitle], )", "ToLower([jobTitle], )", "Trim([jobTitle])"]) {
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
  await until(() => document.querySelector(".working-line button"));
  await page.evaluate(() => document.querySelector(".working-line button").click());
  await until((count) => performance.getEntriesByName("cancel").length > count, cancels.length);
  cancels.push(await page.evaluate(() => performance.getEntriesByName("cancel").at(-1).duration));
}
told("cancel while planning, until the engine is free", Math.max(...cancels), "ms", 100);

const memory = await page.evaluate(() => performance.getEntriesByName("survey").at(-1).detail);
told("memory of the wasm", memory / 1e6, "MB", 250);
await end(0);
