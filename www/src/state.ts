// All that the page knows, as signals, and the few things that can be done to it. The
// engine decides everything; here files, settings and the open person are remembered.
import { computed, signal } from "@preact/signals";
import { call } from "./engine";
import type {
  Action,
  Diagnostic,
  InputError,
  LoadReport,
  Mapping,
  Operation,
  Settings,
  Summary,
} from "./types";

export interface LoadedFile {
  name: string;
  role: "source" | "target" | "schema";
  bytes: Uint8Array;
  report: LoadReport | null;
  error: InputError | null;
}

export const files = signal<LoadedFile[]>([]);
export const settings = signal<Settings>({ dialect: "legacy", skipOutOfScopeDeletions: false });
export const schema = signal("");
export const mappings = signal<Mapping[]>([]);
export const diagnostics = signal<Diagnostic[]>([]);
export const summary = signal<Summary | null>(null);
export const found = signal<Uint32Array>(new Uint32Array());
export const action = signal<Action | "">("");
export const search = signal("");
export const open = signal<number | null>(null);
export const operation = signal<Operation | null>(null);
export const busy = signal(false);
export const fault = signal<string | null>(null);
/** Grows with each plan, so that rows are read again. */
export const generation = signal(0);

export const hasPeople = computed(() => files.value.some((file) => file.role === "source" && !file.error));

type Answer<T> = { ok: T } | { error: InputError };

/** Runs one piece of work; what goes wrong is shown, never lost. */
async function doing(work: () => Promise<void>): Promise<void> {
  busy.value = true;
  try {
    await work();
    fault.value = null;
  } catch (error) {
    fault.value = error instanceof Error ? error.message : String(error);
  } finally {
    busy.value = false;
  }
}

/** Which kind of file it is, by looking. */
function roleOf(name: string, bytes: Uint8Array): LoadedFile["role"] {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  const start = new TextDecoder(utf16 ? "utf-16le" : "utf-8").decode(bytes.slice(0, 200_000));
  if (start.includes('"synchronizationRules"')) return "schema";
  const scim = start.includes("urn:ietf:params:scim:") || start.includes('"totalResults"');
  return scim || /target/i.test(name) ? "target" : "source";
}

/** Adds files and plans again. A file of the same name replaces the one before it. */
export function add(given: { name: string; bytes: Uint8Array }[]): Promise<void> {
  return doing(async () => {
    const names = new Set(given.map((file) => file.name));
    const added = given.map((file) => ({
      ...file,
      role: roleOf(file.name, file.bytes),
      report: null,
      error: null,
    }));
    files.value = [...files.value.filter((file) => !names.has(file.name)), ...added];
    await reload();
  });
}

export function remove(name: string): Promise<void> {
  return doing(async () => {
    files.value = files.value.filter((file) => file.name !== name);
    if (!files.value.some((file) => file.role === "schema")) schema.value = "";
    await reload();
  });
}

export function forget(): Promise<void> {
  return doing(async () => {
    files.value = [];
    schema.value = "";
    action.value = "";
    search.value = "";
    await reload();
  });
}

/** Reads all files anew: the engine keeps none of them. */
async function reload(): Promise<void> {
  await call("reset");
  const read: LoadedFile[] = [];
  for (const file of files.value) {
    if (file.role === "schema") {
      schema.value = new TextDecoder(file.bytes[0] === 0xff ? "utf-16le" : "utf-8").decode(file.bytes);
      read.push(file);
      continue;
    }
    const answer = (await (file.role === "target"
      ? call("loadTarget", file.bytes)
      : call("loadSource", file.name, file.bytes))) as Answer<LoadReport>;
    read.push(
      "ok" in answer
        ? { ...file, report: answer.ok, error: null }
        : { ...file, report: null, error: answer.error },
    );
  }
  files.value = read;
  open.value = null;
  operation.value = null;
  await replan();
}

async function replan(): Promise<void> {
  const now = new Date().toISOString();
  const answer = (await call("configure", schema.value, { ...settings.value, now })) as Answer<Diagnostic[]>;
  diagnostics.value = "ok" in answer ? answer.ok : [];
  if ("error" in answer) throw new Error(answer.error.message);
  mappings.value = mappingsOf(await call("schemaJson"));
  if (!hasPeople.value) {
    summary.value = null;
    found.value = new Uint32Array();
    return;
  }
  const planned = (await call("plan")) as Answer<Summary>;
  if ("error" in planned) throw new Error(planned.error.message);
  summary.value = planned.ok;
  generation.value += 1;
  await filter();
  if (open.value !== null) await show(open.value);
}

export async function filter(): Promise<void> {
  found.value = await call("find", action.value, search.value);
}

/** Shows only one action's rows; a second press shows all again. */
export function only(wanted: Action): Promise<void> {
  action.value = action.value === wanted ? "" : wanted;
  return filter();
}

export async function show(index: number): Promise<void> {
  open.value = index;
  const text = await call("operation", index);
  operation.value = text ? (JSON.parse(text) as Operation) : null;
}

export function close(): void {
  open.value = null;
  operation.value = null;
}

export function configure(change: Partial<Settings>): Promise<void> {
  return doing(async () => {
    settings.value = { ...settings.value, ...change };
    await replan();
  });
}

/** Writes a mapping's source into the configuration and plans again. */
export function edit(mapping: Mapping, source: string): Promise<void> {
  return doing(async () => {
    const document = JSON.parse(await call("schemaJson"));
    const [rule, object, index] = mapping.place;
    document.synchronizationRules[rule].objectMappings[object].attributeMappings[index].source =
      sourceOf(source);
    schema.value = JSON.stringify(document);
    await replan();
  });
}

/** A mapping's source as the export has it: none, an attribute, a constant or a function. */
function sourceOf(text: string): unknown {
  const expression = text.trim();
  if (!expression) return null;
  const attribute = /^\[([^\]]+)\]$/.exec(expression);
  if (attribute) return { expression, name: attribute[1], type: "Attribute", parameters: [] };
  const constant = /^"((?:[^"\\]|\\.)*)"$/.exec(expression);
  if (constant) return { expression, name: JSON.parse(expression), type: "Constant", parameters: [] };
  return { expression, name: expression.split("(")[0], type: "Function", parameters: [] };
}

/** The mappings in the order of the configuration, users before groups. */
function mappingsOf(text: string): Mapping[] {
  if (!text) return [];
  const list: Mapping[] = [];
  JSON.parse(text).synchronizationRules.forEach(
    (rule: { objectMappings: Record<string, unknown>[] }, r: number) => {
      rule.objectMappings.forEach((object, o) => {
        const kind = object.sourceObjectName === "Group" ? "Group" : "User";
        (object.attributeMappings as Record<string, unknown>[]).forEach((mapping, m) => {
          const source = mapping.source as { expression?: string; name?: string } | null;
          list.push({
            target: String(mapping.targetAttributeName),
            kind,
            source: source?.expression ?? (source?.name ? JSON.stringify(source.name) : ""),
            match: Number(mapping.matchingPriority ?? 0),
            onCreate: mapping.flowType === "ObjectAddOnly",
            place: [r, o, m],
          });
        });
      });
    },
  );
  return list.sort((a, b) => Number(a.kind === "Group") - Number(b.kind === "Group"));
}
