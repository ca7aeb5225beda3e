// The plan carried out at the Worker that serves the page: what is sent, what is told of it, and
// that nothing is sent unasked.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { de } from "../src/strings/run.de";
import {
  type APIRequestContext,
  barriers,
  count,
  expect,
  fill,
  loadExample,
  loadTarget,
  mend,
  type Page,
  paste,
  people,
  settled,
  tenant,
  test,
  tile,
} from "./page";

const TOLD = ".network [role=status]";
const run = (page: Page) => page.locator(".run");
const sendButton = (page: Page) => run(page).getByRole("button", { name: /^Send [\d,]+ requests?$/ });
const agree = (page: Page) => page.getByLabel("I want to send these requests");
const ended = (page: Page) => run(page).locator(".result-line").first();
/** A run takes as long as the server does. */
const patient = expect.configure({ timeout: 90_000 });
const SENDS = ["POST", "PUT", "PATCH", "DELETE"];

/** Everything that goes to the endpoint: method and path. */
function heard(page: Page): string[] {
  const asked: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/scim/")) asked.push(`${request.method()} ${pathname}`);
  });
  return asked;
}

const changes = (asked: string[]) => asked.filter((line) => SENDS.some((method) => line.startsWith(method)));

/** Every answer comes a little later, so that a run can be watched. */
async function slowly(page: Page, milliseconds: number): Promise<void> {
  await page.route("**/scim/v2/**", async (route) => {
    await new Promise((later) => setTimeout(later, milliseconds));
    await route.continue().catch(() => undefined);
  });
}

/** The target is loaded from the server, and planned for. */
async function loaded(page: Page, token: string, resources: number): Promise<void> {
  await loadTarget(page, token);
  await expect(page.locator(TOLD).first()).toHaveText(
    `${resources} ${resources === 1 ? "resource" : "resources"} loaded.`,
  );
  await settled(page);
}

async function send(page: Page): Promise<number> {
  await expect(run(page).locator("form progress")).toHaveCount(0);
  await agree(page).check();
  const button = sendButton(page);
  const requests = Number(((await button.textContent()) ?? "").replace(/\D/g, ""));
  await button.click();
  return requests;
}

async function file(page: Page, name: string): Promise<string> {
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name, exact: true }).click();
  return readFile(await (await download).path(), "utf8");
}

async function users(request: APIRequestContext, token: string): Promise<number> {
  const reply = await request.get("/scim/v2/Users?count=1", {
    headers: { authorization: `Bearer ${token}` },
  });
  return (await reply.json()).totalResults;
}

/** So many made-up people, as Graph has them. */
const made = (many: number) =>
  JSON.stringify({
    value: Array.from({ length: many }, (_, at) => ({
      id: `u${at}`,
      userPrincipalName: `p${at}@contoso.com`,
      displayName: `Person ${at}`,
      accountEnabled: true,
    })),
  });

/** A plan that creates so many people, at a target of their own that holds nobody; its token. */
async function creating(page: Page, request: APIRequestContext, many: number): Promise<string> {
  const token = await tenant(request);
  await page.goto("/");
  await paste(page, made(many));
  await settled(page);
  await loaded(page, token, 0);
  return token;
}

