// From the document to the plan: what changed is sent to the engine, and what it answers is
// kept here for the page to paint. A newer change overtakes an older one.
import { batch, computed, signal } from "@preact/signals";
import { causeOf } from "../cause";
import { call, follow, Stopped, whenRestarted } from "../engine";
import { added } from "../prefs";
import { strings } from "../strings";
import type { Action, Answer, Columns, Diagnostic, InputError, LoadReport, Summary, Survey } from "../types";
import { complete, type Document, document_, populationOf, whenChanged } from "./document";
import { endless, endlessScope, note } from "./endless";
import { person, refreshPerson, see } from "./person";
import { retain } from "./retain";
import { secret } from "./secret";

export interface FileState {
  report: LoadReport | null;
  error: InputError | null;
}

/** What was understood of each file, in the document's order. */
export const fileStates = signal<readonly FileState[]>([]);
export const diagnostics = signal<readonly Diagnostic[]>([]);
export const summary = signal<Summary | null>(null);
/** Why the configuration as a whole cannot be used. */
export const schemaError = signal<InputError | null>(null);
export const survey = signal<Survey | null>(null);
/** Columns that are not recognised. */
export const columns = signal<Columns>({ unused: [], missing: [] });
export const attributes = signal<{ User: string[]; Group: string[] }>({ User: [], Group: [] });
export const busy = signal(false);
/** How far what is under way has come, from 0 to 1; 1 when there is nothing. */
export const progress = signal(1);
export const fault = signal<string | null>(null);
/** What lies behind the fault, technically; of no use but to who mends it. */
export const cause = signal("");
/** Which file is being read, and how far, from 0 to 1. */
export const reading = signal<{ file: number; share: number } | null>(null);
export const cancelled = signal(false);
/** Grows with each plan, so that rows are read again. */
export const generation = signal(0);
/** What the last edit was, and how many rows it changed. */
export const lastEdit = signal<{ label: string; changed: number } | null>(null);

export const found = signal<Uint32Array>(new Uint32Array());
export const filter = signal<{ action: Action | ""; search: string; behind: string; sort: string }>({
  action: "",
  search: "",
  behind: "",
  sort: "action",
});

export const hasPeople = computed(
  () =>
    document_.value.generated > 0 ||
    document_.value.files.some(({ role }, at) => role === "source" && !fileStates.value[at]?.error),
);
export const hasTarget = computed(
  () =>
    document_.value.generated > 0 ||
    document_.value.files.some(({ role }, at) => role === "target" && !fileStates.value[at]?.error),
);

let run = 0;
/** What the engine has loaded, or is loading. */
let loading:
  | (Pick<Document, "files" | "generated" | "columns" | "most"> & {
      done: ReturnType<typeof load>;
      told: boolean;
    })
  | null = null;
let surveyed = false;
/** A fault that the next plan mends. */
let passing: string | null = null;

const load = (document: Document) =>
  follow("load", far, populationOf(document)).finally(() => {
    reading.value = null;
  });

function far(done: number, total: number, file?: number): void {
  const share = total ? done / total : 1;
  if (file === undefined) progress.value = share;
  else reading.value = { file, share };
}

/** Tells of a fault. */
export function fail(text: string, why = ""): void {
  batch(() => {
    fault.value = text;
    cause.value = why;
  });
}

function none(): void {
  summary.value = null;
  survey.value = null;
  found.value = new Uint32Array();
}

/** The settings as the engine takes them. */
export function settingsFor(document: Document) {
  return { ...document.settings, now: NOW };
}
/** One clock for the whole visit, so that nothing changes but what is edited. */
const NOW = new Date().toISOString();

