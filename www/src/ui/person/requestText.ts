// One request as text to be copied: for an editor's HTTP client, or for a shell.
import type { Request } from "../../types";

/** What a client or a shell might take for a line's end, beside what JSON escapes. */
const BREAKS = /[\u007f-\u009f\u2028\u2029]/g;

/** A body in which variables stand at the places of references, and nowhere else: a `{` of the data
 * is written `\u007b`, which is the same JSON. */
function httpBody({ body, references = [] }: Request): string {
  if (body === null) return "";
  const places = new Map(references.map(({ pointer, source }) => [pointer, source]));
  const text = (text: string) =>
    JSON.stringify(text)
      .replaceAll("{", "\\u007b")
      .replace(BREAKS, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const variable = (source: string) => `"{{created_${source.replace(/[^A-Za-z0-9-]/g, "_")}}}"`;
  const write = (value: unknown, pointer: string, indent: string): string => {
    const source = places.get(pointer);
    if (source !== undefined) return variable(source);
    if (typeof value === "string") return text(value);
    if (typeof value !== "object" || value === null) return JSON.stringify(value);
    const inner = `${indent}  `;
    const list = Array.isArray(value);
    const parts = Object.entries(value).map(([key, held]) => {
      const at = `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      return `${inner}${list ? "" : `${text(key)}: `}${write(held, at, inner)}`;
    });
    const [open, close] = list ? "[]" : "{}";
    return parts.length ? `${open}\n${parts.join(",\n")}\n${indent}${close}` : `${open}${close}`;
  };
  return write(body, "", "");
}

/** For an editor's HTTP client, with the variables `tenantUrl` and `token`. */
export function asHttp(request: Request): string {
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  const lines = [
    `${request.method} {{tenantUrl}}${request.path}`,
    "Authorization: Bearer {{token}}",
    ...headers,
  ];
  return `${lines.join("\n")}\n\n${httpBody(request)}`.trimEnd();
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** For a shell, with the variables `TENANT_URL` and `TOKEN`. */
export function asCurl(request: Request): string {
  const headers = Object.entries(request.headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`);
  const parts = [
    `curl -sSg -X ${request.method} "$TENANT_URL"${quote(request.path)}`,
    '-H "Authorization: Bearer $TOKEN"',
    ...headers,
    ...(request.body === null ? [] : [`--data-binary ${quote(JSON.stringify(request.body))}`]),
  ];
  return parts.join(" \\\n  ");
}
