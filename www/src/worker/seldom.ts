// What is asked for only now and then, and needs the whole engine: the exports, a comparison, the
// replay, a run.
import {
  Comparison as Comparing,
  Export,
  Preview,
  Replay,
  Run,
  reportActions,
  runLog,
  runLogHead,
  schemaFile,
} from "../../pkg/provisor.js";
import type {
  Answer,
  Comparison,
  Diagnostic,
  ReplayProgress,
  RunEntry,
  RunOutcome,
  RunPlanned,
  RunTurn,
  Settings,
  Summary,
} from "../types";
import { current, fill, type Given, OPERATIONS, type Population, planned } from "./planning";
import { whole } from "./rest";
import { said } from "./said";
import { Overtaken, type Progress, pause, turns, unlessOvertaken } from "./turns";

/** What an export leaves out, and what it is of. */
export interface ExportOf {
  schema: string;
  settings: Settings;
  leftOut: { actions: string[]; ids: string[] };
}

/** What a run leaves out, and whether it sends what the deletion threshold holds back. */
export interface RunOf {
  leftOut: ExportOf["leftOut"];
  released: boolean;
}

/** The last replay's state, for saving. */
let replayed = "";
/** The plan as it would be sent, or is being sent. */
let run: Run | undefined;
/** Grows with each plan that is taken for a run: a newer one overtakes. */
let taken = 0;

export const seldom = {
  async schemaFile(_: Progress, schema: string): Promise<string> {
    await whole();
    return schemaFile(schema);
  },
  /** The plan as a file, in one of the forms that it is exported in. */
  async export(progress: Progress, kind: string, of: ExportOf): Promise<string[]> {
    const engine = current();
    await whole();
    const file = new Export(kind, of.schema, JSON.stringify(of.settings));
    file.leaveOut(of.leftOut.actions, of.leftOut.ids);
    const answer = said<Summary>(engine.summary());
    const summary = "ok" in answer ? JSON.stringify(answer.ok) : "";
    const parts = [file.head(summary, engine.survey())];
    const total = engine.length();
    const rows = async () => {
      for (let done = 0; done < total; done += OPERATIONS) {
        parts.push(file.step(engine.operations(done, OPERATIONS)));
        progress(done, total);
        await pause();
      }
    };
    try {
      if (kind === "report") {
        for (const action of reportActions()) {
          const count = engine.find(action, "", "", "", []).length;
          if (!count) continue;
          parts.push(file.section(action, count));
          await rows();
        }
      } else await rows();
      if (kind === "curl" || kind === "bulk") {
        file.references();
        await rows();
      }
      parts.push(file.tail(summary));
      return parts;
    } finally {
      file.free();
    }
  },
  /** What another configuration would do otherwise, for the same people; nothing when it was overtaken. */
  async compare(
    progress: Progress,
    population: Population,
    schema: string,
    settings: Settings,
  ): Promise<Answer<Comparison> | null> {
    const rest = turns();
    const engine = current();
    await whole();
    const other = new Preview();
    const work = async (): Promise<Answer<Comparison>> => {
      await fill(other, population, true, rest);
      const configured = said<Diagnostic[]>(other.configure(schema, JSON.stringify(settings)));
      if ("error" in configured) return configured;
      const answer = await planned(other, rest);
      if ("error" in answer) return answer;
      const comparing = new Comparing(other);
      const total = engine.length();
      while (!comparing.step(engine, other, OPERATIONS)) await rest(comparing.done(), total, progress);
      return { ok: JSON.parse(comparing.result()) as Comparison };
    };
    return unlessOvertaken(work()).finally(() => other.free());
  },
  /** Carries the plan out in a directory in memory and plans again against what that holds. */
  async replay(
    progress: Progress,
    population: Population,
    schema: string,
    settings: Settings,
  ): Promise<{ progress: ReplayProgress; again: Summary } | null> {
    const rest = turns();
    const engine = current();
    await whole();
    const directory = new Replay(settings.now ?? new Date().toISOString());
    const next = new Preview();
    const work = async () => {
      const rows = engine.length();
      for (let from = 0; ; from += OPERATIONS) {
        const held = engine.held(from, OPERATIONS);
        if (held === "[]") break;
        directory.hold(held);
        await rest(0, rows);
      }
      for (let from = 0; from < rows; from += OPERATIONS) {
        directory.queue(engine.operations(from, OPERATIONS));
        await rest(0, rows);
      }
      for (;;) {
        const done = directory.step(50);
        const state = directory.progress() as ReplayProgress;
        if (done) break;
        await rest(state.sent, state.sent + state.waiting, progress);
      }
      replayed = directory.state();
      const told = directory.progress() as ReplayProgress;
      const given = population.files.filter(({ role }) => role === "source");
      const bytes = new TextEncoder().encode(replayed);
      const files: Given[] = [...given, { name: "target", role: "target", bytes }];
      await fill(next, { ...population, files }, false, rest);
      next.configure(schema, JSON.stringify(settings));
      const again = await planned(next, rest);
      return "ok" in again ? { progress: told, again: again.ok } : null;
    };
    return unlessOvertaken(work()).finally(() => {
      directory.free();
      next.free();
    });
  },
  replayState: (_: Progress) => replayed,
  /** Takes the plan as it is for a run; nothing when it was overtaken. */
  async runPrepare(progress: Progress, { leftOut, released }: RunOf): Promise<RunPlanned | null> {
    taken += 1;
    const mine = taken;
    const rest = turns();
    const engine = current();
    await whole();
    const fresh = new Run([...leftOut.actions], [...leftOut.ids]);
    const work = async () => {
      const rows = engine.length();
      for (let from = 0; from < rows; from += OPERATIONS) {
        fresh.add(released ? engine.released(from, OPERATIONS) : engine.operations(from, OPERATIONS));
        await rest(from, rows, progress);
        if (mine !== taken) throw new Overtaken();
      }
      run?.free();
      run = fresh;
      return JSON.parse(fresh.planned()) as RunPlanned;
    };
    return unlessOvertaken(work()).finally(() => {
      if (run !== fresh) fresh.free();
    });
  },
  /** Tells a run what became of requests, and asks what to send next. */
  runTurn: (_: Progress, outcomes: RunOutcome[], now: number) =>
    run ? (JSON.parse(run.turn(JSON.stringify(outcomes), now)) as RunTurn) : null,
  runStop: (_: Progress) => run?.stop(),
  /** A run's log as a file. */
  async runLog(_: Progress, kind: "csv" | "ndjson", entries: RunEntry[]): Promise<string[]> {
    await whole();
    const parts = kind === "csv" ? [runLogHead()] : [];
    for (let from = 0; from < entries.length; from += OPERATIONS) {
      parts.push(runLog(kind, JSON.stringify(entries.slice(from, from + OPERATIONS))));
      await pause();
    }
    return parts;
  },
};
