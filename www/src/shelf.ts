// Memory that the page and its worker share: what a keystroke asks for is laid there, so that
// the page can take it before it draws its next frame; the message that says the same comes
// after that frame. Only an isolated page may share memory; any other waits for the message.

/** Bytes of an answer; a longer one comes by message alone. */
const ROOM = 1 << 18;
/** Before the answer: which call it is of (0 while it is written), and its bytes, or one of these. */
const HEAD = 8;
const NOTHING = -1;
const TOO_LONG = -2;

/** The call whose answers are laid there. */
export const LAID = "sight";

export const shelf = (): SharedArrayBuffer | undefined =>
  globalThis.crossOriginIsolated ? new SharedArrayBuffer(HEAD + ROOM) : undefined;

/** Lays a call's answer there. */
export function lay(memory: SharedArrayBuffer, id: number, answer: string | null): void {
  const head = new Int32Array(memory, 0, 2);
  Atomics.store(head, 0, 0);
  const bytes = answer === null ? undefined : new TextEncoder().encode(answer);
  if (bytes && bytes.length <= ROOM) new Uint8Array(memory, HEAD).set(bytes);
  Atomics.store(head, 1, !bytes ? NOTHING : bytes.length <= ROOM ? bytes.length : TOO_LONG);
  Atomics.store(head, 0, id);
}

/** The answer to this call, if it lies there. */
export function taken(memory: SharedArrayBuffer, id: number): string | null | undefined {
  const head = new Int32Array(memory, 0, 2);
  if (Atomics.load(head, 0) !== id) return undefined;
  const length = Atomics.load(head, 1);
  if (length === TOO_LONG) return undefined;
  if (length === NOTHING) return null;
  // A text is decoded from memory of one's own only.
  const bytes = new Uint8Array(memory, HEAD, length).slice();
  return Atomics.load(head, 0) === id ? new TextDecoder().decode(bytes) : undefined;
}
