// The whole page as one file, opened from disk.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { count, expect, exported, loadExample, people, settled, test } from "./page";

const file = resolve(import.meta.dirname, "../single/provisor.html");

test("one HTML file opens from disk and plans, with no request and no violation", async ({ page }) => {
  expect(existsSync(file), "build it with `vite build -c www/vite.single.ts`").toBe(true);
  const asked: string[] = [];
  page.on("request", (request) => {
    if (!/^(blob|data):/.test(request.url())) asked.push(request.url());
  });
  await page.goto(pathToFileURL(file).href);
  await loadExample(page);
  await people(page).first().click();
  await page.getByRole("button", { name: /^Source of title:/ }).click();
  await expect(page.getByRole("textbox", { name: "Source of title" })).toBeFocused();
  expect(asked).toEqual([pathToFileURL(file).href]);
});

test("in the one file an export is written and a replay runs", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => {
    if (!/^(blob|data):/.test(request.url())) asked.push(request.url());
  });
  await page.goto(pathToFileURL(file).href);
  await loadExample(page);
  await page.getByRole("button", { name: 'write roles[primary eq "True"].type' }).click();
  await page.getByRole("button", { name: "remove this one" }).click();
  await settled(page);
  const { version, summary, operations } = JSON.parse(await exported(page, "Plan (JSON)"));
  expect(version).toBeGreaterThan(0);
  expect(summary.create).toBe(await count(page, "create"));
  expect(operations.length).toBe(summary.users + summary.groups);
  await page.getByRole("tab", { name: "Replay" }).click();
  await page.getByRole("button", { name: "Replay the plan" }).click();
  await expect(page.locator(".result-line.good")).toContainText("The next plan is empty", {
    timeout: 30_000,
  });
  expect(asked).toEqual([pathToFileURL(file).href]);
});
