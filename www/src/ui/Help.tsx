// The keys, as a dialog.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { strings } from "../strings";

export const helpOpen = signal(false);

export function Help() {
  const t = strings();
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (helpOpen.value) box.current?.showModal();
    else box.current?.close();
  }, [helpOpen.value]);
  return (
    <dialog ref={box} aria-labelledby="help-title" onClose={() => (helpOpen.value = false)}>
      <h2 id="help-title">{t.helpTitle}</h2>
      <dl class="keys">
        {t.keys.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit" class="button primary">
          {t.close}
        </button>
      </form>
    </dialog>
  );
}
