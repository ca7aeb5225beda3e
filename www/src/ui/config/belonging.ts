// Which of the engine's findings belong to which mapping.
import type { Mapping } from "../../state/schema";
import type { Diagnostic } from "../../types";

/** The findings of a mapping. Of two with one target, the later is the one too many. */
export function findingsOf(mapping: Mapping, all: Mapping[], found: readonly Diagnostic[]): Diagnostic[] {
  const same = all.filter(({ kind, target }) => kind === mapping.kind && target === mapping.target);
  const last = same.at(-1)?.key === mapping.key;
  return found.filter(
    ({ path, rule }) =>
      path === `${mapping.kind}/${mapping.target}` &&
      (rule === "duplicate-target" ? last : mapping === same[0]),
  );
}
