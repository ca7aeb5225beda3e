// The answer first: sentence, tiles, people, and the way from a number to a person.
import { count, expect, loadExample, PEOPLE, paste, people, settled, test, tile } from "./page";

test.beforeEach(({ page }) => page.goto("/").then(() => undefined));

test("the example shows every kind of action and the tutorial's table as printed", async ({ page }) => {
  await loadExample(page);
  await expect(page.getByRole("heading", { name: "User mappings 39 targets" })).toBeVisible();
  for (const action of ["disable", "create", "update", "unchanged", "skipped"]) {
    expect(await count(page, action), action).toBeGreaterThan(0);
  }
});

test("destructive tiles stand first, and the numbers add up", async ({ page }) => {
  await loadExample(page);
  const words = await page.locator(".tile span").allTextContents();
  expect(words.slice(0, 2).join()).toMatch(/Delete.*Disable/);
  let total = 0;
  for (const action of ["delete", "disable", "failed", "create", "update", "unchanged", "skipped"]) {
    total += await count(page, action);
  }
  await expect(page.getByRole("grid")).toHaveAttribute("aria-rowcount", String(total + 1));
});

test("a tile filters, a person opens with journey, result, changes and requests", async ({ page }) => {
  await loadExample(page);
  await tile(page, "create").click();
  await expect(tile(page, "create")).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByRole("grid")).toHaveAttribute(
    "aria-rowcount",
    String((await count(page, "create")) + 1),
  );
  await people(page).first().click();
  await expect(page.getByRole("heading", { name: "Determine if in scope" })).toBeVisible();
  await expect(page.getByRole("rowheader", { name: "Assigned to the application" })).toBeVisible();
  await page.getByRole("tab", { name: "Result" }).click();
  await expect(page.getByRole("tabpanel", { name: "Result" })).toContainText('"userName"');
  await page.getByRole("tab", { name: /^Requests/ }).click();
  await expect(page.getByRole("tabpanel", { name: /^Requests/ })).toContainText("POST");
});

test("a disabled account says because of what", async ({ page }) => {
  await loadExample(page);
  await tile(page, "disable").click();
  await people(page).first().click();
  await expect(page.locator(".journey .deciding")).toHaveCount(1);
  await expect(page.locator(".journey .deciding")).toContainText("False");
});

test("without a target everything in scope is created, and the page says why", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  expect(await count(page, "create")).toBe(2);
  await expect(page.locator(".notes")).toContainText("Add the target’s current state");
});

test("columns sort, and the search finds by what the rows show", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  await page.getByRole("button", { name: "Identity" }).click();
  await expect(page.getByRole("columnheader", { name: "Identity" })).toHaveAttribute(
    "aria-sort",
    "ascending",
  );
  await expect(people(page).first()).toContainText("ada@");
  await page.getByRole("button", { name: "Identity" }).click();
  await expect(people(page).first()).toContainText("bo@");
  await page.getByRole("searchbox", { name: "Search people and groups" }).fill("ADA");
  await expect(page.getByRole("grid")).toHaveAttribute("aria-rowcount", "2");
});

test("the deletion guard says what would be held back", async ({ page }) => {
  await loadExample(page);
  await page.getByRole("tab", { name: "Settings" }).click();
  await page.getByLabel("Accidental deletion threshold").fill("1");
  await expect(page.getByRole("alert")).toContainText("exceed your threshold of 1");
  await page.getByRole("button", { name: "Show them" }).click();
  await expect(tile(page, "staged")).toHaveAttribute("aria-pressed", "true");
});

test("who matches already needs nothing, and that is a success", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  await page.getByRole("tab", { name: "Replay" }).click();
  await page.getByRole("button", { name: "Replay the plan" }).click();
  await expect(page.locator(".result-line.good")).toContainText("The next plan is empty");
});

test("a manager is sent in the shape that the settings say", async ({ page }) => {
  const [ada, bo] = JSON.parse(PEOPLE).value;
  await paste(page, JSON.stringify({ value: [ada, { ...bo, manager: { id: ada.id } }] }));
  await settled(page);
  await people(page).filter({ hasText: "bo@contoso.com" }).click();
  await page.getByRole("tab", { name: /^Requests/ }).click();
  await page.getByRole("tab", { name: "Settings" }).click();
  for (const [name, wanted] of [
    ["text", /"value":\s*"\{\{created:u1\}\}"\s*\}\s*\]/],
    ["object", /"value":\s*\{\s*"value":\s*"\{\{created:u1\}\}"/],
    ["list", /"value":\s*\[\s*\{\s*"value":\s*"\{\{created:u1\}\}"/],
  ] as const) {
    await page.getByLabel("A manager is sent as").selectOption(name);
    await expect(page.locator("#detail")).toContainText(wanted);
  }
});
