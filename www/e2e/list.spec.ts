// The list of people: columns that are chosen, added, moved, searched and sorted by; and the
// scoping filters of one person, clause by clause.
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

const chooser = (page: Page) => page.getByRole("list", { name: "Columns" });

async function choose(page: Page): Promise<void> {
  await page.locator(".people summary", { hasText: "Columns" }).click();
  await expect(chooser(page)).toBeVisible();
}

async function add(page: Page, column: string): Promise<void> {
  await page.getByLabel("Add a column").fill(column);
  await page.keyboard.press("Enter");
}

const heads = (page: Page) =>
  page
    .getByRole("columnheader")
    .getByRole("button")
    .evaluateAll((buttons) => buttons.map((button) => button.getAttribute("aria-label")));

test("columns are added by path, sorted by, searched in, moved and removed, by keyboard", async ({
  page,
}) => {
  await paste(page, PEOPLE);
  await settled(page);
  // By the keys alone: the button stands behind the search.
  await page.keyboard.press("/");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(chooser(page)).toBeVisible();
  await add(page, "department");
  await add(page, "displayName");
  await expect(page.getByRole("grid")).toHaveAttribute("aria-colcount", "7");
  expect(await heads(page)).toEqual([
    "Action",
    "Identity",
    "Why",
    "Changed attributes",
    "Problems",
    "[department]",
    "displayName",
  ]);
  await expect(people(page).first()).toContainText("Sales");
  await add(page, "departmnt");
  await expect(page.getByRole("status").filter({ hasText: "no source attribute" })).toContainText(
    "There is no source attribute and no mapping departmnt.",
  );
  expect(await barriers(page)).toEqual([]);
  // Sorted by what was added, down and up.
  const sort = chooser(page).getByRole("button", { name: "Sort by [department]" });
  await sort.focus();
  await page.keyboard.press("Enter");
  await expect(people(page).first()).toContainText("Research");
  await page.keyboard.press("Enter");
  await expect(people(page).first()).toContainText("Sales");
  await expect(page.locator("[aria-sort='descending']")).toContainText("[department]");
  // Moved to the front, hidden, and back to what is usual.
  const before = chooser(page).getByRole("button", { name: "Move [department] before" });
  while (!(await before.isDisabled())) await before.click();
  expect((await heads(page))[0]).toBe("[department]");
  await chooser(page).getByRole("checkbox", { name: "Why" }).uncheck();
  await expect(page.locator(".row .why")).toHaveCount(0);
  await page.keyboard.press("Escape");
  await page.getByLabel("Search people and groups").fill("research");
  await expect(people(page)).toHaveCount(1);
  await expect(people(page).first()).toContainText("bo@contoso.com");
  await choose(page);
  await chooser(page).getByRole("button", { name: "Remove the column [department]" }).click();
  await expect(people(page)).toHaveCount(0);
  await page.getByRole("button", { name: "The usual columns" }).click();
  await expect(page.getByRole("grid")).toHaveAttribute("aria-colcount", "5");
});

test("columns that were added follow an edit, and are kept with the preferences, not shared", async ({
  page,
}) => {
  await paste(page, PEOPLE);
  await settled(page);
  await choose(page);
  await add(page, "title");
  await add(page, "[department]");
  await page.keyboard.press("Escape");
  await edit(page, "title");
  await write(page, "[department]");
  await settled(page);
  await expect(people(page).first().locator(".added")).toHaveText(["Sales", "Sales"]);
  await page.locator("summary", { hasText: "Share" }).click();
  const link = await page.getByLabel("Link", { exact: true }).inputValue();
  await page.keyboard.press("Escape");
  await page.locator("header summary", { hasText: "More" }).click();
  await page.getByLabel("Keep on this device").check();
  await page.keyboard.press("Escape");
  await page.waitForTimeout(300);
  await page.goto("about:blank");
  await page.goto("/");
  await settled(page);
  expect((await heads(page)).slice(-2)).toEqual(["title", "[department]"]);
  await expect(people(page).first().locator(".added")).toHaveText(["Sales", "Sales"]);
  const other = await (await page.context().browser())?.newContext();
  const fresh = await other?.newPage();
  await fresh?.goto(link);
  await expect(fresh?.locator(".mapping") as never).not.toHaveCount(0);
  expect(decodeURIComponent(link)).not.toContain("source/department");
  await other?.close();
});

test("a narrow page scrolls columns that were added in the list, not the page", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await paste(page, PEOPLE);
  await settled(page);
  await choose(page);
  await add(page, "department");
  await page.keyboard.press("Escape");
  await expect(people(page).first()).toContainText("Sales");
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  expect(await barriers(page)).toEqual([]);
});

test("each clause of a scoping filter stands in columns, and the one that decides is marked", async ({
  page,
}) => {
  await loadExample(page);
  await page.getByRole("tab", { name: "Scope" }).click();
  const users = page.getByRole("region", { name: "Users" });
  await users.getByRole("button", { name: "Add scoping filter" }).click();
  await users.getByRole("button", { name: "Add clause" }).click();
  const value = users.getByRole("textbox", { name: "Value", exact: true });
  await value.first().fill("Nowhere");
  await settled(page);
  await page.locator(".tile.skipped").click();
  await people(page).filter({ hasText: "scoping filter" }).first().click();
  const table = page.getByRole("table", { name: "Scoping filters" });
  for (const head of ["Attribute", "Operator", "Value", "Actual value", "Result"])
    await expect(table.getByRole("columnheader", { name: head, exact: true })).toBeVisible();
  const deciding = table.locator("tr.deciding");
  await expect(deciding).toHaveCount(1);
  await expect(deciding.getByRole("rowheader")).toHaveText("department");
  await expect(deciding.getByRole("cell")).toHaveText([
    "EQUALS",
    "Nowhere",
    /^(?!Nowhere).+/,
    /× False.*decides/,
  ]);
  await expect(table.locator("tr.late")).toContainText("not needed");
  expect(await barriers(page)).toEqual([]);
  // At 320 pixels each clause is a stack of named values.
  await page.setViewportSize({ width: 320, height: 800 });
  const cell = deciding.getByRole("cell").first();
  expect(await cell.evaluate((at) => getComputedStyle(at, "::before").content)).toBe('"Operator"');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  expect(await barriers(page)).toEqual([]);
});