test("the example is run, watched and logged, and the next plan is empty", async ({ page, request }) => {
  const token = await tenant(request);
  await page.goto("/");
  await loadExample(page);
  await mend(page);
  await loaded(page, token, 0);
  const creates = await count(page, "create");
  expect(creates).toBeGreaterThan(30);
  await expect(run(page).locator(".sending li")).toHaveText([
    "× 0 Delete",
    "⊘ 0 Disable",
    `+ ${creates} Create`,
    "~ 0 Update",
  ]);
  await expect(run(page).locator("code").first()).toHaveText(`${new URL(page.url()).origin}/scim/v2`);
  const asked = heard(page);
  await slowly(page, 40);
  const requests = await send(page);
  await expect(run(page).getByRole("progressbar")).toBeVisible();
  await expect(run(page).locator(".under [role=status]")).toContainText(`of ${requests} requests`);
  await expect(run(page).locator(".under")).toContainText(/about \d+ seconds? left/);
  // The page stays usable meanwhile, and the run goes on.
  await page.getByRole("tab", { name: "People" }).click();
  await people(page).first().click();
  await page.getByRole("tab", { name: "Run" }).click();
  await patient(ended(page)).toHaveText(
    `✓ The plan was run. ${requests} requests carried out, 0 failed, 0 not sent.`,
  );
  await page.unroute("**/scim/v2/**");
  expect(changes(asked)).toHaveLength(requests);
  expect(
    asked.filter((line) => line === "POST /scim/v2/Users" || line === "POST /scim/v2/Groups"),
  ).toHaveLength(creates);
  // Groups after users.
  const lastUser = asked.lastIndexOf("POST /scim/v2/Users");
  expect(asked.indexOf("POST /scim/v2/Groups")).toBeGreaterThan(lastUser);
  const lines = (await file(page, "Log (CSV)")).trim().split("\r\n");
  expect(lines).toHaveLength(requests + 1);
  expect(lines[0]).toMatch(/^Date,ChangeId,Action,Status,/);
  expect(lines.slice(1).every((line) => /,(Create|Update),Success,/.test(line))).toBe(true);
  const entries = (await file(page, "Log (NDJSON)")).trim().split("\n");
  expect(entries.map((line) => JSON.parse(line).provisioningStatusInfo.status)).toEqual(
    Array(requests).fill("success"),
  );
  expect(lines.join() + entries.join() + (await page.content())).not.toContain(token);
  await page.getByRole("button", { name: "Load the target again" }).click();
  await expect(run(page).locator(".result-line").last()).toHaveText(/^✓ The next plan is empty/);
  await expect(page.locator(".sentence")).toContainText(/(^|\D)0 requests/);
  await expect(run(page)).toContainText("There is nothing to send.");
  for (const action of ["delete", "disable", "create", "update"]) expect(await count(page, action)).toBe(0);
});

test("what is not approved is not sent", async ({ page, request }) => {
  const token = await tenant(request);
  const held = await fill(request, token);
  await page.goto("/");
  await loadExample(page);
  await mend(page);
  await loaded(page, token, held);
  const [disables, creates] = [await count(page, "disable"), await count(page, "create")];
  expect(Math.min(disables, creates)).toBeGreaterThan(0);
  await page.locator("summary", { hasText: "Export" }).click();
  await page.getByLabel(/^Disable/).uncheck();
  await page.keyboard.press("Escape");
  await tile(page, "create").click();
  await page.getByRole("tab", { name: "People" }).click();
  await people(page).first().click();
  await page.getByRole("tab", { name: /^Requests/ }).click();
  await page.getByLabel("Goes into exported requests").uncheck();
  await settled(page);
  await page.getByRole("tab", { name: "Run" }).click();
  await page.getByLabel("Allow requests to this page’s own server").check();
  await page.getByLabel("Secret token").fill(token);
  await expect(run(page)).toContainText(/\d+ requests that you left out stay out/);
  await expect(run(page).locator(".sending li.create")).toContainText(String(creates - 1));
  await expect(run(page).locator(".sending li").nth(1)).toHaveText("⊘ 0 Disable");
  const requests = await send(page);
  await patient(ended(page)).toContainText(`${requests} requests carried out, 0 failed`);
  await page.getByRole("button", { name: "Load the target again" }).click();
  await expect(run(page).locator(".result-line").last()).toContainText("The next plan still holds");
  await settled(page);
  expect(await count(page, "disable")).toBe(disables);
  expect(await count(page, "create")).toBe(1);
});

