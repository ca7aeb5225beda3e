// The page's side of the worker: each call is a promise. Should the engine stop, the
// calls under way are told and the next one starts a new engine.
import type { Calls } from "./worker";

type Name = keyof Calls;
type Pending = { resolve(value: never): void; reject(error: Error): void };

let worker: Worker | undefined;
let next = 0;
const pending = new Map<number, Pending>();

function engine(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<{ id: number; value?: never; fault?: string }>) => {
    const call = pending.get(data.id);
    pending.delete(data.id);
    if (data.fault === undefined) call?.resolve(data.value as never);
    else stop(data.fault, call);
  };
  worker.onerror = (event) => stop(event.message || "the engine could not start");
  return worker;
}

function stop(fault: string, first?: Pending): void {
  worker?.terminate();
  worker = undefined;
  const error = new Error(`the engine stopped: ${fault}`);
  first?.reject(error);
  for (const call of pending.values()) call.reject(error);
  pending.clear();
}

/** Calls the engine. */
export function call<N extends Name>(name: N, ...args: Parameters<Calls[N]>): Promise<ReturnType<Calls[N]>> {
  return new Promise((resolve, reject) => {
    next += 1;
    pending.set(next, { resolve: resolve as Pending["resolve"], reject });
    engine().postMessage({ id: next, name, args });
  });
}
