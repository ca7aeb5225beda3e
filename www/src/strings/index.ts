// Which language the page speaks. English is there at once, the others when asked for.
import { batch, signal } from "@preact/signals";
import { en, type Strings } from "./en";
import { forms } from "./told";

export { told, toldHtml } from "./told";

/** The page's own texts, and the engine's forms: of English the form itself is the text. */
type Spoken = [strings: Strings, forms: Record<string, string>];

const LANGUAGES = {
  en: async (): Promise<Spoken> => [en, {}],
  de: async (): Promise<Spoken> => {
    const [strings, engine] = await Promise.all([import("./de"), import("./told.de.json")]);
    return [strings.de, engine.default];
  },
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
  const [strings, engine] = await LANGUAGES[wanted]();
  batch(() => {
    current.value = strings;
    forms.value = engine;
    language.value = wanted;
  });
  document.documentElement.lang = wanted;
}
