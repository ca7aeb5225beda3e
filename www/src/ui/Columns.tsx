// "3 columns not used: …": each can be taken for an attribute, or left as it is. Nothing waits for it.
import { signal } from "@preact/signals";
import { document_ } from "../state/document";
import { mapColumn } from "../state/edit";
import { attributes, columns } from "../state/plan";
import { strings } from "../strings";

/** The columns for which it was put away. */
const away = signal("");

function Column({ name, near }: { name: string; near: string | null }) {
  const t = strings();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const field = event.currentTarget.elements.namedItem("attribute");
        if (field instanceof HTMLInputElement) mapColumn(name, field.value.trim());
      }}
    >
      <span dir="auto">{name}</span>
      <input
        name="attribute"
        list="column-attributes"
        aria-label={t.columnIs(name)}
        placeholder={t.attribute}
        defaultValue={near ?? ""}
        autocomplete="off"
        spellcheck={false}
      />
      <button type="submit" class="button" aria-label={t.mapColumn(name)}>
        {t.map}
      </button>
    </form>
  );
}

export function Columns() {
  const t = strings();
  const { unused, missing } = columns.value;
  const named = Object.entries(document_.value.columns);
  const all = unused.map(({ column }) => column).join();
  if (!named.length && away.value === all) return null;
  return (
    <div class="banner columns-banner" role="status">
      <details>
        <summary>
          {unused.length > 0
            ? t.columnsUnused(unused.map(({ column }) => column))
            : t.columnsMapped(named.length)}
          <span class="link">{t.map}</span>
        </summary>
        <datalist id="column-attributes">
          {[...new Set([...missing, ...attributes.value.User])].map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <ul>
          {named.map(([column, attribute]) => (
            <li key={column}>
              <span dir="auto">{column}</span>
              <code>{attribute}</code>
              <button
                type="button"
                class="button"
                aria-label={t.unmapColumn(column)}
                onClick={() => mapColumn(column, "")}
              >
                {t.asItWas}
              </button>
            </li>
          ))}
          {unused.map(({ column, near }) => (
            <li key={column}>
              <Column name={column} near={near} />
            </li>
          ))}
        </ul>
      </details>
      {unused.length > 0 && (
        <button type="button" class="button" onClick={() => (away.value = all)}>
          {t.leaveColumns}
        </button>
      )}
    </div>
  );
}
