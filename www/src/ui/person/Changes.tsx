// Before and after, attribute by attribute; what stays is folded.
import { useSignal } from "@preact/signals";
import type { Person } from "../../state/person";
import { pointed } from "../../state/person";
import { strings } from "../../strings";
import type { Change } from "../../types";
import { secret, short, shown } from "../value";
import { TargetLink } from "./TargetLink";

function ChangeRow({ change, kind }: { change: Change; kind: "User" | "Group" }) {
  const t = strings();
  const covered = useSignal(secret(change.target));
  const value = (of: unknown) =>
    covered.value ? (
      <button type="button" class="link" onClick={() => (covered.value = false)}>
        {t.reveal}
      </button>
    ) : (
      shown(of)
    );
  return (
    <tr class={pointed.value === `${kind}/${change.target}` ? "lit" : ""}>
      <th scope="row">
        <TargetLink kind={kind} target={change.target} text={short(change.target)} />
        <small>
          {t.from} <code>{change.mapping}</code>
        </small>
      </th>
      <td class="was" dir="auto">
        <span class="hidden">{t.was} </span>
        {change.old === null || change.old === undefined ? value(change.old) : <del>{value(change.old)}</del>}
      </td>
      <td class="new" dir="auto">
        <span class="hidden">{t.becomes} </span>
        <ins>{value(change.new)}</ins>
      </td>
    </tr>
  );
}

export function Changes({ open }: { open: Person }) {
  const t = strings();
  const { changes, objectType } = open.operation;
  const changed = new Set(changes.map(({ target }) => target));
  const same = open.inside.outcomes.filter(({ target, state }) => state === "value" && !changed.has(target));
  return (
    <>
      {changes.length === 0 ? (
        <p class="note">{t.noChanges}</p>
      ) : (
        <table class="changes">
          <thead>
            <tr>
              <th scope="col">{t.attribute}</th>
              <th scope="col">{t.before}</th>
              <th scope="col">{t.after}</th>
            </tr>
          </thead>
          <tbody>
            {changes.map((change) => (
              <ChangeRow key={change.target} change={change} kind={objectType} />
            ))}
          </tbody>
        </table>
      )}
      {same.length > 0 && open.operation.target && (
        <details>
          <summary>{t.unchangedFold(same.length)}</summary>
          <table class="changes">
            <tbody>
              {same.map(({ target, value }) => (
                <tr key={target}>
                  <th scope="row">
                    <TargetLink kind={objectType} target={target} text={short(target)} />
                  </th>
                  <td dir="auto">{secret(target) ? "••••••" : shown(value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </>
  );
}
