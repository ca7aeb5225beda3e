// What the person brings. Each value can be another one, for this person only: what if?
import { useSignal } from "@preact/signals";
import type { Person } from "../../state/person";
import { endWhatIf, whatIf, whatIfOf } from "../../state/whatif";
import { strings } from "../../strings";

export function Imported({ open }: { open: Person }) {
  const t = strings();
  const editing = useSignal<string | null>(null);
  const { id } = open.operation.source;
  const changed = whatIfOf(id);
  return (
    <>
      <p class="note">
        {t.whatIf}: {t.whatIfHint}{" "}
        {changed.size > 0 && (
          <button type="button" class="link" onClick={() => endWhatIf(id)}>
            {t.whatIfEnd}
          </button>
        )}
      </p>
      <table class="attributes">
        <tbody>
          {open.inside.attributes.map(({ name, values, known, used }) => (
            <tr key={name} class={`${used ? "" : "unused"}${changed.has(name) ? " changed" : ""}`}>
              <th scope="row">{name}</th>
              <td>
                {editing.value === name ? (
                  <input
                    autoFocus
                    aria-label={t.whatIfValue(name)}
                    value={changed.get(name) ?? values.join("; ")}
                    onInput={(event) =>
                      whatIf(id, open.operation.objectType, name, event.currentTarget.value)
                    }
                    onBlur={() => (editing.value = null)}
                    onKeyDown={(event) => {
                      if (event.key === "Enter" || event.key === "Escape") editing.value = null;
                    }}
                  />
                ) : (
                  <button
                    type="button"
                    class="cell"
                    aria-label={`${t.whatIfValue(name)}: ${values.join(", ")}`}
                    onClick={() => (editing.value = name)}
                    dir="auto"
                  >
                    {values.length ? (
                      values.join(", ") || "“”"
                    ) : (
                      <em>{known ? t.emptyValue : t.missingInFile}</em>
                    )}
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
