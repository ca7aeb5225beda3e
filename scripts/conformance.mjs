// Runs the conformance suites against the release build, each in a fresh tenant with the
// profile that fits it, and prints the scores.
//
//   node scripts/conformance.mjs [--all] [--write]
//     --all     every suite, and other servers beside ours; else the part that `make test` runs
//     --write   the same, and keeps the table in docs/conformance.md
import { readFileSync, writeFileSync } from "node:fs";
import { start } from "../tests/edge/server.mjs";
import { PEERS } from "./peers.mjs";
import { SUITES } from "./suites.mjs";

const writes = process.argv.includes("--write");
const all = writes || process.argv.includes("--all");
const began = Date.now();
const seconds = (since) => Math.round((Date.now() - since) / 1000);

const server = await start();

/** A suite in a fresh tenant of ours. */
async function ours(suite) {
  const { status, body } = await server.administer("POST", "/tenants", {
    name: suite.name,
    settings: suite.settings,
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return suite.run({ base: server.endpoint, token: body.token });
}

/** A suite against a fresh start of another server. */
async function theirs(peer, suite) {
  if (!suite.anywhere) return undefined;
  const started = await peer.start();
  try {
    return await suite.run(started);
  } finally {
    await started.stop();
  }
}

const cell = (score) => {
  if (!score) return "–";
  const { passed, failed, skipped } = score;
  return `${passed} of ${passed + failed}${skipped ? `, ${skipped} skipped` : ""}`;
};

const rows = [];
let [passed, failed] = [0, 0];
for (const suite of SUITES.filter(({ inTest }) => all || inTest)) {
  const since = Date.now();
  const score = await ours(suite);
  // A suite that ran nothing has failed.
  if (!score.passed) score.failed ||= 1;
  passed += score.passed;
  failed += score.failed;
  if (score.failed) process.stdout.write(score.faults.join(""));
  const row = [suite.name, suite.profile, cell(score)];
  for (const peer of all ? PEERS : []) row.push(cell(await theirs(peer, suite)));
  process.stderr.write(`${suite.name}: ${seconds(since)} s\n`);
  rows.push(row);
}
await server.stop();

const heads = [
  "suite",
  "our tenant's profile and settings",
  "Provisor",
  ...(all ? PEERS : []).map(({ name }) => name),
];
const table = [heads, heads.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
process.stdout.write(
  `${table}\n\n${seconds(began)} seconds\nconformance: ${passed} passed, ${failed} failed\n`,
);

if (writes) {
  const pins = readFileSync("scripts/requirements.txt", "utf8").trim().split("\n");
  const npm = Object.entries(JSON.parse(readFileSync("scripts/peers/package.json", "utf8")).dependencies);
  const whys = SUITES.map(({ name, profile, why }) => `- **${name}** in ${profile}: ${why}.`);
  writeFileSync(
    "docs/conformance.md",
    `# Conformance

Printed by \`make conformance\`, which installs the suites and the other servers (${[...pins, ...npm.map((pin) => pin.join("@"))].join(", ")}) and
measures all in one run: ${seconds(began)} seconds. Each suite begins with a fresh tenant of ours and a fresh start of the others.

${table}

A cell says how many checks passed of those that ran. What scim-sanity skips are resource types that are not offered; what
replay-conversations skips needs roles and entitlements. SCIMMY is a library: it runs behind its own routers with a
directory in memory (\`scripts/peers/scimmy.mjs\`).

## Which profile, and why

${whys.join("\n")}

These come from no registry; who has them runs them in:

- **Microsoft's collection of requests** (Postman) in microsoft: it wants 204 from PATCH, compares with words without quotation
  marks, puts a dot after a URN, and adds members whose id nobody has. Its token request, \`/serviceConfiguration\` and a member's
  \`displayName\` are not SCIM.
- **Microsoft's SCIM Validator** in default: it wants the user from a user's PATCH.
- **Okta's suites** in default, with \`requestsPerSecond\` 0: Okta sends read-only attributes back, and asks fast.
- **Suites of the RFC's letter** in strict.

A suite is an entry in \`scripts/suites.mjs\`, with its profile. \`make test\` runs scim2-tester and scim-sanity against ours alone.
The conversations are those of \`tests/vectors/idp\`; \`provisor replay-conversations URL --token T\` asks any server the same.
Microsoft's SCIM Validator runs online only: its tests are among them, as \`entra/validator\` and \`entra/validator-verbose\`.
`,
  );
}
process.exitCode = failed ? 1 : 0;
