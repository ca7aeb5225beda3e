// The Python tools that tests use, in an environment of their own, made anew when their
// pins change.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The folder with the tools' commands. */
export function python() {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = join(process.env.PROVISOR_TOOLS || join(cache, "provisor"), "python");
  const pins = join(folder, "requirements.txt");
  const wanted = readFileSync("scripts/requirements.txt", "utf8");
  if (!existsSync(pins) || readFileSync(pins, "utf8") !== wanted) {
    process.stderr.write("python3 -m venv, pip install\n");
    for (const [command, ...args] of [
      ["python3", "-m", "venv", "--clear", folder],
      [join(folder, "bin/pip"), "install", "--quiet", "-r", "scripts/requirements.txt"],
    ]) {
      const { status } = spawnSync(command, args, { stdio: ["ignore", process.stderr, process.stderr] });
      if (status !== 0) {
        throw new Error(
          `\`${command} ${args.join(" ")}\` failed; Python 3.11 with venv and the Python registry are needed`,
        );
      }
    }
    cpSync("scripts/requirements.txt", pins);
  }
  return join(folder, "bin");
}

/**
 * Runs one of the tools; answers with its status and what it printed. Never `spawnSync`: a
 * server started here would block on its log, which nobody reads meanwhile.
 */
export function tool(name, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(join(python(), name), args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const printed = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"]) {
      child[stream].setEncoding("utf8").on("data", (text) => {
        printed[stream] += text;
      });
    }
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, ...printed }));
  });
}
