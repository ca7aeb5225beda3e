// Source directories by chance, the same for the same seed, and what the command line
// makes of them.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const PROVISOR = "target/debug/provisor";

/** Numbers below `sides` from a seed (mulberry32). */
export function dice(seed) {
  let state = seed >>> 0;
  return (sides) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) % sides;
  };
}

/** Users and groups; `round` renames half of the users, and moves managers and members. */
export function population(count, seed, round = 0) {
  const roll = dice(seed + round * 7919);
  const users = Array.from({ length: count }, (_, at) => ({
    id: `u${at}`,
    userPrincipalName: `person${at}${round && at % 2 ? `.${round}` : ""}@contoso.example`,
    displayName: `Person ${at}`,
    givenName: roll(4) ? `Given ${at}` : null,
    surname: `Family ${at}`,
    jobTitle: roll(3) ? `Title ${roll(5)}` : null,
    department: roll(3) ? `Department ${roll(5)}` : null,
    employeeId: roll(2) ? String(1000 + at) : null,
    mail: roll(3) ? `person${at}@contoso.example` : null,
    mailNickname: `person${at}`,
    telephoneNumber: roll(2) ? `+1 555 ${1000 + at}` : null,
    accountEnabled: roll(8) > 0,
    manager: roll(2) ? { id: `u${roll(count)}` } : null,
  }));
  const groups = Array.from({ length: 3 }, (_, at) => ({
    id: `g${at}`,
    displayName: `Group ${at}${round ? " renamed" : ""}`,
    groupTypes: [],
    members: users.filter(() => roll(3) === 0).map(({ id }) => ({ id })),
  }));
  return { users, groups };
}

/** A folder of files; writes again what is given again. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), "provisor-"));
  const file = (name) => join(path, name);
  return {
    file,
    write(name, value) {
      writeFileSync(file(name), typeof value === "string" ? value : JSON.stringify(value));
      return file(name);
    },
  };
}

/** What a plan made now would still send. */
export async function wishes(files, target, settings) {
  files.write("target.json", await target.all());
  files.write("job-settings.json", settings);
  const plan = preview(files, ["--target", files.file("target.json")]);
  return plan.operations.filter(({ requests }) => requests.some(({ method }) => method !== "GET"));
}

/** The plan for the files as they are. */
export function preview(files, more = []) {
  const args = ["preview", "--users", files.file("users.json"), "--groups", files.file("groups.json")];
  const { status, stdout, stderr } = spawnSync(
    PROVISOR,
    [...args, "--settings", files.file("job-settings.json"), ...more],
    { encoding: "utf8", maxBuffer: 1 << 28 },
  );
  if (status !== 0) throw new Error(`preview: ${status} ${stderr}`);
  return JSON.parse(stdout);
}

/** Starts a cycle; `kill` after so many milliseconds, with SIGKILL. */
export function cycle(files, target, more = [], kill = 0) {
  const args = ["cycle", "--tenant-url", target.base, "--state", files.file("job.json")];
  args.push("--users", files.file("users.json"), "--groups", files.file("groups.json"));
  args.push("--settings", files.file("settings.json"), "--log", files.file("log.ndjson"));
  const child = spawn(PROVISOR, [...args, "--rate", "1000", ...more], {
    env: { ...process.env, SECRET_TOKEN: target.token },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const timer = kill && setTimeout(() => child.kill("SIGKILL"), kill);
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
}
