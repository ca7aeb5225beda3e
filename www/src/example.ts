// "Try the Clarizen One example": fetched only when asked for.
const parts = import.meta.glob<string>("../../examples/clarizen-one/*.json", {
  query: "?raw",
  import: "default",
});

export async function example(): Promise<{ name: string; bytes: Uint8Array }[]> {
  const encoder = new TextEncoder();
  const files = await Promise.all(
    Object.entries(parts).map(async ([path, load]) => ({
      name: path.slice(path.lastIndexOf("/") + 1),
      bytes: encoder.encode(await load()),
    })),
  );
  return files.sort((a, b) => Number(a.name === "target.json") - Number(b.name === "target.json"));
}
