// The page in German is German throughout: what the engine tells, too, and what it brings of
// English is data, code or one of Entra's own names.
import { readFile } from "node:fs/promises";
import { de } from "../src/strings/de";
import { en } from "../src/strings/en";
import { expect, type Page, people, settled, test, tile, write } from "./page";

/** What a sentence of English has and German or a name of Entra's has not. */
const ENGLISH = /\b(the|is|are|has|have|with|which|this|it|its|from|no|not|and|or|of|to|be)\b/;

/** The texts that are visible or read out, without code, what people wrote and what files hold. */
function said(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const texts: string[] = [];
    const data = "code, pre, .code, .code-line, .cm-editor .cm-content, option, datalist, dialog:not([open])";
    const look = (root: Document | ShadowRoot) => {
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (node instanceof Element) {
          if (node.shadowRoot) look(node.shadowRoot);
          const label = node.getAttribute("aria-label") ?? "";
          if (label && !node.matches("button.field")) texts.push(label);
          if (node.getAttribute("title")) texts.push(node.getAttribute("title") ?? "");
        } else if (!node.parentElement?.closest(`style, script, ${data}`)) {
          const text = node.textContent?.trim() ?? "";
          if (text) texts.push(text);
        }
      }
    };
    look(document);
    return [...new Set(texts)];
  });
}

