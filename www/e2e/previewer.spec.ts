// The previewer as an administrator uses it, in a real browser, served by the Worker.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";

const PEOPLE = JSON.stringify({
  value: [
    { id: "u1", userPrincipalName: "ada@contoso.com", displayName: "Ada Lovelace", accountEnabled: true },
    { id: "u2", userPrincipalName: "bo@contoso.com", displayName: "Bo Berg", accountEnabled: true },
  ],
});
const CSV = `userPrincipalName,displayName,surname,mail,givenName,id,userType,jobTitle,department,accountEnabled
ada@contoso.com,Ada Lovelace,Lovelace,ada@contoso.com,Ada,u1,Member,Countess,Sales,True
`;

/** What must never happen: a console error, a violation of the page's policy, a thrown error. */
function watch(page: Page): string[] {
  const faults: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  return faults;
}

async function paste(page: Page, text: string): Promise<void> {
  const field = page.getByLabel("CSV, Graph JSON or a SCIM list");
  if (!(await field.isVisible())) await page.getByText("Paste instead").click();
  await field.fill(text);
  await page.getByRole("button", { name: "Read the pasted text" }).click();
}

async function loadExample(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Try the Clarizen One example" }).click();
  await expect(page.locator(".sentence")).toContainText("60 users");
}

let faults: string[];
test.beforeEach(async ({ page }) => {
  faults = watch(page);
  await page.goto("/");
});
test.afterEach(() => expect(faults).toEqual([]));

test("the example shows every kind of action and the tutorial's 38 targets", async ({ page }) => {
  await loadExample(page);
  await expect(page.getByRole("heading", { name: "User mappings 38 targets" })).toBeVisible();
  for (const word of ["Disable", "Create", "Update", "No change", "Skipped"]) {
    const tile = page.locator(".tile", { hasText: word });
    expect(Number(await tile.locator("b").textContent()), word).toBeGreaterThan(0);
  }
});

test("a tile filters, a person opens with journey, result, changes and requests", async ({ page }) => {
  await loadExample(page);
  const tile = page.locator(".tile.create");
  const count = await tile.locator("b").textContent();
  await tile.click();
  await expect(tile).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByRole("grid")).toHaveAttribute("aria-rowcount", count);
  await page.getByRole("row").first().click();
  await expect(page.getByRole("heading", { name: "Determine if in scope" })).toBeVisible();
  await expect(page.getByRole("rowheader", { name: "Assigned to the application" })).toBeVisible();
  await page.getByRole("tab", { name: "Result" }).click();
  await expect(page.getByRole("tabpanel")).toContainText('"userName"');
  await page.getByRole("tab", { name: "Requests" }).click();
  await expect(page.getByRole("tabpanel")).toContainText("POST");
});

test("an edited mapping plans anew, and its faults stand beside it", async ({ page }) => {
  await paste(page, PEOPLE);
  const source = page.getByLabel("displayName").first();
  await source.fill('Join(" ", "Dr.", [displayName])');
  await source.press("Enter");
  await page.getByRole("row").first().click();
  await page.getByRole("tab", { name: "Result" }).click();
  await expect(page.getByRole("tabpanel")).toContainText('"Dr. Ada Lovelace"');
  await source.fill("join([displayName])");
  await source.press("Enter");
  await expect(page.locator(".mapping.wrong .found")).toContainText("Join");
});

test("the portal's CSV is read when dropped", async ({ page }) => {
  const data = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], "users.csv", { type: "text/csv" }));
    return transfer;
  }, CSV);
  await page.dispatchEvent(".page", "drop", { dataTransfer: data });
  await expect(page.locator(".sentence")).toContainText("1 users");
  await expect(page.locator(".chip")).toContainText("users.csv");
});

test("a file that is none gets a clear error and loses nothing", async ({ page }) => {
  await paste(page, "{ this is no file");
  await expect(page.getByRole("alert")).toContainText("could not be read");
  await paste(page, PEOPLE);
  await expect(page.locator(".tile.create b")).toHaveText("2");
});

test("search and keyboard: slash, arrows, enter", async ({ page }) => {
  await paste(page, PEOPLE);
  await expect(page.getByRole("grid")).toHaveAttribute("aria-rowcount", "2");
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type("bo@");
  await expect(page.getByRole("grid")).toHaveAttribute("aria-rowcount", "1");
  await page.getByRole("grid").focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "bo@contoso.com" })).toBeVisible();
});

test("after loading nothing is requested", async ({ page }) => {
  await loadExample(page);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.locator(".tile.update").click();
  await page.getByRole("row").first().click();
  await page.getByLabel("title", { exact: true }).fill("[department]");
  await page.getByLabel("title", { exact: true }).press("Enter");
  await expect(page.locator("progress")).toHaveCount(0);
  expect(asked).toEqual([]);
});

test("works with the network off", async ({ page, context }) => {
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await context.setOffline(true);
  await page.reload();
  await loadExample(page);
  await context.setOffline(false);
});

for (const scheme of ["light", "dark"] as const) {
  test(`no barrier that axe can find, ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    const scan = () =>
      new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
    expect((await scan()).violations).toEqual([]);
    await loadExample(page);
    await page.getByRole("row").first().click();
    await expect(page.getByRole("tabpanel")).toBeVisible();
    expect((await scan()).violations).toEqual([]);
  });
}

test("reflows at 320 pixels", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 700 });
  await loadExample(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
});
