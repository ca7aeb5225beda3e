// A target attribute that leads to its mapping.
import { narrow, part } from "../../prefs";
import { chosen, hovered } from "../../state/person";
import { strings } from "../../strings";
import type { Kind } from "../../types";

export function TargetLink({ kind, target, text = target }: { kind: Kind; target: string; text?: string }) {
  return (
    <button
      type="button"
      class="link target"
      title={target}
      aria-label={strings().goMapping(target)}
      onMouseEnter={() => (hovered.value = `${kind}/${target}`)}
      onMouseLeave={() => (hovered.value = null)}
      onClick={() => {
        part.value = "mappings";
        narrow.value = "configuration";
        chosen.value = `${kind}/${target}`;
      }}
    >
      {text}
    </button>
  );
}
