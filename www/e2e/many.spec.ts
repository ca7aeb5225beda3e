// A hundred thousand people, and what is under way can be stopped. How fast: benches/page.mjs.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { count, expect, people, settled, test } from "./page";

test("a hundred thousand people are planned, scrolled to the last, and can be cancelled", async ({
  page,
}) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Generate 100 000 people" }).click();
  // Before there is a plan, too.
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.locator(".plan [role=status]")).toContainText("Stopped before there was a plan");
  await page.getByRole("button", { name: "Plan again" }).click();
  await expect(page.locator(".sentence")).toContainText("100,000 users", { timeout: 90_000 });
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.locator(".plan [role=status]")).toContainText("The numbers are from before");
  // The rows from before are still there.
  await page.locator(".rows").evaluate((box) => box.scrollTo(0, 2_000_000));
  await expect(page.locator("#row-50000")).toBeVisible();
  const began = await count(page, "create");
  await page.getByRole("button", { name: "Plan again" }).click();
  await expect(page.locator(".working-line")).toHaveCount(0, { timeout: 90_000 });
  await settled(page);
  expect(await count(page, "create")).toBe(began);
  await page.locator(".rows").evaluate((box) => box.scrollTo(0, box.scrollHeight));
  await expect(page.locator("#row-99999")).toBeVisible();
  // Only what is in sight is in the page.
  expect(await page.locator(".row").count()).toBeLessThan(100);
});

test("of more people than can be held the first 50,000 are offered, and planned", async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), "provisor-many-"));
  const file = join(folder, "users.csv");
  const lines = Array.from({ length: 2_000_001 }, (_, at) => `u${at}`);
  writeFileSync(file, `userPrincipalName\n${lines.join("\n")}\n`);
  await page.goto("/");
  await page.locator("input[type=file]").first().setInputFiles(file);
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("more than 2000000 records", { timeout: 60_000 });
  rmSync(folder, { recursive: true });
  await alert.getByRole("button", { name: "Only the first 50,000" }).click();
  await expect(page.locator(".sentence")).toContainText("50,000 users", { timeout: 60_000 });
  await settled(page);
  await expect(page.locator(".file-notes")).toContainText("1950001 further users are left out");
  await expect(people(page).first()).toBeVisible();
  // It is a step like any other.
  await page.getByRole("button", { name: /^Undo: Only the first/i }).click();
  await expect(page.getByRole("alert")).toContainText("more than 2000000 records", { timeout: 60_000 });
});
