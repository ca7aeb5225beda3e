// What every spec does: watch for faults, put files in, find things.
import { readFile } from "node:fs/promises";
import AxeBuilder from "@axe-core/playwright";
import { type APIRequestContext, test as base, expect, type Page } from "@playwright/test";

export const PEOPLE = JSON.stringify({
  value: [
    {
      id: "u1",
      userPrincipalName: "ada@contoso.com",
      displayName: "Ada Lovelace",
      department: "Sales",
      accountEnabled: true,
    },
    {
      id: "u2",
      userPrincipalName: "bo@contoso.com",
      displayName: "Bo Berg",
      department: "Research",
      accountEnabled: true,
    },
  ],
});

/** A test whose page must stay free of console errors, policy violations, thrown errors and the engine's marks. */
export const test = base.extend<{ faults: string[]; refusals: boolean }>({
  // On: the browser's own line about an answer 401, 409 or 429 is what the test is about, and no fault.
  refusals: [false, { option: true }],
  faults: [
    async ({ page, refusals }, use) => {
      const faults: string[] = [];
      page.on("console", (message) => {
        const refused = refusals && /status of (401|409|429)/.test(message.text());
        if (message.type() === "error" && !refused) faults.push(message.text());
      });
      page.on("pageerror", (error) => faults.push(String(error)));
      await use(faults);
      expect(faults).toEqual([]);
      // What the engine tells comes between marks (src/provision/message.rs), which nobody may see.
      if (!page.isClosed())
        expect((await page.content()).replace(/<script[\s\S]*?<\/script>/g, "")).not.toMatch(
          /[\uFDD0-\uFDD2]/,
        );
    },
    { auto: true },
  ],
});

export { type APIRequestContext, expect, type Page };

export async function paste(page: Page, text: string): Promise<void> {
  const field = page.getByLabel("CSV, Graph JSON, a SCIM list, a schema or a mapping table").first();
  if (!(await field.isVisible())) {
    const add = page.getByLabel("Add files", { exact: true }).and(page.locator("summary"));
    if (await add.isVisible()) await add.click();
    await page.getByText("Paste instead").first().click();
  }
  await field.fill(text);
  await page.getByRole("button", { name: "Read the pasted text" }).first().click();
  await page.keyboard.press("Escape");
}

export const people = (page: Page) => page.locator(".row");
export const tile = (page: Page, action: string) => page.locator(`.tile.${action}`);
export const count = async (page: Page, action: string) =>
  Number((await tile(page, action).locator("b").textContent())?.replaceAll(",", ""));

/** Waits until the engine has nothing more to do. */
export async function settled(page: Page): Promise<void> {
  await expect(page.locator(".tiles")).toBeVisible();
  await expect(page.locator(".working-line")).toHaveCount(0);
}

export async function loadExample(page: Page, guided = false): Promise<void> {
  await page.getByRole("button", { name: "Try the Clarizen One example" }).first().click();
  await expect(page.locator(".sentence")).toContainText("60 users");
  await settled(page);
  if (!guided) await page.getByRole("button", { name: "Close the guide" }).click();
}

/** The expression editor of a mapping, opened. */
export async function edit(page: Page, target: string) {
  await page
    .getByRole("button", { name: new RegExp(`^Source of ${target}:`) })
    .first()
    .click();
  const editor = page.getByRole("textbox", { name: `Source of ${target}` });
  await expect(editor).toBeFocused();
  return editor;
}

/** Puts a text into the editor that is open. */
export async function write(page: Page, text: string): Promise<void> {
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
}

export async function barriers(page: Page): Promise<string[]> {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`,
  );
}

/** What an export writes, as text. */
export async function exported(page: Page, name: string): Promise<string> {
  await page.locator("summary", { hasText: "Export" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name, exact: true }).click();
  const text = await readFile(await (await download).path(), "utf8");
  await page.keyboard.press("Escape");
  return text;
}

/** The token of a tenant made for one test, through the administrator's door. */
export async function tenant(request: APIRequestContext): Promise<string> {
  const { ADMIN_TOKEN } = JSON.parse(await readFile(`${process.env.E2E_DATA}/secrets.json`, "utf8"));
  const reply = await request.post("/admin/tenants", {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    data: { name: "page" },
  });
  expect(reply.status()).toBe(201);
  return (await reply.json()).token;
}

/** Operations sent at once; all have to go well. */
export async function bulk(request: APIRequestContext, token: string, Operations: object[]): Promise<void> {
  const reply = await request.post("/scim/v2/Bulk", {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/scim+json" },
    data: { schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], Operations },
  });
  expect(reply.status(), await reply.text()).toBe(200);
  const answers: { status: string; method: string; response?: unknown }[] = (await reply.json()).Operations;
  expect(answers).toHaveLength(Operations.length);
  expect(answers.filter(({ status }) => !status.startsWith("2"))).toEqual([]);
}

const TARGET = new URL("../../examples/clarizen-one/target.json", import.meta.url);

/** Gives a tenant what the example's target holds; how much that is. */
export async function fill(request: APIRequestContext, token: string): Promise<number> {
  const held: { Resources: { schemas: string[] }[] } = JSON.parse(await readFile(TARGET, "utf8"));
  await bulk(
    request,
    token,
    held.Resources.map((data, index) => ({
      method: "POST",
      path: data.schemas.some((id) => id.endsWith(":Group")) ? "/Groups" : "/Users",
      bulkId: `held:${index}`,
      data,
    })),
  );
  return held.Resources.length;
}

/** Mends the two faults of the example's mapping table. */
export async function mend(page: Page): Promise<void> {
  await page.getByRole("button", { name: 'write roles[primary eq "True"].type' }).click();
  await page.getByRole("button", { name: "remove this one" }).click();
  await settled(page);
}

/** Loads the target from the server that serves the page. */
export async function loadTarget(page: Page, token: string): Promise<void> {
  await page.getByRole("tab", { name: "Run" }).click();
  const allowed = page.getByLabel("Allow requests to this page’s own server");
  if (!(await allowed.isChecked())) await allowed.check();
  await page.getByLabel("Secret token").fill(token);
  await page.getByRole("button", { name: "Load", exact: true }).click();
}
