// The mapped SCIM resource, line by line; a line leads to its mapping.

import { narrow, part } from "../../prefs";
import { chosen, hovered, type Person, pointed } from "../../state/person";
import { strings, told } from "../../strings";

/** JSON as lines, each with the path of the value on it. */
export function lines(value: unknown): { text: string; path: string }[] {
  const out: { text: string; path: string }[] = [];
  const write = (item: unknown, indent: string, before: string, after: string, path: string) => {
    if (item === null || typeof item !== "object") {
      out.push({ text: `${indent}${before}${JSON.stringify(item)}${after}`, path });
      return;
    }
    const list = Array.isArray(item);
    const entries: [string, unknown][] = list
      ? item.map((each, at) => [String(at), each])
      : Object.entries(item);
    if (!entries.length) {
      out.push({ text: `${indent}${before}${list ? "[]" : "{}"}${after}`, path });
      return;
    }
    out.push({ text: `${indent}${before}${list ? "[" : "{"}`, path });
    entries.forEach(([key, each], at) => {
      const comma = at < entries.length - 1 ? "," : "";
      const type = list && typeof each === "object" ? (each as { type?: string })?.type : undefined;
      const inner = list
        ? type
          ? `${path}[type eq "${type}"]`
          : path
        : key.startsWith("urn:")
          ? `${key}:`
          : !path || path.endsWith(":")
            ? `${path}${key}`
            : `${path}.${key}`;
      write(each, `${indent}  `, list ? "" : `${JSON.stringify(key)}: `, comma, inner);
    });
    out.push({ text: `${indent}${list ? "]" : "}"}${after}`, path: "" });
  };
  write(value, "", "", "", "");
  return out;
}

export function Result({ open }: { open: Person }) {
  const t = strings();
  const kind = open.operation.objectType;
  const targets = new Set(open.inside.outcomes.map(({ target }) => target));
  const problems = new Map(open.operation.problems.map(({ target, message }) => [target, message]));
  return (
    <div class="json">
      {lines(open.operation.result).map(({ text, path }, at) => {
        const known = targets.has(path);
        const lit = known && pointed.value === `${kind}/${path}`;
        return known ? (
          <button
            type="button"
            key={at}
            class={`code-line${lit ? " lit" : ""}${problems.has(path) ? " problem" : ""}`}
            title={told(problems.get(path) ?? "") || t.goMapping(path)}
            onMouseEnter={() => (hovered.value = `${kind}/${path}`)}
            onMouseLeave={() => (hovered.value = null)}
            onClick={() => {
              part.value = "mappings";
              narrow.value = "configuration";
              chosen.value = `${kind}/${path}`;
            }}
          >
            {text}
          </button>
        ) : (
          <span key={at} class="code-line">
            {text}
          </span>
        );
      })}
    </div>
  );
}
