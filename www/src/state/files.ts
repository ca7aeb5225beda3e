// What comes in: chosen, dropped or pasted. Which kind of file it is shows by looking.
import { call } from "../engine";
import { forgetKept, keeping } from "../keep";
import { OWN, showColumns } from "../prefs";
import { strings } from "../strings";
import { commit, document_, EMPTY, forgetSteps, type GivenFile } from "./document";
import { drafts } from "./edit";
import { close } from "./person";
import { fail, filter } from "./plan";

export interface Raw {
  name: string;
  bytes: Uint8Array;
}

type Role = "source" | "target" | "schema" | "table" | "configuration";

/** The text of a file, whichever Unicode form it was saved in. */
export function textOf(bytes: Uint8Array): string {
  const little = bytes[0] === 0xff && bytes[1] === 0xfe;
  const big = bytes[0] === 0xfe && bytes[1] === 0xff;
  return new TextDecoder(little ? "utf-16le" : big ? "utf-16be" : "utf-8").decode(bytes);
}

function roleOf(name: string, bytes: Uint8Array): Role {
  const start = textOf(bytes.subarray(0, 200_000));
  if (start.includes('"provisorConfiguration"')) return "configuration";
  if (start.includes('"synchronizationRules"')) return "schema";
  if (/^\s*\|[^\n]*attribute[^\n]*\|\s*\n\s*\|[\s:|-]+\n/im.test(start)) return "table";
  const scim =
    start.includes("urn:ietf:params:scim:") ||
    start.includes('"totalResults"') ||
    start.includes('"userName"');
  return scim || /target/i.test(name) ? "target" : "source";
}

/** Adds files. One of the same name replaces the one before it. */
export async function add(given: Raw[], label = strings().stepFiles): Promise<void> {
  let change: Partial<typeof EMPTY> = {};
  const added: GivenFile[] = [];
  for (const { name, bytes } of given) {
    const role = roleOf(name, bytes);
    if (role === "source" || role === "target") added.push({ name, role, bytes });
    else if (role === "schema") change = { ...change, schema: textOf(bytes), schemaName: name };
    else if (role === "table") {
      const made = await call("mappingTable", textOf(bytes));
      if ("ok" in made) change = { ...change, schema: made.ok, schemaName: name };
      else fail(`${name}: ${made.error.message}; ${made.error.help ?? ""}`);
    } else {
      const { readConfiguration } = await import("../share");
      const read = readConfiguration(textOf(bytes));
      if (read) change = { ...change, ...read };
      else fail(`${name}: ${strings().configurationUnreadable}`);
    }
  }
  if (added.length) {
    const names = new Set(added.map(({ name }) => name));
    const { files, generated } = document_.value;
    change.files = [...(generated ? [] : files.filter(({ name }) => !names.has(name))), ...added];
    change.generated = 0;
  }
  if (Object.keys(change).length) {
    if (change.schema) drafts.value = new Map();
    commit(label, change);
  }
}

export function removeFile(name: string): void {
  commit(strings().stepRemove(name), {
    files: document_.value.files.filter((file) => file.name !== name),
  });
}

/** A name for pasted text that no other file has. */
export function pasted(text: string): Promise<void> {
  const taken = new Set(document_.value.files.map(({ name }) => name));
  let name = strings().pastedName;
  for (let number = 2; taken.has(name); number++) name = `${strings().pastedName} ${number}`;
  return add([{ name, bytes: new TextEncoder().encode(text) }]);
}

export async function take(list: Iterable<File>): Promise<void> {
  const read = Array.from(list, async (file) => ({
    name: file.name,
    bytes: new Uint8Array(await file.arrayBuffer()),
  }));
  await add(await Promise.all(read));
}

/** "Generate 100 000 people": made by the engine from a seed. */
export function generate(count: number): void {
  close();
  commit(strings().stepGenerate, { files: [], generated: count });
}

/** Back to the empty page; nothing of what was loaded is left, here or on the device. */
export async function forgetEverything(): Promise<void> {
  close();
  showColumns(OWN);
  filter.value = { action: "", search: "", behind: "", sort: "action" };
  drafts.value = new Map();
  commit("", { ...EMPTY });
  forgetSteps();
  history.replaceState(null, "", location.pathname);
  keeping.value = false;
  await forgetKept();
}
