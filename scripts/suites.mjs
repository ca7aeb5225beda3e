// The conformance suites that come from a registry, and our own corpus: how each is run
// against a server, in which profile of ours, and why in that one.
import { spawn } from "node:child_process";
import { python, tool } from "./python.mjs";

const count = (text, pattern) => [...text.matchAll(pattern)].length;
const number = (text, pattern) => Number(pattern.exec(text)?.[1] ?? 0);

/** Runs a program that is not one of the Python tools. */
function run(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout }));
  });
}

/** Runs one of the Python tools; answers with all that it printed. */
async function printed(name, args) {
  python();
  const { stdout, stderr } = await tool(name, args, { env: { ...process.env, NO_COLOR: "1" } });
  return stdout + stderr;
}

const tester = async ({ base, token }) => {
  const text = await printed("scim2", [
    ...["-u", base, "-h", `Authorization: Bearer ${token}`, "test"],
    ...["--check-status-code", "--check-content-type"],
  ]);
  return {
    passed: count(text, /^SUCCESS /gm),
    failed: count(text, /^(ERROR|CRITICAL) /gm),
    skipped: count(text, /^SKIPPED /gm),
    faults: text.match(/^(ERROR|CRITICAL) [\s\S]*?(?=^[A-Z]+ |$(?![\s\S]))/gm) ?? [],
  };
};

const sanity =
  (mode) =>
  async ({ base, token }) => {
    const args = ["probe", base, "--token", token, "--i-accept-side-effects", mode];
    const text = await printed("scim-sanity", args);
    return {
      passed: number(text, /(\d+) passed/),
      failed: number(text, /(\d+) failed/),
      skipped: number(text, /(\d+) skipped/),
      faults: text.match(/^ *\[FAIL\][\s\S]*?(?=^ *\[)/gm) ?? [],
    };
  };

const conversations = async ({ base, token }) => {
  const build = ["build", "--quiet", "--features", "cli", "--bin", "provisor"];
  if ((await run("cargo", build)).status !== 0) throw new Error(`\`cargo ${build.join(" ")}\` failed`);
  const args = ["replay-conversations", base, "--token", token, "--rate", "1000"];
  const { stdout } = await run("target/debug/provisor", args);
  return {
    passed: number(stdout, /^conversations: (\d+) passed/m),
    failed: number(stdout, /^conversations: .*?(\d+) failed/m),
    skipped: number(stdout, /^conversations: .*?(\d+) skipped/m),
    faults: stdout.match(/^failed .*\n/gm) ?? [],
  };
};

const schemathesis = async () => {
  const { stdout } = await run(process.execPath, ["scripts/schemathesis.mjs"]);
  return {
    passed: number(stdout, /^schemathesis: (\d+) passed/m),
    failed: number(stdout, /^schemathesis: .*?(\d+) failed/m),
    skipped: 0,
    faults: [stdout],
  };
};

const OPEN = { groupPatchReturnsBody: true, acceptsUnknownMembers: true };
const OPEN_WHY = "it wants a group's PATCH answered with the group, and adds members whose id nobody has";

/**
 * Each suite: `settings` of a fresh tenant of ours and how the table names them, `why` those,
 * whether it is part of `make test`, and whether it can be run against any server.
 */
export const SUITES = [
  {
    name: "scim2-tester",
    settings: {},
    profile: "default",
    why: "it writes `schemas` into the extension's value, an attribute that is not there, which strict refuses",
    inTest: true,
    anywhere: true,
    run: tester,
  },
  {
    name: "scim-sanity --strict",
    settings: OPEN,
    profile: `default, ${Object.keys(OPEN).join(", ")}`,
    why: OPEN_WHY,
    inTest: true,
    anywhere: true,
    run: sanity("--strict"),
  },
  {
    name: "scim-sanity --compat",
    settings: OPEN,
    profile: `default, ${Object.keys(OPEN).join(", ")}`,
    why: OPEN_WHY,
    inTest: true,
    anywhere: true,
    run: sanity("--compat"),
  },
  {
    name: "replay-conversations",
    settings: { requestsPerSecond: 1000 },
    profile: "default",
    why: "what directories send beside the RFC is read in that profile",
    inTest: false,
    anywhere: true,
    run: conversations,
  },
  {
    name: "schemathesis",
    settings: {},
    profile: "default",
    why: "it generates its requests from the OpenAPI document, and the other servers have none",
    inTest: false,
    anywhere: false,
    run: schemathesis,
  },
];
