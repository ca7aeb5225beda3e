// The whole page as one file, opened from disk.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, loadExample, people, test } from "./page";

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
