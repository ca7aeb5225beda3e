// The strongest proof: the exported requests, sent to the SCIM endpoint of the server that
// serves the page, leave nothing for the next plan, by that endpoint's own state.
import { readFile } from "node:fs/promises";
import {
  bulk as bulkTo,
  count,
  expect,
  fill,
  loadTarget as load,
  loadExample,
  mend,
  settled,
  tenant,
  test,
} from "./page";

test("the exported requests, sent to the endpoint, leave an empty plan", async ({ page, request }) => {
  const token = await tenant(request);
  const bulk = (operations: object[]) => bulkTo(request, token, operations);
  const held = await fill(request, token);

  await page.goto("/");
  await loadExample(page);
  await mend(page);
  await load(page, token);
  await expect(page.locator(".network [role=status]").first()).toHaveText(`${held} resources loaded.`);
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
  await expect(page.locator(".network [role=status]").first()).not.toHaveText(`${held} resources loaded.`);
  await expect(page.locator(".network [role=status]").first()).toContainText("resources loaded.");
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
    const told = page.locator(".network [role=status]").first();
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
    await page.getByRole("tab", { name: "Run" }).click();
    await expect(page.getByLabel("Secret token")).toHaveCount(0);
    expect(asked).toEqual([]);
    await load(page, "wrong");
    await expect(page.locator(".network [role=status]").first()).toContainText("401");
    expect(asked).toHaveLength(1);
  });
});
