// The plan carried out at the server that serves this page. Which request is next, what is tried
// again and when it ends is the engine's to say (src/provision/run/machine.rs); this moves the bytes,
// keeps the log and counts.
import { computed, effect, signal, untracked } from "@preact/signals";
import { call, follow, Stopped, unlessStopped } from "../engine";
import { runStrings } from "../strings/run";
import type { RunEnding, RunEntry, RunOutcome, RunPlanned, RunStatus, RunTurn } from "../types";
import { document_ } from "./document";
import { ask } from "./network";
import { busy, generation } from "./plan";
import { outdated } from "./target";

/** Milliseconds for one answer. */
const LONGEST_ANSWER = 60_000;
/** Milliseconds that a request under way is given once the run was stopped. */
const GRACE = 5_000;
/** Milliseconds between two paintings of what is new. */
const FRAME = 250;

export type RunAction = RunEntry["action"];

/** Whether this page may ask its server for anything, and the token for it: both only as long as the page is there. */
export const allowed = signal(false);
export const token = signal("");
/** What would be sent, as the engine has it ready. */
export const planned = signal<RunPlanned | null>(null);
/** How far it has come with finding that out anew, from 0 to 1. */
export const preparing = signal<number | null>(null);
/** Which plan it was found out of. */
const preparedOf = signal(-1);
/** What would be sent may be something else by now: nothing can be sent until that is found out. */
export const pending = computed(
  () => busy.value || preparing.value !== null || preparedOf.value !== generation.value,
);
export const running = signal(false);
export const stopping = signal(false);
/** What the last run was to send. */
export const begun = signal<RunPlanned | null>(null);
/** How it ended: `done`, or why not. */
export const ending = signal<RunEnding | "done" | "crashed" | null>(null);
/** Until when the server wants to be left alone, in milliseconds since 1970; 0 when it does not. */
export const resting = signal(0);
/** Grows when there is more in the log. */
const version = signal(0);
/** When the run began, and how long it has taken, in milliseconds. */
export const clock = signal({ began: 0, took: 0 });

const lines: RunEntry[] = [];
/** How many of each. */
const counts = new Map<`${RunAction} ${RunStatus}`, number>();

/** Every line of the log, oldest first. It grows in place: who shows it is told by `version`. */
export function log(): readonly RunEntry[] {
  void version.value;
  return lines;
}

/** How many lines have this status, and this action where one is named. */
export const counted = (status: RunStatus, action?: RunAction): number => {
  void version.value;
  const actions: RunAction[] = action ? [action] : ["Delete", "Disable", "Create", "Update"];
  return actions.reduce((sum, each) => sum + (counts.get(`${each} ${status}`) ?? 0), 0);
};

let asked = 0;

/** Has the engine take the plan as it is now for a run. */
export async function prepare(released: boolean): Promise<void> {
  if (running.value) return;
  asked += 1;
  const mine = asked;
  preparing.value = 0;
  preparedOf.value = generation.value;
  const far = (done: number, total: number) => {
    if (mine === asked) preparing.value = total ? done / total : 1;
  };
  const { actions, ids } = document_.value.leftOut;
  const leftOut = { actions: [...actions], ids: [...ids] };
  const ready = await unlessStopped(follow("runPrepare", far, { leftOut, released }), null);
  if (mine !== asked) return;
  planned.value = ready;
  preparing.value = null;
}

let stopped = new AbortController();
let wake = () => {};

/** Milliseconds that an answer asks to wait, as seconds or as a date (RFC 9110 §10.2.3). */
function retryAfter(reply: Response): number | null {
  const text = reply.headers.get("retry-after");
  if (!text) return null;
  const time = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isFinite(time) ? Math.max(0, Math.round(time)) : null;
}

async function send(request: RunTurn["send"][number], mine: string): Promise<RunOutcome> {
  const { ticket, method, path, headers, body } = request;
  const outcome = { ticket, status: 0, retryAfter: null, body: "", at: Date.now() };
  const began = performance.now();
  const duration = () => Math.round(performance.now() - began);
  try {
    const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(LONGEST_ANSWER)]);
    const reply = await ask(mine, path, { method, headers, signal, ...(body ? { body } : {}) });
    const text = await reply.text();
    return {
      ...outcome,
      status: reply.status,
      retryAfter: retryAfter(reply),
      body: text,
      duration: duration(),
    };
  } catch {
    return { ...outcome, duration: duration() };
  }
}

let painted = 0;
function paint(now: boolean): void {
  if (!now && performance.now() - painted < FRAME) return;
  painted = performance.now();
  clock.value = { ...clock.value, took: performance.now() - clock.value.began };
  version.value += 1;
}

function take(more: RunEntry[]): void {
  for (const entry of more) {
    lines.push(entry);
    const key = `${entry.action} ${entry.status}` as const;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
}

const guard = (event: BeforeUnloadEvent) => event.preventDefault();

function forget(): void {
  lines.length = 0;
  counts.clear();
  ending.value = null;
  begun.value = null;
  allowed.value = false;
  token.value = "";
  paint(true);
}

// Who forgets everything forgets this too; what is under way ends.
effect(() => {
  const { files, generated, schemaName } = document_.value;
  if (files.length || generated || schemaName) return;
  if (running.value) void stop();
  else untracked(forget);
});

/** Sends what is ready. */
export async function start(): Promise<void> {
  if (running.value || pending.value || !planned.value?.requests) return;
  const mine = token.value;
  begun.value = planned.value;
  planned.value = null;
  running.value = true;
  stopping.value = false;
  ending.value = null;
  lines.length = 0;
  counts.clear();
  clock.value = { began: performance.now(), took: 0 };
  stopped = new AbortController();
  addEventListener("beforeunload", guard);
  const ticker = setInterval(() => paint(false), FRAME);
  const answers: RunOutcome[] = [];
  try {
    for (;;) {
      const turn = await call("runTurn", answers.splice(0), Date.now());
      if (!turn) throw new Stopped("the engine forgot the run");
      take(turn.log);
      paint(false);
      for (const request of turn.send)
        void send(request, mine).then((outcome) => {
          answers.push(outcome);
          wake();
        });
      if (turn.left === 0) {
        ending.value = turn.ending ?? "done";
        return;
      }
      resting.value = turn.rest && !turn.underWay && !turn.ending ? Date.now() + turn.rest : 0;
      if (answers.length || (!turn.underWay && !turn.rest)) continue;
      if (!turn.underWay && turn.ending) continue;
      await new Promise<void>((resolve) => {
        const timer = turn.rest ? setTimeout(resolve, turn.rest) : undefined;
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    // What was answered since is in no log; the target, loaded again, shows it.
    ending.value = "crashed";
  } finally {
    const changed = ({ status, statusCode }: RunEntry) =>
      status === "Success" || (status === "Failure" && statusCode === 0);
    outdated.value ||= ending.value === "crashed" || lines.some(changed);
    clearInterval(ticker);
    removeEventListener("beforeunload", guard);
    resting.value = 0;
    running.value = false;
    stopping.value = false;
    paint(true);
  }
}

/** Ends after the requests under way. */
export async function stop(): Promise<void> {
  stopping.value = true;
  const mine = stopped;
  setTimeout(() => mine.abort(), GRACE);
  await call("runStop");
  wake();
}

/** The summary of what became of all, in one sentence. */
export function summed(): string {
  const t = runStrings();
  return t.runSummed(counted("Success"), counted("Failure"), counted("Skipped"));
}
