// The target's state from the server that serves this page.
import { useSignal } from "@preact/signals";
import { token } from "../../state/run";
import { loadTarget } from "../../state/target";
import { told } from "../../strings";
import { runStrings } from "../../strings/run";

export function LoadTarget() {
  const t = runStrings();
  const said = useSignal("");
  const failed = useSignal(false);
  const load = async () => {
    said.value = t.working;
    failed.value = false;
    try {
      said.value = t.loadedTarget(await loadTarget(token.value));
    } catch (error) {
      failed.value = true;
      said.value = error instanceof Error ? error.message : String(error);
    }
  };
  return (
    <section class="network" aria-label={t.loadTarget}>
      <h3>{t.loadTarget}</h3>
      <div class="actions">
        <button type="button" class="button" disabled={!token.value} onClick={() => void load()}>
          {t.load}
        </button>
      </div>
      {said.value && (
        <p class={failed.value ? "finding error" : "finding"} role="status">
          {told(said.value)}
        </p>
      )}
    </section>
  );
}
