// What it costs to start the Worker and answer its first request: CPU of the runtime's process, user and
// system, above that of a greeting in JavaScript with the same bindings.
//
//   node benches/startup.mjs            STARTS=20
import { readdir, readFile } from "node:fs/promises";
import { Miniflare } from "miniflare";
import { worker } from "../scripts/worker.mjs";
import { bare } from "./ceiling.mjs";
import { median } from "./load.mjs";

const STARTS = Number(process.env.STARTS ?? 20);
const GOAL = 50;

/** Milliseconds of CPU that this process's runtime has used, by all its threads. */
async function cpuOfRuntime() {
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const found = /^\d+ \((.*)\) \S (\d+)/s.exec(stat);
    if (!found?.[1].startsWith("workerd") || Number(found[2]) !== process.pid) continue;
    const threads = await readdir(`/proc/${pid}/task`);
    const times = await Promise.all(
      // Nanoseconds on a CPU: far finer than the ticks of `stat`.
      threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8").catch(() => "0")),
    );
    return times.reduce((sum, text) => sum + Number(text.split(" ")[0]), 0) / 1e6;
  }
  throw new Error("the runtime's process was not found; this needs Linux's /proc");
}

async function startUp(options, path) {
  // The Worker's log is no part of the table.
  const handleRuntimeStdio = (...streams) => {
    for (const stream of streams) stream.resume();
  };
  const miniflare = new Miniflare({ cf: false, handleRuntimeStdio, ...options });
  try {
    const reply = await miniflare.dispatchFetch(`http://worker${path}`);
    const text = await reply.text();
    if (reply.status !== 200) throw new Error(`${path}: ${reply.status} ${text}`);
    return await cpuOfRuntime();
  } finally {
    await miniflare.dispose();
  }
}

const ours = worker({ TOKEN_KEY: "key", ADMIN_TOKEN: "admin" });
const rounds = [];
for (let n = 0; n < STARTS; n += 1) {
  // Turn about, so that neither always finds the machine as the other left it.
  const order = n % 2 ? ["hello", "ours"] : ["ours", "hello"];
  const round = {};
  for (const which of order) {
    round[which] = which === "ours" ? await startUp(ours, "/healthz") : await startUp(bare, "/hello");
  }
  rounds.push(round);
}
const above = median(rounds.map((round) => round.ours - round.hello));
const of = (which) => median(rounds.map((round) => round[which])).toFixed(0);
process.stdout.write(
  `| start and first request, CPU of workerd, median of ${STARTS} | ms |\n|---|---:|\n` +
    `| Provisor | ${of("ours")} |\n| a greeting in JavaScript | ${of("hello")} |\n` +
    `| above it (goal: under ${GOAL}) | ${above.toFixed(0)} ${above < GOAL ? "✓" : "✗"} |\n`,
);
process.exit(0);
