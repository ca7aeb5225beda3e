// An engine, filled with files and made-up people, and a plan for everyone.
import { Loading, madeUp, Preview } from "../../pkg/provisor.js";
import type { Answer, LoadReport, Summary } from "../types";
import { whole } from "./rest";
import { said } from "./said";
import { type Progress, runs, type Turns } from "./turns";

/** One file as it was given. */
export interface Given {
  name: string;
  role: "source" | "target";
  bytes: Uint8Array;
}

/** Who is planned for: files, made-up people, and how the files are read. */
export interface Population {
  files: Given[];
  generated: number;
  /** Other names for columns, by what the files call them. */
  columns: Record<string, string>;
  /** Users from here on are left out; 0 takes all. */
  most: number;
}

/** Rows of a plan at a time, each once for every mapping. */
export const CELLS = 4_000;
/** Operations at a time. */
export const OPERATIONS = 200;
/** People made up at a time. */
const PEOPLE = 500;
/** Bytes of a file at a time. */
const CHUNK = 1 << 18;

let preview: Preview | undefined;

/** The engine that the page works with. */
export function current(): Preview {
  preview ??= new Preview();
  return preview;
}

/** An empty one in its place. */
export function renew(): Preview {
  preview?.free();
  preview = new Preview();
  return preview;
}

async function read(
  into: Preview,
  file: Given,
  rest: (done: number, total: number) => Promise<void>,
): Promise<Answer<LoadReport>> {
  const loading = new Loading(file.name, file.role === "target");
  for (let at = 0; at < file.bytes.length; at += CHUNK) {
    const pushed = said<null>(loading.push(into, file.bytes.subarray(at, at + CHUNK)));
    if ("error" in pushed) {
      loading.free();
      return pushed;
    }
    await rest(at, file.bytes.length);
  }
  return said<LoadReport>(loading.finish(into));
}

/** Files and made-up people. */
export async function fill(
  into: Preview,
  { files, generated, columns, most }: Population,
  target: boolean,
  rest: Turns,
  progress?: Progress,
): Promise<Answer<LoadReport>[]> {
  if (generated) await whole();
  into.rename(Object.entries(columns).flat());
  if (most) into.takeAtMost(most);
  for (let at = 0; at < generated; at += PEOPLE) {
    const page = (what: string) => madeUp(what, 1, at, Math.min(generated, at + PEOPLE));
    into.loadSource("users.json", page("users"));
    if (at === 0) into.loadSource("roles.json", page("roles"));
    into.loadSource("assignments.json", page("assignments"));
    if (target && !files.some(({ role }) => role === "target")) into.loadTarget(page("target"));
    await rest(at, generated, progress);
  }
  const answers: Answer<LoadReport>[] = [];
  for (const [at, file] of files.entries())
    answers.push(await read(into, file, (done, total) => rest(done, total, progress, at)));
  return answers;
}

export async function planned(engine: Preview, rest: Turns, progress?: Progress): Promise<Answer<Summary>> {
  engine.planBegin();
  for (;;) {
    runs(engine.planRuns());
    if (engine.planStep(CELLS)) break;
    const [done = 0, total = 0] = engine.planProgress();
    await rest(done, total, progress);
  }
  runs(undefined);
  return said<Summary>(engine.summary());
}