async function english(page: Page): Promise<string[]> {
  const texts = await said(page);
  expect(texts.length).toBeGreaterThan(20);
  return texts.filter((text) => ENGLISH.test(text.replace(/`[^`]*`/g, "")));
}

async function speak(page: Page, label: string, to: string): Promise<void> {
  await page.locator("summary", { hasText: to === "de" ? "More" : de.more }).click();
  await page.getByRole("combobox", { name: label }).selectOption(to);
  await page.keyboard.press("Escape");
  await expect(page.locator("html")).toHaveAttribute("lang", to);
}

async function example(page: Page): Promise<void> {
  await page.getByRole("button", { name: de.tryExample }).first().click();
  await expect(page.locator(".sentence")).toContainText("60 Benutzer");
  await settled(page);
}

/** The example without its guide. */
async function opened(page: Page): Promise<void> {
  await example(page);
  await page.getByRole("button", { name: de.guideClose }).click();
}

test.beforeEach(async ({ page }) => {
  await page.goto("/");
  await speak(page, "Language", "de");
});

test("the first page, the guide and the help", async ({ page }) => {
  expect(await english(page)).toEqual([]);
  await example(page);
  for (let step = 0; step < de.guide.length; step++) {
    expect(await english(page)).toEqual([]);
    await page
      .getByRole("button", { name: de.guideNext, exact: true })
      .or(page.getByRole("button", { name: de.guideDone }))
      .first()
      .click();
  }
  await page.keyboard.press("?");
  await expect(page.locator("dialog[open]")).toBeVisible();
  expect(await english(page)).toEqual([]);
});

test("configuration, plan and findings", async ({ page }) => {
  await opened(page);
  await expect(page.locator(".findings")).toContainText("sie werden ausgelassen");
  for (const name of [de.mappings, de.scope, de.settings, de.schema]) {
    await page
      .getByRole("tab", { name: new RegExp(`^${name}`) })
      .first()
      .click();
    expect(await english(page), name).toEqual([]);
  }
});

test("a person of each kind, in all four tabs", async ({ page }) => {
  await opened(page);
  for (const action of ["create", "update", "disable", "unchanged", "skipped", "failed"]) {
    await tile(page, action).click();
    await people(page).first().click();
    for (const name of [de.journey, de.result, de.changes, de.requests]) {
      await page.getByRole("tab", { name: new RegExp(`^${name}`) }).click();
      expect(await english(page), `${action}, ${name}`).toEqual([]);
    }
    await page.getByRole("tab", { name: de.journey }).click();
    await page.locator(".journey details").evaluateAll((all) => {
      for (const one of all) one.setAttribute("open", "");
    });
    expect(await english(page), action).toEqual([]);
  }
});

test("diagrams, sign-on, replay and comparison", async ({ page }) => {
  await opened(page);
  for (const name of [de.insights, de.signOn, de.replay, de.run, de.compare]) {
    await page.getByRole("tab", { name, exact: true }).click();
    await settled(page);
    expect(await english(page), name).toEqual([]);
  }
});

test("what is wrong with an expression, what mends it, and what a function does", async ({ page }) => {
  await opened(page);
  await people(page).first().click();
  await page
    .getByRole("button", { name: /^Quelle von displayName:/ })
    .first()
    .click();
  const editor = page.getByRole("textbox", { name: "Quelle von displayName" });
  await expect(editor).toBeFocused();
  await write(page, "Joinn([displayName]");
  await expect(page.locator(".wrong-why")).toContainText("ist keine Funktion; meinten Sie Join?");
  expect(await english(page)).toEqual([]);
  await write(page, "Mid([displayName], 0, 3)");
  await expect(page.locator(".trace")).toContainText("kann nicht bei 0 beginnen; ab 1 zählen");
  await write(page, 'Append([userPrincipalNam], "x")');
  await expect(page.locator(".cm-lintRange-warning")).toBeVisible();
  await page.locator(".cm-lintRange-warning").hover();
  await expect(page.locator(".cm-tooltip")).toContainText("die Quelle hat kein Attribut");
  expect(await english(page)).toEqual([]);
  await write(page, "To");
  await page.keyboard.press("ControlOrMeta+Space");
  await expect(page.locator(".cm-completionInfo")).toContainText("Kleinbuchstaben");
  expect(await english(page)).toEqual([]);
});

test("a file that cannot be read, and a configuration that is none", async ({ page }) => {
  const give = (name: string, text: string) =>
    page
      .locator("input[type=file]")
      .first()
      .setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
  await give("personen.csv", 'userPrincipalName,displayName\na@b.example,"Ada\n');
  await expect(page.locator(".banner.error")).toContainText("ein Anführungszeichen wird nie geschlossen");
  expect(await english(page)).toEqual([]);
  await give("schema.json", '{"synchronizationRules": []}');
  await expect(page.locator(".banner.error").last()).toContainText("keine Objektzuordnung für");
  expect(await english(page)).toEqual([]);
});

test("what is exported is in plain English, as the command line writes it", async ({ page }) => {
  await opened(page);
  await page.locator("summary", { hasText: de.exportMenu }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: de.exportPlan, exact: true }).click();
  const text = await readFile(await (await download).path(), "utf8");
  expect(text).not.toMatch(/[\uFDD0-\uFDD2]/);
  const { operations } = JSON.parse(text);
  const explained = operations.map(({ explanation }: { explanation: string }) => explanation);
  expect(explained).toContain("no target object has the matching value");
  expect(operations[0].scope[1].name).toBe("Assigned to the application");
});

test("the report is in the page's language, down to what each step says", async ({ page }) => {
  await opened(page);
  const report = async (menu: string, item: string) => {
    await page.locator("summary", { hasText: menu }).click();
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: item, exact: true }).click();
    const text = await readFile(await (await download).path(), "utf8");
    await page.keyboard.press("Escape");
    expect(text).not.toMatch(/[\uFDD0-\uFDD2]/);
    return text;
  };
  const text = await report(de.exportMenu, de.exportReport);
  expect(text).toContain('<html lang="de">');
  for (const part of ["Was die Bereitstellung täte", "im Umfang (", "<th>Vorher</th>", "Konfiguration</h2>"])
    expect(text).toContain(part);
  // What the engine tells of each person, too.
  expect(text).toContain("<td>Der Anwendung zugewiesen</td>");
  expect(text).not.toMatch(/Assigned to the application|no target object|Because of|in the source,/);
  await speak(page, de.languageLabel, "en");
  const english = await report(en.exportMenu, en.exportReport);
  expect(english).toContain('<html lang="en">');
  expect(english).toContain("<td>Assigned to the application</td>");
  expect(english).not.toMatch(/Bereitstellung|Zielobjekt|Vorher/);
});

test("going back to English needs no text of the engine again", async ({ page }) => {
  await opened(page);
  await tile(page, "create").click();
  await people(page).first().click();
  await expect(page.getByRole("rowheader", { name: "Der Anwendung zugewiesen" })).toBeVisible();
  await speak(page, de.languageLabel, "en");
  await expect(page.getByRole("rowheader", { name: "Assigned to the application" })).toBeVisible();
});
