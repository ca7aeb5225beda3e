// The keys of the whole page. Single letters can be turned off.
import { call } from "../engine";
import { singleKeys, tab } from "../prefs";
import { redo, undo } from "../state/document";
import { chosen, opened } from "../state/person";
import { found, showAll, survey } from "../state/plan";
import { paletteOpen, typedAhead } from "./asked";
import { helpOpen } from "./Help";
import { TABS } from "./person/Person";
import { steer } from "./steer";

function turn(by: number): void {
  const at = TABS.indexOf(tab.value);
  tab.value = TABS[(at + by + TABS.length) % TABS.length] ?? "journey";
}

function editPointed(): void {
  const lit =
    document.querySelector<HTMLElement>(".mapping.lit .field") ??
    document.querySelector<HTMLElement>(".mapping .field");
  lit?.scrollIntoView({ block: "nearest" });
  lit?.click();
}

/** The next row with a problem, in the order of the list; among all when none is in the list. */
async function nextProblem(): Promise<void> {
  const codes = survey.value?.problems ?? [];
  const lists = await Promise.all(codes.map(([code]) => call("find", "", "", `problem:${code}`, "")));
  const wanted = new Set(lists.flatMap((list) => [...list]));
  if (!wanted.size) return;
  if (!found.value.some((index) => wanted.has(index))) await showAll();
  const list = [...found.value];
  const from = opened.value ? steer.value.active() + 1 : 0;
  const next = list.findIndex((index, at) => at >= from && wanted.has(index));
  steer.value.select(next >= 0 ? next : list.findIndex((index) => wanted.has(index)));
}

const single: Record<string, () => void> = {
  "/": () => document.getElementById("search")?.focus(),
  // With nobody open, the row that is pointed at comes first.
  j: () => steer.value.select(steer.value.active() + (opened.value ? 1 : 0)),
  k: () => steer.value.select(Math.max(0, steer.value.active() - (opened.value ? 1 : 0))),
  "[": () => turn(-1),
  "]": () => turn(1),
  e: editPointed,
  x: () => void nextProblem(),
  "?": () => (helpOpen.value = true),
  Escape: () => (chosen.value = null),
};

export function keys(event: KeyboardEvent, writing: boolean): void {
  if (event.altKey) return;
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key.toLowerCase() === "k") {
    event.preventDefault();
    paletteOpen.value = !document.querySelector("dialog[open]");
    return;
  }
  // What is typed is for the palette, also while it is on its way.
  if (paletteOpen.value && !document.querySelector("dialog[open]")) {
    if (event.key.length === 1 && !command) {
      typedAhead.value += event.key;
      event.preventDefault();
    }
    if (event.key === "Escape") paletteOpen.value = false;
    return;
  }
  if (writing || document.querySelector("dialog[open]")) return;
  if (command) {
    const key = event.key.toLowerCase();
    if (key === "z") (event.shiftKey ? redo : undo)();
    else if (key === "y") redo();
    else return;
    event.preventDefault();
    return;
  }
  const act = singleKeys.value || event.key === "Escape" ? single[event.key] : undefined;
  if (!act) return;
  // Escape also closes what is open; that stays the browser's.
  if (event.key !== "Escape") event.preventDefault();
  act();
}
