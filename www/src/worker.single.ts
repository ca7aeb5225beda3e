// The worker in the single-file page: its wasm comes with the first message.
import { answer } from "./worker";

let given: (bytes: BufferSource) => void = () => {};
answer(new Promise<BufferSource>((resolve) => (given = resolve)));
const next = self.onmessage;
self.onmessage = (event: MessageEvent<{ wasm?: Uint8Array<ArrayBuffer> }>) => {
  if (event.data.wasm) given(event.data.wasm);
  else next?.call(self, event);
};
