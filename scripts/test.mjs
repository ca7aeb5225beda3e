// Runs every suite, goes on after a failing one, and ends with a table and a closing line.
// A suite that ran fewer tests than tests/counts.json says has failed: a test that
// silently stopped running is a fault too.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";

const floors = JSON.parse(await readFile("tests/counts.json", "utf8"));
const wasm = (command) => `. scripts/env.sh && with_wasm ${command}`;

/** Sums up the lines of a runner's output that a pattern finds. */
const sum = (text, pattern) =>
  [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);

// Each reader turns a runner's output into counts; a check counts as one test.
const check = (_, ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 });
const cargo = (text) => ({
  passed: sum(text, /test result: \w+\. (\d+) passed/g),
  failed: sum(text, /test result: \w+\. \d+ passed; (\d+) failed/g),
  skipped: sum(text, /(\d+) ignored;/g),
});
const node = (text) => ({
  passed: sum(text, /^# pass (\d+)/gm),
  failed: sum(text, /^# fail (\d+)/gm),
  skipped: sum(text, /^# skipped (\d+)/gm),
});
const closing = (text) => ({
  passed: sum(text, /^(?:conformance|schemathesis): (\d+) passed/gm),
  failed: sum(text, /^(?:conformance|schemathesis): \d+ passed, (\d+) failed/gm),
  skipped: 0,
});
const playwright = (text) => ({
  passed: sum(text, /^\s+(\d+) passed/gm),
  failed: sum(text, /^\s+(\d+) failed/gm),
  skipped: sum(text, /^\s+(\d+) skipped/gm),
});

const suites = [
  ["format", "cargo fmt --check", check],
  ["lints native", "cargo clippy --quiet --all-targets --features cli -- -D warnings", check],
  [
    "lints edge",
    wasm("cargo clippy --quiet --lib --target wasm32-unknown-unknown --features edge -- -D warnings"),
    check,
  ],
  [
    "lints browser",
    wasm("cargo clippy --quiet --lib --target wasm32-unknown-unknown --features browser -- -D warnings"),
    check,
  ],
  ["lints page", "biome ci www scripts tests benches", check],
  ["types page", "tsc --noEmit -p www", check],
  ["native", "cargo test --features cli --no-fail-fast", cargo],
  ["browser", wasm("wasm-pack test --headless --chrome --mode no-install -- --features browser"), cargo],
  ["page in node", "node --test --test-reporter=tap tests/page/*.test.mjs", node],
  ["edge", "node --test --test-reporter=tap tests/edge/*.test.mjs", node],
  [
    "interop",
    "cargo build --quiet --features cli && . scripts/env.sh && node --test --test-reporter=tap tests/interop/*.test.mjs",
    node,
  ],
  ["conformance", ". scripts/env.sh && node scripts/conformance.mjs", closing],
  ["schemathesis", ". scripts/env.sh && node scripts/schemathesis.mjs 4", closing],
  ["page", "playwright test -c www", playwright],
  ["size budgets", "node scripts/size.mjs", check],
  ["deploy dry run", "wrangler deploy --dry-run --outdir dist", check],
];

function run(command) {
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn("bash", ["-c", command], { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        text += chunk;
        process.stdout.write(chunk);
      });
    }
    child.on("close", (code) => resolve({ text, code, seconds: (Date.now() - started) / 1000 }));
  });
}

const only = process.argv.slice(2);
const rows = [];
for (const [name, command, read] of suites) {
  if (only.length && !only.includes(name)) continue;
  process.stdout.write(`\n── ${name}: ${command}\n`);
  const { text, code, seconds } = await run(command);
  const counts = read(text, code === 0);
  const floor = floors[name] ?? 1;
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  if (counts.passed + counts.failed < floor) {
    process.stdout.write(
      `${name}: ran ${counts.passed + counts.failed} tests, tests/counts.json expects at least ${floor}\n`,
    );
    counts.failed += 1;
  }
  rows.push([name, counts.passed, counts.failed, counts.skipped, seconds.toFixed(1)]);
}

const table = [["suite", "passed", "failed", "skipped", "seconds"], ...rows];
const width = table[0].map((_, column) => Math.max(...table.map((row) => String(row[column]).length)));
const line = (row) =>
  row.map((cell, i) => (i ? String(cell).padStart(width[i]) : String(cell).padEnd(width[i]))).join("  ");
process.stdout.write(`\n${table.map(line).join("\n")}\n\n`);
const total = (column) => rows.reduce((sum, row) => sum + row[column], 0);
process.stdout.write(`${total(1)} passed, ${total(2)} failed\n`);
if (!existsSync("tests/counts.json") || total(2) > 0 || total(1) === 0) process.exitCode = 1;
