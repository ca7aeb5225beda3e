// One row a mapping: what it gives, and the way to it.

import { document_ } from "../../state/document";
import { expect, expectNoMore } from "../../state/edit";
import type { Person } from "../../state/person";
import { strings, told } from "../../strings";
import { secret, short, shown } from "../value";
import { TargetLink } from "./TargetLink";

export function Mapped({ open }: { open: Person }) {
  const t = strings();
  const { source, objectType } = open.operation;
  const pinned = document_.value.expectations.filter(({ id }) => id === source.id);
  return (
    <table class="mapped">
      <tbody>
        {open.inside.outcomes.map(({ target, state, value, message }) => {
          const pin = pinned.find((other) => other.target === target);
          return (
            <tr key={target} class={state}>
              <th scope="row">
                <TargetLink kind={objectType} target={target} text={short(target)} />
              </th>
              <td dir="auto">
                {state === "value" ? (
                  secret(target) ? (
                    "••••••"
                  ) : (
                    shown(value)
                  )
                ) : state === "error" ? (
                  told(message)
                ) : (
                  <em>{t.empty}</em>
                )}
              </td>
              <td>
                {state === "value" && !secret(target) && (
                  <button
                    type="button"
                    class="link"
                    aria-pressed={!!pin}
                    aria-label={`${pin ? t.unpin : t.pin}: ${target}`}
                    title={pin ? t.unpin : t.pin}
                    onClick={() =>
                      pin
                        ? expectNoMore(pin)
                        : expect({
                            id: source.id,
                            name: source.displayName,
                            kind: objectType,
                            target,
                            value: shown(value),
                          })
                    }
                  >
                    <span aria-hidden="true">{pin ? "★" : "☆"}</span>
                  </button>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
