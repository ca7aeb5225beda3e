// A target attribute that leads to its mapping.
import { narrow, part } from "../../prefs";
import { pointed } from "../../state/person";
import { strings } from "../../strings";
import type { Kind } from "../../types";

export function TargetLink({ kind, target, text = target }: { kind: Kind; target: string; text?: string }) {
  return (
    <button
      type="button"
      class="link target"
      title={target}
      aria-label={strings().goMapping(target)}
      onMouseEnter={() => (pointed.value = `${kind}/${target}`)}
      onMouseLeave={() => (pointed.value = null)}
      onClick={() => {
        part.value = "mappings";
        narrow.value = "configuration";
        pointed.value = `${kind}/${target}`;
      }}
    >
      {text}
    </button>
  );
}
