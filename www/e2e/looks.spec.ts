// How it looks, in every theme and width and both languages: no text is cut off, covered or past
// the edge. Each scene is left as a picture in test-results/looks, to be looked at.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, exported, loadExample, type Page, people, settled, test, write } from "./page";

interface Look {
  name: string;
  media: Parameters<Page["emulateMedia"]>[0];
  size?: { width: number; height: number };
  german?: boolean;
}

const LOOKS: Look[] = [
  { name: "light", media: { colorScheme: "light" } },
  { name: "dark", media: { colorScheme: "dark" } },
  { name: "contrast", media: { contrast: "more", forcedColors: "active" } },
  { name: "mobile", media: {}, size: { width: 390, height: 844 } },
  { name: "narrow", media: {}, size: { width: 320, height: 700 } },
  { name: "german", media: {}, german: true },
  { name: "german-narrow", media: {}, size: { width: 320, height: 700 }, german: true },
];

/** A4 at 96 dots an inch. */
const PAPER = { width: 794, height: 1123 };

/** Every text in sight that cannot be read whole, and why. */
const unreadable = (page: Page) =>
  page.evaluate(() => {
    const found = new Set<string>();
    const scrolls = (style: CSSStyleDeclaration) => /auto|scroll/.test(style.overflowX + style.overflowY);
    const hides = (style: CSSStyleDeclaration) => /hidden|clip/.test(style.overflowX + style.overflowY);
    const parent = (element: Element) =>
      element.parentElement ?? (element.getRootNode() as ShadowRoot).host ?? null;
    function judge(element: Element, box: DOMRect, text: string): void {
      const say = (what: string) => found.add(`${what}: ${text.trim().slice(0, 60)}`);
      for (let around: Element | null = element; around; around = parent(around)) {
        const style = getComputedStyle(around);
        const frame = around.getBoundingClientRect();
        // Said to screen readers only.
        if (frame.width <= 1 || frame.height <= 1) return;
        if (style.textOverflow === "ellipsis" || around.tagName === "SELECT") return;
        const beside = box.left < frame.left - 1.5 || box.right > frame.right + 1.5;
        const below = box.top < frame.top - 1.5 || box.bottom > frame.bottom + 1.5;
        if (scrolls(style)) {
          const inside = box.top >= frame.top && box.bottom <= frame.bottom && !beside;
          if (!inside) return;
        } else if (hides(style) && (beside || below)) return void say("cut off");
        if (style.position === "fixed") break;
      }
      if (box.bottom < 0 || box.top > innerHeight) return;
      if (box.left < -1 || box.right > innerWidth + 1) return void say("past the edge");
      const root = element.getRootNode() as Document | ShadowRoot;
      const top = root.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      if (!top || top.contains(element) || element.contains(top)) return;
      // What scrolls goes below what stays, and a tooltip lies on what it is about.
      for (let around: Element | null = top; around; around = parent(around))
        if (/sticky|fixed|absolute/.test(getComputedStyle(around).position)) return;
      say(`covered by ${top.tagName.toLowerCase()}.${top.className}`);
    }
    function look(root: Document | ShadowRoot): void {
      const texts = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
      for (let node = texts.nextNode(); node; node = texts.nextNode()) {
        if (node instanceof Element) {
          if (node.shadowRoot) look(node.shadowRoot);
          continue;
        }
        const element = node.parentElement;
        if (!element || !node.textContent?.trim() || !element.checkVisibility({ visibilityProperty: true }))
          continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const box of range.getClientRects()) if (box.width > 1) judge(element, box, node.textContent);
      }
    }
    look(document);
    if (document.documentElement.scrollWidth > innerWidth) {
      const wide = [...document.querySelectorAll("body *")].filter(
        (element) => element.getBoundingClientRect().right > innerWidth + 1,
      );
      const names = wide.slice(0, 3).map(({ tagName, className }) => `${tagName.toLowerCase()}.${className}`);
      found.add(`the page scrolls sideways: ${names}`);
    }
    return [...found];
  });

for (const { name, media, size, german } of LOOKS) {
  test(`every text can be read: ${name}`, async ({ page, context }) => {
    if (size) await page.setViewportSize(size);
    await page.emulateMedia({ ...media, reducedMotion: "reduce" });
    await page.goto("/");
    const faults: string[] = [];
    const scene = async (what: string, shown = page) => {
      await shown.waitForTimeout(300);
      await shown.screenshot({ path: join(test.info().project.outputDir, "looks", `${name}-${what}.png`) });
      faults.push(...(await unreadable(shown)).map((fault) => `${what}: ${fault}`));
    };
    /** One of the panes, where only one has room. */
    const pane = async (at: number) => {
      if (size) await page.locator(".narrow-tabs button").nth(at).click();
    };
    const tab = (id: string) => page.locator(`[role=tab]#${id}`).click();
    await scene("first");
    await loadExample(page);
    if (german) {
      await page.locator("summary", { hasText: "More" }).click();
      await page.locator("select").filter({ hasText: "Deutsch" }).selectOption("de");
      await page.keyboard.press("Escape");
      await expect(page.locator("html")).toHaveAttribute("lang", "de");
    }
    await scene("example");
    await pane(1);
    await people(page).nth(8).click();
    await pane(2);
    for (const part of ["journey", "result", "changes", "requests"]) {
      await tab(`detail-${part}`);
      await scene(`person-${part}`);
    }
    await pane(1);
    for (const view of ["insights", "signOn", "replay", "run", "compare", "people"]) {
      await tab(`view-${view}`);
      await scene(view);
    }
    await pane(0);
    for (const part of ["scope", "settings", "schema", "mappings"]) {
      await tab(`part-${part}`);
      await scene(part);
    }
    await page.locator(".mapping", { hasText: "displayName" }).first().locator("button.field").click();
    await expect(page.locator(".editor .cm-content")).toBeFocused();
    await write(page, 'Swich([department], "x", "Sales", "S")');
    await expect(page.locator(".mapping.wrong")).toBeVisible();
    await scene("error");
    await write(page, 'IIF([department]="Sales", ToUpper([displayName]), ToLower([displayName]))');
    await settled(page);
    await scene("trace");
    const light = await page.evaluate(() => {
      const [red = 0, green = 0, blue = 0] =
        getComputedStyle(document.body).backgroundColor.match(/\d+/g)?.map(Number) ?? [];
      return (red + green + blue) / 765;
    });
    if (name === "dark") expect(light).toBeLessThan(0.25);
    if (name === "light") expect(light).toBeGreaterThan(0.75);
    if (name === "light" || name === "mobile") {
      const file = test.info().outputPath("report.html");
      await writeFile(file, await exported(page, "Report (HTML, printable)"));
      const report = await context.newPage();
      if (size) await report.setViewportSize(size);
      await report.goto(`file://${file}`);
      await scene("report", report);
      for (const [what, printed] of [["report-print", report] as const, ["print", page] as const]) {
        await printed.emulateMedia({ media: "print" });
        await printed.setViewportSize(PAPER);
        await scene(what, printed);
      }
    }
    expect(faults).toEqual([]);
  });
}