test("what the deletion threshold holds back wants a second word", async ({ page, request }) => {
  const token = await tenant(request);
  const held = await fill(request, token);
  await page.goto("/");
  await loadExample(page);
  await mend(page);
  await page.getByRole("tab", { name: "Settings", exact: true }).click();
  await page.getByLabel("Accidental deletion threshold").fill("1");
  await settled(page);
  await loaded(page, token, held);
  const staged = await count(page, "staged");
  expect(staged).toBeGreaterThan(1);
  await expect(run(page)).toContainText(`${staged} disables and deletes exceed your threshold of 1`);
  await expect(run(page).locator(".sending li").nth(1)).toHaveText("⊘ 0 Disable");
  await expect(run(page).locator("form progress")).toHaveCount(0);
  await agree(page).check();
  await page.getByLabel(`Send these ${staged} disables and deletes all the same`).check();
  await expect(run(page).locator(".sending li").nth(1)).toHaveText(`⊘ ${staged} Disable`);
  // Other requests than those that were agreed to: they want to be agreed to.
  await expect(agree(page)).not.toBeChecked();
  await expect(sendButton(page)).toBeDisabled();
  const asked = heard(page);
  const requests = await send(page);
  await patient(ended(page)).toContainText(`${requests} requests carried out, 0 failed`);
  // Destructive first.
  expect(asked.slice(0, staged).every((line) => line.startsWith("PATCH /scim/v2/"))).toBe(true);
  await page.getByRole("button", { name: "Load the target again" }).click();
  await expect(run(page).locator(".result-line").last()).toHaveText(/^✓ The next plan is empty/);
});

test("stopped in the middle of a large plan, it says what was done and what was not", async ({
  page,
  request,
}) => {
  const token = await creating(page, request, 200);
  await slowly(page, 50);
  const asked = heard(page);
  expect(await send(page)).toBe(200);
  await expect(run(page).locator(".under")).toContainText(/^\d{2,3} of 200/);
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await patient(ended(page)).toHaveText(/^! Stopped\. \d+ requests carried out, 0 failed, \d+ not sent\.$/);
  const [done = 0, , skipped = 0] =
    ((await ended(page).textContent()) ?? "").match(/\d+/g)?.map(Number) ?? [];
  expect(done + skipped).toBe(200);
  expect(Math.min(done, skipped)).toBeGreaterThan(0);
  const sent = changes(asked).length;
  expect(sent).toBe(done);
  await page.waitForTimeout(500);
  expect(changes(asked)).toHaveLength(sent);
  expect(await users(request, token)).toBe(done);
  await expect(run(page).getByRole("row", { name: "Create" }).first()).toHaveText(`Create${done}0${skipped}`);
  await page.unroute("**/scim/v2/**");
  // The rest, once the target is known again.
  await expect(run(page)).toContainText("Load the target again before you send more.");
  await expect(agree(page)).toHaveCount(0);
  await page.getByRole("button", { name: "Load the target again" }).click();
  await expect(run(page).locator(".result-line").last()).toContainText(`still holds ${skipped} requests`);
  await settled(page);
  expect(await send(page)).toBe(skipped);
  await patient(ended(page)).toContainText(`${skipped} requests carried out, 0 failed, 0 not sent`);
  expect(await users(request, token)).toBe(200);
});

test("of a target that is too large no part is taken for the whole", async ({ page, request }) => {
  const token = await creating(page, request, 3);
  await page.route("**/scim/v2/Users?*", async (route) => {
    const reply = await route.fetch();
    await route.fulfill({ response: reply, json: { ...(await reply.json()), totalResults: 100_001 } });
  });
  await loadTarget(page, token);
  await expect(page.locator(TOLD).first()).toHaveText(
    "the server holds 100,001 of one kind, and the page reads 100,000 at most; use `provisor cycle`",
  );
  await settled(page);
  expect(await count(page, "create")).toBe(3);
});

