// What the engine tells, in the page's language: it comes as a form, an English sentence with
// numbered places, and what stands in them, between the marks of src/provision/message.rs.
import { signal } from "@preact/signals";

/** The forms in the page's language; those that are missing are said in English. */
export const forms = signal<Record<string, string>>({});

const [OPEN, NEXT, CLOSE] = ["\uFDD0", "\uFDD1", "\uFDD2"];

/** A text with all that was told in it said; what the user wrote stays as it is. */
export const told = (text: string): string => say(text, (form) => forms.value[form] ?? form);

/** The same of HTML, in which forms and values are escaped. */
export const toldHtml = (html: string): string =>
  say(html, (escaped) => {
    const form = ESCAPES.reduce((text, [letter, name]) => text.replaceAll(name, letter), escaped);
    const known = forms.value[form] ?? form;
    return ESCAPES.reduceRight((text, [letter, name]) => text.replaceAll(letter, name), known);
  });

/** As src/provision/export/report.rs escapes; `&` is the last one read and the first one written. */
const ESCAPES: [letter: string, name: string][] = [
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["&", "&amp;"],
];

function say(text: string, known: (form: string) => string): string {
  if (!text.includes("\uFDD0")) return text;
  const plain = [""];
  const open = [plain];
  const add = (piece: string) => {
    const parts = open.at(-1) ?? plain;
    parts.push((parts.pop() ?? "") + piece);
  };
  const close = () => {
    const [form = "", ...values] = open.pop() ?? [];
    add(known(form).replace(/\{(\d)\}/g, (place, number) => values[number] ?? place));
  };
  for (const piece of text.split(/([\uFDD0-\uFDD2])/)) {
    if (piece === OPEN) open.push([""]);
    else if (piece === NEXT && open.length > 1) open.at(-1)?.push("");
    else if (piece === CLOSE && open.length > 1) close();
    else add(piece);
  }
  while (open.length > 1) close();
  return plain.join("");
}
