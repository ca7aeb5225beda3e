// What the administrator has made: files, configuration, settings, expectations. One value
// that never changes in place, so that every step can be undone and done again.
import { computed, signal } from "@preact/signals";
import type { Kind, Settings } from "../types";
import { mappings, parse } from "./schema";

export interface GivenFile {
  name: string;
  role: "source" | "target";
  bytes: Uint8Array;
}

/** A result that is to stay as it is. It holds a person's value, so it is never shared unasked. */
export interface Expectation {
  id: string;
  name: string;
  kind: Kind;
  target: string;
  value: string;
}

/** Another value of a source attribute for one person. */
export interface WhatIf {
  id: string;
  kind: Kind;
  attribute: string;
  value: string;
}

export interface Document {
  files: readonly GivenFile[];
  /** People made up by the engine; 0 for none. */
  generated: number;
  /** The configuration as JSON text; empty until the engine has given the built-in one. */
  schema: string;
  /** Where the configuration came from. */
  schemaName: string;
  settings: Settings;
  expectations: readonly Expectation[];
  /** Other source values for single people; never saved, shared or exported. */
  whatIf: readonly WhatIf[];
  /** Attributes that columns are, by what the files call them. */
  columns: Readonly<Record<string, string>>;
  /** Only so many users are read; 0 reads all. */
  most: number;
  /** What exports of requests leave out: actions, and people by id. */
  leftOut: { readonly actions: readonly string[]; readonly ids: readonly string[] };
}

export const EMPTY: Document = {
  files: [],
  generated: 0,
  schema: "",
  schemaName: "",
  settings: { dialect: "legacy", skipOutOfScopeDeletions: false },
  expectations: [],
  whatIf: [],
  columns: {},
  most: 0,
  leftOut: { actions: [], ids: [] },
};

/** Who is planned for, as the engine takes it. */
export const populationOf = ({ files, generated, columns, most }: Document) => ({
  files: [...files],
  generated,
  columns: { ...columns },
  most,
});

interface Step {
  document: Document;
  /** What was done to come from here to the next one. */
  label: string;
  /** Steps with the same name that follow each other are one: typing. */
  merge: string;
}

export const document_ = signal<Document>(EMPTY);
const past = signal<readonly Step[]>([]);
const future = signal<readonly Step[]>([]);

/** How many steps are kept. */
const DEPTH = 200;

export const canUndo = computed(() => past.value.at(-1)?.label ?? null);
export const canRedo = computed(() => future.value.at(-1)?.label ?? null);
export const schema = computed(() => parse(document_.value.schema));
export const mappingList = computed(() => mappings(schema.value));

export type Changed = (before: Document, after: Document, step: { label: string; fresh: boolean }) => void;
let listener: Changed = () => {};
let open = "";

/** Who is told of every change. */
export function whenChanged(then: Changed): void {
  listener = then;
}

/** Takes a step. */
export function commit(label: string, change: Partial<Document>, merge = ""): void {
  const before = document_.value;
  const after = { ...before, ...change };
  const fresh = !merge || merge !== open;
  if (fresh) past.value = [...past.value, { document: before, label, merge }].slice(-DEPTH);
  open = merge;
  future.value = [];
  document_.value = after;
  listener(before, after, { label, fresh });
}

/** Changes the document without a step of its own: what the engine adds to it. */
export function complete(change: Partial<Document>): void {
  document_.value = { ...document_.value, ...change };
}

/** The next step is one of its own, even in the same field. */
export function seal(): void {
  open = "";
}

function move(from: typeof past, to: typeof past): void {
  const step = from.value.at(-1);
  if (!step) return;
  const before = document_.value;
  from.value = from.value.slice(0, -1);
  to.value = [...to.value, { ...step, document: before }];
  open = "";
  document_.value = step.document;
  listener(before, step.document, { label: step.label, fresh: true });
}

export const undo = () => move(past, future);
export const redo = () => move(future, past);

/** Forgets every step: what was forgotten cannot come back. */
export function forgetSteps(): void {
  past.value = [];
  future.value = [];
  open = "";
}
