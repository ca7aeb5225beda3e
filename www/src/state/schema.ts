// The configuration's JSON as the page edits it: Entra's `synchronizationSchema`, of which
// only the part that is edited is touched; all else stays as it came.
import type { Kind } from "../types";

/** Where a mapping stands: rule, object mapping, attribute mapping. */
export type Place = [rule: number, object: number, mapping: number];

export type MappingType = "none" | "direct" | "constant" | "expression";

export interface Mapping {
  place: Place;
  /** Names it in the page, also while its target is being changed. */
  key: string;
  kind: Kind;
  target: string;
  type: MappingType;
  /** As it is edited: `[mail]`, `"constant"`, an expression, or nothing. */
  source: string;
  defaultValue: string;
  /** Matching precedence; 0 when not used for matching. */
  matching: number;
  createOnly: boolean;
}

export interface Clause {
  attribute: string;
  operator: string;
  values: string[];
}

export interface ScopeGroup {
  name: string;
  clauses: Clause[];
}

interface AttributeMapping {
  targetAttributeName: string;
  defaultValue?: string | null;
  matchingPriority?: number;
  flowType?: string;
  flowBehavior?: string;
  exportMissingReferences?: boolean;
  source: { expression?: string; name?: string; type?: string; parameters?: unknown[] } | null;
}

interface ObjectMapping {
  name?: string;
  sourceObjectName?: string;
  targetObjectName?: string;
  enabled?: boolean;
  flowTypes?: string;
  scope?: { groups?: unknown[] } | null;
  attributeMappings?: AttributeMapping[];
}

export interface Schema {
  directories?: {
    name?: string;
    objects?: { name?: string; attributes?: { name?: string; type?: string; required?: boolean }[] }[];
  }[];
  synchronizationRules: {
    name?: string;
    targetDirectoryName?: string;
    metadata?: { key?: string; value?: string }[];
    objectMappings?: ObjectMapping[];
  }[];
}

export const OPERATORS = [
  "EQUALS",
  "NOT EQUALS",
  "IS NULL",
  "IS NOT NULL",
  "IS TRUE",
  "IS FALSE",
  "REGEX MATCH",
  "NOT REGEX MATCH",
  "GREATER_THAN",
  "GREATER_THAN_OR_EQUALS",
  "INCLUDES",
  "ENDS_WITH",
  "&",
  "!&",
];

/** Operators that take no value. */
export const UNARY = new Set(["IS NULL", "IS NOT NULL", "IS TRUE", "IS FALSE"]);

export function parse(text: string): Schema | null {
  if (!text) return null;
  try {
    const document = JSON.parse(text) as Schema;
    return Array.isArray(document.synchronizationRules) ? document : null;
  } catch {
    return null;
  }
}

const quoted = (text: string) => JSON.stringify(text);

function typeOf(source: AttributeMapping["source"]): MappingType {
  const type = source?.type?.toLowerCase();
  if (type === "attribute") return "direct";
  if (type === "constant") return "constant";
  return source?.expression ? "expression" : "none";
}

function textOf(source: AttributeMapping["source"]): string {
  switch (typeOf(source)) {
    case "none":
      return "";
    case "constant":
      return quoted(source?.name ?? "");
    case "direct":
      return source?.expression || `[${source?.name ?? ""}]`;
    default:
      return source?.expression ?? "";
  }
}

/** What the text of a mapping is in Entra's words. */
export function typeOfText(text: string): MappingType {
  const trimmed = text.trim();
  if (!trimmed) return "none";
  if (/^\[[^[\]]+\]$/.test(trimmed)) return "direct";
  return /^"(?:[^"\\]|\\.)*"$/.test(trimmed) ? "constant" : "expression";
}

