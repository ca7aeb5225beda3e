// What an earlier version's page kept on a device, and a link that it shared, open in this one.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { putKept } from "../../tests/fixtures/upgrade/page.mjs";
import { expect, people, settled, test } from "./page";

const fixtures = join(dirname(fileURLToPath(import.meta.url)), "../../tests/fixtures/upgrade");
const versions = readdirSync(fixtures, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

for (const version of versions) {
  const text = (name: string) => readFileSync(join(fixtures, version, name), "utf8");

  test(`what the page of ${version} kept is there again`, async ({ page }) => {
    await page.goto("/");
    await putKept(page, JSON.parse(text("kept.json")));
    await page.reload();
    await settled(page);
    await expect(page.locator(".sentence")).toContainText("60 users");
    await expect(people(page).first()).toBeVisible();
  });

  test(`a link that the page of ${version} shared opens`, async ({ page }) => {
    await page.goto(`/${text("link.txt").trim()}`);
    await expect(page.locator(".mapping").first()).toBeVisible();
    await expect(page.getByRole("button", { name: /^Source of title:/ })).toBeVisible();
  });
}
