// What a file has that nobody knows: told, mapped, undone; and files that cannot be read, with the place.
import { expect, PEOPLE, paste, people, settled, test } from "./page";

const CSV = `userPrincipalName,objectId,displayName,Departmnt,shoeSize
ada@contoso.com,u1,Ada Lovelace,Sales,38
bo@contoso.com,u2,Bo Berg,Research,44
`;

test.beforeEach(({ page }) => page.goto("/").then(() => undefined));

test("columns that are not used are told, one is mapped, undone, and kept with the configuration", async ({
  page,
}) => {
  await paste(page, CSV);
  await settled(page);
  const told = page.getByRole("status").filter({ hasText: "not used" });
  await expect(told).toContainText("2 columns are not used: Departmnt, shoeSize");
  // It waits for nothing: people are planned.
  await expect(people(page)).toHaveCount(2);
  await told.locator("summary").click();
  await expect(page.getByLabel("The column Departmnt is")).toHaveValue("department");
  await page.getByRole("button", { name: "Map the column Departmnt" }).click();
  await expect(told).toContainText("1 column is not used: shoeSize");
  await settled(page);
  await people(page).first().click();
  await page.getByRole("tab", { name: "Result" }).click();
  await expect(page.locator("#detail")).toContainText('"department": "Sales"');
  await page.locator("summary", { hasText: "Share" }).click();
  await expect(page.getByLabel("Link")).toHaveValue(/#c=/);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Undo: map the column/ }).click();
  await expect(told).toContainText("2 columns are not used");
  await page.getByRole("button", { name: "Leave them" }).click();
  await expect(told).toHaveCount(0);
});

test("a link brings the columns that were mapped to another browser, where they apply", async ({
  page,
  browser,
}) => {
  await paste(page, CSV);
  await settled(page);
  const told = page.getByRole("status").filter({ hasText: "not used" });
  await told.locator("summary").click();
  await page.getByRole("button", { name: "Map the column Departmnt" }).click();
  await settled(page);
  await page.locator("summary", { hasText: "Share" }).click();
  await expect(page.getByLabel("Link")).toHaveValue(/#c=/);
  const link = await page.getByLabel("Link").inputValue();
  const context = await browser.newContext();
  const other = await context.newPage();
  await other.goto(link);
  await expect(other.locator(".mapping").first()).toBeVisible();
  await expect(other.getByRole("status").filter({ hasText: "taken for an attribute" })).toBeVisible();
  await paste(other, CSV);
  await settled(other);
  await expect(people(other)).toHaveCount(2);
  await expect(other.getByRole("status").filter({ hasText: "not used" })).toContainText(
    "1 column is not used: shoeSize",
  );
  await people(other).first().click();
  await other.getByRole("tab", { name: "Result" }).click();
  await expect(other.locator("#detail")).toContainText('"department": "Sales"');
  await context.close();
});

test("a table without a known column asks which one is the user name", async ({ page }) => {
  await paste(page, "Login,Full name\nada@contoso.com,Ada\n");
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("Login, ");
  await page.getByLabel("Which column is the user name?").selectOption("Login");
  await settled(page);
  await expect(people(page)).toHaveCount(1);
  await expect(alert).toHaveCount(0);
});

test("headers that stand twice are told", async ({ page }) => {
  await paste(page, "userPrincipalName,id,mail,Mail\na@contoso.com,u1,,b@contoso.com\n");
  await settled(page);
  await expect(page.locator(".file-notes")).toContainText("more than one column is called Mail");
});

test("a file with a fault shows the line and a caret under the place", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  await paste(page, '{"value":[\n{"id":"u9","userPrincipalName":"c@contoso.com"},\n{"id" "u10"}]}');
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("(line 3, column 7)");
  await expect(alert.locator(".excerpt")).toHaveText('{"id" "u10"}]}\n      ^');
});

test("the default domain of the source tenant is what DefaultDomain() gives", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  await people(page).first().click();
  await page.getByRole("button", { name: /^Source of title:/ }).click();
  await expect(page.getByRole("textbox", { name: "Source of title" })).toBeFocused();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText('Join("@", "help", DefaultDomain())');
  await page.getByRole("tab", { name: "Settings" }).click();
  await page.getByLabel("Default domain of the source tenant").fill("fabrikam.example");
  await page.getByRole("tab", { name: "Result" }).click();
  await expect(page.locator("#detail")).toContainText("help@fabrikam.example");
});
