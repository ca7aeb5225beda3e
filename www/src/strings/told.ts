// What the engine tells, in the page's language: it comes as a form, an English sentence with
// numbered places, and what stands in them, between the marks of src/provision/told.rs.
import { signal } from "@preact/signals";

/** The forms in the page's language; those that are missing are said in English. */
export const forms = signal<Record<string, string>>({});

const [OPEN, NEXT, CLOSE] = ["\uFDD0", "\uFDD1", "\uFDD2"];

/** A text with all that was told in it said; what the user wrote stays as it is. */
export function told(text: string): string {
  if (!text.includes("\uFDD0")) return text;
  const known = forms.value;
  const plain = [""];
  const open = [plain];
  const add = (piece: string) => {
    const parts = open.at(-1) ?? plain;
    parts.push((parts.pop() ?? "") + piece);
  };
  const close = () => {
    const [form = "", ...values] = open.pop() ?? [];
    add((known[form] ?? form).replace(/\{(\d)\}/g, (place, number) => values[number] ?? place));
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
