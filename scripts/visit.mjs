// A first visit, as the page makes it: its own worker (www/src/worker.ts) is asked what the page
// asks with each form of file there is, up to where the user asks for more (an export, a replay, …).
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const SETTINGS = { dialect: "legacy", skipOutOfScopeDeletions: false, now: "2026-01-05T09:00:00.000Z" };
const ROWS = Uint32Array.from({ length: 40 }, (_, at) => at);
const MADE_UP = 1_500;

const example = (name) => readFileSync(join("examples/clarizen-one", name), "utf8");
const file = (name, content, role = "source") => ({
  name,
  role,
  bytes: typeof content === "string" ? new TextEncoder().encode(content) : content,
});
/** A mapping's source that is an expression. */
const computed = (text) => ({ type: "Function", name: "Join", parameters: [], expression: text });

/** The worker and its glue as one module in `folder`. */
async function worker(folder) {
  const contents =
    'export { answer } from "./src/worker"; export { default as exported, madeUp } from "./pkg/provisor.js";';
  const outfile = resolve(folder, "worker.mjs");
  const stdin = { contents, resolveDir: "www", loader: "ts" };
  await build({ stdin, bundle: true, format: "esm", outfile, logLevel: "error" });
  // Each visit has an engine of its own.
  return import(`${pathToFileURL(outfile).href}?${Math.random()}`);
}

/** The worker at work on a wasm: asks, keeping a digest of what it answers, and what the wasm exports. `rest` comes only if it is called. */
async function engine(folder, wasm, rest) {
  const { answer, exported, madeUp } = await worker(folder);
  const waiting = new Map();
  globalThis.self = {
    postMessage({ id, fault, ...told }) {
      if (fault !== undefined) waiting.get(id).reject(new Error(`in a visit: ${fault}`));
      else if ("value" in told) waiting.get(id).resolve(told.value);
    },
  };
  const { self } = globalThis;
  answer(wasm, rest && { later: () => new Promise(() => {}), now: () => rest });
  const digest = createHash("sha256");
  let last = 0;
  async function call(name, ...args) {
    last += 1;
    const id = last;
    const value = await new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      void self.onmessage({ data: { id, name, args } });
    });
    if (name !== "memory") digest.update(`${name} ${JSON.stringify(value)}\n`);
    return value;
  }
  await call("catalogue");
  // Once it has begun, the glue only says what there is.
  return { call, exports: await exported(), madeUp, digest };
}

/** What the page asks of files and a configuration until the plan is there. */
async function planned(call, files, schema) {
  await call("load", { files, generated: 0, columns: {}, most: 0 });
  await call("attributes", false);
  await call("attributes", true);
  await configured(call, schema);
  await call("columns");
  await call("rows", ROWS);
  await call("cells", ROWS, ["department"]);
}

async function configured(call, schema, keep = false) {
  await call("configure", schema, SETTINGS, [], []);
  await call("plan", null, ["", "", "", "action", []]);
  await call("survey", keep);
  await call("lint");
  await call("memory");
}

async function looked(call) {
  for (const sort of ["name", "action", "-why", "changes", "-problems"])
    await call("find", "", "an", "", sort);
  await call("find", "create", "", "", "action");
  for (let index = 0; index < 100; index++) {
    const seen = await call("person", index);
    if (seen) await call("place", seen.operation.source.id);
  }
  await call("find", "", "sales", "", "name", ["department"]);
  await call("scopeTally", "User");
  await call("trace", 0, 'Switch([IsSoftDeleted], , "False", "True", "True", "False")');
}

async function typed(call) {
  const attributes = await call("attributes", false);
  for (const text of ["[department]", 'Join(" ", [givenName], [surname])', "Join(", "[nobody]"]) {
    await call("check", text, attributes);
    await call("complete", text, text.length, attributes);
    const source = JSON.stringify(computed(text));
    await call("sight", { text, kind: "User", target: "title", source, rows: ROWS, open: 1 });
    await call("untaken", "User", text);
  }
  await call("completeTarget", "emails[", ["userName"]);
  await call("mendTarget", 'emails[type eq "work"].value');
}

/** Some of the people that the page can make up, as files. How they are made up is no part of a visit. */
export async function crowd(folder, wasm) {
  const { madeUp } = await engine(folder, wasm);
  return [
    ...["users", "roles", "assignments"].map((what) => file(`${what}.json`, madeUp(what, 1, 0, MADE_UP))),
    file("target.json", madeUp("target", 1, 0, MADE_UP), "target"),
  ];
}

/** The example over and over, each object with an id and names of its own: what a few do not meet, many do. */
function many(name, times = 25) {
  const list = JSON.parse(example(name));
  const key = list.value ? "value" : "Resources";
  const own = /"(id|externalId|userName|userPrincipalName|mail|displayName|principalId|\$ref)": ?"([^"]*)"/g;
  const copies = Array.from({ length: times }, (_, time) =>
    list[key].map((one) => JSON.parse(JSON.stringify(one).replace(own, `"$1":"${time}$2"`))),
  );
  return JSON.stringify({ ...list, [key]: copies.flat() });
}

/** A visit with this wasm, and its rest if it is split; answers with a digest of all that was said, and what the wasm exports. */
export async function visit(folder, wasm, people, rest) {
  const { call, exports, digest } = await engine(folder, wasm, rest);
  await planned(call, [], "");
  const ours = await call("schema");
  await planned(call, people, "");

  const table = await call("mappingTable", example("mapping-table.md"));
  const files = ["users.json", "groups.json", "roles.json", "assignments.json"].map((name) =>
    file(name, example(name)),
  );
  await planned(call, [...files, file("target.json", example("target.json"), "target")], table.ok);
  await looked(call);
  const crowded = ["users.json", "groups.json", "assignments.json"].map((name) => file(name, many(name)));
  const target = file("target.json", many("target.json"), "target");
  await planned(call, [...crowded, file("roles.json", example("roles.json")), target], table.ok);
  await looked(call);
  await typed(call);
  await configured(call, ours, true);
  const edited = JSON.parse(ours);
  const [{ attributeMappings }] = edited.synchronizationRules[0].objectMappings;
  attributeMappings.find(({ targetAttributeName }) => targetAttributeName === "displayName").source =
    computed('Join(" ", [givenName], [surname])');
  await configured(call, JSON.stringify(edited), true);

  // The other forms that files come in: the portal's CSV, UTF-16, one object a line.
  const sheet = example("users.csv");
  const wide = Uint16Array.from(`\ufeff${sheet}`, (letter) => letter.charCodeAt(0));
  await planned(call, [file("users.csv", sheet)], ours);
  await planned(call, [file("users.csv", new Uint8Array(wide.buffer))], ours);
  const lines = (text) => {
    const list = JSON.parse(text);
    return (list.Resources ?? list.value ?? list).map((one) => JSON.stringify(one)).join("\n");
  };
  const users = file("users.ndjson", lines(example("users.json")));
  await planned(call, [users, file("target.ndjson", lines(example("target.json")), "target")], "");
  return { digest: digest.digest("hex"), exports };
}
