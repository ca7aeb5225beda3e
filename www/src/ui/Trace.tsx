// An expression at work for the open person: every part with what it gave, the branches not
// taken in grey. Pointing at a part marks it in the editor, and the cursor marks the part.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { call } from "../engine";
import { person } from "../state/person";
import { strings, told } from "../strings";
import type { Kind, Part, Span } from "../types";

/** The smallest part that holds the cursor. */
function under(parts: Part[], cursor: number | null): Part | undefined {
  if (cursor === null) return undefined;
  const around = parts.filter(({ span }) => span.start <= cursor && cursor <= span.end);
  return around.sort((a, b) => a.span.end - a.span.start - (b.span.end - b.span.start))[0];
}

export function Trace({
  kind,
  text,
  cursor,
  onPoint,
  onClose,
}: {
  kind: Kind;
  text: string;
  cursor: number | null;
  onPoint: (span: Span | null) => void;
  onClose: () => void;
}) {
  const t = strings();
  const parts = useSignal<Part[]>([]);
  const open = person.value;
  const fits = open?.operation.objectType === kind;
  const index = fits ? open.index : null;
  const brought = open?.inside.attributes;
  useEffect(() => {
    let current = true;
    if (index === null || !text) parts.value = [];
    else
      void call("trace", index, text).then((seen) => {
        // While the text does not parse, the last trace stays.
        if (current && seen) parts.value = seen;
      });
    return () => {
      current = false;
    };
  }, [index, text, brought, parts]);
  const here = under(parts.value, cursor);
  return (
    <div class="trace">
      <div class="trace-head">
        <span>{fits ? t.traceFor(open.operation.source.displayName) : t.traceNobody}</span>
        <button type="button" class="link" onClick={onClose}>
          {t.close}
        </button>
      </div>
      {fits && parts.value.length > 0 && (
        <table class="parts">
          <tbody>
            {parts.value.map((part) => (
              <tr
                key={`${part.depth}-${part.span.start}-${part.span.end}`}
                class={`${part.state}${part === here ? " here" : ""}`}
                onMouseEnter={() => onPoint(part.span)}
                onMouseLeave={() => onPoint(null)}
              >
                <th
                  scope="row"
                  ref={(cell) => cell?.style.setProperty("padding-inline-start", `${part.depth * 14}px`)}
                >
                  <code>{part.label}</code>
                </th>
                <td dir="auto">
                  {part.state === "skipped"
                    ? t.notNeeded
                    : part.state === "error"
                      ? told(part.message)
                      : part.values.length
                        ? part.values.map((value) => (value === "" ? "“”" : told(value))).join(" · ")
                        : t.noValue}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
