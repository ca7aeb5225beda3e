// How fast the endpoint answers by the number of users it holds, beside the bare runtime and the servers
// that one would take instead; prints one Markdown table.
//
//   node benches/edge.mjs [1000 10000 100000]
//   ROUNDS=7 SECONDS=0.5 CONNECTIONS=8 PEERS=1000,10000 MINUTES=12
//
// The release build on a direct socket, a server and a folder for each size. In each round every row is
// measured on each size in turn, there and back, beside the bare runtime, so that what else the machine
// does meets all alike; a figure is the median of the rounds, and a ratio that of the rounds' ratios.
// Load comes from this process, on the same cores. Peers keep everything in memory; we do not.
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filled, idOf, person } from "../tests/edge/fill.mjs";
import { eventually, start } from "../tests/edge/server.mjs";
import { ceiling } from "./ceiling.mjs";
import { CONNECTIONS, median, rate, send } from "./load.mjs";
import { fill, PEERS } from "./peers.mjs";

const began = performance.now();
const minutes = () => (performance.now() - began) / 60_000;
const LIMIT = Number(process.env.MINUTES ?? 12);
const ROUNDS = Number(process.env.ROUNDS ?? 7);
const sizes = process.argv.slice(2).map(Number);
if (sizes.length === 0) sizes.push(1_000, 10_000);
const peerSizes = (process.env.PEERS ?? "1000,10000").split(",").filter(Boolean).map(Number);
const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
const note = (text) => process.stderr.write(`${minutes().toFixed(1).padStart(5)} min  ${text}\n`);

const user = (n) => ({ schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], ...person(n) });
const patch = (op, path, value) => ({
  schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
  Operations: [{ op, path, ...(value === undefined ? {} : { value }) }],
});

const ROWS = {
  get: "GET a user by id",
  eq: "filter userName eq",
  list: "list, first page of 100",
  cursor: "page of 100 by cursor, deep down",
  post: "POST a user",
  patch: "PATCH a user",
  members10: "PATCH a group of 10: a member in, out",
  members1000: "PATCH a group of 1 000",
  membersAll: "PATCH a group of all users",
  groups: "GET /Groups without members",
  copy: "GET a user from the copy in KV",
};

/** What a row does to a server that holds `size` users, known by `ids`, and the groups of `groups`. */
function work({ endpoint, token, size, ids, groups, cursor, reader }) {
  const at = (agent, path, options) => send(agent, `${endpoint}${path}`, { token, ...options });
  const any = () => Math.floor(Math.random() * size);
  let next = size + CONNECTIONS;
  const made = [];
  // Each connection has a user of its own that is in none of the groups.
  const toggle = (group) => {
    const isIn = Array(CONNECTIONS).fill(false);
    return (agent, _, connection) => {
      const value = ids(size + connection);
      isIn[connection] = !isIn[connection];
      const body = isIn[connection]
        ? patch("add", "members", [{ value }])
        : patch("remove", `members[value eq "${value}"]`);
      return at(agent, `/Groups/${group}`, { method: "PATCH", body });
    };
  };
  const [ten, thousand, all] = groups;
  const title = (n) => patch("replace", "title", `Engineer ${n}`);
  return {
    get: (agent) => at(agent, `/Users/${ids(any())}`),
    eq: (agent) => at(agent, `/Users?filter=userName+eq+%22USER${any()}@example.com%22`),
    list: (agent) => at(agent, "/Users?count=100"),
    ...(cursor && { cursor: (agent) => at(agent, `/Users?count=100&cursor=${encodeURIComponent(cursor)}`) }),
    post: Object.assign(
      async (agent) => {
        next += 1;
        made.push(JSON.parse(await at(agent, "/Users", { method: "POST", body: user(next) })).id);
      },
      {
        /** The directory keeps its size. */
        after: async () => {
          for (const id of made.splice(0)) await at(undefined, `/Users/${id}`, { method: "DELETE" });
        },
      },
    ),
    patch: (agent, n) => at(agent, `/Users/${ids(any())}`, { method: "PATCH", body: title(n) }),
    members10: toggle(ten),
    members1000: toggle(thousand),
    membersAll: toggle(all),
    groups: (agent) => at(agent, "/Groups?excludedAttributes=members"),
    ...(reader && { copy: (agent) => send(agent, reader.url, { token: reader.token }) }),
  };
}

const proc = (pid, file) => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
};

/** Resident memory of a process in megabytes, or of its child of a name; no number where /proc is not. */
function resident(pid, child) {
  const one = child ? readdirSync("/proc").find((other) => isChild(proc(other, "stat"), pid, child)) : pid;
  return Number(/VmRSS:\s+(\d+)/.exec(proc(one, "status"))?.[1]) / 1024;
}

