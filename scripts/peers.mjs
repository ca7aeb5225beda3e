// Other SCIM servers, measured beside ours by `make conformance`: each start is a fresh, empty one.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { scim2Server } from "../tests/interop/target.mjs";

const SOURCE = "scripts/peers";

/** The folder where the packages of scripts/peers/package.json are, installed anew when their pins change. */
function packages() {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = join(process.env.PROVISOR_TOOLS || join(cache, "provisor"), "peers");
  const lock = (where) => readFileSync(join(where, "package-lock.json"), "utf8");
  const mark = join(folder, "node_modules/.package-lock.json");
  if (!existsSync(mark) || lock(folder) !== lock(SOURCE)) {
    mkdirSync(folder, { recursive: true });
    for (const file of ["package.json", "package-lock.json"]) cpSync(join(SOURCE, file), join(folder, file));
    process.stderr.write("npm ci for the other servers\n");
    const install = ["ci", "--no-audit", "--no-fund"];
    const { status } = spawnSync("npm", install, {
      cwd: folder,
      stdio: ["ignore", process.stderr, "inherit"],
    });
    if (status !== 0) throw new Error(`\`npm ${install.join(" ")}\` failed; npm and its registry are needed`);
  }
  return folder;
}

/** SCIMMY with its routers on a free port. */
async function scimmy() {
  const child = spawn(process.execPath, [join(SOURCE, "scimmy.mjs"), packages()], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), "line").then(([text]) => text),
    ended.then(() => Promise.reject(new Error("SCIMMY did not start"))),
  ]);
  return {
    ...JSON.parse(line),
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** A pinned version, from a file of pins. */
const python = (name) =>
  new RegExp(`^${name}==(.*)$`, "m").exec(readFileSync("scripts/requirements.txt", "utf8"))[1];
const npm = (name) => JSON.parse(readFileSync(join(SOURCE, "package.json"), "utf8")).dependencies[name];

export const PEERS = [
  { name: `scim2-server ${python("scim2-server")}`, start: scim2Server },
  { name: `SCIMMY ${npm("scimmy")}`, start: scimmy },
];
