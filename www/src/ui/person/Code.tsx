// Lines of JSON. Those that a mapping made lead to it, and light up with it.
import { narrow, part } from "../../prefs";
import { chosen, hovered, pointed } from "../../state/person";
import { strings, told } from "../../strings";
import type { Kind } from "../../types";
import type { CodeLine } from "./lines";

export function Code({
  kind,
  lines,
  targets,
  problems,
}: {
  kind: Kind;
  lines: CodeLine[];
  /** The target attributes that have a mapping. */
  targets: ReadonlySet<string>;
  problems?: ReadonlyMap<string, string>;
}) {
  const t = strings();
  return (
    <div class="json">
      {lines.map(({ text, path }, at) => {
        const target = targets.has(path) ? path : path.replace(/\.value$/, "");
        const named = `${kind}/${target}`;
        if (!targets.has(target))
          return (
            <span key={at} class="code-line">
              {text}
            </span>
          );
        const problem = problems?.get(target);
        return (
          <button
            type="button"
            key={at}
            class={`code-line${pointed.value === named ? " lit" : ""}${problem ? " problem" : ""}`}
            title={told(problem ?? "") || t.goMapping(target)}
            onMouseEnter={() => (hovered.value = named)}
            onMouseLeave={() => (hovered.value = null)}
            onClick={() => {
              part.value = "mappings";
              narrow.value = "configuration";
              chosen.value = named;
            }}
          >
            {text}
          </button>
        );
      })}
    </div>
  );
}