function isChild(stat, pid, name) {
  const found = /^\d+ \((.*)\) \S (\d+)/s.exec(stat);
  return found?.[1].startsWith(name) && Number(found[2]) === pid;
}

/** One of ours, filled: its rows, and what filling it took. */
async function ours(folder, size) {
  const server = await start(join(folder, String(size)), {}, { LOG: "none" });
  const from = performance.now();
  const groups = [10, Math.min(size, 1_000), size];
  const { id, token } = await filled(server, size + CONNECTIONS, groups);
  const imported = (size + CONNECTIONS + 3) / ((performance.now() - from) / 1000);
  // With a copy to make, the publisher would take a share of what is measured.
  await server.administer("PATCH", `/tenants/${id}`, { copy: false });
  // Nine tenths down, or where ninety thousand lie before it: a cursor is reached page by page.
  let cursor = "";
  for (let n = 0; n < Math.min(Math.max(1, size * 0.9), 90_000); n += 100) {
    const page = JSON.parse(
      await send(undefined, `${server.endpoint}/Users?count=100&cursor=${encodeURIComponent(cursor)}`, {
        token,
      }),
    );
    cursor = page.nextCursor ?? cursor;
  }
  // The copy of a small tenant reads like that of a large one: its key is all that counts.
  const small = await filled(server, 10);
  const { body } = await server.administer("POST", `/tenants/${small.id}/tokens`, { scope: "edge-read" });
  await eventually(async () => {
    const shown = await server.administer("GET", `/tenants/${small.id}`);
    if (shown.body.unpublished > 0) throw new Error("the copy is not made yet");
  }, 60);
  const reader = { url: `${server.endpoint}/Users/${idOf(0)}`, token: body.token };
  const rows = work({
    endpoint: server.endpoint,
    token,
    size,
    ids: (n) => idOf(n),
    groups: groups.map((_, n) => idOf(n, "g")),
    cursor,
    reader,
  });
  return { size, server, rows, imported, rates: {}, stop: () => server.stop() };
}

async function measureOurs() {
  const folder = await mkdtemp(join(tmpdir(), "provisor-bench-"));
  const bare = await ceiling(join(folder, "bare"));
  const ceilings = {
    "bare SELECT": (agent) => send(agent, `${bare.origin}/object`),
    "bare INSERT": (agent) => send(agent, `${bare.origin}/object`, { method: "POST", body: user(0) }),
    "bare KV get": (agent) => send(agent, `${bare.origin}/kv`),
    "bare hello": (agent) => send(agent, `${bare.origin}/hello`),
  };
  await send(undefined, `${bare.origin}/kv`);
  const places = [];
  for (const size of sizes) {
    places.push(await ours(folder, size));
    note(`filled ${size} users, and groups of 10, 1 000 and all of them`);
  }
  const bareRates = {};
  const keep = (into, name, value) => {
    into[name] = [...(into[name] ?? []), value];
  };
  let rounds = 0;
  for (; rounds < ROUNDS && (rounds === 0 || minutes() < LIMIT * 0.65); rounds += 1) {
    for (const [name, ask] of Object.entries(ceilings)) keep(bareRates, name, await rate(ask));
    const order = rounds % 2 ? [...places].reverse() : places;
    for (const name of Object.keys(ROWS)) {
      for (const { rows, rates } of order) {
        keep(rates, name, await rate(rows[name]));
        await rows[name].after?.();
      }
    }
    note(`round ${rounds + 1} of ${ROUNDS}`);
  }
  for (const place of places) {
    place.memory = resident(place.server.pid, "workerd");
    await place.stop();
  }
  await bare.stop();
  await rm(folder, { recursive: true, force: true });
  return { places, bareRates, rounds };
}

/** A peer's rows at a size, each on its own: it is not its drift that is of interest. */
async function measurePeer(name, size) {
  const made = await PEERS[name]();
  const groups = [10, Math.min(size, 1_000), size];
  const rates = {};
  try {
    const { ids, groups: made3 } = await fill(
      made,
      Array.from({ length: size + CONNECTIONS }, (_, n) => person(n)),
      groups,
    );
    const rows = work({ ...made, size, ids: (n) => ids[n], groups: made3 });
    for (const row of Object.keys(ROWS)) {
      if (!rows[row] || minutes() > LIMIT) continue;
      rates[row] = await slowRate(rows[row]).catch((error) => {
        note(`${name}: ${error.message.slice(0, 160)}`);
        return "fails";
      });
    }
    return { name, size, rates, memory: resident(made.pid) };
  } finally {
    await made.stop();
  }
}

