// What is approved and what is not; the report; what comes out on paper.
import { writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { barriers, expect, exported, loadExample, people, settled, test, tile } from "./page";

test.beforeEach(async ({ page }) => {
  await page.goto("/");
  await loadExample(page);
});

test("an action and a person that are not approved stay out of exported requests, and of nothing else", async ({
  page,
}) => {
  const all = JSON.parse(await exported(page, "Requests (SCIM bulk)")).Operations as { bulkId?: string }[];
  await page.locator("summary", { hasText: "Export" }).click();
  await page.getByLabel(/^Disable/).uncheck();
  await page.keyboard.press("Escape");
  const without = JSON.parse(await exported(page, "Requests (SCIM bulk)")).Operations as {
    bulkId?: string;
  }[];
  expect(without.length).toBe(all.length - Number(await tile(page, "disable").locator("b").textContent()));
  await tile(page, "create").click();
  await people(page).first().click();
  await page.getByRole("tab", { name: /^Requests/ }).click();
  await page.getByLabel("Goes into exported requests").uncheck();
  const fewer = JSON.parse(await exported(page, "Requests (SCIM bulk)")).Operations as { bulkId?: string }[];
  const posts = (list: { bulkId?: string }[]) => list.filter(({ bulkId }) => bulkId).length;
  expect(posts(fewer)).toBe(posts(without) - 1);
  // Who refers to somebody that is not created is not sent either.
  expect(JSON.stringify(fewer)).not.toContain("created:");
  const plan = JSON.parse(await exported(page, "Plan (JSON)"));
  expect(
    plan.operations.filter(({ verdict }: { verdict: string }) => verdict === "disable").length,
  ).toBeGreaterThan(0);
  await page.getByRole("button", { name: /^Undo: choose what is exported/ }).click();
  await expect(page.getByLabel("Goes into exported requests")).toBeChecked();
});

test("the plan as JSON names its format, what made it, and the configuration's digest", async ({ page }) => {
  const digest = async () => {
    const plan = JSON.parse(await exported(page, "Plan (JSON)"));
    expect(plan.version).toBe(1);
    expect(plan.core).toMatch(/^\d+\.\d+\.\d+$/);
    expect(plan.configuration).toMatch(/^sha256:[0-9a-f]{64}$/);
    return plan.configuration as string;
  };
  const before = await digest();
  expect(await digest()).toBe(before);
  await page.getByRole("button", { name: "remove this one" }).click();
  await settled(page);
  expect(await digest()).not.toBe(before);
});

test("the report opens by itself: charts, destructive first, problems, the configuration, and prints", async ({
  page,
  context,
}, info) => {
  const path = info.outputPath("report.html");
  await writeFile(path, await exported(page, "Report (HTML, printable)"));
  const report = await context.newPage();
  const faults: string[] = [];
  report.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  await report.goto(pathToFileURL(path).href);
  const titles = await report.locator("h2").allTextContents();
  expect(titles.slice(0, 4)).toEqual([
    "Scope, step by step",
    "Attributes that change most",
    "Problems by rule",
    "Accounts in the target",
  ]);
  expect(titles[4]).toMatch(/disabled|deleted/);
  expect(titles.at(-1)).toBe("Configuration");
  await expect(report.getByRole("row", { name: /userName.*userPrincipalName/ })).toBeVisible();
  // The style is there: bars have colour.
  const fill = await report
    .locator("td.bar rect")
    .first()
    .evaluate((bar) => getComputedStyle(bar).fill);
  expect(fill).not.toBe("rgb(0, 0, 0)");
  for (const colorScheme of ["light", "dark"] as const) {
    await report.emulateMedia({ colorScheme });
    expect(await barriers(report), colorScheme).toEqual([]);
  }
  // On paper what is folded is open.
  await report.emulateMedia({ media: "print" });
  await expect(report.locator("details .body").first()).toBeVisible();
  expect(faults).toEqual([]);
});

test("the page itself prints its summary and the configuration, and points to the report", async ({
  page,
}) => {
  await page.emulateMedia({ media: "print" });
  await expect(page.getByText("For paper, use Export → Report")).toBeVisible();
  await expect(page.locator(".tiles")).toBeVisible();
  await expect(page.locator(".mapping").last()).toBeVisible();
  await expect(page.getByRole("grid")).toBeHidden();
  const [height, room] = await page.evaluate(() => [
    document.querySelector(".mappings")?.getBoundingClientRect().height ?? 0,
    document.querySelector("#part")?.clientHeight ?? 0,
  ]);
  expect(room).toBeGreaterThanOrEqual(height);
});

test("a request's lines and a mapping light up each other", async ({ page }) => {
  await tile(page, "update").click();
  await people(page).first().click();
  await page.getByRole("tab", { name: /^Requests/ }).click();
  const line = page.locator(".requests .code-line:is(button)").first();
  const target = ((await line.getAttribute("title")) ?? "").replace("Go to the mapping of ", "");
  await line.hover();
  await expect(page.locator(".mapping.lit .target")).toHaveAttribute("title", target);
  await page.locator(".mapping.lit").hover();
  await expect(page.locator(".requests .code-line.lit").first()).toBeVisible();
});

test("a branch that nobody takes is struck through", async ({ page }) => {
  await page.getByRole("button", { name: /^Source of title:/ }).click();
  await expect(page.getByRole("textbox", { name: "Source of title" })).toBeFocused();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText('IIF([department]="Nowhere", ToUpper([jobTitle]), [jobTitle])');
  await settled(page);
  await page.getByRole("button", { name: "Details: title" }).click();
  await expect(page.locator(".untaken s")).toHaveText("ToUpper([jobTitle])");
});
