// Which language the page speaks. English is there at once, the others when asked for.
import { signal } from "@preact/signals";
import { en, type Strings } from "./en";

const LANGUAGES = {
  en: async () => en,
  de: async () => (await import("./de")).de,
};

export type Language = keyof typeof LANGUAGES;
export const languages: [Language, string][] = [
  ["en", "English"],
  ["de", "Deutsch"],
];
export const language = signal<Language>("en");
const current = signal<Strings>(en);

/** The texts of the language in use; what reads them is painted anew when it changes. */
export const strings = (): Strings => current.value;

export async function speak(wanted: Language): Promise<void> {
  current.value = await LANGUAGES[wanted]();
  language.value = wanted;
  document.documentElement.lang = wanted;
}
