// The engine's side: wasm in a worker, so that the page never waits for it. Long work goes
// in slices with a pause between them, in which newer questions are answered; whatever a
// newer question overtakes ends at its next slice.
import init, {
  catalogue,
  checkExpression,
  completeExpression,
  completeTarget,
  Export,
  mappingTable,
  mendTarget,
  Preview,
  Replay,
  reportActions,
} from "../pkg/provisor.js";
import type {
  Answer,
  Comparison,
  Completion,
  Diagnostic,
  Finding,
  FunctionHelp,
  Inside,
  Kind,
  LoadReport,
  Operation,
  Part,
  ReplayProgress,
  Row,
  Settings,
  SignOnCheck,
  Suggestion,
  Summary,
  Survey,
} from "./types";

/** One file as it was given. */
export interface Given {
  name: string;
  role: "source" | "target";
  bytes: Uint8Array;
}

/** Tells how far a long call has come. */
export type Progress = (done: number, total: number) => void;

/** Rows at a time where each is an operation. */
const SLICE = 2_000;
/** Rows at a time where each is a value of a column. */
const VALUES = 20_000;
/** Milliseconds that a slice may take before newer questions get their turn. */
const TURN = 30;

let preview: Preview | undefined;
/** The last replay's state, for saving. */
let replayed = "";
let latest = 0;

function current(): Preview {
  preview ??= new Preview();
  return preview;
}

const pause = () =>
  new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

const parsed = <T>(text: string): T | null => (text ? (JSON.parse(text) as T) : null);

function read(into: Preview, file: Given): Answer<LoadReport> {
  return (
    file.role === "target" ? into.loadTarget(file.bytes) : into.loadSource(file.name, file.bytes)
  ) as Answer<LoadReport>;
}

