// How the page looks and behaves: remembered only when things are kept on this device.
import { computed, effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
export const theme = signal<Theme>("system");
/** Single letters as shortcuts; they can be turned off (WCAG 2.1.4). */
export const singleKeys = signal(true);
/** Which part shows on a narrow page. */
export const narrow = signal<"configuration" | "people" | "person">("people");
/** What the middle shows. */
export type View = "people" | "insights" | "signOn" | "replay" | "run" | "compare";
export const view = signal<View>("people");
export type Part = "mappings" | "scope" | "settings" | "schema";
export const part = signal<Part>("mappings");
export type Tab = "journey" | "result" | "changes" | "requests";
export const tab = signal<Tab>("journey");
/** Our own columns of the list of people. */
export const OWN = ["action", "name", "why", "changes", "problems"] as const;
export type Own = (typeof OWN)[number];
export const isOwn = (column: string): column is Own => (OWN as readonly string[]).includes(column);
/** The columns that show, in their order: our own, source attributes (`source/department`) and what
 * mappings yield (`target/title`). */
export const listed = signal<readonly string[]>(OWN);
/** Shows these columns. */
export function showColumns(columns: readonly string[]): void {
  const usual = columns.length === OWN.length && columns.every((column, at) => column === OWN[at]);
  listed.value = usual ? OWN : columns;
}
/** Those that were added. */
export const added = computed(() => listed.value.filter((column) => !isOwn(column)));

/** The step of the guide that is open; none when it is closed. */
export const guide = signal<number | null>(null);

effect(() => {
  const chosen = theme.value;
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
});
