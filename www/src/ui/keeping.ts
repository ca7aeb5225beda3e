// What is kept on this device: written after each change, as long as it is wanted.
import { effect } from "@preact/signals";
import { forgetKept, keepAll, keeping, kept } from "../keep";
import { listed, OWN, showColumns, singleKeys, type Theme, theme } from "../prefs";
import { commit, document_ } from "../state/document";
import { type Language, language, speak, strings } from "../strings";

export function setKeeping(on: boolean): void {
  keeping.value = on;
  if (!on) void forgetKept();
}

/** Keeps what is there after each change, as long as it is wanted. */
effect(() => {
  const document = document_.value;
  const preferences = {
    theme: theme.value,
    language: language.value,
    singleKeys: singleKeys.value,
    listed: [...listed.value],
  };
  if (keeping.value) void keepAll(document, preferences);
});

/** What was kept at an earlier visit comes back. */
export async function restore(): Promise<void> {
  const found = await kept().catch(() => undefined);
  if (!found) return;
  theme.value = found.preferences.theme as Theme;
  singleKeys.value = found.preferences.singleKeys;
  showColumns(found.preferences.listed ?? OWN);
  await speak(found.preferences.language as Language);
  commit(strings().stepKept, found.document);
  keeping.value = true;
}
