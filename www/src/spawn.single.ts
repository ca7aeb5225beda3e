// The engine in the single-file page: the worker is in the page itself, and what wasm there is
// is handed to it, because a page opened from disk may fetch nothing.
import wasm from "../pkg/provisor_bg.wasm?url";
import sandbox from "../pkg/sandbox/sandbox_bg.wasm?url";
import EngineWorker from "./worker.single?worker&inline";

export function spawn(): Worker {
  const worker = new EngineWorker({ name: "engine" });
  worker.postMessage({ wasm, sandbox });
  return worker;
}
