// "Opened from a link": a configuration that waits to be used.
import { signal } from "@preact/signals";
import { commit, type Document, document_ } from "../state/document";
import { strings } from "../strings";

export const offer = signal<Partial<Document> | null>(null);

/** A link was opened that holds more than a link may. */
export const tooLong = signal(false);

/** Uses it at once where there is nothing to lose. */
export function consider(shared: Partial<Document>): void {
  const { files, generated, schemaName } = document_.value;
  offer.value = shared;
  if (!files.length && !generated && !schemaName) use();
}

function use(): void {
  const shared = offer.value;
  offer.value = null;
  history.replaceState(null, "", location.pathname);
  if (shared) commit(strings().stepShared, { ...shared, schemaName: shared.schemaName || strings().shared });
}

export function Offer() {
  const t = strings();
  if (tooLong.value)
    return (
      <div class="banner" role="alert">
        <span>{t.linkTooLong}</span>
        <button type="button" class="button" onClick={() => (tooLong.value = false)}>
          {t.dismiss}
        </button>
      </div>
    );
  return (
    <div class="banner" role="status">
      <span>
        <b>{t.shared}</b> {t.sharedText}
      </span>
      <button type="button" class="button primary" onClick={use}>
        {t.sharedReplace}
      </button>
      <button type="button" class="button" onClick={() => (offer.value = null)}>
        {t.dismiss}
      </button>
    </div>
  );
}
