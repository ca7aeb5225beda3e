// Which columns the list of people has, in which order, and by which it is sorted.
import { useSignal } from "@preact/signals";
import { isOwn, listed, OWN, showColumns } from "../../prefs";
import { mappingList } from "../../state/document";
import { attributes, filter, refilter, sortBy } from "../../state/plan";
import { strings } from "../../strings";
import { columnName } from "./columnName";

/** Columns that may be added. */
const MOST = 12;

/** All that may be a column, by what is typed for it. */
function known(): Map<string, string> {
  const { User, Group } = attributes.value;
  const source = [...new Set([...User, ...Group])].map((name) => `source/${name}`);
  const target = [...new Set(mappingList.value.map(({ target }) => `target/${target}`))];
  return new Map([...source, ...target].map((column) => [columnName(column), column]));
}

/** The column that is meant: brackets may be left out where no target has the name. */
function meant(typed: string): string | undefined {
  const all = [...known()];
  const is = (wanted: string) => all.find(([name]) => name.toLowerCase() === wanted.toLowerCase())?.[1];
  return is(typed) ?? is(`[${typed}]`);
}

function show(columns: readonly string[]): void {
  showColumns(columns);
  const { sort, search } = filter.value;
  const gone = sort.includes("/") && !columns.includes(sort.replace(/^-/, ""));
  if (gone) filter.value = { ...filter.value, sort: "action" };
  // What is searched for is searched for in these columns, too.
  if (gone || search) void refilter();
}

export function ListColumns() {
  const t = strings();
  const typed = useSignal("");
  const wrong = useSignal("");
  const columns = listed.value;
  const hidden = OWN.filter((column) => !columns.includes(column));
  const { sort } = filter.value;
  const move = (column: string, by: number) => {
    const next = columns.filter((other) => other !== column);
    next.splice(columns.indexOf(column) + by, 0, column);
    show(next);
  };
  const add = (event: Event) => {
    event.preventDefault();
    const text = typed.value.trim();
    if (!text) return;
    const column = meant(text);
    wrong.value = !column
      ? t.columnUnknown(text)
      : columns.includes(column)
        ? t.columnThere(columnName(column))
        : columns.length >= OWN.length + MOST
          ? t.columnsMost(MOST)
          : "";
    if (wrong.value || !column) return;
    show([...columns, column]);
    typed.value = "";
  };
  return (
    <div class="list-columns">
      <ul aria-label={t.columnsMenu}>
        {[...columns, ...hidden].map((column) => {
          const name = columnName(column);
          const at = columns.indexOf(column);
          const shown = at >= 0;
          const sorted = sort === column ? "↑" : sort === `-${column}` ? "↓" : "↕";
          return (
            <li key={column}>
              {isOwn(column) ? (
                <label class="check">
                  <input
                    type="checkbox"
                    checked={shown}
                    // Whose row it is must be told.
                    disabled={column === "name"}
                    onChange={() =>
                      show(shown ? columns.filter((other) => other !== column) : [...columns, column])
                    }
                  />
                  {name}
                </label>
              ) : (
                <code title={name}>{name}</code>
              )}
              {shown && (
                <>
                  <button
                    type="button"
                    class="icon"
                    aria-label={t.sortByColumn(name)}
                    aria-pressed={sorted !== "↕"}
                    onClick={() => void sortBy(column)}
                  >
                    {sorted}
                  </button>
                  <button
                    type="button"
                    class="icon"
                    aria-label={t.moveBefore(name)}
                    disabled={at === 0}
                    onClick={() => move(column, -1)}
                  >
                    ←
                  </button>
                  <button
                    type="button"
                    class="icon"
                    aria-label={t.moveAfter(name)}
                    disabled={at === columns.length - 1}
                    onClick={() => move(column, 1)}
                  >
                    →
                  </button>
                </>
              )}
              {!isOwn(column) && (
                <button
                  type="button"
                  class="icon"
                  aria-label={t.removeColumn(name)}
                  onClick={() => show(columns.filter((other) => other !== column))}
                >
                  ×
                </button>
              )}
            </li>
          );
        })}
      </ul>
      <form onSubmit={add}>
        <label class="block">
          {t.addColumn}
          <input
            list="list-columns"
            value={typed.value}
            placeholder="[department]"
            aria-invalid={!!wrong.value}
            aria-describedby="list-columns-wrong"
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => {
              typed.value = event.currentTarget.value;
              wrong.value = "";
            }}
          />
        </label>
        <datalist id="list-columns">
          {[...known()].map(
            ([name, column]) => !columns.includes(column) && <option key={column} value={name} />,
          )}
        </datalist>
        <button type="submit" class="button">
          {t.add}
        </button>
      </form>
      <p id="list-columns-wrong" class={wrong.value ? "finding error" : ""} role="status">
        {wrong.value}
      </p>
      <p class="note">{t.columnsNote}</p>
      {columns !== OWN && (
        <button type="button" class="link" onClick={() => show(OWN)}>
          {t.columnsUsual}
        </button>
      )}
    </div>
  );
}
