// Everyone, however many: only the rows in sight exist in the page. The engine sorts,
// searches and filters; this asks for what is in the window.
import { signal, useSignal } from "@preact/signals";
import type { ComponentProps, VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { added, isOwn, listed, narrow, OWN } from "../../prefs";
import { cells, showCells } from "../../state/cells";
import { open, openIndex } from "../../state/person";
import { filter, found, generation, search, showAll, sortBy, summary } from "../../state/plan";
import { rows, showRows } from "../../state/sight";
import { strings, told } from "../../strings";
import type { Row } from "../../types";
import { lazy } from "../lazy";
import { Menu } from "../Menu";
import { signs } from "../Plan";
import { steer } from "../steer";
import { secret, short } from "../value";
import { columnName } from "./columnName";
import { describeFilter } from "./filterText";

const Columns = lazy(() => import("./ListColumns").then(({ ListColumns }) => ListColumns));

const HEIGHT = 40;
const MARGIN = 8;
/** Pixels of the list that are filled at most, should it ever be laid out taller than a screen. */
const TALLEST = 4_000;
/** How wide each column is, at least and as a part of what is left. */
const WIDTHS: Record<string, [least: number, share: number]> = {
  action: [130, 0],
  name: [120, 1.3],
  why: [110, 1.2],
  changes: [44, 0],
  problems: [44, 0],
};
const WIDTH: [number, number] = [110, 1];
const NONE: readonly string[] = [];

/** The columns as a grid lays them out, and the least width of them all. */
function layout(columns: readonly string[]): { template: string; least: number } {
  const widths = columns.map((column) => WIDTHS[column] ?? WIDTH);
  const template = widths.map(([least, share]) => (share ? `minmax(${least}px, ${share}fr)` : `${least}px`));
  const least = widths.reduce((sum, [least]) => sum + least + 10, 22);
  return { template: template.join(" "), least };
}

/** The one thing that decided: the condition that fails, what is set, or Entra's code. */
export function why(row: Row): string {
  const t = strings();
  if (row.because && /^($|NotEffectivelyEntitled)/.test(row.reason)) return t.because[row.because];
  if (row.reason) return row.reason.replace(/^X-/, "").replace(/([a-z])([A-Z])/g, "$1 $2");
  if (row.sets.length) return t.sets(row.sets.map(short), row.changes - row.sets.length);
  if (row.action === "update") return t.differs(row.changes);
  return row.action === "create" ? t.notInTarget : row.inScope ? t.same : t.outOfScope;
}

function Cell({ column, row, text }: { column: string; row: Row; text: string }) {
  const t = strings();
  switch (column) {
    case "action":
      return (
        <span role="gridcell" class={`action ${row.action}`}>
          <i aria-hidden="true">{signs.get(row.action)}</i> {t.actions[row.action]}
        </span>
      );
    case "name":
      return (
        <span role="gridcell" class="name" dir="auto">
          {row.objectType === "Group" && <abbr>{t.group}</abbr>}
          {row.displayName && <b>{row.displayName} </b>}
          {row.displayName ? <small>{row.name}</small> : row.name || row.id}
        </span>
      );
    case "why":
      return (
        <span role="gridcell" class="why" title={why(row)}>
          {why(row)}
        </span>
      );
    case "changes":
    case "problems":
      return (
        <span role="gridcell" class={column === "problems" ? "number problem" : "number"}>
          {row[column] > 0 ? t.number(row[column]) : ""}
        </span>
      );
    default: {
      const shown = text && secret(column) ? "••••••" : told(text);
      return (
        <span role="gridcell" class="added" dir="auto" title={shown}>
          {shown}
        </span>
      );
    }
  }
}

function Line({
  row,
  position,
  selected,
  active,
  columns,
  texts,
}: {
  row: Row;
  position: number;
  selected: boolean;
  active: boolean;
  columns: readonly string[];
  /** Of the columns that were added. */
  texts: readonly string[];
}) {
  let place = 0;
  return (
    <div
      id={`row-${position}`}
      class={active ? "row active" : "row"}
      role="row"
      aria-rowindex={position + 2}
      aria-selected={selected}
      onClick={() => steer.value.select(position)}
    >
      {columns.map((column) => (
        <Cell key={column} column={column} row={row} text={isOwn(column) ? "" : (texts[place++] ?? "")} />
      ))}
    </div>
  );
}

/** Lines as they are; one that says what it said is not drawn again. */
function useLines() {
  const kept = useRef(new Map<number, VNode<ComponentProps<typeof Line>>>());
  return (props: ComponentProps<typeof Line>) => {
    const { row, position } = props;
    const known = kept.current.get(position);
    const said = known?.props;
    const same = (Object.keys(props) as (keyof typeof props)[]).every((key) => said?.[key] === props[key]);
    if (known && same) return known;
    if (kept.current.size > 1_000) kept.current.clear();
    const drawn = <Line key={`${position}${row.id}`} {...props} />;
    kept.current.set(position, drawn);
    return drawn;
  };
}

/** The row that the keys stand on: its place, and whose it is, so that it stays with them. */
const active = signal(0);
let whose: number | undefined;

/** Where the active row stands now. */
function follow(indexes: Uint32Array): void {
  const mine = openIndex.peek() ?? whose;
  const at = mine === undefined || indexes[active.peek()] === mine ? -1 : indexes.indexOf(mine);
  if (at >= 0) active.value = at;
  else active.value = Math.max(0, Math.min(active.peek(), indexes.length - 1));
  whose = indexes[active.peek()];
}

export function People() {
  const line = useLines();
  const t = strings();
  const view = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(600);
  const shown = useRef(false);
  const indexes = found.value;
  const total = indexes.length;
  useEffect(() => {
    const before = active.peek();
    follow(indexes);
    if (active.peek() !== before || !shown.current) move(active.peek());
    shown.current = true;
  }, [indexes]);

  const first = Math.max(0, Math.floor(top.value / HEIGHT) - MARGIN);
  const last = Math.min(total, Math.ceil((top.value + height.value) / HEIGHT) + MARGIN);
  const version = generation.value;
  useEffect(() => {
    let current = true;
    void showRows(first, indexes.slice(first, last), () => !current);
    return () => {
      current = false;
    };
  }, [indexes, first, last, version]);
  const columns = listed.value;
  const extra = added.value;
  const shownRows = rows.value.indexes;
  useEffect(() => {
    let current = true;
    void showCells(extra, shownRows, () => !current);
    return () => {
      current = false;
    };
  }, [extra, shownRows, version]);
  const texts = cells.value.columns === extra ? cells.value.rows : new Map<number, readonly string[]>();
  const { template, least } = layout(columns);
  useEffect(() => {
    view.current?.style.setProperty("--columns", template);
    view.current?.style.setProperty("--least", `${least}px`);
  }, [template, least]);
  useEffect(() => {
    if (!view.current) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) height.value = Math.min(TALLEST, entry.contentRect.height);
    });
    observer.observe(view.current);
    return () => observer.disconnect();
  }, [height]);

  // A grid is one stop of the Tab key; the arrows move within it.
  const move = (to: number) => {
    active.value = Math.max(0, Math.min(total - 1, to));
    whose = indexes[active.value];
    const box = view.current;
    if (!box) return;
    const at = active.value * HEIGHT;
    if (at < box.scrollTop) box.scrollTop = at;
    else if (at + HEIGHT > box.scrollTop + box.clientHeight) box.scrollTop = at + HEIGHT - box.clientHeight;
  };
  const select = (position: number) => {
    const index = indexes[position];
    if (index === undefined) return;
    move(position);
    narrow.value = "person";
    void open(index);
  };
  steer.value = { select, active: () => active.value, total };

  const page = Math.max(1, Math.floor(height.value / HEIGHT) - 1);
  const steps: Record<string, number> = {
    ArrowDown: active.value + 1,
    ArrowUp: active.value - 1,
    PageDown: active.value + page,
    PageUp: active.value - page,
    Home: 0,
    End: total - 1,
  };
  const sorted = filter.value.sort;
  const shownBehind = describeFilter();
  return (
    <section id="people-view" class="people" aria-labelledby="people" tabIndex={-1}>
      <div class="head">
        <h2 id="people">
          {t.peopleAndGroups} <small>{t.number(total)}</small>
        </h2>
        <input
          id="search"
          type="search"
          placeholder={t.searchHint}
          aria-label={t.searchPeople}
          value={filter.value.search}
          onInput={(event) => void search(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" && event.key !== "ArrowDown") return;
            event.preventDefault();
            move(0);
            view.current?.focus();
            if (event.key === "Enter") select(0);
          }}
        />
        <Menu label={t.columnsMenu} icon="▥">
          <Columns />
        </Menu>
      </div>
      {shownBehind && (
        <p class="filtered">
          <span>{shownBehind}</span>
          <button type="button" class="link" onClick={() => void showAll()}>
            {t.showAll}
          </button>
        </p>
      )}
      <div
        ref={view}
        class={columns === OWN ? "rows" : "rows chosen"}
        role="grid"
        tabIndex={0}
        aria-label={t.peopleAndGroups}
        aria-rowcount={total + 1}
        aria-colcount={columns.length}
        aria-activedescendant={total ? `row-${active.value}` : undefined}
        onScroll={(event) => (top.value = event.currentTarget.scrollTop)}
        onKeyDown={(event) => {
          if (event.target !== event.currentTarget) return;
          const to = steps[event.key];
          if (to !== undefined) move(to);
          else if (event.key === "Enter" || event.key === " ") select(active.value);
          else return;
          event.preventDefault();
        }}
      >
        <div class="columns" role="row" aria-rowindex={1}>
          {columns.map((column) => (
            <span
              key={column}
              role="columnheader"
              class={isOwn(column) ? column : "added"}
              aria-sort={sorted === column ? "ascending" : sorted === `-${column}` ? "descending" : "none"}
            >
              <button
                type="button"
                tabIndex={-1}
                aria-label={columnName(column)}
                title={columnName(column)}
                onClick={() => void sortBy(column)}
              >
                {isOwn(column) ? t.columns[column] : short(columnName(column))}
                <span aria-hidden="true">
                  {sorted === column ? " ↑" : sorted === `-${column}` ? " ↓" : ""}
                </span>
              </button>
            </span>
          ))}
        </div>
        <div
          class="canvas"
          role="rowgroup"
          ref={(box) => box?.style.setProperty("height", `${total * HEIGHT}px`)}
        >
          <div
            class="window"
            role="presentation"
            ref={(box) => box?.style.setProperty("transform", `translateY(${rows.value.first * HEIGHT}px)`)}
          >
            {rows.value.list.map((row, offset) => {
              const position = rows.value.first + offset;
              const index = rows.value.indexes[offset] ?? -1;
              return line({
                row,
                position,
                selected: indexes[position] === openIndex.value,
                active: position === active.value,
                columns,
                texts: texts.get(index) ?? NONE,
              });
            })}
          </div>
        </div>
        {total === 0 && summary.value && <p class="empty">{t.nobody}</p>}
      </div>
    </section>
  );
}
