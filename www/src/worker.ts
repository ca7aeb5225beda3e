// The engine's side: wasm in a worker, so that the page never waits for it. Long work goes
// in slices with a pause between them, in which newer questions are answered; whatever a
// newer question overtakes ends at its next slice.
import init, {
  Comparison as Comparing,
  catalogue,
  checkExpression,
  completeExpression,
  completeTarget,
  Export,
  join,
  Loading,
  madeUp,
  mappingTable,
  mendTarget,
  Preview,
  Replay,
  Run,
  reportActions,
  runLog,
  runLogHead,
  ScopeTally,
  SignOn,
  schemaFile,
  Untaken,
  whenMissed,
} from "../pkg/provisor.js";
import { causeOf } from "./cause";
import { LAID, lay } from "./shelf";
import type {
  Answer,
  Columns,
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
  RunEntry,
  RunOutcome,
  RunPlanned,
  RunTurn,
  Settings,
  SignOnCheck,
  Span,
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

/** Who is planned for: files, made-up people, and how the files are read. */
export interface Population {
  files: Given[];
  generated: number;
  /** Other names for columns, by what the files call them. */
  columns: Record<string, string>;
  /** Users from here on are left out; 0 takes all. */
  most: number;
}

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

/** Tells how far a long call has come, or one of the files that it reads. */
export type Progress = (done: number, total: number, file?: number) => void;

/** Rows of a plan at a time, each once for every mapping. */
const CELLS = 4_000;
/** Operations at a time. */
const OPERATIONS = 200;
/** People made up at a time. */
const PEOPLE = 500;
/** Bytes of a file at a time. */
const CHUNK = 1 << 18;
/** Milliseconds that a slice may take before newer questions get their turn. */
const TURN = 8;

let preview: Preview | undefined;
/** The last replay's state, for saving. */
let replayed = "";
/** The plan as it would be sent, or is being sent. */
let run: Run | undefined;
/** Grows with each plan that is taken for a run: a newer one overtakes. */
let taken = 0;
let latest = 0;
/** The engine with its rest, which comes after the first answer, or when it is asked for. */
let whole: () => Promise<void> = async () => {};
let memory: WebAssembly.Memory | undefined;
/** Where the page looks for the answer to a keystroke. */
let early: SharedArrayBuffer | undefined;

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

const said = <T>(text: string) => JSON.parse(text) as Answer<T>;
const list = <T>(answer: Answer<T[]>): T[] => ("ok" in answer ? answer.ok : []);
const parsed = <T>(text: string): T | null => (text ? (JSON.parse(text) as T) : null);

/** Given up, because something newer was asked for. */
class Overtaken extends Error {}

/** Work in turns: `rest` pauses once a turn is over, and throws when it was overtaken. */
function turns() {
  const mine = latest;
  let began = performance.now();
  return async (done: number, total: number, progress?: Progress, file?: number): Promise<void> => {
    if (performance.now() - began < TURN) return;
    runs(undefined);
    progress?.(done, total, file);
    await pause();
    if (mine !== latest) throw new Overtaken();
    began = performance.now();
  };
}

type Turns = ReturnType<typeof turns>;

/** Nothing when the work was overtaken. */
async function unlessOvertaken<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Overtaken) return null;
    throw error;
  }
}

