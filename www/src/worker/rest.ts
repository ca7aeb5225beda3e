// The engine comes in two parts (docs/wasm.md): the rest after the first answer, or when it is
// asked for.
import { join, whenMissed } from "../../pkg/provisor.js";

/** How the rest of the engine comes: while nobody waits for it, and at once. */
export interface Rest {
  later(): Promise<WebAssembly.Module>;
  now(): BufferSource;
}

/** The engine with its rest. */
export let whole: () => Promise<void> = async () => {};

/** Says how the rest comes. */
export function comes(rest: Rest): void {
  let joined: Promise<void> | undefined;
  whole = () => {
    joined ??= rest
      .later()
      .then(join)
      .catch((error: unknown) => {
        joined = undefined;
        throw error;
      });
    return joined;
  };
  whenMissed(rest.now);
}
