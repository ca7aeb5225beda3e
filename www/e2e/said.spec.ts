// What is said beside colour, aloud, and to who mends things: patterns in charts, one announcement
// a second, how far a file has been read, the details of a fault.
import { readFileSync } from "node:fs";
import { barriers, edit, expect, loadExample, PEOPLE, paste, people, settled, test, write } from "./page";

test.beforeEach(({ page }) => page.goto("/").then(() => undefined));

test("no part of a chart is told by its colour alone, with forced colours neither", async ({ page }) => {
  await loadExample(page);
  const parts = page.locator(".plan .bar > g");
  const kinds = await parts.evaluateAll((all) =>
    all.map((part) => [
      part.getAttribute("class"),
      part.querySelector(".hatch")?.getAttribute("fill") ?? "plain",
    ]),
  );
  expect(kinds.length).toBeGreaterThan(4);
  expect(new Set(kinds.map(([, fill]) => fill)).size).toBe(kinds.length);
  for (const [, fill] of kinds.filter(([, fill]) => fill !== "plain"))
    await expect(page.locator(fill?.replace(/^url\(|\)$/g, "") ?? "")).toHaveCount(1);
  await page.getByRole("tab", { name: "Charts" }).click();
  const chart = page.getByRole("region", { name: "What would happen" });
  await expect(chart.locator("g.disable .hatch")).toHaveAttribute("fill", "url(#hatch-disable)");
  await page.emulateMedia({ forcedColors: "active" });
  const drawn = await page.locator("#hatch-disable path").evaluate((path) => {
    const mark = document.querySelector(".chart g.disable .mark") as Element;
    return [getComputedStyle(path).stroke, getComputedStyle(mark).fill];
  });
  expect(drawn[0]).not.toBe(drawn[1]);
  expect(await barriers(page)).toEqual([]);
});

test("what comes out is told aloud at most once a second, and the last wins", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  await page.waitForTimeout(1_200);
  await page.evaluate(() => {
    const said: [number, string][] = [];
    Object.assign(window, { said });
    const region = document.getElementById("announced") as HTMLElement;
    new MutationObserver(() => said.push([performance.now(), region.textContent ?? ""])).observe(region, {
      characterData: true,
      childList: true,
      subtree: true,
    });
  });
  // Each letter plans anew: who is in scope changes back and forth, and with it what there is to say.
  await page.getByRole("tab", { name: "Scope" }).click();
  const users = page.getByRole("region", { name: "Users" });
  await users.getByRole("button", { name: "Add scoping filter" }).click();
  const value = users.getByRole("textbox", { name: "Value", exact: true });
  for (let round = 0; round < 12; round++) {
    await value.fill("Sales");
    await page.waitForTimeout(180);
    await value.fill("Sale");
    await page.waitForTimeout(180);
  }
  await value.fill("Research");
  await settled(page);
  const sentence = (await page.locator(".sentence").textContent()) ?? "";
  expect(sentence).toContain("1 in scope");
  await expect(page.locator("#announced")).toContainText(sentence, { timeout: 3_000 });
  const said = await page.evaluate(() => (window as unknown as { said: [number, string][] }).said);
  expect(said.length).toBeGreaterThan(1);
  for (const [at, [when]] of said.entries())
    if (at > 0) expect(when - (said[at - 1]?.[0] ?? 0)).toBeGreaterThan(990);
  expect(said.at(-1)?.[1]).toContain(sentence);
});

test("what is wrong with an expression is told once it stands still", async ({ page }) => {
  await paste(page, PEOPLE);
  await settled(page);
  await edit(page, "displayName");
  await write(page, 'Join(" ", ');
  await expect(page.locator("#announced")).toContainText(/\S/);
  await expect(page.locator(".mapping.wrong")).toContainText("last good version");
});

test("a file's chip shows how far it has been read", async ({ page }) => {
  await page.evaluate(() => {
    const seen: number[] = [];
    const said = new Set<string>();
    Object.assign(window, { seen, said });
    const look = () => {
      const bar = document.querySelector<HTMLProgressElement>(".chip progress");
      if (bar && bar.value !== seen.at(-1)) seen.push(bar.value);
      said.add(document.getElementById("announced")?.textContent ?? "");
      requestAnimationFrame(look);
    };
    look();
  });
  const lines = ["userPrincipalName,objectId,displayName,department,jobTitle"];
  for (let at = 0; at < 150_000; at++)
    lines.push(`p${at}@contoso.com,u${at},Person number ${at},Sales,Engineer`);
  await page
    .locator("input[type=file]")
    .first()
    .setInputFiles({
      name: "users.csv",
      mimeType: "text/csv",
      buffer: Buffer.from(lines.join("\n")),
    });
  await expect(page.locator(".sentence")).toContainText("150,000 users", { timeout: 60_000 });
  const { seen, said } = await page.evaluate(() => {
    const held = window as unknown as { seen: number[]; said: Set<string> };
    return { seen: held.seen, said: [...held.said] };
  });
  expect(seen.length).toBeGreaterThan(2);
  expect(seen).toEqual([...seen].sort((one, other) => one - other));
  expect(said.filter((text) => text.includes("% read")).length).toBeLessThanOrEqual(4);
  await expect(page.locator(".chip progress")).toHaveCount(0);
});

test("the details of a fault name its cause and the version, and nobody", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await paste(page, PEOPLE);
  await settled(page);
  await people(page).first().click();
  // The worker fails at something, with words that quote somebody.
  await page.workers()[0]?.evaluate(() => {
    const parse = JSON.parse;
    JSON.parse = (text: string) => {
      JSON.parse = parse;
      throw new TypeError(`"ada@contoso.com" is not expected in ${text.slice(0, 400)}`);
    };
  });
  await people(page).nth(1).click();
  await expect(page.getByRole("alert")).toContainText("started anew");
  // What is announced next may come at once: all that is announced is kept.
  await page.evaluate(() => {
    const region = document.getElementById("announced");
    const said: string[] = [];
    Object.assign(window, { said });
    const keep = () => said.push(region?.textContent ?? "");
    if (region)
      new MutationObserver(keep).observe(region, { childList: true, characterData: true, subtree: true });
  });
  await page.getByRole("button", { name: "Copy details" }).click();
  const said = () => page.evaluate(() => (window as unknown as { said: string[] }).said);
  await expect.poll(said).toContain("Copied");
  const details = await page.evaluate(() => navigator.clipboard.readText());
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(details).toContain("The engine stopped and was started anew");
  expect(details).toContain("TypeError\n    at ");
  expect(details).toContain(`Provisor ${version}, Mozilla/5.0`);
  expect(details).not.toContain("contoso");
});

test("an old value is not shown as if it were an error", async ({ page }) => {
  await loadExample(page);
  await page.locator(".tile.update").click();
  await people(page).first().click();
  await page.getByRole("tab", { name: /^Changes/ }).click();
  const old = page.locator(".changes .was").first();
  await expect(old).toContainText("was");
  const [colour, red] = await old.evaluate((cell) => {
    const probe = document.createElement("i");
    probe.className = "fail";
    document.body.append(probe);
    const colours = [getComputedStyle(cell).color, getComputedStyle(probe).color];
    probe.remove();
    return colours;
  });
  expect(colour).not.toBe(red);
  await expect(page.locator(".changes del").first()).toHaveCSS("text-decoration-line", "line-through");
  expect(await barriers(page)).toEqual([]);
});
