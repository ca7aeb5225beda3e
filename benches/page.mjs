// How fast the page is, in Chromium: `node benches/page.mjs [people]`, after `make page`.
// Needs nothing but the built page; serves it itself. Compare within one run.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { chromium } from "@playwright/test";

const people = 100_000;
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
};
const server = createServer(async (request, reply) => {
  const path = new URL(request.url, "http://x").pathname;
  const file = join("www/dist", path === "/" ? "index.html" : path);
  try {
    const body = await readFile(file);
    reply.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" }).end(body);
  } catch {
    reply.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const page = await browser.newPage({ serviceWorkers: "block" });
await page.goto(`http://127.0.0.1:${server.address().port}/`);
await page.evaluate(() => {
  window.tasks = [];
  new PerformanceObserver((list) =>
    window.tasks.push(...list.getEntries().map(({ duration }) => duration)),
  ).observe({
    type: "longtask",
  });
});
const rows = [];
const told = (what, value) => rows.push({ what, value });
const timed = async (work) => {
  const began = Date.now();
  await work();
  return Date.now() - began;
};
const settled = () =>
  page.waitForFunction(() => !document.querySelector(".working-line"), null, { timeout: 300_000 });
const closeGuide = () => page.getByRole("button", { name: "Close the guide" }).click();

// Keystroke to result, the example's sixty people, somebody open.
await page.getByRole("button", { name: "Try the Clarizen One example" }).click();
await page.waitForSelector(".tiles");
await settled();
await closeGuide();
await page.locator(".row:not(.columns)").nth(8).click();
await page
  .getByRole("button", { name: /^Source of displayName:/ })
  .first()
  .click();
await page.getByRole("textbox", { name: "Source of displayName" }).waitFor();
const strokes = await page.evaluate(async () => {
  const times = [];
  const live = document.querySelectorAll(".mapping .live")[1];
  const host = document.querySelector(".editor").shadowRoot.querySelector(".cm-content");
  for (let at = 0; at < 60; at++) {
    host.focus();
    const before = live.textContent;
    const began = performance.now();
    document.execCommand("selectAll");
    document.execCommand("insertText", false, `Append([displayName], "${at}")`);
    await new Promise((done) => {
      const observer = new MutationObserver(() => {
        if (live.textContent === before) return;
        observer.disconnect();
        done();
      });
      observer.observe(live, { subtree: true, childList: true, characterData: true });
      setTimeout(done, 2_000);
    });
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b);
});
told("keystroke to result, p50", `${strokes[30].toFixed(1)} ms`);
told("keystroke to result, p95", `${strokes[57].toFixed(1)} ms`);

// A hundred thousand people.
await page.locator("summary", { hasText: "More" }).click();
const generate = page.getByRole("button", { name: "Generate 100 000 people" }).first();
told(
  `generate, load and plan ${people}`,
  `${await timed(async () => {
    await generate.click();
    await page.waitForFunction(
      () => document.querySelector(".sentence")?.textContent?.includes("100,000"),
      null,
      { timeout: 300_000 },
    );
  })} ms`,
);
told("whole survey after it", `${await timed(settled)} ms`);
const source = page.getByRole("button", { name: /^Source of title:/ }).first();
await source.click();
await page.getByRole("textbox", { name: "Source of title" }).waitFor();
const generationBefore = await page.locator(".sentence").textContent();
told(
  "one mapping edited, until planned and surveyed",
  `${await timed(async () => {
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.insertText("[department]");
    await page.waitForSelector(".last-edit", { timeout: 300_000 });
  })} ms`,
);
await page.keyboard.press("ControlOrMeta+a");
await page.keyboard.insertText("[jobTitle]");
await page.waitForSelector(".working-line");
told(
  "cancel",
  `${await timed(async () => {
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.waitForSelector(".plan [role=status]");
  })} ms`,
);
const tasks = await page.evaluate(() => window.tasks);
told("longest task of the page", `${Math.max(0, ...tasks).toFixed(0)} ms`);
told("plan", generationBefore);
const width = Math.max(...rows.map(({ what }) => what.length));
for (const { what, value } of rows) process.stdout.write(`${what.padEnd(width)}  ${value}\n`);
await browser.close();
server.close();
