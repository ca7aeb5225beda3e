// Nothing leaves the page: no request after loading, nothing kept unasked, no person in a
// link, and all of it without a network.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, loadExample, type Page, PEOPLE, paste, people, settled, test } from "./page";

test.beforeEach(({ page }) => page.goto("/").then(() => undefined));

/** Two people are there, and one mapping is edited. */
async function mapTitleToDepartment(page: Page): Promise<void> {
  await paste(page, PEOPLE);
  await settled(page);
  await page.getByRole("button", { name: /^Source of title:/ }).click();
  await expect(page.getByRole("textbox", { name: "Source of title" })).toBeFocused();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText("[department]");
  await expect(page.locator(".last-edit")).toContainText("changed 2");
}

test("after the first load the example is all that is asked for, then nothing", async ({ page }) => {
  await loadExample(page);
  await people(page).first().click();
  await page.getByRole("tab", { name: "Charts" }).click();
  await page.getByRole("button", { name: /^Source of title:/ }).click();
  await expect(page.locator(".editor .cm-content")).toBeVisible();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText("[department]");
  await page.locator(".tile.update").click();
  await settled(page);
  expect(asked).toEqual([]);
});

test("no word of a person is in any request", async ({ page }) => {
  const sent: string[] = [];
  page.on("request", (request) => sent.push(`${request.url()} ${request.postData() ?? ""}`));
  await paste(page, PEOPLE);
  await settled(page);
  await people(page).first().click();
  await page.waitForTimeout(300);
  expect(sent.filter((text) => /ada|lovelace|contoso/i.test(text))).toEqual([]);
});

test("nothing is kept unless it was ticked, and forgetting forgets", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("before it does it");
  await paste(page, PEOPLE);
  await settled(page);
  await page.locator("summary", { hasText: "More" }).click();
  await page.getByLabel("Keep on this device").check();
  await page.waitForTimeout(300);
  await page.reload();
  await settled(page);
  await expect(people(page)).toHaveCount(2);
  await page.locator("summary", { hasText: "More" }).click();
  await page.getByRole("button", { name: "Forget everything" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("before it does it");
  await expect(page.getByRole("button", { name: /^Undo/ })).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("before it does it");
});

test("a link holds the configuration and no person", async ({ page, context }) => {
  await mapTitleToDepartment(page);
  await page.locator("summary", { hasText: "Share" }).click();
  const link = page.getByLabel("Link");
  await expect(link).toHaveValue(/#c=/);
  const address = await link.inputValue();
  const other = await context.newPage();
  await other.goto(address);
  await expect(other.getByRole("button", { name: /^Source of title: \[department\]/ })).toBeVisible();
  await expect(other.locator(".chip")).not.toContainText(/user/);
  const text = await other.evaluate(async (code) => {
    const bytes = Uint8Array.from(atob(code.replaceAll("-", "+").replaceAll("_", "/")), (c) =>
      c.charCodeAt(0),
    );
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Response(stream).text();
  }, address.split("#c=")[1] ?? "");
  expect(text).not.toMatch(/lovelace|ada@/i);
});

test("works with the network off, after one visit", async ({ page, context }) => {
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await context.setOffline(true);
  await page.reload();
  await loadExample(page);
  await page.getByRole("tab", { name: "Charts" }).click();
  await expect(page.locator(".chart").first()).toBeVisible();
  // The rest of the engine is there as well, also for who cannot wait (docs/wasm.md).
  const [engine] = page.workers();
  const kept = await engine?.evaluate(() => {
    const rest = performance.getEntriesByType("resource").find(({ name }) => name.includes("rest_bg"));
    const request = new XMLHttpRequest();
    request.open("GET", rest?.name ?? "", false);
    request.send();
    return request.status;
  });
  expect(kept).toBe(200);
  await context.setOffline(false);
});

test("a new version waits until it is asked for, and says so", async ({ page, context }) => {
  // The built page from a server whose service worker changes when told.
  let version = 1;
  const types: Record<string, string> = {
    html: "text/html",
    js: "text/javascript",
    wasm: "application/wasm",
  };
  const server = createServer(async ({ url }, reply) => {
    const path = !url || url === "/" ? "/index.html" : url;
    try {
      const body = await readFile(join(import.meta.dirname, "../dist", path));
      const name = path === "/sw.js" ? Buffer.concat([body, Buffer.from(`// ${version}`)]) : body;
      const type = types[path.split(".").pop() ?? ""] ?? "application/octet-stream";
      reply.writeHead(200, { "content-type": type }).end(name);
    } catch {
      reply.writeHead(404).end();
    }
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await expect(page.getByText("A new version is ready.")).toHaveCount(0);
  version = 2;
  await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
  await expect(page.getByRole("status").filter({ hasText: "A new version is ready." })).toBeVisible();
  const again = page.waitForEvent("load");
  await page.getByRole("button", { name: "Reload now" }).click();
  await again;
  await expect(page.getByText("A new version is ready.")).toHaveCount(0);
  await loadExample(page);
  await context.close();
  server.close();
});

test("without WebAssembly, or without scripts, the page says what it needs", async ({ browser, baseURL }) => {
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const still = await plain.newPage();
  await still.goto(baseURL ?? "/");
  await expect(still.getByText("Provisor runs in the browser")).toBeVisible();
  const context = await browser.newContext();
  const old = await context.newPage();
  await old.addInitScript(() => Reflect.deleteProperty(globalThis, "WebAssembly"));
  await old.goto(baseURL ?? "/");
  await expect(old.getByText("with JavaScript and WebAssembly")).toBeVisible();
  await expect(old.getByRole("button")).toHaveCount(0);
});

test("an engine that stops starts anew with everything as it was", async ({ page }) => {
  await mapTitleToDepartment(page);
  // What the worker says when it has failed.
  await page.workers()[0]?.evaluate(() => self.postMessage({ id: -1, fault: "out of memory" }));
  await expect(page.getByRole("alert")).toContainText("started anew");
  await expect(page.getByRole("button", { name: "Copy details" })).toBeVisible();
  await settled(page);
  await expect(people(page)).toHaveCount(2);
  await people(page).first().click();
  await page.getByRole("tab", { name: "Result" }).click();
  await expect(page.locator("#detail")).toContainText('"title": "Sales"');
});
