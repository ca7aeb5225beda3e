// The page's side of the worker: each call is a promise. Should the engine stop, or not come
// to an end with something, the calls under way are told, and the next one starts a new engine.
import { LAID, shelf, taken } from "./shelf";
import { spawn } from "./spawn";
import type { Calls } from "./worker";
import type { Progress } from "./worker/turns";

type Name = keyof Calls;
type Arguments<N extends Name> = Parameters<Calls[N]> extends [Progress, ...infer Rest] ? Rest : never;
type Pending = {
  resolve(value: never): void;
  reject(error: Error): void;
  progress?: Progress | undefined;
  /** What of the administrator's this call runs. */
  runs?: string | undefined;
};

/** The engine stopped before it answered; whoever needs to know is told by `whenRestarted`. */
export class Stopped extends Error {}

/** Seconds without a word, while it is waited for, after which the engine is given up. */
const LONGEST_SILENCE = 8;

/** Milliseconds in which an answer is looked for before the next frame: what is said by message the browser keeps back until it has drawn a keystroke. */
const MOMENT = 4;

let worker: Worker | undefined;
let next = 0;
const pending = new Map<number, Pending>();
type Restarted = (endless: string | undefined, cause: string) => void;
let restarted: Restarted = () => {};
/** Since when the engine has been silent, in ticks: a computer that slept was not silent. */
let silent = 0;
/** It has begun to answer; before that, it may still be on its way here. */
let ready = false;
/** What of the administrator's the plan is running: `User/displayName`, `User` for its filter. */
let runs: string | undefined;
/** Where the answer to a keystroke is laid, and which call is the last one's. */
const early = shelf();
let typed = 0;

/** What to do after the engine had to be started anew: it has forgotten everything. */
export function whenRestarted(then: Restarted): void {
  restarted = then;
}

interface Told {
  id?: number;
  value?: never;
  fault?: string;
  done?: number;
  total?: number;
  file?: number;
  cause?: string;
  ready?: boolean;
  runs?: string | undefined;
}

function engine(): Worker {
  if (worker) return worker;
  worker = spawn();
  if (early) worker.postMessage({ id: 0, name: "share", args: [early] });
  worker.onmessage = ({ data }: MessageEvent<Told>) => {
    silent = 0;
    if (data.id === undefined) {
      if (data.ready) ready = true;
      else runs = data.runs;
      return;
    }
    const call = pending.get(data.id);
    if (data.done !== undefined) {
      call?.progress?.(data.done, data.total ?? 0, data.file);
      return;
    }
    pending.delete(data.id);
    if (data.fault === undefined) call?.resolve(data.value as never);
    else crash(data.fault, undefined, data.cause, call);
  };
  worker.onerror = (event) => crash(event.message || "the engine could not start", undefined);
  return worker;
}

function crash(fault: string, endless: string | undefined, cause = fault, first?: Pending): void {
  worker?.terminate();
  worker = undefined;
  ready = false;
  runs = undefined;
  silent = 0;
  const error = new Stopped(`the engine stopped: ${fault}`);
  first?.reject(error);
  for (const call of pending.values()) call.reject(error);
  pending.clear();
  restarted(endless, cause);
}

setInterval(() => {
  silent = ready && pending.size > 0 ? silent + 1 : 0;
  if (silent < LONGEST_SILENCE) return;
  // Calls are answered in the order in which they were made, but for the plan, which lets others in.
  const first = [...pending.values()].find((call) => call.runs);
  crash(`no word for ${LONGEST_SILENCE} s`, runs ?? first?.runs);
}, 1_000);

addEventListener("unhandledrejection", (event) => {
  if (event.reason instanceof Stopped) event.preventDefault();
});

function ask<N extends Name>(name: N, args: Arguments<N>, how: Pick<Pending, "progress" | "runs">) {
  return new Promise<Awaited<ReturnType<Calls[N]>>>((resolve, reject) => {
    next += 1;
    if (name === LAID) typed = next;
    pending.set(next, { resolve: resolve as Pending["resolve"], reject, ...how });
    engine().postMessage({ id: next, name, args });
  });
}

/** Calls the engine and hears how far it has come. */
export const follow = <N extends Name>(name: N, progress: Progress | undefined, ...args: Arguments<N>) =>
  ask(name, args, { progress });

/** Has the engine run what somebody types: `User/displayName` and a line of that, or `=expression`. */
export const attempt = <N extends Name>(runs: string, name: N, ...args: Arguments<N>) =>
  ask(name, args, { runs });

/** Takes the answer to what was typed last before the next frame, if it is there by then. */
export function hear(): void {
  const until = performance.now() + MOMENT;
  while (!heard()) {
    if (performance.now() < until) continue;
    requestAnimationFrame(heard);
    return;
  }
}

/** Whether nothing is waited for any more. */
function heard(): boolean {
  const call = early && pending.get(typed);
  const answer = call && taken(early, typed);
  if (answer === undefined) return !call;
  pending.delete(typed);
  call?.resolve(answer as never);
  return true;
}

/** Calls the engine. */
export const call = <N extends Name>(name: N, ...args: Arguments<N>) => ask(name, args, {});

/** What was asked for, or this if the engine stopped before it answered. */
export async function unlessStopped<T>(asked: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Stopped) return otherwise;
    throw error;
  }
}
