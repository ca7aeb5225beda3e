// Text instead of files.
import { useSignal } from "@preact/signals";
import { pasted } from "../state/files";
import { strings } from "../strings";

export function Paste() {
  const text = useSignal("");
  const t = strings();
  return (
    <details class="paste">
      <summary>{t.pasteInstead}</summary>
      <label for="paste">{t.pasteLabel}</label>
      <textarea
        id="paste"
        rows={6}
        spellcheck={false}
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <button
        type="button"
        class="button"
        disabled={!text.value.trim()}
        onClick={() => void pasted(text.value).then(() => (text.value = ""))}
      >
        {t.pasteRead}
      </button>
    </details>
  );
}
