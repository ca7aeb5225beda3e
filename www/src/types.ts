// What the engine says, as src/provision/report.rs has it.

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
  thresholdExceeded: boolean;
  notes: string[];
}

export interface Row {
  id: string;
  name: string;
  objectType: "User" | "Group";
  action: Action;
  reason: string;
  changes: number;
  problems: number;
  inScope: boolean;
}

export interface Identity {
  id: string;
  displayName: string;
}

export interface Operation {
  action: string;
  verdict: Action;
  objectType: string;
  source: Identity;
  target: Identity | null;
  status: string;
  reason: string;
  explanation: string;
  scope: { name: string; passed: boolean; detail: string }[];
  result: unknown;
  changes: { target: string; old: unknown; new: unknown; mapping: string }[];
  problems: { target: string; code: string; message: string }[];
  requests: {
    id: string;
    method: string;
    path: string;
    headers: Record<string, string>;
    body: unknown;
    dependsOn: string[];
  }[];
}

export interface LoadReport {
  kind: string;
  rows: number;
  columns: string[];
  notes: string[];
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
}

export interface Settings {
  syncAll?: boolean;
  dialect: "legacy" | "aadOptscim062020" | "rfc";
  excludeDefaultAccess?: boolean;
  skipOutOfScopeDeletions: boolean;
  deletionThreshold?: number;
  now?: string;
}

export interface Mapping {
  target: string;
  kind: "User" | "Group";
  source: string;
  match: number;
  onCreate: boolean;
  /** Where it stands in the schema's JSON. */
  place: [rule: number, object: number, mapping: number];
}
