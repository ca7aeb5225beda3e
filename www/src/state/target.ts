// The target's state, read from the SCIM endpoint of the server that serves this page.
import { computed, signal } from "@preact/signals";
import { runStrings } from "../strings/run";
import { commit, document_ } from "./document";
import { ask } from "./network";

const PAGE = 100;
/** The most of a kind that is read, so that a large directory does not fill the page; of a part of it the plan would be wrong. */
const MOST = 100_000;

async function read(token: string, kind: string): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let start = 1; ; ) {
    const reply = await ask(token, `/${kind}?startIndex=${start}&count=${PAGE}`, {
      headers: { accept: "application/scim+json" },
    });
    if (!reply.ok) {
      const told = (await reply.json().catch(() => null)) as { detail?: string } | null;
      throw new Error(runStrings().loadFailed(`${reply.status}${told?.detail ? `: ${told.detail}` : ""}`));
    }
    const page = (await reply.json()) as { Resources?: unknown[]; totalResults?: number };
    const total = page.totalResults ?? 0;
    if (total > MOST) throw new Error(runStrings().loadTooMany(total, MOST));
    const found = page.Resources ?? [];
    all.push(...found);
    start += found.length;
    if (!found.length || all.length >= total) return all;
  }
}

/** What was read last. */
const loaded = signal<Uint8Array | null>(null);

/** A run has changed what the server holds since it was asked. */
export const outdated = signal(false);

/** The plan's target is what this page's server held when it was last asked. */
export const fromServer = computed(() => {
  const targets = document_.value.files.filter(({ role }) => role === "target");
  return targets.length === 1 && targets[0]?.bytes === loaded.value;
});

/** Takes what the server holds as the target, in the place of any other; how much that is. */
export async function loadTarget(token: string): Promise<number> {
  const found = [...(await read(token, "Users")), ...(await read(token, "Groups"))];
  const lines = found.map((resource) => JSON.stringify(resource)).join("\n");
  // An empty directory is a target too.
  const bytes = new TextEncoder().encode(lines || '{"totalResults":0,"Resources":[]}');
  loaded.value = bytes;
  outdated.value = false;
  const sources = document_.value.files.filter(({ role }) => role === "source");
  commit(runStrings().stepTargetLoaded, {
    files: [...sources, { name: "target.json", role: "target", bytes }],
  });
  return found.length;
}
