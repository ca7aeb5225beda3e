// What is in sight: the rows in the window and the open person. What an edit makes of them is
// shown first, before everyone is planned.
import { batch, signal } from "@preact/signals";
import { attempt, call, unlessStopped } from "../engine";
import type { Inside, Operation, Row } from "../types";
import { mappingList } from "./document";
import { endless } from "./endless";
import { person, see } from "./person";
import { retain } from "./retain";
import { type Mapping, sourceText, typeOfText } from "./schema";

interface Rows {
  /** Where in the list the first one stands. */
  first: number;
  /** Which rows of the plan they are. */
  indexes: Uint32Array;
  list: Row[];
}

export const rows = signal<Rows>({ first: 0, indexes: new Uint32Array(), list: [] });

/** Shows these rows, unless `stale` by then. */
export async function showRows(first: number, indexes: Uint32Array, stale: () => boolean): Promise<void> {
  const list = await call("rows", indexes);
  if (!stale()) rows.value = { first, indexes, list: retain(rows.value.list, list) };
}

interface Seen {
  rows: Row[];
  person: { operation: Operation; inside: Inside } | null;
}

/** What a text as a mapping's source makes of what is in sight: why it is no source, or how to show it. */
export async function sight(mapping: Mapping, text: string): Promise<{ wrong: boolean; show(): void }> {
  const { kind, target, key } = mapping;
  const shown = rows.value;
  const open = person.value;
  // Of two mappings with one target the first counts.
  const counts = mappingList.value.find((other) => other.kind === kind && other.target === target);
  const asked = attempt(`${kind}/${target}\n${text}`, "sight", {
    text: typeOfText(text) === "expression" ? text : null,
    kind,
    target: counts?.key === key && !endless.value.includes(text.trim()) ? target : "",
    source: sourceText(text),
    rows: shown.indexes,
    open: open?.index ?? null,
  });
  const answer = await unlessStopped(asked, "");
  const show = () => {
    if (!answer) return;
    const seen = JSON.parse(answer) as Seen;
    batch(() => {
      if (rows.value.indexes === shown.indexes)
        rows.value = { ...rows.value, list: retain(rows.value.list, seen.rows) };
      const now = person.value;
      if (seen.person && now && open && now.operation.source.id === open.operation.source.id)
        see({ index: now.index, ...seen.person });
    });
  };
  return { wrong: answer === null, show };
}

/** Until what was shown is painted; for a page that nobody sees, a moment. */
export const painted = () =>
  new Promise<void>((done) => {
    setTimeout(done, 50);
    requestAnimationFrame(() => setTimeout(done));
  });
