// Everyone, however many: only the rows in sight exist in the page.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { call } from "../engine";
import { filter, found, generation, open, search, show } from "../state";
import type { Row } from "../types";
import { ACTIONS } from "./PlanBar";

const HEIGHT = 40;
const MARGIN = 8;

const words = new Map(ACTIONS.map(({ action, word, sign }) => [action, { word, sign }]));

function why(row: Row): string {
  if (row.reason) return row.reason.replace(/^X-/, "").replace(/([a-z])([A-Z])/g, "$1 $2");
  if (row.action === "update")
    return row.changes === 1 ? "1 attribute differs" : `${row.changes} attributes differ`;
  return row.inScope ? "In scope" : "Out of scope";
}

export function People() {
  const view = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(600);
  const rows = useSignal<{ first: number; list: Row[] }>({ first: 0, list: [] });
  const active = useSignal(0);
  const total = found.value.length;

  const first = Math.max(0, Math.floor(top.value / HEIGHT) - MARGIN);
  const last = Math.min(total, Math.ceil((top.value + height.value) / HEIGHT) + MARGIN);
  const indexes = found.value;
  const version = generation.value;
  useEffect(() => {
    let current = true;
    void call("rows", indexes.slice(first, last)).then((answer) => {
      if (current) rows.value = { first, list: (answer as { ok: Row[] }).ok };
    });
    return () => {
      current = false;
    };
  }, [indexes, first, last, version]);
  useEffect(() => {
    if (!view.current) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) height.value = entry.contentRect.height;
    });
    observer.observe(view.current);
    return () => observer.disconnect();
  }, [height]);
  // A grid is one stop of the Tab key; the arrows move within it.
  const move = (to: number) => {
    active.value = Math.max(0, Math.min(total - 1, to));
    const box = view.current;
    if (!box) return;
    const at = active.value * HEIGHT;
    if (at < box.scrollTop) box.scrollTop = at;
    else if (at + HEIGHT > box.scrollTop + box.clientHeight) box.scrollTop = at + HEIGHT - box.clientHeight;
  };
  const page = Math.max(1, Math.floor(height.value / HEIGHT) - 1);
  const steps: Record<string, number> = {
    ArrowDown: active.value + 1,
    j: active.value + 1,
    ArrowUp: active.value - 1,
    k: active.value - 1,
    PageDown: active.value + page,
    PageUp: active.value - page,
    Home: 0,
    End: total - 1,
  };
  const select = (position: number) => {
    const index = found.value[position];
    active.value = position;
    if (index !== undefined) void show(index);
  };
  return (
    <section class="pane people" aria-labelledby="people">
      <div class="head">
        <h2 id="people">
          People and groups <small>{total.toLocaleString("en")}</small>
        </h2>
        <input
          id="search"
          type="search"
          placeholder="Search  /"
          aria-label="Search people and groups"
          value={search.value}
          onInput={(event) => {
            search.value = event.currentTarget.value;
            active.value = 0;
            void filter();
          }}
        />
      </div>
      <div class="columns" aria-hidden="true">
        <span>Action</span>
        <span>Identity</span>
        <span>Why</span>
      </div>
      <div
        ref={view}
        class="rows"
        role="grid"
        tabIndex={0}
        aria-label="People and groups"
        aria-rowcount={total}
        aria-activedescendant={total ? `row-${active.value}` : undefined}
        onScroll={(event) => (top.value = event.currentTarget.scrollTop)}
        onKeyDown={(event) => {
          const to = steps[event.key];
          if (to !== undefined) move(to);
          else if (event.key === "Enter" || event.key === " ") select(active.value);
          else return;
          event.preventDefault();
        }}
      >
        <svg class="spacer" width="1" height={total * HEIGHT} aria-hidden="true" />
        <div
          class="window"
          ref={(box) => box?.style.setProperty("transform", `translateY(${rows.value.first * HEIGHT}px)`)}
          role="rowgroup"
        >
          {rows.value.list.map((row, offset) => {
            const position = rows.value.first + offset;
            const { word, sign } = words.get(row.action) ?? { word: row.action, sign: "" };
            const selected = found.value[position] === open.value;
            return (
              <div
                id={`row-${position}`}
                key={row.id + position}
                class={position === active.value ? "row active" : "row"}
                role="row"
                aria-rowindex={position + 1}
                aria-selected={selected}
                onClick={() => select(position)}
              >
                <span role="gridcell" tabIndex={-1} class={`action ${row.action}`}>
                  <i aria-hidden="true">{sign}</i> {word}
                </span>
                <span role="gridcell" tabIndex={-1} class="name">
                  {row.objectType === "Group" && <abbr title="Group">group</abbr>}
                  {row.name || row.id}
                </span>
                <span role="gridcell" tabIndex={-1} class="why">
                  {why(row)}
                </span>
              </div>
            );
          })}
        </div>
        {total === 0 && <p class="empty">Nobody here. Press the tile again to see all.</p>}
      </div>
    </section>
  );
}
