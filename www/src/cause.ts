/** The technical cause of an error: what kind it is, an engine's own words, and where it happened. Other words are left out, as they may quote a value of somebody. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const own = error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
  const lines = (error.stack ?? "").split("\n");
  // Chromium's places begin with `at`; elsewhere they are `name@address`.
  const places = lines.filter((line) => /^\s+at \S|^\S*@\S+:\d+:\d+$/.test(line));
  return [own ? `${error.name}: ${error.message}` : error.name, ...places].join("\n");
}
