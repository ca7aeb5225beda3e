// Everything by name and by keyboard: the palette, the keys, and that they can be turned off.
import { barriers, expect, loadExample, people, settled, test, tile } from "./page";

test.beforeEach(async ({ page }) => {
  await page.goto("/");
  await loadExample(page);
});

test("actions, mappings and people are found and run without a mouse", async ({ page }) => {
  await page.keyboard.press("ControlOrMeta+k");
  const field = page.getByRole("combobox", { name: "Find anything" });
  await expect(field).toBeFocused();
  const options = page.getByRole("dialog", { name: "Find anything" }).getByRole("option");
  await expect(options.first()).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("ArrowDown");
  await expect(options.nth(1)).toHaveAttribute("aria-selected", "true");
  await expect(field).toHaveAttribute("aria-activedescendant", "palette-1");
  expect(await barriers(page)).toEqual([]);

  // An action.
  await page.keyboard.type("only disable");
  await expect(options).toHaveCount(1);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(tile(page, "disable")).toHaveAttribute("aria-pressed", "true");

  // A person, also one that the filter leaves out.
  await page.keyboard.press("ControlOrMeta+k");
  await expect(field).toBeFocused();
  await page.keyboard.type("ingrid");
  await expect(options).toHaveText([/Ingrid Solberg/]);
  await page.keyboard.press("Enter");
  await expect(page.locator("#person")).toContainText("Ingrid Solberg");

  // A mapping; from within a field, too.
  await page.getByRole("searchbox", { name: "Search people and groups" }).focus();
  await page.keyboard.press("ControlOrMeta+k");
  await expect(field).toBeFocused();
  await page.keyboard.type("givenName");
  await page.keyboard.press("Enter");
  await expect(page.locator(".mapping.lit .target")).toHaveText("name.givenName");

  await page.keyboard.press("ControlOrMeta+k");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("the palette speaks German, and changes the language", async ({ page }) => {
  await page.keyboard.press("ControlOrMeta+k");
  await expect(page.getByRole("combobox", { name: "Find anything" })).toBeFocused();
  await page.keyboard.type("deutsch");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
  await page.keyboard.press("ControlOrMeta+k");
  await expect(page.getByRole("combobox", { name: "Alles finden" })).toBeFocused();
  await page.keyboard.type("bericht");
  await expect(page.getByRole("dialog").getByRole("option")).toHaveText([/Bericht/]);
});

test("j and k go from person to person, x to the next problem", async ({ page }) => {
  await page.keyboard.press("j");
  const [first, second] = await people(page).locator(".name b").allTextContents();
  await expect(page.locator("#person")).toContainText((first ?? "").trim());
  await page.keyboard.press("j");
  await expect(page.locator("#person")).toContainText((second ?? "").trim());
  await page.keyboard.press("k");
  await expect(page.locator("#person")).toContainText((first ?? "").trim());
  await page.keyboard.press("x");
  await expect(page.locator(".person .verdict").first()).toContainText("Problem");
  // Nothing is filtered away for it.
  await expect(page.locator(".filtered")).toHaveCount(0);
});

test("the active row stays with its person when the rows are sorted anew", async ({ page }) => {
  const grid = page.getByRole("grid");
  await people(page).nth(6).click();
  const name = await page.locator(".person h2 small").textContent();
  await page.getByRole("button", { name: "Identity" }).click();
  const active = page.locator(".row.active");
  await expect(active).toContainText(name ?? "-");
  await expect(active).toHaveAttribute("aria-selected", "true");
  await page.getByRole("tab", { name: "Charts" }).click();
  await page.getByRole("tab", { name: "People" }).click();
  await expect(active).toContainText(name ?? "-");
  await grid.focus();
  await page.keyboard.press("ControlOrMeta+End");
  await expect(grid).toHaveAttribute("aria-activedescendant", "row-65");
  await page.keyboard.press("ControlOrMeta+Home");
  await expect(grid).toHaveAttribute("aria-activedescendant", "row-0");
  await page.keyboard.press("PageDown");
  await expect(grid).not.toHaveAttribute("aria-activedescendant", "row-0");
  await expect(grid).toHaveAttribute("aria-colcount", "5");
});

test("every row says the one thing that decided it, and both of its names", async ({ page }) => {
  await tile(page, "disable").click();
  await settled(page);
  await expect(people(page).first().locator(".why")).toHaveText("not active");
  await expect(people(page).first().locator(".name b")).toHaveText(/Costa|Ribeiro|Anderson|Carvalho/);
  await tile(page, "update").click();
  await expect(people(page).first().locator(".action")).toContainText("Update");
  const told = await people(page).first().locator(".why").textContent();
  await people(page).first().click();
  await page.getByRole("tab", { name: /^Changes/ }).click();
  const changed = await page.locator(".changes th .target").allTextContents();
  for (const target of (told ?? "").replace(/ \+\d+$/, "").split(", ")) expect(changed).toContain(target);
});
