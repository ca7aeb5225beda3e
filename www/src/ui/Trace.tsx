// An expression at work for the open person, as a tree grid: every part with what it gave, the
// branches not taken in grey. Pointing at a part, or standing on it, marks it in the editor,
// and the cursor marks the part.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { attempt } from "../engine";
import { person } from "../state/person";
import { strings, told } from "../strings";
import type { Kind, Part, Span } from "../types";

/** A part and where it stands in the tree. */
interface Branch {
  part: Part;
  /** Its place among its siblings, after its parent's: `0.1.2`. */
  path: string;
  parent: string;
  position: number;
  siblings: number;
  children: number;
}

/** The parts, which come in the order of the text, as a tree. */
function treeOf(parts: readonly Part[]): Branch[] {
  const counts = new Map<string, number>();
  const way: number[] = [];
  const placed = parts.map((part) => {
    way.length = Math.min(way.length, part.depth);
    const parent = way.join(".");
    const position = counts.get(parent) ?? 0;
    counts.set(parent, position + 1);
    way.push(position);
    return { part, path: way.join("."), parent, position: position + 1 };
  });
  return placed.map((branch) => ({
    ...branch,
    siblings: counts.get(branch.parent) ?? 1,
    children: counts.get(branch.path) ?? 0,
  }));
}

/** The smallest part that holds the cursor. */
function under(branches: Branch[], cursor: number | null): Branch | undefined {
  if (cursor === null) return undefined;
  const around = branches.filter(({ part: { span } }) => span.start <= cursor && cursor <= span.end);
  const width = ({ part: { span } }: Branch) => span.end - span.start;
  return around.sort((a, b) => width(a) - width(b))[0];
}

function gives(part: Part): string {
  const t = strings();
  if (part.state === "skipped") return t.notNeeded;
  if (part.state === "error") return told(part.message);
  if (!part.values.length) return t.noValue;
  return part.values.map((value) => (value === "" ? "“”" : told(value))).join(" · ");
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
  const folded = useSignal<ReadonlySet<string>>(new Set());
  const active = useSignal("0");
  const body = useRef<HTMLTableSectionElement>(null);
  const open = person.value;
  const fits = open?.operation.objectType === kind;
  const index = fits ? open.index : null;
  const brought = open?.inside.attributes;
  useEffect(() => {
    let current = true;
    if (index === null || !text) parts.value = [];
    else
      void attempt(`=${text}`, "trace", index, text).then((seen) => {
        // While the text does not parse, the last trace stays.
        if (current && seen) parts.value = seen;
      });
    return () => {
      current = false;
    };
  }, [index, text, brought, parts]);

  const hidden = (path: string) => [...folded.value].some((above) => path.startsWith(`${above}.`));
  const branches = treeOf(parts.value);
  const seen = branches.filter(({ path }) => !hidden(path));
  const here = under(seen, cursor);
  // One of the rows is the stop of the Tab key; the arrows move it.
  const at = Math.max(
    0,
    seen.findIndex(({ path }) => path === active.value),
  );

  const move = (to: number) => {
    const branch = seen[Math.max(0, Math.min(seen.length - 1, to))];
    if (!branch) return;
    active.value = branch.path;
    body.current?.querySelector<HTMLElement>(`[data-path="${branch.path}"]`)?.focus();
  };
  const fold = (path: string, shut: boolean) => {
    const next = new Set(folded.value);
    if (shut) next.add(path);
    else next.delete(path);
    folded.value = next;
  };
  const press = (key: string, branch: Branch): boolean => {
    const shut = folded.value.has(branch.path);
    if (key === "ArrowDown") move(at + 1);
    else if (key === "ArrowUp") move(at - 1);
    else if (key === "Home") move(0);
    else if (key === "End") move(seen.length - 1);
    else if (key === "ArrowRight" && branch.children && shut) fold(branch.path, false);
    else if (key === "ArrowRight" && branch.children) move(at + 1);
    else if (key === "ArrowLeft" && branch.children && !shut) fold(branch.path, true);
    else if (key === "ArrowLeft") move(seen.findIndex(({ path }) => path === branch.parent));
    else return false;
    return true;
  };

  return (
    <div class="trace">
      <div class="trace-head">
        <span>{fits ? t.traceFor(open.operation.source.displayName) : t.traceNobody}</span>
        <button type="button" class="link" onClick={onClose}>
          {t.close}
        </button>
      </div>
      {fits && seen.length > 0 && (
        <table class="parts" role="treegrid" aria-label={t.traceFor(open.operation.source.displayName)}>
          <tbody ref={body}>
            {seen.map((branch, place) => {
              const { part, path, children } = branch;
              const shut = folded.value.has(path);
              return (
                <tr
                  key={path}
                  data-path={path}
                  class={`${part.state}${branch === here ? " here" : ""}`}
                  tabIndex={place === at ? 0 : -1}
                  aria-level={part.depth + 1}
                  aria-posinset={branch.position}
                  aria-setsize={branch.siblings}
                  aria-expanded={children ? !shut : undefined}
                  onFocus={() => {
                    active.value = path;
                    onPoint(part.span);
                  }}
                  onBlur={() => onPoint(null)}
                  onMouseEnter={() => onPoint(part.span)}
                  onMouseLeave={() => onPoint(null)}
                  onKeyDown={(event) => {
                    if (event.altKey || event.ctrlKey || event.metaKey || !press(event.key, branch)) return;
                    event.preventDefault();
                    event.stopPropagation();
                  }}
                >
                  <th
                    scope="row"
                    ref={(cell) => cell?.style.setProperty("padding-inline-start", `${part.depth * 14}px`)}
                  >
                    <span class="twist" aria-hidden="true" onClick={() => children > 0 && fold(path, !shut)}>
                      {children ? (shut ? "▸" : "▾") : ""}
                    </span>
                    <code>{part.label}</code>
                  </th>
                  <td dir="auto">{gives(part)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </div>
  );
}
