// The page's side of the worker: each call is a promise. Should the engine stop, the calls
// under way are told, and the next one starts a new engine.
import { spawn } from "./spawn";
import type { Calls, Progress } from "./worker";

type Name = keyof Calls;
type Arguments<N extends Name> = Parameters<Calls[N]> extends [Progress, ...infer Rest] ? Rest : never;
type Pending = { resolve(value: never): void; reject(error: Error): void; progress?: Progress | undefined };

let worker: Worker | undefined;
let next = 0;
const pending = new Map<number, Pending>();
let restarted: () => void = () => {};

/** What to do after the engine had to be started anew: it has forgotten everything. */
export function whenRestarted(then: () => void): void {
  restarted = then;
}

interface Told {
  id: number;
  value?: never;
  fault?: string;
  done?: number;
  total?: number;
}

function engine(): Worker {
  if (worker) return worker;
  worker = spawn();
  worker.onmessage = ({ data }: MessageEvent<Told>) => {
    const call = pending.get(data.id);
    if (data.done !== undefined) {
      call?.progress?.(data.done, data.total ?? 0);
      return;
    }
    pending.delete(data.id);
    if (data.fault === undefined) call?.resolve(data.value as never);
    else crash(data.fault, call);
  };
  worker.onerror = (event) => crash(event.message || "the engine could not start");
  return worker;
}

function crash(fault: string, first?: Pending): void {
  worker?.terminate();
  worker = undefined;
  const error = new Error(`the engine stopped: ${fault}`);
  first?.reject(error);
  for (const call of pending.values()) call.reject(error);
  pending.clear();
  restarted();
}

/** Calls the engine and hears how far it has come. */
export function follow<N extends Name>(
  name: N,
  progress: Progress | undefined,
  ...args: Arguments<N>
): Promise<Awaited<ReturnType<Calls[N]>>> {
  return new Promise((resolve, reject) => {
    next += 1;
    pending.set(next, { resolve: resolve as Pending["resolve"], reject, progress });
    engine().postMessage({ id: next, name, args });
  });
}

/** Calls the engine. */
export function call<N extends Name>(name: N, ...args: Arguments<N>): Promise<Awaited<ReturnType<Calls[N]>>> {
  return follow(name, undefined, ...args);
}

/** Ends the engine at once, whatever it is doing; for tests of what happens then. */
export function kill(): void {
  crash("it was stopped");
}
