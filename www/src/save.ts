// Files out, and text to the clipboard.
export function save(name: string, parts: BlobPart | BlobPart[], type = "application/json"): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(Array.isArray(parts) ? parts : [parts], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
