// Splits the page's wasm in two, which share memory, table and stack: what a first visit runs,
// and the rest. `node scripts/split.mjs LINKED.wasm FROM TO` takes the wasm as it was linked, with
// its relocations, and the folder where wasm-bindgen wrote `provisor_bg.wasm` and its glue. It
// makes a visit (visit.mjs) to learn what runs, and writes the first part, the rest, the whole and
// the glue. docs/wasm.md says how they work together.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dataOf, withoutRelocations } from "./relocations.mjs";
import { crowd, visit } from "./visit.mjs";

const FEATURES = [
  "mutable-globals",
  "sign-ext",
  "nontrapping-float-to-int",
  "bulk-memory",
  "multivalue",
  "reference-types",
].map((name) => `--enable-${name}`);
const STRIPPED = ["--strip-debug", "--strip-producers"];
const NAME = /\$(?:"(?:[^"\\]|\\.)*"|[^\s()"]+)/;
/** What a hash table does with two keys whose hashes are alike, which a visit meets or not. */
const BY_CHANCE = /^\$"?(?:hashbrown::|.*\{\{vtable\.shim\}\})/;
const CALLS = new RegExp(`\\((?:return_)?(?:call|ref\\.func) (${NAME.source})`, "g");

const [linked, work, folder] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const optimise = (from, to, ...options) =>
  execFileSync("wasm-opt", [...FEATURES, ...options, from, "-o", to], {
    stdio: ["ignore", "inherit", "pipe"],
  });