async function refresh(document: Document, step: { label: string; fresh: boolean }): Promise<void> {
  run += 1;
  const mine = run;
  const stale = () => mine !== run;
  busy.value = true;
  cancelled.value = false;
  try {
    const { files: given, generated, columns: named, most } = document;
    if (
      given !== loading?.files ||
      generated !== loading.generated ||
      named !== loading.columns ||
      most !== loading.most
    ) {
      surveyed = false;
      none();
      loading = { files: given, generated, columns: named, most, done: load(document), told: false };
    }
    const answers = await loading.done;
    if (stale()) return;
    if (!answers) {
      loading = null;
      return;
    }
    const files = !loading.told;
    loading.told = true;
    if (files) {
      fileStates.value = answers.map((answer) =>
        "ok" in answer ? { report: answer.ok, error: null } : { report: null, error: answer.error },
      );
      attributes.value = { User: await call("attributes", false), Group: await call("attributes", true) };
      if (stale()) return;
    }
    const began = performance.now();
    const { action, search, behind, sort } = filter.value;
    const open = person.value?.operation.source.id ?? null;
    const plan = () =>
      follow(
        "plan",
        (done, total) => {
          if (!stale()) far(done, total);
        },
        open,
        behind ? null : [action, search, behind, sort, columnsSearched()],
      );
    const configuring = call(
      "configure",
      document.schema,
      settingsFor(document),
      document.whatIf.flatMap(({ id, kind, attribute, value }) => [id, kind, attribute, value]),
      [...endless.value],
    );
    const stuck = endlessScope();
    // The plan is asked for in the same breath; should there be none, its answer is let go.
    const planning = document.schema && hasPeople.value && !stuck ? plan() : null;
    const configured = await configuring;
    if (stale()) return;
    take(configured);
    if (!document.schema && !schemaError.value) {
      const ours = await call("schema");
      // A step taken meanwhile has a configuration of its own.
      if (stale()) return;
      complete({ schema: ours });
    }
    if (stuck) schemaError.value = { message: strings().endlessScope(stuck), help: null, line: null };
    if (!hasPeople.value || schemaError.value) {
      none();
      return;
    }
    const planned = await (planning ?? plan());
    if (stale() || !planned) return;
    if ("error" in planned) throw new Error(planned.error.message);
    // In the browser's own tools, and for benches/page.mjs.
    performance.measure("plan", { start: began });
    const { ok } = planned;
    const now = filter.value;
    const asked = now.action === action && now.search === search && now.sort === sort && !now.behind;
    const same = () => (person.value?.operation.source.id ?? null) === open;
    const moved = !same();
    batch(() => {
      summary.value = retain(summary.value, ok.summary);
      generation.value += 1;
      if (same()) see(ok.person);
      if (ok.found && asked && !equal(found.value, ok.found)) found.value = ok.found;
    });
    // Who was opened and what was searched meanwhile was answered by the plan before.
    if (moved) await refreshPerson();
    if (!asked && !now.behind) await refilter();
    const keep = step.fresh && surveyed && !files;
    surveyed = surveyed && !step.fresh && !files;
    const seen = await follow(
      "survey",
      (done, total) => {
        if (!stale()) far(done, total);
      },
      keep,
    );
    if (stale() || !seen) return;
    surveyed = true;
    survey.value = seen;
    const said = new Set(diagnostics.value.map(({ rule, path }) => `${rule} ${path}`));
    columns.value = retain(columns.value, await call("columns"));
    const more = await call("lint");
    if (stale() || !more) return;
    const fresh = more.filter(({ rule, path }) => !said.has(`${rule} ${path}`));
    diagnostics.value = [...diagnostics.value, ...fresh];
    performance.measure("survey", { start: began, detail: await call("memory") });
    lastEdit.value = keep || !step.fresh ? { label: step.label, changed: seen.edited } : null;
    if (filter.value.behind) await refilter();
    if (fault.value === passing) fault.value = null;
  } catch (error) {
    // Who stopped the engine has told why.
    if (!stale() && !(error instanceof Stopped)) {
      passing = error instanceof Error ? error.message : String(error);
      fail(passing, causeOf(error));
    }
  } finally {
    if (!stale()) {
      busy.value = false;
      progress.value = 1;
    }
  }
}

const equal = (one: Uint32Array, other: Uint32Array) =>
  one.length === other.length && one.every((index, at) => index === other[at]);

function take(answer: Answer<Diagnostic[]>): void {
  const whole = "ok" in answer ? answer.ok.find(({ rule }) => rule === "schema") : null;
  schemaError.value =
    "error" in answer
      ? answer.error
      : whole
        ? { message: whole.message, help: whole.help, line: Number(whole.path?.match(/\d+/)?.[0]) || null }
        : null;
  diagnostics.value = retain(diagnostics.value, "ok" in answer ? answer.ok : []);
}

/** Stops what is under way; the numbers from before stay. */
export function cancel(): void {
  run += 1;
  cancelled.value = true;
  busy.value = false;
  progress.value = 1;
  // What is not loaded to its end is loaded anew.
  if (!summary.value) loading = null;
  const began = performance.now();
  void call("stop").then(() => performance.measure("cancel", { start: began }));
}

/** Columns that were added are searched as well, but for those whose values are covered. */
const columnsSearched = () => added.value.filter((column) => !secret(column));

export async function refilter(): Promise<void> {
  const { action, search, behind, sort } = filter.value;
  found.value = await call("find", action, search, behind, sort, columnsSearched());
}

function filterBy(change: Partial<typeof filter.value>): Promise<void> {
  filter.value = { ...filter.value, ...change };
  return refilter();
}

/** Shows only one action's rows; a second press shows all again. */
export const only = (action: Action) =>
  filterBy({ action: filter.value.action === action ? "" : action, behind: "" });
/** Shows the rows behind one of the survey's numbers. */
export const behind = (name: string) =>
  filterBy({ behind: filter.value.behind === name ? "" : name, action: "" });
export const search = (text: string) => filterBy({ search: text });
export const showAll = () => filterBy({ action: "", behind: "", search: "" });
export const sortBy = (column: string) =>
  filterBy({ sort: filter.value.sort === column ? `-${column}` : column });

whenChanged((_, after, step) => void refresh(after, step));
whenRestarted((runs, why) => {
  loading = null;
  if (runs) note(runs);
  // It is told until it is put away: the next plan mends it, and says nothing of it.
  passing = null;
  fail(runs ? strings().endless(runs.replace(/^=|\n.*/g, "")) : strings().engineRestarted, why);
  void refresh(document_.value, { label: "", fresh: true });
});

/** Plans again what is there: after a cancel. */
export const again = () => refresh(document_.value, { label: "", fresh: false });
