// The Python tools that tests use, in an environment of their own, made anew when their
// pins change.
import { spawnSync } from "node:child_process";
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
