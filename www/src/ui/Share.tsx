// The configuration as a link. No person is in it; expectations only when ticked.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { copy, save } from "../save";
import { configurationText, toFragment } from "../share";
import { document_ } from "../state/document";
import { strings } from "../strings";

export function Share() {
  const t = strings();
  const link = useSignal("");
  const along = useSignal(false);
  const done = useSignal(false);
  const document = document_.value;
  const some = document.expectations.length;
  useEffect(() => {
    let current = true;
    const show = (text: string) => {
      if (current) link.value = text;
    };
    void toFragment(document, along.value).then(
      (fragment) => show(`${location.origin}${location.pathname}#${fragment}`),
      () => show(t.linkTooLong),
    );
    return () => {
      current = false;
    };
  }, [document, along.value, link, t.linkTooLong]);
  return (
    <div class="form share">
      <h3>{t.shareTitle}</h3>
      <p class="note">{t.shareText}</p>
      {some > 0 && (
        <label class="check">
          <input
            type="checkbox"
            checked={along.value}
            onChange={(event) => (along.value = event.currentTarget.checked)}
          />
          {t.shareExpectations(some)}
        </label>
      )}
      <input
        readOnly
        aria-label={t.linkLabel}
        value={link.value}
        onFocus={(event) => event.currentTarget.select()}
      />
      <div class="actions">
        <button
          type="button"
          class="button primary"
          onClick={() => void copy(link.value).then((copied) => (done.value = copied))}
        >
          {done.value ? `✓ ${t.copied}` : t.copyLink}
        </button>
        <button
          type="button"
          class="button"
          onClick={() => save("configuration.json", configurationText(document, along.value))}
        >
          {t.exportConfiguration}
        </button>
      </div>
    </div>
  );
}
