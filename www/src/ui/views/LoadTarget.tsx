// The one thing that uses the network, and only when it is switched on: the target's state,
// read from the SCIM endpoint of the server that serves this page, with a token typed by hand.
import { useSignal } from "@preact/signals";
import { add } from "../../state/files";
import { sent } from "../../state/network";
import { strings } from "../../strings";

const PAGE = 100;
/** The most that is read, so that a large directory does not fill the page. */
const MOST = 100_000;

async function read(token: string, kind: string): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let start = 1; all.length < MOST; ) {
    sent.value += 1;
    const reply = await fetch(`/scim/v2/${kind}?startIndex=${start}&count=${PAGE}`, {
      headers: { authorization: `Bearer ${token}`, accept: "application/scim+json" },
      credentials: "omit",
      cache: "no-store",
    });
    if (!reply.ok) {
      const told = (await reply.json().catch(() => null)) as { detail?: string } | null;
      throw new Error(strings().loadFailed(`${reply.status}${told?.detail ? `: ${told.detail}` : ""}`));
    }
    const page = (await reply.json()) as { Resources?: unknown[]; totalResults?: number };
    const found = page.Resources ?? [];
    all.push(...found);
    start += found.length;
    if (!found.length || all.length >= (page.totalResults ?? 0)) break;
  }
  return all;
}

export function LoadTarget() {
  const t = strings();
  const allowed = useSignal(false);
  const token = useSignal("");
  const told = useSignal("");
  const failed = useSignal(false);
  const load = async () => {
    told.value = t.working;
    failed.value = false;
    try {
      const found = [...(await read(token.value, "Users")), ...(await read(token.value, "Groups"))];
      const lines = found.map((resource) => JSON.stringify(resource)).join("\n");
      // An empty directory is a target too.
      const text = lines || '{"totalResults":0,"Resources":[]}';
      await add([{ name: "target.json", bytes: new TextEncoder().encode(text) }], t.stepTargetLoaded);
      told.value = t.loadedTarget(found.length);
    } catch (error) {
      failed.value = true;
      told.value = error instanceof Error ? error.message : String(error);
    }
  };
  if (location.protocol === "file:") return null;
  return (
    <section class="network" aria-label={t.loadTarget}>
      <h3>{t.loadTarget}</h3>
      <p class="note">{t.loadTargetText}</p>
      <label class="check">
        <input
          type="checkbox"
          checked={allowed.value}
          onChange={(event) => (allowed.value = event.currentTarget.checked)}
        />
        {t.loadTargetSwitch}
      </label>
      {allowed.value && (
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault();
            void load();
          }}
        >
          <label class="block">
            {t.token}
            <input
              type="password"
              autocomplete="off"
              value={token.value}
              onInput={(event) => (token.value = event.currentTarget.value.trim())}
            />
          </label>
          <button type="submit" class="button primary" disabled={!token.value}>
            {t.load}
          </button>
        </form>
      )}
      {told.value && (
        <p class={failed.value ? "finding error" : "finding"} role="status">
          {told.value}
        </p>
      )}
    </section>
  );
}