test("nothing is requested before the button, and the switch is about what is shown", async ({
  page,
  request,
}) => {
  const token = await tenant(request);
  const asked = heard(page);
  await page.goto("/");
  await paste(page, made(3));
  await settled(page);
  await page.getByRole("tab", { name: "Run" }).click();
  await expect(page.getByLabel("Secret token")).toHaveCount(0);
  await page.getByLabel("Allow requests to this page’s own server").check();
  await expect(run(page)).toContainText("This plan knows no target.");
  await expect(run(page).locator("form progress")).toHaveCount(0);
  await expect(sendButton(page)).toBeDisabled();
  await agree(page).check();
  await expect(sendButton(page)).toBeDisabled();
  await page.getByLabel("Secret token").fill(token);
  await expect(sendButton(page)).toBeEnabled();
  await page.waitForTimeout(300);
  expect(asked).toEqual([]);
  await sendButton(page).click();
  await patient(ended(page)).toContainText("3 requests carried out");
  expect(asked).toEqual(Array(3).fill("POST /scim/v2/Users"));
  // Neither the token nor the log is kept.
  const kept = await page.evaluate(async () => {
    const all: unknown[] = [];
    for (const { name = "" } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((open, fail) => {
        const asked = indexedDB.open(name);
        asked.onsuccess = () => open(asked.result);
        asked.onerror = () => fail(asked.error);
      });
      for (const store of database.objectStoreNames)
        all.push(
          await new Promise((read, fail) => {
            const asked = database.transaction(store).objectStore(store).getAll();
            asked.onsuccess = () => read(asked.result);
            asked.onerror = () => fail(asked.error);
          }),
        );
    }
    return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, all.flat()]);
  });
  expect(kept).toBe("[{},{},[]]");
});

test("what nothing answers is not waited for once the run was stopped; leaving meanwhile asks first", async ({
  page,
  request,
}) => {
  await creating(page, request, 8);
  let seen = 0;
  await page.route("**/scim/v2/Users", async (route) => {
    seen += 1;
    if (seen !== 3) await route.continue();
  });
  await send(page);
  await expect(run(page).locator(".under")).toContainText("7 of 8 requests");
  const asked = page.waitForEvent("dialog");
  void page.close({ runBeforeUnload: true });
  const dialog = await asked;
  expect(dialog.type()).toBe("beforeunload");
  await dialog.dismiss();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await expect(page.getByRole("button", { name: "Stopping…" })).toBeDisabled();
  await patient(ended(page)).toHaveText("! Stopped. 7 requests carried out, 1 failed, 0 not sent.");
  await page.getByRole("button", { name: /^Failure 1$/ }).click();
  await expect(run(page).locator(".run-log tbody tr")).toContainText(
    "no answer came; whether it was carried out",
  );
});

test("an engine that stops ends the run and leaves its log; forgetting forgets the log and the token", async ({
  page,
  request,
}) => {
  const token = await creating(page, request, 60);
  await slowly(page, 100);
  await send(page);
  await expect(run(page).locator(".run-log tbody tr").nth(4)).toBeVisible();
  // What the worker says when it has failed.
  await page.workers()[0]?.evaluate(() => self.postMessage({ id: -1, fault: "out of memory" }));
  await patient(ended(page)).toContainText("Ended: the engine stopped.");
  expect(await run(page).locator(".run-log tbody tr").count()).toBeGreaterThanOrEqual(5);
  expect((await file(page, "Log (CSV)")).split("\r\n").length).toBeGreaterThan(5);
  await page.unroute("**/scim/v2/**");
  // The answers that are still on their way.
  await page.waitForTimeout(500);
  await settled(page);
  await page.getByRole("button", { name: "Load the target again" }).click();
  await expect(run(page).locator(".result-line").last()).toContainText("The next plan still holds");
  await settled(page);
  await send(page);
  await patient(ended(page)).toContainText("0 failed, 0 not sent.");
  expect(await users(request, token)).toBe(60);
  await page.locator("summary", { hasText: "More" }).click();
  await page.getByRole("button", { name: "Forget everything" }).click();
  await paste(page, made(3));
  await settled(page);
  await page.getByRole("tab", { name: "Run" }).click();
  await expect(page.getByLabel("Allow requests to this page’s own server")).not.toBeChecked();
  await expect(run(page)).toHaveCount(0);
  await page.getByLabel("Allow requests to this page’s own server").check();
  await expect(page.getByLabel("Secret token")).toHaveValue("");
  await expect(run(page).locator(".run-log")).toHaveCount(0);
});

