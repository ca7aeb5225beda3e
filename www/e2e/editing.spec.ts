// Edit and see: no run button, faults beside what is wrong, everything can be undone.
import {
  barriers,
  count,
  edit,
  expect,
  loadExample,
  PEOPLE,
  paste,
  people,
  settled,
  test,
  write,
} from "./page";

test.beforeEach(({ page }) => page.goto("/").then(() => undefined));

test("an edited mapping plans while it is typed, and says whom it changed", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  await people(page).first().click();
  await edit(page, "displayName");
  await write(page, 'Join(" ", "Dr.", [displayName])');
  await expect(page.locator(".mapping .live").nth(1)).toContainText("Dr. Ada Lovelace");
  await expect(page.locator(".last-edit")).toContainText("Your last edit changed 2 rows");
  await page.locator(".last-edit").getByRole("button", { name: "show" }).click();
  await expect(page.getByRole("grid")).toHaveAttribute("aria-rowcount", "3");
  await page.locator(".last-edit").getByRole("button", { name: "undo" }).click();
  await expect(page.locator(".mapping .live").nth(1)).toContainText("✓ Ada Lovelace");
});

test("what a keystroke makes is there before the browser draws again", async ({ page }) => {
  // Memory is shared with the engine in an isolated page only.
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await paste(page, PEOPLE);
  await settled(page);
  await people(page).first().click();
  await edit(page, "displayName");
  await write(page, 'Append([displayName], "")');
  const live = page.locator(".mapping .live").nth(1);
  await expect(live).toContainText("Ada Lovelace");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  const seen = await page.evaluateHandle(() => {
    const seen = { beforeDrawn: 0 };
    const editor = document.querySelector(".editor")?.shadowRoot?.querySelector(".cm-content");
    const shown = document.querySelectorAll(".mapping .live")[1];
    if (!editor || !shown) throw new Error("no editor");
    let drawn = true;
    editor.addEventListener(
      "keydown",
      () => {
        drawn = false;
        requestAnimationFrame(() => setTimeout(() => (drawn = true)));
      },
      true,
    );
    new MutationObserver(() => (seen.beforeDrawn += drawn ? 0 : 1)).observe(shown, {
      subtree: true,
      childList: true,
      characterData: true,
    });
    return seen;
  });
  for (const letter of "abcdefghijklmnopqrst") {
    await page.keyboard.press(letter);
    await page.waitForTimeout(40);
  }
  await expect(live).toContainText("Ada Lovelaceabcdefghijklmnopqrst");
  expect(await seen.evaluate(({ beforeDrawn }) => beforeDrawn)).toBeGreaterThan(0);
});

test("who goes elsewhere before the editor is there is not called back", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  const chunk = "**/assets/expression-*.js";
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route(chunk, async (route) => {
    await held;
    await route.continue();
  });
  await page.getByRole("button", { name: /^Source of title:/ }).click();
  // What is typed meanwhile is no shortcut.
  await page.keyboard.press("?");
  await expect(page.locator("dialog[open]")).toHaveCount(0);
  const search = page.getByRole("searchbox", { name: "Search people and groups" });
  await search.focus();
  release();
  await expect(page.getByRole("textbox", { name: "Source of title" })).toBeVisible();
  await expect(search).toBeFocused();
});

test("a wrong name is underlined, and one press mends it", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  await edit(page, "displayName");
  await write(page, 'Swich([department], "x", "Sales", "S")');
  await expect(page.locator(".cm-lintRange-error")).toHaveText("Swich");
  await expect(page.locator(".mapping.wrong")).toContainText("the plan still uses the last good version");
  await page.locator(".cm-lintRange-error").hover();
  await page.getByRole("button", { name: "write Switch" }).click();
  await expect(page.locator(".mapping.wrong")).toHaveCount(0);
  await expect(page.locator(".last-edit")).toContainText("changed 2 rows");
});