/** The top-level forms of a module as Binaryen prints it: one begins wherever a line is indented by one. */
function read(wat) {
  const forms = wat.split(/^ (?=\()/m).slice(1);
  forms.push(forms.pop().replace(/\)\s*$/, ""));
  return forms.map((form) => ({
    kind: /^\((\w+)/.exec(form)[1],
    name: NAME.exec(form.slice(0, form.indexOf("\n") + 1 || undefined))?.[0],
    form,
  }));
}
const written = (forms) => `(module\n${forms.join("\n")})\n`;

/** The line that begins a function, the local variables, and what it does. */
function parts({ form }) {
  const [, head, locals, body] = /^(\(func .*\n)((?: {2}\(local .*\n)*)([\s\S]*)$/.exec(form);
  return { head, locals, body };
}

function instrumented(forms, functions) {
  const flags = functions.map(
    (_, at) => `(global $"ran ${at}" (mut i32) (i32.const 0))(export "ran ${at}" (global $"ran ${at}"))`,
  );
  const number = new Map(functions.map((one, at) => [one, at]));
  const all = forms.map((one) => {
    if (!number.has(one)) return one.form;
    const { head, locals, body } = parts(one);
    return `${head}${locals}(global.set $"ran ${number.get(one)}" (i32.const 1))\n${body}`;
  });
  // Globals stand before what uses them, imports before all.
  const at = forms.findIndex(({ kind }) => kind === "global");
  return written([...all.slice(0, at), ...flags, ...all.slice(at)]);
}

/** Each function's first line as an import's or a trampoline's type: `(param i32) (result i64)`. */
function signature(one) {
  const { head } = parts(one);
  const rest = head
    .slice(head.indexOf(one.name) + one.name.length)
    .trim()
    .replace(/^\(type [^)]*\)/, "");
  const params = [...rest.matchAll(/\(param \$\S+ (\w+)\)/g)].map((match) => match[1]);
  const result = /\(result [^)]*\)/.exec(rest)?.[0] ?? "";
  return { params, result, text: `${params.map((type) => `(param ${type})`).join("")}${result}` };
}

/** The bytes of a data segment as Binaryen prints it. */
function bytesOf(form) {
  const text = form.slice(form.indexOf('"') + 1, form.lastIndexOf('"'));
  const known = { t: 9, n: 10, r: 13 };
  const bytes = [...text.matchAll(/\\([0-9a-f]{2})|\\(.)|([^\\])/gs)].flatMap(([, hex, escaped, plain]) =>
    hex
      ? Number.parseInt(hex, 16)
      : escaped
        ? (known[escaped] ?? escaped.charCodeAt(0))
        : [...Buffer.from(plain)],
  );
  return { address: Number(/i32\.const (\d+)/.exec(form)[1]), bytes };
}

/**
 * Every number in code that may be an address: constants, also what is subtracted instead of its
 * negative added, halves of what holds two, and offsets.
 */
function* numbersIn(code) {
  for (const [, kind, text] of code.matchAll(/(i32\.const |i64\.const |offset=)(-?\d+)/g)) {
    if (kind.startsWith("i64")) {
      const both = BigInt.asUintN(64, BigInt(text));
      yield Number(both & 0xffff_ffffn);
      yield Number(both >> 32n);
    } else yield Math.abs(Number(text));
  }
}

/**
 * The data of each part, as forms. What a function of the first part, or data of the first part,
 * refers to is in the first; what is left is only reached from the rest.
 */
function divided(code, forms) {
  const { segments, units, unitAt } = dataOf(readFileSync(linked));
  const kept = new Set();
  const waiting = units.flatMap(({ fixed }, at) => (fixed ? [at] : []));
  for (const number of numbersIn(code)) {
    const unit = unitAt(number);
    if (unit !== undefined) waiting.push(unit);
  }
  while (waiting.length) {
    const unit = waiting.pop();
    if (kept.has(unit)) continue;
    kept.add(unit);
    waiting.push(...units[unit].refers);
  }
  const memory = new Map(
    segments.flatMap(({ address, bytes }) => [...bytes].map((byte, at) => [address + at, byte])),
  );
  for (const { address, bytes } of forms.map(({ form }) => bytesOf(form))) {
    for (const [at, byte] of bytes.entries())
      if (memory.get(address + at) !== byte)
        throw new Error(`the data at ${address + at} is not what was linked`);
  }
  const spans = (mine) => {
    const all = [];
    for (const [at, { from, to }] of units.entries()) {
      if (kept.has(at) !== mine) continue;
      const last = all.at(-1);
      if (last && from - last.to <= 8) last.to = to;
      else all.push({ from, to });
    }
    return all.map(({ from, to }) => {
      const bytes = Array.from({ length: to - from }, (_, at) => memory.get(from + at) ?? 0);
      const text = bytes.map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
      return `(data (i32.const ${from}) "${text}")`;
    });
  };
  return { first: spans(true), rest: spans(false) };
}

function split(forms, functions, first) {
  const rest = functions.filter(({ name }) => !first.has(name));
  const of = (kind) => forms.filter((one) => one.kind === kind);
  const named = new Map(functions.map((one) => [one.name, one]));
  const table = of("table").find(({ form }) => /funcref\)\s*$/.test(form));
  const size = Number(/ (\d+) /.exec(table.form)[1]);
  const slots = new Map();
  for (const { form } of of("elem")) {
    const [, offset, list] = /\(i32\.const (\d+)\) (?:func )?([\s\S]*)\)\s*$/.exec(form);
    for (const [at, [name]] of [...list.matchAll(new RegExp(NAME, "g"))].entries()) {
      if (named.has(name) && !first.has(name) && !slots.has(name)) slots.set(name, Number(offset) + at);
    }
  }
  // What the first part refers to and the rest has.
  const wanted = new Set();
  for (const { form } of functions.filter(({ name }) => first.has(name))) {
    for (const [, name] of form.matchAll(CALLS)) if (named.has(name) && !first.has(name)) wanted.add(name);
  }
  for (const { form } of of("export")) {
    const name = /\(func (.*)\)\)\s*$/.exec(form)?.[1];
    if (name && named.has(name) && !first.has(name)) wanted.add(name);
  }
  let next = size;
  for (const name of wanted) if (!slots.has(name)) slots.set(name, next++);
  const grown = (text) => text.replace(/ \d+ \d+ funcref/, ` ${next} ${next} funcref`);

  const trampolines = [...slots.keys()].map((name) => {
    const { params, text } = signature(named.get(name));
    const locals = params.map((_, at) => `(local.get ${at})`).join("");
    return `(func ${name} ${text} (call $need)\n(call_indirect ${table.name} ${text} ${locals}(i32.const ${slots.get(name)})))`;
  });
  const common = new Set();
  const here = rest.flatMap(({ form }) => [...form.matchAll(CALLS)].map((match) => match[1]));
  for (const name of here) if (first.has(name)) common.add(name);
  const short = new Map([...common].map((name, at) => [name, at.toString(36)]));
  const globals = of("global").filter(({ form }) => /\(mut /.test(form));
  const tables = of("table").filter((one) => one !== table);

  const code = [...functions.filter(({ name }) => first.has(name)), ...of("global")].map(({ form }) => form);
  const data = divided(code.join("\n"), of("data"));
  const one = [
    ...of("type").map(({ form }) => form),
    '(import "./rest" "load" (func $load))',
    ...of("import").map(({ form }) => form),
    ...forms.filter(({ kind }) => ["global", "memory"].includes(kind)).map(({ form }) => form),
    ...data.first,
    "(global $here (mut i32) (i32.const 0))",
    ...of("table").map((each) => (each === table ? grown(each.form) : each.form)),
    ...of("elem").map(({ form }) => form),
    ...of("export").map(({ form }) => form),
    `(export "T" (table ${table.name}))(export "H" (global $here))`,
    ...globals.map(({ name }, at) => `(export "G${at}" (global ${name}))`),
    ...[...short].map(([name, to]) => `(export "_${to}" (func ${name}))`),
    "(func $need (if (i32.eqz (global.get $here)) (then (call $load))))",
    ...functions.filter(({ name }) => first.has(name)).map(({ form }) => form),
    ...trampolines,
  ];
  const memory = of("memory")[0];
  const exported = (kind, name) =>
    new RegExp(`\\(export "([^"]*)" \\(${kind} ${name.replaceAll("$", "\\$")}\\)`).exec(
      of("export")
        .map(({ form }) => form)
        .join("\n"),
    )?.[1];
  const two = [
    ...of("type").map(({ form }) => form),
    ...of("import").map(({ form }) => form),
    `(import "first" "${exported("memory", memory.name)}" (memory ${memory.name} ${/ (\d+)/.exec(memory.form)[1]}))`,
    `(import "first" "T" (table ${table.name} ${next} ${next} funcref))`,
    ...tables.flatMap(({ name, form }) => {
      const base = exported("table", name);
      return base ? [`(import "first" "${base}" (table ${name} ${/ (\d+)/.exec(form)[1]} externref))`] : [];
    }),
    '(import "first" "H" (global $here (mut i32)))',
    ...globals.map(
      ({ name, form }, at) => `(import "first" "G${at}" (global ${name} ${/\(mut \w+\)/.exec(form)[0]}))`,
    ),
    ...[...short].map(
      ([name, to]) => `(import "first" "_${to}" (func ${name} ${signature(named.get(name)).text}))`,
    ),
    ...of("global")
      .filter((one) => !globals.includes(one))
      .map(({ form }) => form),
    ...[...slots].map(
      ([name, slot], at) => `(elem $e${at} (table ${table.name}) (i32.const ${slot}) func ${name})`,
    ),
    ...data.rest,
    ...rest.map(({ form }) => form),
    "(func $arrived (global.set $here (i32.const 1)))(start $arrived)",
  ];
  const told = `split: ${first.size} of ${functions.length} functions first, ${trampolines.length} trampolines, ${short.size} functions shared`;
  return { first: written(one), rest: written(two), told };
}