test("by keyboard alone, from the list of everything on", async ({ page, request }) => {
  const token = await tenant(request);
  await page.goto("/");
  await paste(page, made(3));
  await settled(page);
  await page.keyboard.press("ControlOrMeta+k");
  await expect(page.getByRole("combobox", { name: "Find anything" })).toBeFocused();
  await page.keyboard.type("run the plan on");
  await page.keyboard.press("Enter");
  const allowed = page.getByLabel("Allow requests to this page’s own server");
  await expect(allowed).toBeVisible();
  await allowed.focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("Tab");
  await page.keyboard.type(token);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.locator(TOLD).first()).toHaveText("0 resources loaded.");
  await settled(page);
  await expect(run(page).locator("form progress")).toHaveCount(0);
  await expect(sendButton(page)).toHaveText("Send 3 requests");
  await page.keyboard.press("Tab");
  await expect(agree(page)).toBeFocused();
  await page.keyboard.press("Space");
  await expect(sendButton(page)).toBeEnabled();
  await page.keyboard.press("Tab");
  await expect(sendButton(page)).toBeFocused();
  await page.keyboard.press("Enter");
  await patient(ended(page)).toContainText("3 requests carried out");
});

test("the page as one file says why it cannot", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => {
    if (!/^(blob|data):/.test(request.url())) asked.push(request.url());
  });
  await page.goto(pathToFileURL(resolve(import.meta.dirname, "../single/provisor.html")).href);
  await paste(page, made(3));
  await settled(page);
  await page.getByRole("tab", { name: "Run" }).click();
  await expect(page.getByText("This page was opened from a file: there is no server")).toBeVisible();
  await expect(page.getByLabel("Secret token")).toHaveCount(0);
  expect(asked).toHaveLength(1);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`no barrier before, during and after, ${colorScheme}, and at 320 pixels`, async ({
    page,
    request,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const token = await tenant(request);
    await page.goto("/");
    const long = "x".repeat(300);
    const many = JSON.parse(made(60));
    many.value[0].displayName = long;
    many.value[0].userPrincipalName = `${long.slice(0, 200)}@contoso.com`;
    await paste(page, JSON.stringify(many));
    await settled(page);
    await loaded(page, token, 0);
    expect(await barriers(page), "before").toEqual([]);
    await slowly(page, 400);
    await send(page);
    await expect(run(page).locator(".run-log tbody tr").first()).toBeVisible();
    expect(await barriers(page), "during").toEqual([]);
    await page.unroute("**/scim/v2/**", undefined);
    await patient(ended(page)).toContainText("60 requests carried out");
    expect(await barriers(page), "after").toEqual([]);
    await page.emulateMedia({ colorScheme, forcedColors: "active" });
    expect(await barriers(page), "forced colours").toEqual([]);
    await page.setViewportSize({ width: 320, height: 700 });
    await expect(run(page)).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    expect(await barriers(page), "320 pixels").toEqual([]);
  });
}

test("in German", async ({ page, request }) => {
  const token = await tenant(request);
  await page.goto("/");
  await paste(page, made(3));
  await settled(page);
  await page.locator("summary", { hasText: "More" }).click();
  await page.getByRole("combobox", { name: "Language" }).selectOption("de");
  await page.keyboard.press("Escape");
  await page.getByRole("tab", { name: "Ausführen" }).click();
  await page.getByLabel(de.loadTargetSwitch).check();
  await page.getByLabel(de.token).fill(token);
  await page.getByRole("button", { name: de.load, exact: true }).click();
  await expect(page.locator(TOLD).first()).toHaveText("0 Ressourcen geladen.");
  await settled(page);
  await expect(run(page).locator("form progress")).toHaveCount(0);
  await page.getByLabel(de.runSwitch).check();
  await page.getByRole("button", { name: "3 Anfragen senden" }).click();
  await patient(ended(page)).toHaveText(
    "✓ Der Plan wurde ausgeführt. 3 Anfragen ausgeführt, 0 fehlgeschlagen, 0 nicht gesendet.",
  );
  const text = (await run(page).textContent()) ?? "";
  expect(text).toContain("Erfolg 201");
  expect(text).not.toMatch(/\b(the|is|are|with|this|from|not|and|of|to|sent|failed)\b/i);
  expect(await barriers(page)).toEqual([]);
});

