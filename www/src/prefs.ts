// How the page looks and behaves: remembered only when things are kept on this device.
import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
export const theme = signal<Theme>("system");
/** Single letters as shortcuts; they can be turned off (WCAG 2.1.4). */
export const singleKeys = signal(true);
/** Which part shows on a narrow page. */
export const narrow = signal<"configuration" | "people" | "person">("people");
/** What the middle shows. */
export type View = "people" | "insights" | "signOn" | "replay" | "compare";
export const view = signal<View>("people");
export type Part = "mappings" | "scope" | "settings" | "schema";
export const part = signal<Part>("mappings");
export type Tab = "journey" | "result" | "changes" | "requests";
export const tab = signal<Tab>("journey");
/** The step of the guide that is open; none when it is closed. */
export const guide = signal<number | null>(null);

effect(() => {
  const chosen = theme.value;
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
});
