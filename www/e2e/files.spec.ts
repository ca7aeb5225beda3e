// What comes in, in every form, and what is said when it is none of them.
import { expect, loadExample, PEOPLE, paste, people, settled, test } from "./page";

const CSV = `userPrincipalName,displayName,surname,mail,givenName,id,userType,jobTitle,department,accountEnabled
ada@contoso.com,Ada Lovelace,Lovelace,ada@contoso.com,Ada,u1,Member,Countess,Sales,True
`;

test.beforeEach(({ page }) => page.goto("/").then(() => undefined));

test("the portal's CSV is read when dropped", async ({ page }) => {
  const data = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], "users.csv", { type: "text/csv" }));
    return transfer;
  }, CSV);
  await page.dispatchEvent(".page", "drop", { dataTransfer: data });
  await expect(page.locator(".sentence")).toContainText("1 user ");
  await expect(page.locator(".chip")).toContainText("users.csv");
});

test("one user a line, and a SCIM list as the target", async ({ page }) => {
  const { value } = JSON.parse(PEOPLE) as { value: unknown[] };
  await paste(page, value.map((user) => JSON.stringify(user)).join("\n"));
  await settled(page);
  await expect(people(page)).toHaveCount(2);
  const user = {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
    id: "t1",
    userName: "ADA@contoso.com",
  };
  await paste(page, JSON.stringify({ totalResults: 1, Resources: [user] }));
  await expect(page.locator(".tile.update b")).toHaveText("1");
  await expect(page.locator(".tile.create b")).toHaveText("1");
});

test("a mapping table alone is checked without people", async ({ page }) => {
  await paste(page, "|Attribute|Type|\n|---|---|\n|userName|String|\n|displayName|String|\n");
  await expect(page.getByRole("heading", { name: "User mappings 2 targets" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Now add people" })).toBeVisible();
});

test("pasting anywhere is enough", async ({ page }) => {
  await page.evaluate((text) => {
    const transfer = new DataTransfer();
    transfer.setData("text/plain", text);
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }));
  }, PEOPLE);
  await settled(page);
  await expect(people(page)).toHaveCount(2);
});

test("a file that is none gets a clear error and loses nothing", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  await paste(page, "{ this is no file");
  await expect(page.getByRole("alert")).toContainText("could not be read");
  await expect(page.locator(".chip.error")).toHaveCount(1);
  await expect(people(page)).toHaveCount(2);
  await page.getByRole("button", { name: "Remove pasted 2" }).click();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("a schema that is none is said so, and undone", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  await paste(page, '{"synchronizationRules": [}');
  await expect(page.getByRole("alert")).toContainText("The configuration cannot be used");
  await page.keyboard.press("ControlOrMeta+z");
  await expect(page.getByRole("alert")).toHaveCount(0);
  await settled(page);
});

test("sign-on: who would not be found", async ({ page }) => {
  await paste(
    page,
    JSON.stringify({
      value: [
        { id: "u1", userPrincipalName: "ada@contoso.com", mail: "ada@contoso.com", displayName: "Ada" },
        { id: "u2", userPrincipalName: "bo@contoso.com", mail: "Bo@contoso.com", displayName: "Bo" },
        { id: "u3", userPrincipalName: "cleo@contoso.com", mail: "c.leo@contoso.com", displayName: "Cleo" },
        { id: "u4", userPrincipalName: "dan@contoso.com", displayName: "Dan" },
      ],
    }),
  );
  await settled(page);
  await page.getByRole("tab", { name: "Sign-on" }).click();
  await expect(page.locator(".result-line")).toHaveText("✓ All 4 would be found.");
  await expect(page.getByRole("tabpanel", { name: "Sign-on" }).getByRole("table")).toHaveCount(0);
  await page.getByLabel("Sign-on sends").selectOption("mail");
  await expect(page.locator(".result-line.bad")).toHaveText("! 2 of 4 would not be found");
  // Who differs in case only is told, but not counted as lost.
  const rows = page.getByRole("tabpanel", { name: "Sign-on" }).locator("tbody tr");
  await expect(rows).toHaveText([
    "bo@contoso.comBo@contoso.combo@contoso.com · differs in case only",
    "cleo@contoso.comc.leo@contoso.comcleo@contoso.com",
    "dan@contoso.comno valuedan@contoso.com",
  ]);
  await rows.nth(1).getByRole("button").click();
  await expect(page.locator(".person")).toContainText("Cleo");
});

test("every chart has a table with the same numbers", async ({ page }) => {
  await loadExample(page);
  await page.getByRole("tab", { name: "Charts" }).click();
  const chart = page.getByRole("region", { name: "What would happen" });
  const create = await page.locator(".tile.create b").textContent();
  await expect(chart.getByRole("button", { name: `Create: ${create}` })).toBeVisible();
  await chart.getByRole("button", { name: /Show as table/ }).click();
  await expect(chart.getByRole("row", { name: `Create ${create}` })).toBeVisible();
  await chart.getByRole("button", { name: /Show as table/ }).click();
  await chart.getByRole("button", { name: `Create: ${create}` }).click();
  await expect(page.locator(".tile.create")).toHaveAttribute("aria-pressed", "true");
});

test("another configuration is compared with this one", async ({ page }) => {
  await loadExample(page);
  await page.locator("summary", { hasText: "Share" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Configuration, to compare later" }).click();
  const path = await (await download).path();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Source of title:/ }).click();
  await expect(page.getByRole("textbox", { name: "Source of title" })).toBeFocused();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText("[department]");
  await expect(page.locator(".last-edit")).toContainText("changed");
  await page.getByRole("tab", { name: "Compare" }).click();
  await page.getByLabel("Choose the other configuration").setInputFiles(path);
  await expect(page.locator(".result-line")).toContainText("come out differently");
  await expect(page.getByRole("tabpanel", { name: "Compare" })).toContainText("title");
});

test("the guide leads through the example", async ({ page }) => {
  await loadExample(page, true);
  await page.getByRole("button", { name: "Mend them" }).click();
  await expect(page.getByRole("heading", { name: "User mappings 38 targets" })).toBeVisible();
  for (const name of ["Show them", "Show problems", "Add the filter", "Show skipped", "Open the replay"]) {
    await page.getByRole("button", { name: "Next", exact: true }).last().click();
    await page.getByRole("button", { name, exact: true }).last().click();
    await settled(page);
  }
  await expect(page.getByRole("button", { name: "Replay the plan" })).toBeVisible();
  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.locator(".guide")).toHaveCount(0);
});