test("places count as editors count, also after letters of four bytes", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  await edit(page, "displayName");
  await write(page, 'Join("😀é", swich([department]))');
  await expect(page.locator(".cm-lintRange-error")).toHaveText("swich");
});

test("functions and attributes complete, an attribute the source lacks is named", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  await edit(page, "displayName");
  await write(page, "");
  await page.keyboard.type("ToUp");
  await expect(page.locator(".cm-tooltip-autocomplete")).toContainText("ToUpper");
  await page.keyboard.press("Enter");
  await page.keyboard.type("[dep");
  await expect(page.locator(".cm-tooltip-autocomplete")).toContainText("[department]");
  await page.keyboard.press("Enter");
  await page.keyboard.type(")");
  await expect(page.getByRole("textbox", { name: "Source of displayName" })).toHaveText(
    "ToUpper([department])",
  );
  await write(page, "ToUpper([departmnt])");
  await expect(page.locator(".cm-lintRange-warning")).toHaveText("[departmnt]");
});

test("the trace shows each part, and branches not taken in grey", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  await people(page).first().click();
  await edit(page, "displayName");
  await write(page, 'IIF([department]="Sales", ToUpper([displayName]), ToLower([displayName]))');
  const trace = page.locator(".parts");
  await expect(trace.locator("tr.skipped")).toHaveCount(2);
  await expect(trace).toContainText("ADA LOVELACE");
  await trace.getByRole("row", { name: "ToUpper" }).hover();
  await expect(page.locator(".cm-marked").first()).toHaveText(/ToUpper/);
});

test("the trace is a tree grid: the arrows walk it, fold and unfold it, and mark the text", async ({
  page,
}) => {
  await paste(page, PEOPLE);
  await settled(page);
  await people(page).first().click();
  await edit(page, "displayName");
  await write(page, 'IIF([department]="Sales", ToUpper(Trim([displayName])), ToLower([displayName]))');
  const grid = page.getByRole("treegrid", { name: "Evaluated for ada@contoso.com" });
  const rows = grid.getByRole("row");
  await expect(grid.locator("tr.skipped")).toHaveCount(2);
  const all = await rows.count();
  // Tab leaves the editor; of the grid one row is a stop.
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect(grid.locator("tr[tabindex='0']")).toHaveCount(1);
  await expect(rows.first()).toBeFocused();
  await expect(rows.first()).toHaveAttribute("aria-level", "1");
  await expect(rows.first()).toHaveAttribute("aria-expanded", "true");
  const upper = grid.getByRole("row", { name: /ToUpper/ });
  const trim = grid.getByRole("row", { name: /Trim/ });
  while (!(await upper.evaluate((row) => row === document.activeElement)))
    await page.keyboard.press("ArrowDown");
  await expect(page.locator(".cm-marked").first()).toHaveText(/ToUpper/);
  await expect(upper).toHaveAttribute("aria-level", "2");
  await page.keyboard.press("ArrowRight");
  await expect(trim).toBeFocused();
  await page.keyboard.press("ArrowLeft");
  await expect(trim).toHaveAttribute("aria-expanded", "false");
  await expect(rows).toHaveCount(all - 1);
  await page.keyboard.press("ArrowRight");
  await expect(rows).toHaveCount(all);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowLeft");
  await expect(trim).toBeFocused();
  // What was not taken says so, and is on the keys' way.
  await page.keyboard.press("End");
  await expect(rows.last()).toBeFocused();
  await expect(rows.last()).toContainText("not needed");
  await page.keyboard.press("Home");
  await expect(rows.first()).toBeFocused();
  await page.keyboard.press("ArrowLeft");
  await expect(rows).toHaveCount(1);
  expect(await barriers(page)).toEqual([]);
});

