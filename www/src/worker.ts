// The engine's side: wasm in a worker, so that the page never waits for it. What the page may ask,
// and how it is answered.
import init, {
  catalogue,
  checkExpression,
  completeExpression,
  completeTarget,
  mappingTable,
  mendTarget,
  type Preview,
  ScopeTally,
  SignOn,
  Untaken,
} from "../pkg/provisor.js";
import { causeOf } from "./cause";
import { LAID, lay } from "./shelf";
import type {
  Answer,
  Columns,
  Completion,
  Diagnostic,
  Finding,
  FunctionHelp,
  Inside,
  Kind,
  LoadReport,
  Operation,
  Part,
  Row,
  Settings,
  SignOnCheck,
  Span,
  Suggestion,
  Summary,
  Survey,
} from "./types";
import { CELLS, current, fill, OPERATIONS, type Population, planned, renew } from "./worker/planning";
import { comes, type Rest, whole } from "./worker/rest";
import { list, parsed, said } from "./worker/said";
import { seldom } from "./worker/seldom";
import { overtake, type Progress, turns, unlessOvertaken } from "./worker/turns";

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

let memory: WebAssembly.Memory | undefined;
/** Where the page looks for the answer to a keystroke. */
let early: SharedArrayBuffer | undefined;

const calls = {
  /** Reads all files anew into an empty engine; nothing when it was overtaken. */
  load(progress: Progress, population: Population): Promise<Answer<LoadReport>[] | null> {
    overtake();
    return unlessOvertaken(fill(renew(), population, true, turns(), progress));
  },
  /** Sets the configuration; always first, and quick. What was planned before stays until there is a new plan. */
  configure(
    _: Progress,
    schema: string,
    settings: Settings,
    whatIf: string[],
    endless: string[],
  ): Answer<Diagnostic[]> {
    overtake();
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
    overtake();
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
    overtake();
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
    return current().sight(kind === "Group", target, source, rows, open ?? undefined) ?? "";
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
  ...seldom,
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

/** Starts answering; the page's build says how the wasm comes, and its rest if it is split. */
export function answer(wasm: Source, rest?: Rest): void {
  if (rest) comes(rest);
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