const calls = {
  /** Reads all files anew into an empty engine. */
  load(_: Progress, files: Given[], generated: number): Answer<LoadReport>[] {
    latest += 1;
    preview?.free();
    preview = new Preview();
    if (generated) preview.generate(1, generated);
    return files.map((file) => read(current(), file));
  },
  /** Sets the configuration; always first, and quick. */
  configure(_: Progress, schema: string, settings: Settings, whatIf: string[]): Answer<Diagnostic[]> {
    current().whatIf(whatIf);
    return current().configure(schema, settings) as Answer<Diagnostic[]>;
  },
  schema: (_: Progress) => current().schemaJson(),
  /** Plans everyone; nothing when a newer plan was asked for meanwhile. */
  async plan(_: Progress): Promise<Answer<Summary> | null> {
    latest += 1;
    const mine = latest;
    await pause();
    if (mine !== latest) return null;
    return current().plan() as Answer<Summary>;
  },
  /** Looks at the whole plan, slice by slice; nothing when a newer plan was asked for. */
  async survey(progress: Progress, keep: boolean): Promise<Survey | null> {
    const mine = latest;
    const engine = current();
    if (keep) engine.surveyKeep();
    engine.surveyBegin();
    let turn = performance.now();
    while (!engine.surveyStep(VALUES)) {
      if (performance.now() - turn < TURN) continue;
      const [done = 0, total = 0] = engine.surveyProgress();
      progress(done, total);
      await pause();
      if (mine !== latest) return null;
      turn = performance.now();
    }
    return parsed<Survey>(engine.survey());
  },
  lint: (_: Progress) => (current().lint() as { ok: Diagnostic[] }).ok,
  stop(_: Progress): void {
    latest += 1;
  },
  find: (_: Progress, action: string, text: string, name: string, sort: string) =>
    current().find(action, text, name, sort),
  rows: (_: Progress, indexes: Uint32Array) => (current().rows(indexes) as { ok: Row[] }).ok,
  place: (_: Progress, id: string) => current().place(id),
  person(_: Progress, index: number): { operation: Operation; inside: Inside } | null {
    const operation = parsed<Operation>(current().operation(index));
    const inside = parsed<Inside>(current().inside(index));
    return operation && inside ? { operation, inside } : null;
  },
  trace: (_: Progress, index: number, text: string) => parsed<Part[]>(current().trace(index, text)),
  attributes: (_: Progress, group: boolean) => current().attributes(group),
  catalogue: (_: Progress) => JSON.parse(catalogue()) as FunctionHelp[],
  check: (_: Progress, text: string, attributes: string[]) =>
    JSON.parse(checkExpression(text, attributes)) as Finding[],
  complete: (_: Progress, text: string, at: number, attributes: string[]) =>
    parsed<Completion>(completeExpression(text, at, attributes)),
  completeTarget: (_: Progress, typed: string, targets: string[]) =>
    JSON.parse(completeTarget(typed, targets)) as Suggestion[],
  mendTarget: (_: Progress, path: string) => mendTarget(path),
  mappingTable: (_: Progress, table: string) => mappingTable(table) as Answer<string>,
  scopeTally: (_: Progress, kind: Kind) =>
    JSON.parse(current().scopeTally(kind === "Group")) as [number, number][][],
  frequent: (_: Progress, kind: Kind, attribute: string) =>
    JSON.parse(current().frequent(kind === "Group", attribute)) as [string, number][],
  signOn: (_: Progress, attribute: string) => JSON.parse(current().signOn(attribute)) as SignOnCheck,
  /** The plan as a file, in one of the forms that it is exported in. */
  async export(progress: Progress, kind: string): Promise<string[]> {
    const engine = current();
    if (kind === "planJson") return [engine.planJson()];
    const file = new Export(kind);
    const parts = [file.head(engine)];
    const total = engine.length();
    let done = 0;
    const rows = async () => {
      do {
        parts.push(file.step(engine, SLICE));
        done += SLICE;
        progress(done, total);
        await pause();
      } while (!file.done(engine));
    };
    try {
      if (kind === "report") {
        for (const action of reportActions()) {
          const count = engine.find(action, "", "", "").length;
          if (!count) continue;
          parts.push(file.section(action, count));
          await rows();
        }
      } else await rows();
      if (kind === "curl") {
        file.references();
        await rows();
      }
      parts.push(file.tail());
      return parts;
    } finally {
      file.free();
    }
  },
  /** What another configuration would do otherwise, for the same people. */
  compare(
    _: Progress,
    files: Given[],
    generated: number,
    schema: string,
    settings: Settings,
  ): Answer<Comparison> {
    const other = new Preview();
    try {
      if (generated) other.generate(1, generated);
      for (const file of files) read(other, file);
      const configured = other.configure(schema, settings) as Answer<Diagnostic[]>;
      if ("error" in configured) return configured;
      const planned = other.plan() as Answer<Summary>;
      if ("error" in planned) return planned;
      return { ok: JSON.parse(current().difference(other)) as Comparison };
    } finally {
      other.free();
    }
  },
  /** Carries the plan out in a directory in memory and plans again against what that holds. */
  async replay(
    progress: Progress,
    sources: Given[],
    generated: number,
    schema: string,
    settings: Settings,
  ): Promise<{ progress: ReplayProgress; again: Summary } | null> {
    const mine = latest;
    const engine = current();
    const directory = new Replay(engine, settings.now ?? new Date().toISOString());
    const next = new Preview();
    try {
      const rows = engine.length();
      while (!directory.load(200)) {
        await pause();
        if (mine !== latest) return null;
      }
      for (let index = 0; index < rows; index++) directory.queue(engine, index);
      for (;;) {
        const done = directory.step(100);
        const state = JSON.parse(directory.progress()) as ReplayProgress;
        progress(state.sent, state.sent + state.waiting);
        if (done) break;
        await pause();
        if (mine !== latest) return null;
      }
      replayed = directory.state();
      const told = JSON.parse(directory.progress()) as ReplayProgress;
      if (generated) next.generateSource(1, generated);
      for (const file of sources) if (file.role === "source") read(next, file);
      next.loadTarget(new TextEncoder().encode(replayed));
      next.configure(schema, settings);
      const again = next.plan() as Answer<Summary>;
      return "ok" in again ? { progress: told, again: again.ok } : null;
    } finally {
      directory.free();
      next.free();
    }
  },
  replayState: (_: Progress) => replayed,
};

export type Calls = typeof calls;

/** Starts answering; the page's build says how the wasm comes. */
export function answer(wasm: string | URL | BufferSource | Promise<BufferSource>): void {
  const ready = Promise.resolve(wasm).then((module_or_path) => init({ module_or_path }));
  self.onmessage = async ({ data }: MessageEvent<{ id: number; name: keyof Calls; args: unknown[] }>) => {
    try {
      await ready;
      const progress: Progress = (done, total) => self.postMessage({ id: data.id, done, total });
      const call = calls[data.name] as (progress: Progress, ...args: unknown[]) => unknown;
      const value = await call(progress, ...data.args);
      self.postMessage({ id: data.id, value });
    } catch (error) {
      self.postMessage({ id: data.id, fault: error instanceof Error ? error.message : String(error) });
    }
  };
}