/** Of what takes a second or more the one request tells enough. */
async function slowRate(ask) {
  const from = performance.now();
  await ask(undefined, 0, 0);
  const seconds = (performance.now() - from) / 1000;
  if (seconds > 1) return 1 / seconds;
  const rates = [];
  for (let n = 0; n < Math.min(ROUNDS, 3); n += 1) rates.push(await rate(ask));
  return median(rates);
}

const { places, bareRates, rounds } = await measureOurs();
const peers = [];
for (const size of peerSizes) {
  for (const name of Object.keys(PEERS)) {
    if (minutes() > LIMIT - 1) {
      note(`no time left for ${name} with ${size} users`);
      continue;
    }
    peers.push(await measurePeer(name, size));
    note(`${name} with ${size} users`);
  }
}

const [small, large] = [least, most].map((size) => places.find((place) => place.size === size));
const number = (value) => {
  if (typeof value !== "number" || Number.isNaN(value)) return value ?? "–";
  return value >= 10 ? Math.round(value).toLocaleString("en").replaceAll(",", " ") : value.toPrecision(2);
};
/** The median over the rounds of one rate by another: how many times as long the second takes. */
const ratio = (one, other) => median(one.map((value, n) => value / other[n]));
const verdict = (is, text) => `${is ? "✓" : "✗"} ${text}`;
const atMost = (name, bound, value) => verdict(value <= bound, `${value.toFixed(2)} (≤ ${bound}) ${name}`);
const atLeast = (name, bound, value) => verdict(value >= bound, `${value.toFixed(2)} (≥ ${bound}) ${name}`);
const ofBare = (row, bare, bound) => atLeast(`× ${bare}`, bound, ratio(large.rates[row], bareRates[bare]));
const ofPeers = (row, bound) => {
  const best = Math.max(...peers.map(({ rates }) => rates[row]).filter((value) => typeof value === "number"));
  return Number.isFinite(best) && atLeast("× the best peer", bound, median(small.rates[row]) / best);
};
const flat = (row, bound) =>
  most > least && atMost("× as long as with few", bound, ratio(small.rates[row], large.rates[row]));
const asTen = (row) => atMost("× as long as of 10", 1.5, ratio(large.rates.members10, large.rates[row]));
const targets = {
  eq: () => [flat("eq", 1.3), ofBare("eq", "bare SELECT", 0.8)],
  list: () => [ofPeers("list", 3)],
  cursor: () => [flat("cursor", 1.3)],
  post: () => [flat("post", 1.1), ofBare("post", "bare INSERT", 0.8)],
  patch: () => [flat("patch", 1.1), ofBare("patch", "bare INSERT", 0.6)],
  members1000: () => [asTen("members1000")],
  membersAll: () => [asTen("membersAll"), ofBare("membersAll", "bare INSERT", 0.5)],
  copy: () => [ofBare("copy", "bare KV get", 0.8)],
};

const columns = [
  ...places.map(({ size }) => number(size)),
  ...(most > least ? [`time, ${number(most)} : ${number(least)}`] : []),
  ...peers.map(({ name, size }) => `${name}, ${number(size)}`),
  "targets",
];
const lines = [];
const line = (name, ours, flatness, others, told) =>
  lines.push([name, ...ours, ...(most > least ? [flatness] : []), ...others, told]);
for (const [row, name] of Object.entries(ROWS)) {
  line(
    name,
    places.map(({ rates }) => number(median(rates[row]))),
    `${ratio(small.rates[row], large.rates[row]).toFixed(2)} ×`,
    peers.map(({ rates }) => number(rates[row])),
    (targets[row]?.() ?? []).filter(Boolean).join("<br>"),
  );
}
const none = peers.map(() => "");
for (const [name, values] of Object.entries(bareRates)) {
  line(name, [number(median(values)), ...places.slice(1).map(() => "")], "", none, "");
}
line(
  "import, resources",
  places.map(({ imported }) => number(imported)),
  "",
  none,
  "",
);
line(
  "memory at the end, MB",
  places.map(({ memory }) => number(memory)),
  "",
  peers.map(({ memory }) => number(memory)),
  "",
);

process.stdout.write(
  `| a second, ${CONNECTIONS} connections, median of ${rounds} | ${columns.join(" | ")} |\n` +
    `|---|${columns.map((_, n) => (n === columns.length - 1 ? "---|" : "---:|")).join("")}\n`,
);
for (const cells of lines) process.stdout.write(`| ${cells.join(" | ")} |\n`);
note("done");
process.exit(0);
