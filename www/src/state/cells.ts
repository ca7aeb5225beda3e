// What the columns that were added to the list of people hold in the rows in sight.
import { signal } from "@preact/signals";
import { call } from "../engine";

interface Cells {
  /** The columns that were asked for. */
  columns: readonly string[];
  /** By the plan's row. */
  rows: ReadonlyMap<number, readonly string[]>;
}

export const cells = signal<Cells>({ columns: [], rows: new Map() });

/** Asks for the columns of these rows, unless `stale` by then. */
export async function showCells(
  columns: readonly string[],
  indexes: Uint32Array,
  stale: () => boolean,
): Promise<void> {
  const found = columns.length ? await call("cells", indexes, [...columns]) : [];
  if (stale()) return;
  const before = cells.peek();
  const rows = new Map<number, readonly string[]>();
  found.forEach((texts, at) => {
    const index = indexes[at] ?? -1;
    const known = before.columns === columns ? before.rows.get(index) : undefined;
    // What says what it said is not drawn again.
    rows.set(index, known?.every((text, place) => text === texts[place]) ? known : texts);
  });
  cells.value = { columns, rows };
}
