// A regular expression that never comes to an end: JavaScript's engine has no bound of steps.
import { edit, expect, paste, people, settled, test, write } from "./page";

const VICTIM = `${"a".repeat(60)}!`;
const SOME = JSON.stringify({
  value: [
    { id: "u1", userPrincipalName: "ada@contoso.com", displayName: "Ada Lovelace", accountEnabled: true },
    { id: "u2", userPrincipalName: "bo@contoso.com", displayName: VICTIM, accountEnabled: true },
  ],
});
const ENDLESS = 'Replace([displayName], , "^(a+)+$", , "x", , )';

test.beforeEach(({ page }) => page.goto("/"));

test("a mapping that does not come to an end is named and left out; all else goes on", async ({ page }) => {
  await paste(page, SOME);
  await settled(page);
  await edit(page, "title");
  await write(page, ENDLESS);
  const told = page.getByRole("alert").filter({ hasText: "User/title" });
  await expect(told).toContainText("did not come to an end", { timeout: 45_000 });
  await settled(page);
  // The mapping says it too, and its text is as it was written.
  await expect(page.getByRole("textbox", { name: "Source of title" })).toHaveText(ENDLESS);
  const finding = page.locator(".mapping", { hasText: "title" }).getByText("is not run again");
  await expect(finding.first()).toBeVisible();
  // All others are planned, and people can be opened.
  await expect(page.locator(".sentence")).toContainText("2 users");
  await people(page).first().click();
  await expect(page.locator(".person")).toContainText("Ada Lovelace");
  // Changed, it is run again.
  await page.getByRole("textbox", { name: "Source of title" }).click();
  await write(page, 'Replace([displayName], , "^a+$", , "x", , )');
  await settled(page);
  await expect(page.getByText("is not run again")).toHaveCount(0);
});

test("a scoping filter that does not come to an end is named, and a changed one is run", async ({ page }) => {
  await paste(page, SOME);
  await settled(page);
  await page.getByRole("tab", { name: "Scope" }).click();
  await page.getByRole("button", { name: "Add scoping filter" }).first().click();
  const attribute = page.getByRole("combobox", { name: "Attribute" }).first();
  await attribute.fill("displayName");
  await attribute.press("Tab");
  await page.getByRole("combobox", { name: "Operator" }).first().selectOption("REGEX MATCH");
  const value = page.getByRole("textbox", { name: "Value", exact: true }).first();
  await value.fill("^(a+)+$");
  const told = page.getByRole("alert").filter({ hasText: "the scoping filter of User" });
  await expect(told).toContainText("did not come to an end", { timeout: 45_000 });
  await value.fill("^a");
  await settled(page);
  await expect(page.locator(".sentence")).toContainText("1 in scope");
});
