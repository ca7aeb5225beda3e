// The engine comes in two parts; what needs the second works before it is there (docs/wasm.md).
import { edit, expect, loadExample, PEOPLE, paste, people, settled, test, write } from "./page";

const REST = /rest_bg[^/]*\.wasm$/;

// A service worker would answer instead of these tests.
test.beforeEach(({ page }) =>
  page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "serviceWorker")),
);

test("the rest comes by itself, and the example does not wait for it", async ({ page }) => {
  let come = () => {};
  const held = new Promise<void>((resolve) => (come = resolve));
  await page.route(REST, async (route) => {
    await held;
    await route.continue();
  });
  const asked = page.waitForRequest(REST);
  await page.goto("/");
  await loadExample(page);
  expect((await asked).resourceType()).toBe("fetch");
  await people(page).first().click();
  await expect(page.locator("#detail")).toBeVisible();
  const arrived = page.waitForResponse(REST);
  come();
  expect((await arrived).ok()).toBe(true);
});

test("a function of the rest that is called before it came loads it on the spot", async ({ page }) => {
  const asked: string[] = [];
  await page.route(REST, async (route) => {
    asked.push(route.request().resourceType());
    // What comes by itself never does.
    if (route.request().resourceType() === "xhr") await route.continue();
  });
  await page.goto("/");
  await paste(page, PEOPLE);
  await settled(page);
  await edit(page, "title");
  await write(page, 'PCase(Mid("xxthe rest", 3, 8))');
  await expect(page.locator(".last-edit")).toContainText("changed 2");
  await people(page).first().click();
  await page.getByRole("tab", { name: "Result" }).click();
  await expect(page.locator("#detail")).toContainText('"title": "The Rest"');
  expect(asked).toEqual(["fetch", "xhr"]);
});

test("when the rest cannot be had, the engine says so and goes on", async ({ page }) => {
  let there = false;
  await page.route(REST, (route) => (there ? route.continue() : route.fulfill({ status: 503, body: "" })));
  await page.goto("/");
  await paste(page, PEOPLE);
  await settled(page);
  await page.locator("summary", { hasText: "Export" }).click();
  await page.getByRole("button", { name: "Plan (JSON)", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("started anew");
  there = true;
  await settled(page);
  await expect(people(page)).toHaveCount(2);
});