test.describe("refused", () => {
  test.use({ refusals: true });

  test("a wrong token gets a clear answer after one request, and nothing is changed", async ({ page }) => {
    const asked = heard(page);
    await page.goto("/");
    await paste(page, made(30));
    await settled(page);
    await page.getByRole("tab", { name: "Run" }).click();
    await page.getByLabel("Allow requests to this page’s own server").check();
    await page.getByLabel("Secret token").fill("wrong");
    expect(await send(page)).toBe(30);
    await patient(ended(page)).toHaveText(
      "! Ended: the server does not take this token, or not for changes. 0 requests carried out, 1 failed, 29 not sent.",
    );
    expect(asked).toHaveLength(1);
    await page.getByRole("button", { name: /^Failure 1$/ }).click();
    const line = run(page).locator(".run-log tbody tr");
    await expect(line).toHaveCount(1);
    await expect(line).toContainText("Failure 401");
    await expect(line).toContainText("Unauthorized");
    await page.getByRole("button", { name: /^Skipped 29$/ }).click();
    await expect(line.first()).toContainText("not sent, since the target refused the token");
  });

  test("what the server refuses is in the log in its words, and the others go on", async ({
    page,
    request,
  }) => {
    const token = await creating(page, request, 20);
    // Another client takes a name meanwhile.
    const taken = await request.post("/scim/v2/Users", {
      headers: { authorization: `Bearer ${token}`, "content-type": "application/scim+json" },
      data: { schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: "p7@contoso.com" },
    });
    expect(taken.status()).toBe(201);
    expect(await send(page)).toBe(20);
    await patient(ended(page)).toContainText("19 requests carried out, 1 failed, 0 not sent.");
    await page.getByRole("button", { name: /^Failure 1$/ }).click();
    const line = run(page).locator(".run-log tbody tr");
    await expect(line).toHaveCount(1);
    await expect(line).toContainText("p7@contoso.com");
    await expect(line).toContainText("Failure 409");
    await expect(line).toContainText("EntryConflict");
    await expect(line).toContainText("userName");
    const failure = (await file(page, "Log (NDJSON)"))
      .trim()
      .split("\n")
      .map((text) => JSON.parse(text))
      .filter(({ provisioningStatusInfo }) => provisioningStatusInfo.status === "failure");
    expect(failure).toHaveLength(1);
    expect(failure[0].provisioningStatusInfo.errorInformation.reason).toMatch(/userName/);
    // Loaded again, who is there is matched: what is left can be done.
    await page.getByRole("button", { name: "Load the target again" }).click();
    await expect(run(page).locator(".result-line").last()).toContainText("The next plan still holds");
    await settled(page);
    await send(page);
    await patient(ended(page)).toContainText("0 failed, 0 not sent.");
    await page.getByRole("button", { name: "Load the target again" }).click();
    await expect(run(page).locator(".result-line").last()).toHaveText(/^✓ The next plan is empty/);
  });

  test("a server that asks for a rest gets it, and the request is sent again", async ({ page, request }) => {
    await creating(page, request, 5);
    const times: number[] = [];
    await page.route("**/scim/v2/Users", async (route) => {
      times.push(Date.now());
      if (times.length === 1) await route.fulfill({ status: 429, headers: { "retry-after": "2" }, body: "" });
      else await route.continue();
    });
    await send(page);
    await expect(run(page).locator(".under")).toContainText("The server asks for a rest");
    await patient(ended(page)).toContainText("5 requests carried out, 0 failed");
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1_990);
    expect(times).toHaveLength(6);
    await expect(run(page).locator(".run-log")).toContainText("2 tries");
  });
});