test("what if a value were another: for this person only, and back", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  await people(page).first().click();
  await page.locator(".journey summary", { hasText: "Import" }).click();
  await page.getByRole("button", { name: /^What if displayName were/ }).click();
  await page.getByLabel("What if displayName were").fill("Augusta");
  await page.keyboard.press("Enter");
  await expect(page.locator(".mapping .live").nth(1)).toContainText("Augusta");
  await expect(page.locator(".last-edit")).toContainText("changed 1 row");
  await page.getByRole("button", { name: "Back to the file’s values" }).click();
  await expect(page.locator(".mapping .live").nth(1)).toContainText("Ada Lovelace");
});

test("a clause says how many pass it, and a frequent value can be picked", async ({ page }) => {
  await loadExample(page);
  const before = await count(page, "disable");
  await page.getByRole("tab", { name: "Scope" }).click();
  await page
    .getByRole("region", { name: "Users" })
    .getByRole("button", { name: "Add scoping filter" })
    .click();
  await page.getByRole("list", { name: "Frequent values" }).getByRole("button").first().click();
  await expect(page.locator(".passes")).toContainText(/[1-9]\d* pass this clause/);
  await settled(page);
  expect(await count(page, "disable")).toBeGreaterThan(before);
  await page.keyboard.press("ControlOrMeta+z");
  await page.keyboard.press("ControlOrMeta+z");
  await expect.poll(() => count(page, "disable")).toBe(before);
});

test("everything is undone and done again by the keys", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  await edit(page, "title");
  await write(page, "[department]");
  await expect(page.locator(".last-edit")).toContainText("changed 2");
  await page.locator("#people").click();
  await page.keyboard.press("ControlOrMeta+z");
  await expect(page.getByRole("textbox", { name: "Source of title" })).toHaveText("[jobTitle]");
  await page.keyboard.press("ControlOrMeta+z");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("before it does it");
  await page.keyboard.press("ControlOrMeta+Shift+z");
  await page.keyboard.press("ControlOrMeta+Shift+z");
  await settled(page);
  await expect(page.getByRole("button", { name: /^Source of title: \[department\]/ })).toBeVisible();
});

test("a pinned result is watched", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  await people(page).first().click();
  await page.locator(".journey summary", { hasText: "Map attributes" }).click();
  await page.getByRole("button", { name: "Expect this: displayName" }).click();
  await expect(page.locator(".expectations")).toContainText("1/1 expectations hold");
  await edit(page, "displayName");
  await write(page, "[userPrincipalName]");
  await expect(page.locator(".expectations")).toContainText("0/1 expectations hold");
});

test("the tutorial's two faults are mended with one press each", async ({ page }) => {
  await loadExample(page);
  await page.getByRole("button", { name: 'write roles[primary eq "True"].type' }).click();
  await page.getByRole("button", { name: "remove this one" }).click();
  await expect(page.getByRole("heading", { name: "User mappings 38 targets" })).toBeVisible();
});

test("a mapping leads to those it changes, a change leads to its mapping", async ({ page }) => {
  await loadExample(page);
  await page.getByRole("button", { name: "Show everybody whose title changes" }).click();
  await expect(page.locator(".filtered")).toContainText("whose title changes");
  await people(page).first().click();
  await page.getByRole("tab", { name: /^Changes/ }).click();
  await page.getByRole("button", { name: "Go to the mapping of title" }).first().click();
  await expect(page.locator(".mapping.lit .target")).toHaveText("title");
});

test("how often each value comes out is shown as bars and as a table", async ({ page }) => {
  await loadExample(page);
  await page.getByRole("button", { name: /^Details: .*department$/ }).click();
  const chart = page.getByRole("region", { name: /^Most frequent results/ });
  const bar = chart.getByLabel(/^Sales: \d+$/);
  await expect(bar).toBeVisible();
  const [, count] = ((await bar.getAttribute("aria-label")) ?? "").split(": ");
  await chart.getByRole("button", { name: /Show as table/ }).click();
  await expect(chart.getByRole("row", { name: `Sales ${count}` })).toBeVisible();
});
