// The engine in the single-file page: the worker is in the page itself, and its wasm is
// handed to it, because a page opened from disk may fetch nothing.
import wasm from "../pkg/provisor_bg.wasm?url";
import EngineWorker from "./worker.single?worker&inline";

export function spawn(): Worker {
  const worker = new EngineWorker({ name: "engine" });
  const base64 = wasm.slice(wasm.indexOf(",") + 1);
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  worker.postMessage({ wasm: bytes }, [bytes.buffer]);
  return worker;
}
