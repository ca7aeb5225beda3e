// What the engine says, as src/provision has it.

export type Action =
  | "create"
  | "update"
  | "disable"
  | "delete"
  | "staged"
  | "unchanged"
  | "skipped"
  | "failed";

export interface Summary extends Record<Action, number> {
  users: number;
  groups: number;
  inScope: number;
  local: number;
  targets: number;
  requests: number;
  scope: string;
  linksAssumed: boolean;
  thresholdExceeded: boolean;
  quarantine: boolean;
  notes: string[];
}

export type Kind = "User" | "Group";

export interface Row {
  id: string;
  name: string;
  objectType: Kind;
  action: Action;
  reason: string;
  changes: number;
  problems: number;
  inScope: boolean;
  /** Where it is another than the name. */
  displayName: string;
  because: "" | "inactive" | "unassigned" | "notEntitled" | "filter";
  /** The first few attributes that an update sets. */
  sets: string[];
}

export interface Identity {
  id: string;
  displayName: string;
}

export interface Request {
  id: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: unknown;
  dependsOn: string[];
  /** The places of ids that are still to be given out: in the body, or the path's last segment. */
  references?: { pointer?: string; source: string }[];
}

export interface Change {
  target: string;
  old: unknown;
  new: unknown;
  mapping: string;
}

export interface ScopeStep {
  name: string;
  passed: boolean;
  detail: string;
}

export interface Operation {
  action: string;
  verdict: Action;
  objectType: Kind;
  source: Identity;
  target: Identity | null;
  status: string;
  reason: string;
  explanation: string;
  scope: ScopeStep[];
  result: unknown;
  changes: Change[];
  problems: { target: string; code: string; message: string }[];
  requests: Request[];
}

export interface SourceAttribute {
  name: string;
  values: string[];
  known: boolean;
  used: boolean;
}

export interface Outcome {
  target: string;
  state: "value" | "empty" | "error" | "silent";
  value: unknown;
  message: string;
}

/** How a scoping filter or one of its clauses came out. */
export type Came = "passed" | "failed" | "notNeeded";

export interface ClauseFacts {
  attribute: string;
  operator: string;
  expected: string[];
  held: string[];
  came: Came;
  decides: boolean;
}

export interface FilterFacts {
  name: string;
  input: boolean;
  came: Came;
  clauses: ClauseFacts[];
}

export interface Inside {
  attributes: SourceAttribute[];
  outcomes: Outcome[];
  filters: FilterFacts[];
}

export interface Span {
  start: number;
  end: number;
}

export interface Part {
  span: Span;
  depth: number;
  label: string;
  state: "value" | "skipped" | "error";
  values: string[];
  message: string;
}

export interface Fix {
  label: string;
  span: Span;
  insert: string;
}

export interface Finding {
  severity: "error" | "warning" | "info";
  code: string;
  message: string;
  help: string | null;
  span: Span;
  fixes: Fix[];
}

export interface Suggestion {
  kind: "function" | "attribute" | "target";
  label: string;
  insert: string;
  usage: string;
  about: string;
}

export interface Completion {
  from: number;
  to: number;
  options: Suggestion[];
}

export interface FunctionHelp {
  name: string;
  usage: string;
  about: string;
  cloudSync: boolean;
}

export interface TargetFindings {
  kind: Kind;
  target: string;
  filled: number;
  empty: number;
  failed: number;
  changed: number;
  distinct: number;
  top: [string, number][];
}

export interface Survey {
  read: number;
  targets: TargetFindings[];
  problems: [string, number][];
  reasons: [string, number][];
  funnel: { name: string; lost: number }[];
  edited: number;
}

export interface LoadReport {
  kind: string;
  rows: number;
  columns: string[];
  notes: string[];
}

/** Columns that nothing uses, and attributes that no file has. */
export interface Columns {
  unused: { column: string; near: string | null }[];
  missing: string[];
}

export interface Diagnostic {
  severity: "error" | "warning" | "info";
  rule: string;
  message: string;
  help: string | null;
  path: string | null;
}

export interface InputError {
  message: string;
  help: string | null;
  line: number | null;
  /** The byte of the line, from 1. */
  column?: number | null;
  headers?: string[];
}

export type Answer<T> = { ok: T } | { error: InputError };

export type Dialect = "legacy" | "aadOptscim062020" | "rfc";

/** How a manager is written. */
export type ManagerShape = "list" | "text" | "object";

export interface Settings {
  syncAll?: boolean;
  dialect: Dialect;
  excludeDefaultAccess?: boolean;
  skipOutOfScopeDeletions: boolean;
  deletionThreshold?: number;
  tenantUrl?: string;
  managerShape?: ManagerShape;
  defaultDomain?: string;
  firstCycle?: boolean;
  now?: string;
}

export interface ReplayProgress {
  held: number;
  sent: number;
  waiting: number;
  answers: [string, number][];
  refused: number;
  refusals: { id: string; request: string; status: number; detail: string }[];
}

/** What a run would send: objects by action, and requests. */
export interface RunPlanned {
  delete: number;
  disable: number;
  create: number;
  update: number;
  staged: number;
  requests: number;
  leftOut: number;
}

/** What became of a request; the status is 0 when no answer came. */
export interface RunOutcome {
  ticket: number;
  status: number;
  retryAfter: number | null;
  body: string;
  at: number;
  duration: number;
}

export type RunStatus = "Success" | "Failure" | "Skipped";

export interface RunEntry {
  at: number;
  duration: number;
  action: "Create" | "Update" | "Disable" | "Delete";
  status: RunStatus;
  statusCode: number;
  code: string;
  detail: string;
  tries: number;
  request: string;
  method: string;
  path: string;
  subject: { id: string; name: string; kind: Kind; target: string };
}

export type RunEnding = "stopped" | "refused" | "silent";

export interface RunTurn {
  send: { ticket: number; method: string; path: string; headers: Record<string, string>; body: string }[];
  log: RunEntry[];
  underWay: number;
  left: number;
  rest: number;
  ending: RunEnding | null;
}

export interface SignOnCheck {
  checked: number;
  lost: number;
  rows: { index: number; name: string; sends: string | null; userName: string | null; caseOnly: boolean }[];
}

export interface Comparison {
  differ: number;
  rows: { index: number; name: string; now: Action; other: Action | null; targets: string[] }[];
}
