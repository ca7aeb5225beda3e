// The worker in the single-file page: what wasm there is comes with the first message.
import { answer } from "./worker";

/** A data address as bytes. */
function bytes(address: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(address.slice(address.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
}

let sandbox = "";
let given: (bytes: BufferSource) => void = () => {};
answer(new Promise<BufferSource>((resolve) => (given = resolve)), () => bytes(sandbox));
const next = self.onmessage;
self.onmessage = (event: MessageEvent<{ wasm?: string; sandbox?: string }>) => {
  sandbox = event.data.sandbox ?? sandbox;
  if (event.data.wasm) given(bytes(event.data.wasm));
  else next?.call(self, event);
};
