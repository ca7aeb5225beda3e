// JSON as lines, each with the target path of the value on it.

export interface CodeLine {
  text: string;
  path: string;
}

/** A resource's lines; `within` is the path that it stands at. */
export function lines(value: unknown, within = "", margin = "", end = ""): CodeLine[] {
  const out: CodeLine[] = [];
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
          ? /:\d\.\d:\w+$/.test(key)
            ? `${key}:`
            : key
          : !path || path.endsWith(":")
            ? `${path}${key}`
            : `${path}.${key}`;
      write(each, `${indent}  `, list ? "" : `${JSON.stringify(key)}: `, comma, inner);
    });
    out.push({ text: `${indent}${list ? "]" : "}"}${after}`, path: "" });
  };
  write(value, margin, "", end, within);
  return out;
}

interface Patch {
  Operations?: { path?: string; value?: unknown }[];
}

/** A request's body as lines: each operation of a PATCH stands at its path. */
export function bodyLines(body: unknown): CodeLine[] {
  const operations = (body as Patch).Operations;
  if (!Array.isArray(operations)) return lines(body);
  const out: CodeLine[] = [];
  const rest = Object.entries(body as object).filter(([key]) => key !== "Operations");
  out.push({ text: "{", path: "" });
  for (const [key, value] of rest) {
    const [first, ...more] = lines(value, "", "  ", ",");
    out.push({ text: `  ${JSON.stringify(key)}: ${first?.text.trim() ?? ""}`, path: "" });
    out.push(...more.map(({ text }) => ({ text, path: "" })));
  }
  out.push({ text: '  "Operations": [', path: "" });
  operations.forEach((operation, at) => {
    const comma = at < operations.length - 1 ? "," : "";
    const path = operation.path ?? "";
    // Without a path the value's own keys are paths.
    if (!path) {
      out.push({ text: "    {", path: "" });
      const entries = Object.entries(operation);
      entries.forEach(([key, value], place) => {
        const end = place < entries.length - 1 ? "," : "";
        const [first, ...more] = lines(value, "", "      ", end);
        out.push({ text: `      ${JSON.stringify(key)}: ${first?.text.trim() ?? ""}`, path: "" });
        out.push(...more);
      });
      out.push({ text: `    }${comma}`, path: "" });
      return;
    }
    out.push(...lines(operation, "", "    ", comma).map(({ text }) => ({ text, path })));
  });
  out.push({ text: "  ]", path: "" }, { text: "}", path: "" });
  return out;
}
