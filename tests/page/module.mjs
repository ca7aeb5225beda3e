// A module of the page that needs no browser, as Node can load it.
import { readFile } from "node:fs/promises";
import { transform } from "esbuild";

/** Loads a TypeScript module of the page that imports nothing but types. */
export async function page(path) {
  const source = await readFile(new URL(`../../www/src/${path}`, import.meta.url), "utf8");
  const { code } = await transform(source, { loader: "ts", format: "esm" });
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}

/** Numbers below `sides` from a seed (mulberry32). */
export function dice(seed) {
  let state = seed >>> 0;
  return (sides) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) % sides;
  };
}
