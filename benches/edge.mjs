// How fast the endpoint answers, by the number of users it holds, beside what the bare
// runtime can do in the same minute: `make bench`.
//
//   node benches/edge.mjs [1000 10000 100000]     SECONDS=3  CONNECTIONS=8  DATA=memory|folder  STARTS=20
//
// The release build on a direct socket, load from this process. Compare within one run:
// the machine, and who else uses it, matter.
import { Agent, request } from "node:http";
import { filled, idOf, person } from "../tests/edge/fill.mjs";
import { start } from "../tests/edge/server.mjs";
import { ceiling, startUpCpu } from "./ceiling.mjs";

const CONNECTIONS = Number(process.env.CONNECTIONS ?? 8);
const SECONDS = Number(process.env.SECONDS ?? 3);
const sizes = process.argv.slice(2).map(Number);
if (sizes.length === 0) sizes.push(1_000, 10_000);

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

function send(url, status, { token, method = "GET", body } = {}) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/scim+json" };
    const call = request(url, { agent, method, headers }, (reply) => {
      let text = "";
      reply.setEncoding("utf8");
      reply.on("data", (chunk) => {
        text += chunk;
      });
      reply.on("end", () => {
        if (reply.statusCode === status) resolve(text);
        else reject(new Error(`${method} ${url}: ${reply.statusCode} instead of ${status}: ${text}`));
      });
    });
    call.on("error", reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** How often a second `work(0)`, `work(1)`, … is done over all connections. */
async function rate(work) {
  const began = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() - began < SECONDS * 1000) await work(next++);
    }),
  );
  return next / ((performance.now() - began) / 1000);
}

const user = (n) => ({ schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], ...person(n) });
const patch = (op, path, value) => ({
  Operations: [{ op, path, ...(value === undefined ? {} : { value }) }],
});

const data = process.env.DATA ?? "memory";
const server = await start(data);
const bare = await ceiling(data === "memory" ? null : `${data}/bare`);
await send(`${bare.origin}/kv`, 200);
const ceilings = async () => ({
  "bare: hello": await rate(() => send(`${bare.origin}/hello`, 200)),
  "bare: KV get": await rate(() => send(`${bare.origin}/kv`, 200)),
  "bare: SELECT": await rate(() => send(`${bare.origin}/object`, 200)),
  "bare: INSERT": await rate((n) => send(`${bare.origin}/object`, 201, { method: "POST", body: user(n) })),
});

const columns = [];
for (const size of sizes) {
  process.stderr.write(`filling ${size} users, and groups of 10, 1 000 and all\n`);
  const began = performance.now();
  const { id, token } = await filled(server, size, [10, Math.min(size, 1_000), size]);
  const seconds = (performance.now() - began) / 1000;
  // With a copy to make, the publisher would take a share of what is measured.
  await server.administer("PATCH", `/tenants/${id}`, { copy: false });
  const scim = (status, method, path, body) =>
    send(`${server.endpoint}${path}`, status, { token, method, body });
  const any = (n) => idOf((n * 7919) % size);
  const toggle = (group) => (n) => {
    const value = any(n >> 1);
    const operation =
      n % 2 ? patch("remove", `members[value eq "${value}"]`) : patch("add", "members", [{ value }]);
    return scim(204, "PATCH", `/Groups/${idOf(group, "g")}`, operation);
  };
  let made = size;
  const figures = {
    ...(await ceilings()),
    "GET user by id": await rate((n) => scim(200, "GET", `/Users/${any(n)}`)),
    "filter userName eq": await rate((n) =>
      scim(200, "GET", `/Users?filter=userName+eq+%22USER${(n * 7919) % size}@example.com%22`),
    ),
    "list, first 100": await rate(() => scim(200, "GET", "/Users?count=100")),
    "POST user": await rate(() => scim(201, "POST", "/Users", user(made++))),
    "PATCH user": await rate((n) =>
      scim(200, "PATCH", `/Users/${any(n)}`, patch("replace", "title", `T${n}`)),
    ),
    "add or remove a member, group of 10": await rate(toggle(0)),
    "the same, of 1 000": await rate(toggle(1)),
    "the same, of all": await rate(toggle(2)),
    "groups without members": await rate(() => scim(200, "GET", "/Groups?excludedAttributes=members")),
    "import, resources": (size + 3) / seconds,
  };
  const group = performance.now();
  const whole = await scim(200, "GET", `/Groups/${idOf(2, "g")}`);
  figures["group of all: milliseconds"] = performance.now() - group;
  figures["group of all: megabytes"] = whole.length / 1e6;

  // The copy of a small tenant reads like that of a large one: its key is all that counts.
  const small = await filled(server, 10);
  const reader = (await server.administer("POST", `/tenants/${small.id}/tokens`, { scope: "edge-read" })).body
    .token;
  while ((await server.administer("GET", `/tenants/${small.id}`)).body.unpublished > 0) {
    await new Promise((resume) => setTimeout(resume, 250));
  }
  figures["GET from the copy"] = await rate(() =>
    send(`${server.endpoint}/Users/${idOf(0)}`, 200, { token: reader }),
  );
  columns.push(figures);
}
await server.stop();
await bare.stop();
agent.destroy();

const starts = Number(process.env.STARTS ?? 20);
const cpu = starts > 0 ? await startUpCpu(starts) : null;

process.stdout.write(
  `${`a second, ${CONNECTIONS} connections; users:`.padEnd(38)}${sizes.map((size) => String(size).padStart(10)).join("")}\n`,
);
for (const name of Object.keys(columns[0])) {
  const cells = columns.map((figures) =>
    figures[name].toFixed(name.includes("megabytes") ? 1 : 0).padStart(10),
  );
  process.stdout.write(`${name.padEnd(38)}${cells.join("")}\n`);
}
if (cpu !== null) {
  process.stdout.write(
    `start and first request, CPU above a JavaScript hello: ${cpu} ms (median of ${starts})\n`,
  );
}
process.exit(0);
