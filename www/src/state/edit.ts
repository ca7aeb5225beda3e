// What can be done to the configuration. Each is one step that can be undone.
import { signal } from "@preact/signals";
import { strings } from "../strings";
import type { Kind, Settings } from "../types";
import { commit, document_, type Expectation, mappingList, seal } from "./document";
import type { Mapping, MappingChange, ScopeGroup } from "./schema";
import * as Schema from "./schema";
import { painted, sight } from "./sight";

/** Expressions that do not parse yet, by mapping: the plan goes on with the last good one. */
export const drafts = signal<ReadonlyMap<string, string>>(new Map());

export function draft(key: string, text: string | null): void {
  if ((drafts.value.get(key) ?? null) === text) return;
  const next = new Map(drafts.value);
  if (text === null) next.delete(key);
  else next.set(key, text);
  drafts.value = next;
}

function step(label: string, schema: string, merge = ""): void {
  commit(label, { schema }, merge);
}

/** Edits a mapping; typing in one field is one step. */
export function editMapping(mapping: Mapping, change: MappingChange, typing = false): void {
  const field = Object.keys(change)[0] ?? "";
  const text = Schema.withMapping(document_.value.schema, mapping.place, change);
  if (text === document_.value.schema) return;
  step(strings().stepMapping(mapping.target), text, typing ? `${mapping.key}/${field}` : "");
}

/** How often each mapping's source was typed in. */
const strokes = new Map<string, number>();

/** Takes what is typed as soon as it parses; until then it is a draft. What is in sight shows it first. */
export async function typeSource(mapping: Mapping, text: string): Promise<void> {
  const { key } = mapping;
  const mine = (strokes.get(key) ?? 0) + 1;
  strokes.set(key, mine);
  const { wrong, show } = await sight(mapping, text);
  if (strokes.get(key) !== mine) return;
  draft(key, wrong ? text : null);
  if (wrong) return;
  show();
  await painted();
  const now = mappingList.value.find((other) => other.key === key);
  if (strokes.get(key) === mine && now && text.trim() !== now.source)
    editMapping(now, { source: text }, true);
}

export function removeMapping(mapping: Mapping): void {
  draft(mapping.key, null);
  step(strings().stepRemove(mapping.target), Schema.withoutMapping(document_.value.schema, mapping.place));
}

export function addMapping(kind: Kind, target: string): void {
  step(strings().stepAdd(target), Schema.withNewMapping(document_.value.schema, kind, target));
}

export function editScope(kind: Kind, groups: ScopeGroup[], typing = ""): void {
  step(strings().stepScope, Schema.withScope(document_.value.schema, kind, groups), typing);
}

export function editFlows(kind: Kind, flows: { add: boolean; update: boolean; delete: boolean }): void {
  step(strings().stepSettings, Schema.withFlows(document_.value.schema, kind, flows));
}

export function configure(change: Partial<Settings>, typing = ""): void {
  const settings: Settings = { ...document_.value.settings, ...change };
  for (const key of Object.keys(settings) as (keyof Settings)[]) {
    if (settings[key] === undefined || settings[key] === "") delete settings[key];
  }
  commit(strings().stepSettings, { settings }, typing);
}

export function expect(expectation: Expectation): void {
  const others = document_.value.expectations.filter(
    ({ id, target }) => id !== expectation.id || target !== expectation.target,
  );
  commit(strings().stepExpect, { expectations: [...others, expectation] });
}

export function expectNoMore({ id, target }: Expectation): void {
  const rest = document_.value.expectations.filter((other) => other.id !== id || other.target !== target);
  commit(strings().stepExpect, { expectations: rest });
}

/** Takes a file's column for an attribute; an empty one undoes that. */
export function mapColumn(column: string, attribute: string): void {
  const { [column]: _, ...others } = document_.value.columns;
  const columns = attribute ? { ...others, [column]: attribute } : others;
  commit(strings().stepColumn(column), { columns });
}

/** Puts an action or a person into what exports of requests leave out, or takes it from there. */
export function leaveOut(what: "actions" | "ids", name: string, out: boolean): void {
  const { leftOut } = document_.value;
  const others = leftOut[what].filter((other) => other !== name);
  commit(strings().stepLeaveOut, { leftOut: { ...leftOut, [what]: out ? [...others, name] : others } });
}

export { seal };
