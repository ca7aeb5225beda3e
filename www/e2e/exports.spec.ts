// What goes out: every form opens as what it is; and the strongest proof: the exported
// requests, sent to the endpoint of the same server, leave nothing for the next plan.
import { count, edit, expect, exported, loadExample, settled, test, write } from "./page";

test.beforeEach(async ({ page }) => {
  await page.goto("/");
  await loadExample(page);
});

test("plan, logs, requests, bulk, schema and report each are what they say", async ({ page }) => {
  const plan = JSON.parse(await exported(page, "Plan (JSON)"));
  expect(plan.summary.users).toBe(60);
  const log = await exported(page, "Provisioning log (CSV)");
  expect(log.trim().split("\r\n").length).toBe(plan.operations.length + 1);
  expect((await exported(page, "Steps (CSV)")).split("\r\n").length).toBeGreaterThan(plan.operations.length);
  expect(await exported(page, "Modified properties (CSV)")).toContain("userName");
  expect(await exported(page, "Requests (.http)")).toContain("{{token}}");
  const curl = await exported(page, "Requests (curl)");
  expect(curl).toContain("$TENANT_URL");
  const bulk = JSON.parse(await exported(page, "Requests (SCIM bulk)"));
  expect(bulk.Operations.length).toBe(plan.summary.requests);
  await edit(page, "displayName");
  await write(page, 'Join(" ", "Dr.", [displayName])');
  await expect(page.locator(".last-edit")).toContainText("Your last edit changed");
  const { synchronizationRules } = JSON.parse(await exported(page, "Schema (JSON)"));
  type Mapping = { attributeMappings: { source: { name?: string; parameters?: unknown[] } }[] };
  const sources = synchronizationRules[0].objectMappings.flatMap((mapping: Mapping) =>
    mapping.attributeMappings.map(({ source }) => `${source?.name} of ${source?.parameters?.length}`),
  );
  expect(sources).toContain("Join of 3");
  const report = await exported(page, "Report (HTML, printable)");
  expect(report).toContain("<!doctype html>");
  expect(report).toContain("default-src 'none'");
});

test("a replay in the page leaves an empty plan", async ({ page }) => {
  await page.getByRole("button", { name: 'write roles[primary eq "True"].type' }).click();
  await page.getByRole("button", { name: "remove this one" }).click();
  await settled(page);
  await page.getByRole("tab", { name: "Replay" }).click();
  await page.getByRole("button", { name: "Replay the plan" }).click();
  await expect(page.locator(".result-line.good")).toContainText("The next plan is empty", {
    timeout: 20_000,
  });
  expect(await count(page, "create")).toBeGreaterThan(0);
});