// The glue, with what joins the two.
const glue = readFileSync(join(work, "provisor.js"), "utf8");
const joining = glue.replace(
  '"./provisor_bg.js": import0,',
  (all) => `${all}\n        "./rest": { load: () => join(new WebAssembly.Module(missed())) },`,
);
if (joining === glue) throw new Error("the glue is not as wasm-bindgen wrote it");
writeFileSync(
  join(folder, "provisor.js"),
  `${joining}
let missed = () => {
    throw new Error("the rest of the engine is not here");
};

export function whenMissed(bytes) {
    missed = bytes;
}

export function join(module) {
    if (!wasm.H.value) new WebAssembly.Instance(module, { ...__wbg_get_imports(), first: wasm });
}
`,
);
writeFileSync(
  join(folder, "provisor.d.ts"),
  `${readFileSync(join(work, "provisor.d.ts"), "utf8")}
/** Joins the rest, once. */
export function join(module: WebAssembly.Module): void;
/** Where the bytes of the rest are when something of it is called before it was joined. */
export function whenMissed(bytes: () => BufferSource): void;
`,
);

const path = (name) => join(work, name);
writeFileSync(path("bare.wasm"), withoutRelocations(readFileSync(path("provisor_bg.wasm"))));
optimise(path("bare.wasm"), path("whole.wasm"), "-Oz", "-g");
optimise(path("whole.wasm"), path("whole.wat"), "-S");
optimise(path("whole.wasm"), join(folder, "whole_bg.wasm"), ...STRIPPED);
const forms = read(readFileSync(path("whole.wat"), "utf8"));
const functions = forms.filter(({ kind }) => kind === "func");

writeFileSync(path("flagged.wat"), instrumented(forms, functions));
optimise(path("flagged.wat"), path("flagged.wasm"));
const flagged = readFileSync(path("flagged.wasm"));
const people = await crowd(work, flagged);
const { digest, exports } = await visit(work, flagged, people);
const visited = functions.filter(({ name }, at) => exports[`ran ${at}`].value || BY_CHANCE.test(name));
const { first, rest, told } = split(forms, functions, new Set(visited.map(({ name }) => name)));
for (const [text, name] of [
  [first, "provisor_bg.wasm"],
  [rest, "rest_bg.wasm"],
]) {
  const printed = path(name.replace("_bg.wasm", ".split.wat"));
  writeFileSync(printed, text);
  optimise(printed, join(folder, name), "-Oz", ...STRIPPED);
}
// The first part is enough for the very same visit.
const [one, other] = ["provisor_bg.wasm", "rest_bg.wasm"].map((name) => readFileSync(join(folder, name)));
const again = await visit(work, one, people, other);
if (again.digest !== digest) throw new Error("the first part does not answer as the whole does");
// Another compiler's code may meet by chance what it did not meet before: that works, and loads the rest sooner.
if (again.exports.H.value) process.stderr.write("split: the first part has called the rest\n");
process.stderr.write(`${told}\n`);
