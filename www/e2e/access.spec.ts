// For everybody: no barrier that axe can find in any state and theme, all by keyboard, on a
// narrow page, in another language.
import {
  barriers,
  edit,
  expect,
  loadExample,
  type Page,
  PEOPLE,
  paste,
  people,
  settled,
  test,
  write,
} from "./page";

test.beforeEach(({ page }) => page.goto("/").then(() => undefined));

const THEMES: [string, Parameters<Page["emulateMedia"]>[0]][] = [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["high contrast and forced colours", { contrast: "more", forcedColors: "active" }],
];

for (const [theme, media] of THEMES) {
  test(`no barrier in any view, ${theme}`, async ({ page }) => {
    test.setTimeout(600_000);
    await page.emulateMedia({ ...media, reducedMotion: "reduce" });
    expect(await barriers(page), "first visit").toEqual([]);
    await loadExample(page, true);
    expect(await barriers(page), "guide").toEqual([]);
    await page.getByRole("button", { name: "Close the guide" }).click();
    await people(page).first().click();
    for (const tab of [/^Result/, /^Changes/, /^Requests/, /^Journey/]) {
      await page.getByRole("tab", { name: tab }).click();
      expect(await barriers(page), String(tab)).toEqual([]);
    }
    for (const part of ["Scope", "Settings", "Schema"]) {
      await page.getByRole("tab", { name: part, exact: true }).click();
      expect(await barriers(page), part).toEqual([]);
    }
    for (const view of ["Charts", "Sign-on", "Replay", "Run", "Compare"]) {
      await page.getByRole("tab", { name: view, exact: true }).click();
      await page.waitForTimeout(200);
      expect(await barriers(page), view).toEqual([]);
    }
    for (const menu of ["Add files", "Share", "Export", "More"]) {
      await page.locator("header summary", { hasText: menu }).click();
      await page.waitForTimeout(200);
      expect(await barriers(page), menu).toEqual([]);
      await page.keyboard.press("Escape");
    }
    for (const key of ["ControlOrMeta+k", "?"]) {
      await page.keyboard.press(key);
      await expect(page.locator("dialog[open]")).toBeVisible();
      expect(await barriers(page), key).toEqual([]);
      await page.keyboard.press("Escape");
    }
    await paste(page, "a file that is none");
    await expect(page.getByRole("alert").first()).toBeVisible();
    expect(await barriers(page), "a file that is none").toEqual([]);
  });

  test(`no barrier in an expression with an error, ${theme}`, async ({ page }) => {
    await page.emulateMedia(media);
    await paste(page, PEOPLE);
    await settled(page);
    await people(page).first().click();
    await edit(page, "displayName");
    await write(page, 'Swich([department], "x")');
    await expect(page.locator(".mapping.wrong")).toBeVisible();
    expect(await barriers(page)).toEqual([]);
  });
}

test("a tour with the keyboard only", async ({ page }) => {
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the plan" })).toBeFocused();
  await page.getByRole("button", { name: "Try the Clarizen One example" }).focus();
  await page.keyboard.press("Enter");
  await settled(page);
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox", { name: "Search people and groups" })).toBeFocused();
  await page.keyboard.type("ingrid");
  await expect(people(page)).toHaveCount(1);
  await page.getByRole("grid").focus();
  await page.keyboard.press("Enter");
  await expect(page.locator("#person")).toContainText("ingrid");
  await page.keyboard.press("]");
  await expect(page.getByRole("tab", { name: "Result" })).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("[");
  await page.keyboard.press("e");
  await expect(page.locator(".editor")).toHaveCount(1);
  await page.locator("#people").click();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard" })).toBeVisible();
  await page.keyboard.press("Escape");
  const splitter = page.getByRole("separator").first();
  await splitter.focus();
  await page.keyboard.press("ArrowRight");
  await expect(splitter).toHaveAttribute("aria-valuenow", "404");
});

test("single keys can be turned off", async ({ page }) => {
  await loadExample(page);
  await page.locator("summary", { hasText: "More" }).click();
  await page.getByLabel("Single-key shortcuts").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox", { name: "Search people and groups" })).not.toBeFocused();
});

test("arrows, Home and End move in the grid of people", async ({ page }) => {
  await loadExample(page);
  const grid = page.getByRole("grid");
  await grid.focus();
  await page.keyboard.press("End");
  await expect(grid).toHaveAttribute("aria-activedescendant", "row-65");
  await expect(page.locator("#row-65")).toBeVisible();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  await expect(grid).toHaveAttribute("aria-activedescendant", "row-1");
});

test("reflows at 320 pixels, one pane at a time", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 700 });
  await loadExample(page);
  const wide = () => page.evaluate(() => document.documentElement.scrollWidth);
  expect(await wide()).toBeLessThanOrEqual(320);
  await people(page).first().click();
  await expect(page.getByRole("heading", { name: "Determine if in scope" })).toBeVisible();
  expect(await wide()).toBeLessThanOrEqual(320);
  await page.getByRole("button", { name: "Configuration", exact: true }).click();
  await expect(page.getByRole("heading", { name: /User mappings/ })).toBeVisible();
  expect(await wide()).toBeLessThanOrEqual(320);
  expect(await barriers(page)).toEqual([]);
});

test("speaks German when asked to", async ({ page }) => {
  await page.locator("summary", { hasText: "More" }).click();
  await page.getByLabel("Language").selectOption("de");
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
  await expect(page.getByRole("button", { name: "Das Beispiel Clarizen One ansehen" }).first()).toBeVisible();
  expect(await barriers(page)).toEqual([]);
});
