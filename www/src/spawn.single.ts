// The engine in the single-file page: the worker is in the page itself, and the whole wasm is
// handed to it, because a page opened from disk may fetch nothing.
import wasm from "../pkg/whole_bg.wasm?url";
import EngineWorker from "./worker.single?worker&inline";

export function spawn(): Worker {
  const worker = new EngineWorker({ name: "engine" });
  worker.postMessage({ wasm });
  return worker;
}
