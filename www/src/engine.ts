// The page's side of the worker: each call is a promise. Should the engine stop, or not come
// to an end with something, the calls under way are told, and the next one starts a new engine.
import { spawn } from "./spawn";
import type { Calls, Progress } from "./worker";

type Name = keyof Calls;
type Arguments<N extends Name> = Parameters<Calls[N]> extends [Progress, ...infer Rest] ? Rest : never;
type Pending = { resolve(value: never): void; reject(error: Error): void; progress?: Progress | undefined };

/** The engine stopped before it answered; whoever needs to know is told by `whenRestarted`. */
export class Stopped extends Error {}

/** Seconds without a word, while it is waited for, after which the engine is given up. */
const PATIENCE = 8;

let worker: Worker | undefined;
let next = 0;
const pending = new Map<number, Pending>();
let restarted: (endless: string | undefined) => void = () => {};
/** Since when the engine has been silent, in ticks: a computer that slept was not silent. */
let silent = 0;
/** It has begun to answer; before that, it may still be on its way here. */
let ready = false;
/** What of the administrator's it is running: `User/displayName` (and a line of what is typed there), `User`, `=expression`. */
let runs: string | undefined;

/** What to do after the engine had to be started anew: it has forgotten everything. */
export function whenRestarted(then: (endless: string | undefined) => void): void {
  restarted = then;
}

interface Told {
  id?: number;
  value?: never;
  fault?: string;
  done?: number;
  total?: number;
  ready?: boolean;
  runs?: string | undefined;
}

function engine(): Worker {
  if (worker) return worker;
  worker = spawn();
  worker.onmessage = ({ data }: MessageEvent<Told>) => {
    silent = 0;
    if (data.id === undefined) {
      if (data.ready) ready = true;
      else runs = data.runs;
      return;
    }
    const call = pending.get(data.id);
    if (data.done !== undefined) {
      call?.progress?.(data.done, data.total ?? 0);
      return;
    }
    pending.delete(data.id);
    if (data.fault === undefined) call?.resolve(data.value as never);
    else crash(data.fault, undefined, call);
  };
  worker.onerror = (event) => crash(event.message || "the engine could not start", undefined);
  return worker;
}

function crash(fault: string, endless: string | undefined, first?: Pending): void {
  worker?.terminate();
  worker = undefined;
  ready = false;
  runs = undefined;
  silent = 0;
  const error = new Stopped(`the engine stopped: ${fault}`);
  first?.reject(error);
  for (const call of pending.values()) call.reject(error);
  pending.clear();
  restarted(endless);
}

setInterval(() => {
  silent = ready && pending.size > 0 ? silent + 1 : 0;
  if (silent >= PATIENCE) crash(`no word for ${PATIENCE} s`, runs);
}, 1_000);

addEventListener("unhandledrejection", (event) => {
  if (event.reason instanceof Stopped) event.preventDefault();
});

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

/** What was asked for, or this if the engine stopped before it answered. */
export async function unlessStopped<T>(asked: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Stopped) return otherwise;
    throw error;
  }
}
