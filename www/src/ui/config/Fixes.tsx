// One press that mends a finding in the mapping table.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { call } from "../../engine";
import { editMapping, removeMapping } from "../../state/edit";
import type { Mapping } from "../../state/schema";
import { strings } from "../../strings";
import type { Diagnostic } from "../../types";

export function Fixes({ mapping, finding }: { mapping: Mapping; finding: Diagnostic }) {
  const t = strings();
  const mended = useSignal("");
  const path = finding.rule === "target-path" ? mapping.target : "";
  useEffect(() => {
    mended.value = "";
    if (path) void call("mendTarget", path).then((text) => (mended.value = text === path ? "" : text));
  }, [path, mended]);
  if (mended.value)
    return (
      <button type="button" class="fix" onClick={() => editMapping(mapping, { target: mended.value })}>
        {t.fixTarget(mended.value)}
      </button>
    );
  if (finding.rule === "duplicate-target")
    return (
      <button type="button" class="fix" onClick={() => removeMapping(mapping)}>
        {t.removeDuplicate}
      </button>
    );
  return null;
}
