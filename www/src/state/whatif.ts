// "What if": other source values for one person. They are part of the document, so they can
// be undone, but never of a file, a link or an export.
import { strings } from "../strings";
import type { Kind } from "../types";
import { commit, document_ } from "./document";

export function whatIfOf(id: string): Map<string, string> {
  const mine = document_.value.whatIf.filter((one) => one.id === id);
  return new Map(mine.map(({ attribute, value }) => [attribute, value]));
}

export function whatIf(id: string, kind: Kind, attribute: string, value: string): void {
  const others = document_.value.whatIf.filter((one) => one.id !== id || one.attribute !== attribute);
  const step = `${strings().whatIf}: ${attribute}`;
  commit(step, { whatIf: [...others, { id, kind, attribute, value }] }, `whatif/${id}/${attribute}`);
}

export function endWhatIf(id?: string): void {
  const rest = id === undefined ? [] : document_.value.whatIf.filter((one) => one.id !== id);
  commit(strings().whatIfEnd, { whatIf: rest });
}
