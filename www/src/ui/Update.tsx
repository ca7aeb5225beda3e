// "A new version is ready": the page goes on with its own files until it is told to reload.
import { signal } from "@preact/signals";
import { strings } from "../strings";

/** The new version's service worker, which waits. */
const waiting = signal<ServiceWorker | null>(null);

/** Registers the service worker, and hears of newer ones. */
export async function install(): Promise<void> {
  const { serviceWorker } = navigator;
  // The first one is no update.
  const first = !serviceWorker.controller;
  // A window that keeps nothing may refuse; the page then needs the network the next time.
  const registration = await serviceWorker.register("/sw.js").catch(() => undefined);
  if (!registration) return;
  const look = (worker: ServiceWorker | null) => {
    if (worker?.state === "installed" && !first) waiting.value = worker;
  };
  look(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const { installing } = registration;
    installing?.addEventListener("statechange", () => look(installing));
  });
}

function reload(): void {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
  waiting.value?.postMessage("take over");
}

export function Update() {
  const t = strings();
  if (!waiting.value) return null;
  return (
    <div class="banner" role="status">
      <span>
        <b>{t.updateReady}</b> {t.updateText}
      </span>
      <button type="button" class="button primary" onClick={reload}>
        {t.updateReload}
      </button>
      <button type="button" class="button" onClick={() => (waiting.value = null)}>
        {t.dismiss}
      </button>
    </div>
  );
}
