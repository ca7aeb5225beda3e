// What the engine did not come to an end with, so that it is not run again as it is. Changed,
// it is run again.
import { signal } from "@preact/signals";
import type { Kind } from "../types";
import { mappingList, schema } from "./document";
import { scopeOf } from "./schema";

/** Expressions as they are written. */
export const endless = signal<readonly string[]>([]);
/** Scoping filters as JSON. */
const scopes = signal<readonly string[]>([]);

const written = (kind: Kind) => JSON.stringify(scopeOf(schema.value, kind) ?? null);

/** Notes what the engine was running: `User/displayName`, with a line of what is typed there, `User` for its filter, `=expression`. */
export function note(runs: string): void {
  const [, typed] = runs.split("\n");
  if (typed !== undefined) endless.value = [...endless.value, typed];
  else if (runs.startsWith("=")) endless.value = [...endless.value, runs.slice(1)];
  else if (runs === "User" || runs === "Group") scopes.value = [...scopes.value, written(runs)];
  else {
    const found = mappingList.value.find(({ kind, target }) => `${kind}/${target}` === runs);
    if (found) endless.value = [...endless.value, found.source];
  }
}

/** The kind whose scoping filter did not come to an end, as it is now. */
export const endlessScope = (): Kind | undefined =>
  scopes.value.length
    ? (["User", "Group"] as const).find((kind) => scopes.value.includes(written(kind)))
    : undefined;
