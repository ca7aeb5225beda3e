// The strongest proof: the exported requests, sent to the SCIM endpoint of the server that
// serves the page, leave nothing for the next plan, by that endpoint's own state.
import { readFile } from "node:fs/promises";
import { type APIRequestContext, count, expect, loadExample, type Page, settled, test } from "./page";

const TARGET = new URL("../../examples/clarizen-one/target.json", import.meta.url);

/** The token of a tenant made for one test, through the administrator's door. */
async function tenant(request: APIRequestContext): Promise<string> {
  const { ADMIN_TOKEN } = JSON.parse(await readFile(`${process.env.E2E_DATA}/secrets.json`, "utf8"));
  const reply = await request.post("/admin/tenants", {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    data: { name: "page" },
  });
  expect(reply.status()).toBe(201);
  return (await reply.json()).token;
}

async function load(page: Page, token: string): Promise<void> {
  await page.getByRole("tab", { name: "Replay" }).click();
  const allowed = page.getByLabel("Allow requests to this page’s own server");
  if (!(await allowed.isChecked())) await allowed.check();
  await page.getByLabel("Secret token").fill(token);
  await page.getByRole("button", { name: "Load", exact: true }).click();
}

test("the exported requests, sent to the endpoint, leave an empty plan", async ({ page, request }) => {
  test.setTimeout(120_000);
  const token = await tenant(request);
  const bulk = async (Operations: object[]) => {
    const reply = await request.post("/scim/v2/Bulk", {
      headers: { authorization: `Bearer ${token}`, "content-type": "application/scim+json" },
      data: { schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], Operations },
    });
    expect(reply.status(), await reply.text()).toBe(200);
    const answers: { status: string; method: string; response?: unknown }[] = (await reply.json()).Operations;
    expect(answers).toHaveLength(Operations.length);
    expect(answers.filter(({ status }) => !status.startsWith("2"))).toEqual([]);
  };
  const held: { Resources: { schemas: string[] }[] } = JSON.parse(await readFile(TARGET, "utf8"));
  await bulk(
    held.Resources.map((data, index) => ({
      method: "POST",
      path: data.schemas.some((id) => id.endsWith(":Group")) ? "/Groups" : "/Users",
      bulkId: `held:${index}`,
      data,
    })),
  );

  await page.goto("/");
  await loadExample(page);
  await page.getByRole("button", { name: 'write roles[primary eq "True"].type' }).click();
  await page.getByRole("button", { name: "remove this one" }).click();
  await settled(page);
  await load(page, token);
  await expect(page.locator(".network [role=status]")).toHaveText(
    `${held.Resources.length} resources loaded.`,
  );
  await settled(page);
  const failed = await count(page, "failed");
  expect(await count(page, "create")).toBeGreaterThan(0);
  expect(await count(page, "update")).toBeGreaterThan(0);
  expect(await count(page, "disable")).toBeGreaterThan(0);

  await page.locator("summary", { hasText: "Export" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Requests (SCIM bulk)", exact: true }).click();
  const sent = JSON.parse(await readFile(await (await download).path(), "utf8"));
  await page.keyboard.press("Escape");
  await bulk(sent.Operations);

  await load(page, token);
  await expect(page.locator(".network [role=status]")).not.toHaveText(
    `${held.Resources.length} resources loaded.`,
  );
  await expect(page.locator(".network [role=status]")).toContainText("resources loaded.");
  await expect(page.locator(".sentence")).toContainText(/(^|\D)0 requests/);
  await settled(page);
  for (const action of ["delete", "disable", "create", "update"]) {
    expect(await count(page, action), action).toBe(0);
  }
  // Whoever cannot be provisioned has no request, before and after.
  expect(await count(page, "failed")).toBe(failed);
});

test.describe("refused", () => {
  test.use({ refusals: true });

  test("a wrong token gets a clear error, and the target stays", async ({ page }) => {
    await page.goto("/");
    await loadExample(page);
    const before = await page.locator(".sentence").textContent();
    await load(page, "wrong");
    const told = page.locator(".network [role=status]");
    await expect(told).toContainText("the server answered 401");
    await expect(told).toContainText("token");
    await expect(told).toHaveClass(/error/);
    await expect(page.locator(".sentence")).toHaveText(before ?? "");
  });

  test("nothing is asked of the server before the switch is on", async ({ page }) => {
    const asked: string[] = [];
    page.on("request", (sent) => {
      if (sent.url().includes("/scim/")) asked.push(sent.url());
    });
    await page.goto("/");
    await loadExample(page);
    await page.getByRole("tab", { name: "Replay" }).click();
    await expect(page.getByLabel("Secret token")).toHaveCount(0);
    expect(asked).toEqual([]);
    await load(page, "wrong");
    await expect(page.locator(".network [role=status]")).toContainText("401");
    expect(asked).toHaveLength(1);
  });
});