/** Tells the page what of the administrator's the plan runs next, should it never come to an end. */
let told: string | undefined;
function runs(what: string | undefined): void {
  if (what === told) return;
  told = what;
  self.postMessage({ runs: what });
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
async function fill(
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

async function planned(engine: Preview, rest: Turns, progress?: Progress): Promise<Answer<Summary>> {
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

/** Action, text, a name of the survey, order, columns that were added. */
export type Search = [action: string, text: string, behind: string, sort: string, columns: string[]];

/** What is typed as a mapping's source. */
export interface Edit {
  /** The expression, if it is one. */
  text: string | null;
  kind: Kind;
  target: string;
  /** The source as a configuration writes it. */
  source: string;
  rows: Uint32Array;
  open: number | null;
}

interface Planned {
  summary: Summary;
  person: ({ index: number } & Seen) | null;
  found: Uint32Array | null;
}

interface Seen {
  operation: Operation;
  inside: Inside;
}

function look(index: number): Seen | null {
  const operation = parsed<Operation>(current().operation(index));
  const inside = parsed<Inside>(current().inside(index));
  return operation && inside ? { operation, inside } : null;
}

/** A look at everybody, slice by slice; nothing when it was overtaken. */
async function through<T>(
  looking: { step(engine: Preview, most: number): boolean; free(): void },
  result: () => T,
): Promise<T | null> {
  const engine = current();
  const rest = turns();
  const work = async () => {
    while (!looking.step(engine, OPERATIONS)) await rest(0, 1);
    return result();
  };
  const found = await unlessOvertaken(work());
  if (found === null) looking.free();
  return found;
}

const calls = {
  /** Reads all files anew into an empty engine; nothing when it was overtaken. */
  load(progress: Progress, population: Population): Promise<Answer<LoadReport>[] | null> {
    latest += 1;
    preview?.free();
    preview = new Preview();
    return unlessOvertaken(fill(preview, population, true, turns(), progress));
  },
  /** Sets the configuration; always first, and quick. What was planned before stays until there is a new plan. */
  configure(
    _: Progress,
    schema: string,
    settings: Settings,
    whatIf: string[],
    endless: string[],
  ): Answer<Diagnostic[]> {
    latest += 1;
    current().whatIf(whatIf);
    current().refuse(endless);
    return said<Diagnostic[]>(current().configure(schema, JSON.stringify(settings)));
  },
  columns: (_: Progress) => JSON.parse(current().columns()) as Columns,
  schema: (_: Progress) => current().schemaJson(),
  /** Plans everyone, and says at once what is in sight of it; nothing when it was overtaken. */
  async plan(
    progress: Progress,
    open: string | null,
    search: Search | null,
  ): Promise<Answer<Planned> | null> {
    latest += 1;
    const engine = current();
    const answer = await unlessOvertaken(planned(engine, turns(), progress));
    if (!answer || "error" in answer) return answer;
    const index = open === null ? undefined : engine.place(open);
    const seen = index === undefined ? null : look(index);
    const person = seen && index !== undefined ? { index, ...seen } : null;
    return { ok: { summary: answer.ok, person, found: search && engine.find(...search) } };
  },
  /** Looks at the whole plan, slice by slice; nothing when it was overtaken. */
  async survey(progress: Progress, keep: boolean): Promise<Survey | null> {
    const engine = current();
    const rest = turns();
    const all = async () => {
      if (keep) engine.surveyKeep();
      engine.surveyBegin();
      while (!engine.surveyStep(CELLS)) {
        const [done = 0, total = 0] = engine.surveyProgress();
        await rest(done, total, progress);
      }
      return parsed<Survey>(engine.survey());
    };
    return unlessOvertaken(all());
  },
  /** What the plan says of the configuration, slice by slice; nothing when it was overtaken. */
  lint(_: Progress): Promise<Diagnostic[] | null> {
    const engine = current();
    const rest = turns();
    const all = async () => {
      const found: Diagnostic[] = [];
      for (let part = 0; ; part++) {
        const more = parsed<Diagnostic[]>(engine.lint(part));
        if (!more) return found;
        found.push(...more);
        await rest(0, 1);
      }
    };
    return unlessOvertaken(all());
  },
  /** Bytes that the wasm has. */
  memory: (_: Progress) => memory?.buffer.byteLength ?? 0,
  stop(_: Progress): void {
    latest += 1;
  },
  find: (_: Progress, action: string, text: string, name: string, sort: string, columns: string[] = []) =>
    current().find(action, text, name, sort, columns),
  rows: (_: Progress, indexes: Uint32Array) => list(said<Row[]>(current().rows(indexes))),
  cells: (_: Progress, indexes: Uint32Array, columns: string[]) =>
    JSON.parse(current().cells(indexes, columns)) as string[][],
  place: (_: Progress, id: string) => current().place(id),
  person: (_: Progress, index: number) => look(index),
  trace: (_: Progress, index: number, text: string) => parsed<Part[]>(current().trace(index, text)),
  /** What a text as a mapping's source makes of what is in sight, as JSON; null when it is no source. */
  sight(_: Progress, { text, kind, target, source, rows, open }: Edit): string | null {
    const found = text === null ? [] : (JSON.parse(checkExpression(text, [])) as Finding[]);
    if (found.some(({ severity }) => severity === "error")) return null;
    return preview?.sight(kind === "Group", target, source, rows, open ?? undefined) ?? "";
  },
  /** Memory to lay the answers to keystrokes in. */
  share(_: Progress, memory: SharedArrayBuffer): void {
    early = memory;
  },
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
  async schemaFile(_: Progress, schema: string): Promise<string> {
    await whole();
    return schemaFile(schema);
  },
  /** Who passes which clause; nothing when it was overtaken. */
  scopeTally(_: Progress, kind: Kind): Promise<[number, number][][] | null> {
    const counting = new ScopeTally(kind === "Group");
    return through(counting, () => JSON.parse(counting.filters()) as [number, number][][]);
  },
  frequent: (_: Progress, kind: Kind, attribute: string) =>
    JSON.parse(current().frequent(kind === "Group", attribute)) as [string, number][],
  /** Whom sign-on would not find; nothing when it was overtaken. */
  signOn(_: Progress, attribute: string): Promise<SignOnCheck | null> {
    const checking = new SignOn(attribute);
    return through(checking, () => JSON.parse(checking.result()) as SignOnCheck);
  },
  /** The parts of an expression that nobody needs; nothing when it was overtaken. */
  untaken(_: Progress, kind: Kind, text: string): Promise<Span[] | null> {
    const looking = new Untaken(kind === "Group", text);
    return through(looking, () => JSON.parse(looking.spans() || "[]") as Span[]);
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

/** Where the engine gave up last, without its words, which may quote a value. */
let panicked = "";
const complain = console.error;
console.error = (...told: unknown[]) => {
  panicked = /panicked at [^\n]+/.exec(String(told[0]))?.[0] ?? panicked;
  complain(...told);
};

export type Calls = typeof calls;

/** Where a wasm comes from. */
type Source = string | URL | BufferSource | Promise<BufferSource>;

/** How the rest of the engine comes: while nobody waits for it, and at once. */
export interface Rest {
  later(): Promise<WebAssembly.Module>;
  now(): BufferSource;
}

/** Starts answering; the page's build says how the wasm comes, and its rest if it is split. */
export function answer(wasm: Source, rest?: Rest): void {
  if (rest) {
    let joined: Promise<void> | undefined;
    whole = () => {
      joined ??= rest
        .later()
        .then(join)
        .catch((error: unknown) => {
          joined = undefined;
          throw error;
        });
      return joined;
    };
    whenMissed(rest.now);
  }
  let answered = false;
  const ready = Promise.resolve(wasm)
    .then((module_or_path) => init({ module_or_path }))
    .then((made) => {
      memory = made.memory;
    });
  // From here on the page expects to hear something while it waits.
  void ready.then(() => self.postMessage({ ready: true }));
  self.onmessage = async ({ data }: MessageEvent<{ id: number; name: keyof Calls; args: unknown[] }>) => {
    try {
      await ready;
      const progress: Progress = (done, total, file) => self.postMessage({ id: data.id, done, total, file });
      const call = calls[data.name] as (progress: Progress, ...args: unknown[]) => unknown;
      const value = await call(progress, ...data.args);
      if (early && data.name === LAID) lay(early, data.id, value as string | null);
      self.postMessage({ id: data.id, value });
      // Now that nobody waits the rest comes; should it not, what needs it asks again, and tells.
      if (!answered && data.name !== "share") {
        answered = true;
        setTimeout(() => whole().catch(() => {}));
      }
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      self.postMessage({ id: data.id, fault, cause: [causeOf(error), panicked].filter(Boolean).join("\n") });
    }
  };
}