function sourceOf(text: string): AttributeMapping["source"] {
  const expression = text.trim();
  switch (typeOfText(expression)) {
    case "none":
      return null;
    case "direct":
      return { expression, name: expression.slice(1, -1), type: "Attribute", parameters: [] };
    case "constant":
      return {
        expression,
        name: expression.slice(1, -1).replace(/\\(["\\])/g, "$1"),
        type: "Constant",
        parameters: [],
      };
    default:
      return { expression, name: expression.split("(")[0] ?? "", type: "Function", parameters: [] };
  }
}

/** The source as the configuration's JSON has it. */
export const sourceText = (text: string) => JSON.stringify(sourceOf(text));

const kindOf = (object: ObjectMapping): Kind | null => {
  const name = object.sourceObjectName?.toLowerCase();
  return name === "user" ? "User" : name === "group" ? "Group" : null;
};

/** Every object mapping that the page shows, the first of each kind, users first. */
export function objects(schema: Schema): { kind: Kind; rule: number; at: number; object: ObjectMapping }[] {
  const found: { kind: Kind; rule: number; at: number; object: ObjectMapping }[] = [];
  schema.synchronizationRules.forEach((rule, r) => {
    rule.objectMappings?.forEach((object, o) => {
      const kind = kindOf(object);
      if (kind && !found.some((other) => other.kind === kind)) found.push({ kind, rule: r, at: o, object });
    });
  });
  return found.sort((a, b) => Number(a.kind === "Group") - Number(b.kind === "Group"));
}

/** The mappings, users before groups, each kind in the order of its table. */
export function mappings(schema: Schema | null): Mapping[] {
  if (!schema) return [];
  return objects(schema).flatMap(({ kind, rule, at, object }) =>
    (object.attributeMappings ?? []).map((mapping, m) => ({
      place: [rule, at, m] as Place,
      key: `${rule}-${at}-${m}`,
      kind,
      target: mapping.targetAttributeName ?? "",
      type: typeOf(mapping.source),
      source: textOf(mapping.source),
      defaultValue: mapping.defaultValue ?? "",
      matching: mapping.matchingPriority ?? 0,
      createOnly: mapping.flowType === "ObjectAddOnly",
    })),
  );
}

export interface MappingChange {
  source?: string;
  target?: string;
  defaultValue?: string;
  matching?: number;
  createOnly?: boolean;
}

function change(text: string, work: (schema: Schema) => void): string {
  const schema = JSON.parse(text) as Schema;
  work(schema);
  return JSON.stringify(schema);
}

const list = (schema: Schema, [rule, object]: Place) =>
  schema.synchronizationRules[rule]?.objectMappings?.[object]?.attributeMappings ?? [];

export function withMapping(text: string, place: Place, given: MappingChange): string {
  return change(text, (schema) => {
    const mapping = list(schema, place)[place[2]];
    if (!mapping) return;
    if (given.source !== undefined) mapping.source = sourceOf(given.source);
    if (given.target !== undefined) mapping.targetAttributeName = given.target;
    if (given.defaultValue !== undefined) mapping.defaultValue = given.defaultValue || null;
    if (given.matching !== undefined) mapping.matchingPriority = given.matching;
    if (given.createOnly !== undefined) mapping.flowType = given.createOnly ? "ObjectAddOnly" : "Always";
  });
}

export function withoutMapping(text: string, place: Place): string {
  return change(text, (schema) => {
    list(schema, place).splice(place[2], 1);
  });
}

export function withNewMapping(text: string, kind: Kind, target: string): string {
  return change(text, (schema) => {
    const object = objects(schema).find((found) => found.kind === kind)?.object;
    object?.attributeMappings?.push({
      targetAttributeName: target,
      defaultValue: null,
      exportMissingReferences: false,
      flowBehavior: "FlowWhenChanged",
      flowType: "Always",
      matchingPriority: 0,
      source: null,
    });
  });
}

interface RawClause {
  operatorName?: string;
  sourceOperandName?: string;
  targetOperand?: { values?: unknown[] };
}

/** The scoping filters of a kind: clauses joined by AND, groups by OR. */
export function scopeOf(schema: Schema | null, kind: Kind): ScopeGroup[] {
  const object = schema && objects(schema).find((found) => found.kind === kind)?.object;
  const groups = (object?.scope?.groups ?? []) as { name?: string; clauses?: RawClause[] }[];
  return groups.map((group) => ({
    name: group.name ?? "",
    clauses: (group.clauses ?? []).map((clause) => ({
      attribute: clause.sourceOperandName ?? "",
      operator: clause.operatorName ?? "EQUALS",
      values: (clause.targetOperand?.values ?? []).map(String),
    })),
  }));
}

export function withScope(text: string, kind: Kind, groups: ScopeGroup[]): string {
  return change(text, (schema) => {
    const object = objects(schema).find((found) => found.kind === kind)?.object;
    if (!object) return;
    const categories = { categoryFilterGroups: { groups: [] }, inputFilterGroups: { groups: [] } };
    object.scope = groups.length
      ? {
          ...categories,
          ...object.scope,
          groups: groups.map(({ name, clauses }) => ({
            name,
            clauses: clauses.map(({ attribute, operator, values }) => ({
              operatorName: operator,
              sourceOperandName: attribute,
              targetOperand: { values: UNARY.has(operator) ? [] : values },
            })),
          })),
        }
      : null;
  });
}

/** Which actions the object mapping allows. */
export function flowsOf(
  schema: Schema | null,
  kind: Kind,
): { add: boolean; update: boolean; delete: boolean } {
  const object = schema && objects(schema).find((found) => found.kind === kind)?.object;
  const flows = (object?.flowTypes ?? "Add, Update, Delete").toLowerCase();
  return { add: flows.includes("add"), update: flows.includes("update"), delete: flows.includes("delete") };
}

export function withFlows(
  text: string,
  kind: Kind,
  flows: { add: boolean; update: boolean; delete: boolean },
): string {
  return change(text, (schema) => {
    const object = objects(schema).find((found) => found.kind === kind)?.object;
    const names = [flows.add && "Add", flows.update && "Update", flows.delete && "Delete"];
    if (object) object.flowTypes = names.filter(Boolean).join(", ") || "None";
  });
}

/** The target attributes that the schema's directory lists for a kind. */
export function targetsOf(
  schema: Schema | null,
  kind: Kind,
): { name: string; type: string; required: boolean }[] {
  if (!schema) return [];
  const found = objects(schema).find((object) => object.kind === kind);
  if (!found) return [];
  const wanted = schema.synchronizationRules[found.rule]?.targetDirectoryName;
  const directory = schema.directories?.find((candidate) => candidate.name === wanted);
  const object = directory?.objects?.find((candidate) => candidate.name === found.object.targetObjectName);
  return (object?.attributes ?? []).map(({ name = "", type = "String", required = false }) => ({
    name,
    type,
    required,
  }));
}

/** Whether the configuration itself says that Default Access alone is not entitled. */
export function excludesDefaultAccess(schema: Schema | null): boolean {
  const entries = schema?.synchronizationRules.flatMap((rule) => rule.metadata ?? []) ?? [];
  return entries.find(({ key }) => key === "ExcludeDefaultAccess")?.value?.toLowerCase() === "true";
}
