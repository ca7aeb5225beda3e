// "Try the Clarizen One example": fetched only when asked for. The mapping table is the
// tutorial's own, faults included; the guide mends them.
const parts = import.meta.glob<string>(
  "../../examples/clarizen-one/{users,groups,roles,assignments,target}.json",
  { query: "?raw", import: "default" },
);
const table = () =>
  import("../../examples/clarizen-one/mapping-table.md?raw").then((module) => module.default as string);

export async function example(): Promise<{ name: string; bytes: Uint8Array }[]> {
  const encoder = new TextEncoder();
  const named = Object.entries(parts).map(
    ([path, load]) => [path.slice(path.lastIndexOf("/") + 1), load] as const,
  );
  const files = [...named, ["mapping-table.md", table] as const].map(async ([name, load]) => ({
    name,
    bytes: encoder.encode(await load()),
  }));
  return Promise.all(files);
}
