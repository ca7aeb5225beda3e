// The worker in the single-file page: what wasm there is comes with the first message.
import { answer } from "./worker";

/** The bytes that were packed with gzip and written as base64. */
function unpacked(text: string): Promise<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

let given: (bytes: Promise<BufferSource>) => void = () => {};
answer(new Promise<BufferSource>((resolve) => (given = resolve)));
const next = self.onmessage;
self.onmessage = (event: MessageEvent<{ wasm?: string }>) => {
  if (event.data.wasm) given(unpacked(event.data.wasm));
  else next?.call(self, event);
};
