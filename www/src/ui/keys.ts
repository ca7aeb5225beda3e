// The keys of the whole page. Single letters can be turned off.
import { singleKeys, tab } from "../prefs";
import { redo, undo } from "../state/document";
import { chosen } from "../state/person";
import { only } from "../state/plan";
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

const single: Record<string, () => void> = {
  "/": () => document.getElementById("search")?.focus(),
  j: () => steer.value.select(steer.value.active() + 1),
  k: () => steer.value.select(Math.max(0, steer.value.active() - 1)),
  "[": () => turn(-1),
  "]": () => turn(1),
  e: editPointed,
  x: () => void only("failed").then(() => steer.value.select(0)),
  "?": () => (helpOpen.value = true),
  Escape: () => (chosen.value = null),
};

export function keys(event: KeyboardEvent, writing: boolean): void {
  if (writing || event.altKey) return;
  const command = event.ctrlKey || event.metaKey;
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
