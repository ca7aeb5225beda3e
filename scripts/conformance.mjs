// Runs the public conformance suites against the release build, each in a fresh tenant
// with the profile that fits it, and prints the scoreboard.
//
//   node scripts/conformance.mjs [--write]     --write keeps the scoreboard in docs/conformance.md
import { readFileSync, writeFileSync } from "node:fs";
import { start } from "../tests/edge/server.mjs";
import { python, tool } from "./python.mjs";

python();
const server = await start();

/** Runs a suite in a fresh tenant; answers with what it printed. */
async function run(name, settings, command) {
  const { status, body } = await server.administer("POST", "/tenants", { name, settings });
  if (status !== 201) throw new Error(JSON.stringify(body));
  const [program, ...args] = command(server.endpoint, body.token);
  const result = await tool(program, args, { env: { ...process.env, NO_COLOR: "1" } });
  return result.stdout + result.stderr;
}

const rows = [];
const count = (text, pattern) => [...text.matchAll(pattern)].length;

const tester = await run("scim2-tester", {}, (url, token) => [
  ...["scim2", "-u", url, "-h", `Authorization: Bearer ${token}`, "test"],
  ...["--check-status-code", "--check-content-type"],
]);
rows.push([
  "scim2-tester",
  "default",
  count(tester, /^SUCCESS /gm),
  count(tester, /^(ERROR|CRITICAL) /gm),
  count(tester, /^SKIPPED /gm),
]);

const open = { groupPatchReturnsBody: true, acceptsUnknownMembers: true };
let sanity = "";
for (const mode of ["--strict", "--compat"]) {
  sanity = await run(`scim-sanity ${mode}`, open, (url, token) => [
    ...["scim-sanity", "probe", url, "--token", token, "--i-accept-side-effects", mode],
  ]);
  const [, passed = 0] = /(\d+) passed/.exec(sanity) ?? [];
  const [, failed = 0] = /(\d+) failed/.exec(sanity) ?? [];
  const [, skipped = 0] = /(\d+) skipped/.exec(sanity) ?? [];
  rows.push([
    `scim-sanity ${mode}`,
    Object.keys(open).join(", "),
    Number(passed),
    Number(failed),
    Number(skipped),
  ]);
}
await server.stop();

const failed = rows.reduce((total, row) => total + row[3], 0);
const ran = rows.every((row) => row[2] > 0);
if (failed || !ran) {
  process.stdout.write(tester.match(/^(ERROR|CRITICAL) [\s\S]*?(?=^[A-Z]+ |$(?![\s\S]))/gm)?.join("") ?? "");
  process.stdout.write(sanity.match(/^ *\[FAIL\][\s\S]*?(?=^ *\[)/gm)?.join("") ?? "");
}
const table = [
  "| suite | tenant's settings | passed | failed | skipped |",
  "|---|---|---|---|---|",
  ...rows.map((row) => `| ${row.join(" | ")} |`),
].join("\n");
process.stdout.write(
  `${table}\n\nconformance: ${rows.reduce((total, row) => total + row[2], 0)} passed, ${failed} failed\n`,
);
if (process.argv.includes("--write")) {
  const pins = readFileSync("scripts/requirements.txt", "utf8").trim().replaceAll("\n", ", ");
  const text = `# Conformance\n\nPrinted by \`make conformance\` (${pins}).\nEach suite runs in a fresh tenant; what scim-sanity skips are resource types that are not offered.\n\n${table}\n`;
  writeFileSync("docs/conformance.md", text);
}
process.exitCode = failed || !ran ? 1 : 0;
