/** Starts the engine's worker; the single-file build has its own way (`spawn.single.ts`). */
export const spawn = () =>
  new Worker(new URL("./worker.entry.ts", import.meta.url), { type: "module", name: "engine" });
