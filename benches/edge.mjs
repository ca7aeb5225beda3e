// How fast the endpoint answers, by the number of users it holds: `make bench`.
//
//   node benches/edge.mjs [1000 10000 100000]
//
// The release build through Miniflare's direct socket, data in memory, load from this
// process over eight kept connections. Compare within one run; the machine matters.
import { Agent, request } from "node:http";
import { start } from "../tests/edge/server.mjs";

const CONNECTIONS = 8;
const SECONDS = Number(process.env.SECONDS ?? 3);
const sizes = process.argv.slice(2).map(Number);
if (sizes.length === 0) sizes.push(1_000, 10_000);

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const server = await start(process.env.DATA ?? "memory");

function send(token, method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/scim+json" };
    const call = request(`${server.endpoint}${path}`, { agent, method, headers }, (reply) => {
      let text = "";
      reply.setEncoding("utf8");
      reply.on("data", (chunk) => {
        text += chunk;
      });
      reply.on("end", () => resolve({ status: reply.statusCode, text }));
    });
    call.on("error", reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Does `work(0)`, `work(1)`, … over all connections until `more` says no; answers with how many. */
async function over(work, more) {
  let next = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (more(next)) await work(next++);
    }),
  );
  return next;
}

async function rate(work) {
  const began = performance.now();
  const done = await over(work, () => performance.now() - began < SECONDS * 1000);
  return done / ((performance.now() - began) / 1000);
}

const user = (n) => ({
  schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
  userName: `user${n}@example.com`,
  externalId: `external-${n}`,
  displayName: `User ${n}`,
  active: true,
  name: { givenName: "User", familyName: `Number ${n}`, formatted: `User Number ${n}` },
  emails: [{ type: "work", primary: true, value: `user${n}@example.com` }],
  title: "Engineer",
});

const expect = (status) => (reply) => {
  if (reply.status !== status) throw new Error(`${reply.status} instead of ${status}: ${reply.text}`);
  return reply;
};

const limits = { requestsPerSecond: 0 };
const columns = [];
for (const size of sizes) {
  const { body } = await server.administer("POST", "/tenants", { name: `${size}`, settings: limits });
  const { token } = body;
  const reader = (
    await server.administer("POST", `/tenants/${body.tenant.id}/tokens`, { scope: "edge-read" })
  ).body.token;
  const ids = new Array(size);
  process.stderr.write(`filling ${size} users\n`);
  await over(
    async (n) => {
      ids[n] = JSON.parse(expect(201)(await send(token, "POST", "/Users", user(n))).text).id;
    },
    (next) => next < size,
  );
  const any = (n) => (n * 7919) % size;
  const group = JSON.parse(expect(201)(await send(token, "POST", "/Groups", { displayName: "all" })).text).id;
  const operations = (list) => ({
    Operations: [{ op: "add", path: "members", value: list.map((value) => ({ value })) }],
  });
  const small = JSON.parse(
    expect(201)(await send(token, "POST", "/Groups", { displayName: "small" })).text,
  ).id;
  expect(204)(await send(token, "PATCH", `/Groups/${small}`, operations(ids.slice(0, 10))));
  for (let at = 0; at < size; at += 1_000) {
    expect(204)(await send(token, "PATCH", `/Groups/${group}`, operations(ids.slice(at, at + 1_000))));
  }
  const toggle = (id) => async (n) => {
    const value = ids[any(n >> 1)];
    const op =
      n % 2 ? { op: "remove", path: `members[value eq "${value}"]` } : operations([value]).Operations[0];
    expect(204)(await send(token, "PATCH", `/Groups/${id}`, { Operations: [op] }));
  };
  let made = size;
  const figures = {
    "hello (no tenant)": await rate(async () => {
      await new Promise((resolve, reject) => {
        const call = request(`${new URL(server.endpoint).origin}/healthz`, { agent }, (reply) =>
          reply.resume().on("end", resolve),
        );
        call.on("error", reject).end();
      });
    }),
    "GET user by id": await rate(async (n) => expect(200)(await send(token, "GET", `/Users/${ids[any(n)]}`))),
    "filter userName eq": await rate(async (n) =>
      expect(200)(await send(token, "GET", `/Users?filter=userName+eq+%22USER${any(n)}@example.com%22`)),
    ),
    "list, first 100": await rate(async () => expect(200)(await send(token, "GET", "/Users?count=100"))),
    "PATCH user": await rate(async (n) =>
      expect(200)(
        await send(token, "PATCH", `/Users/${ids[any(n)]}`, {
          Operations: [{ op: "replace", path: "title", value: `T${n}` }],
        }),
      ),
    ),
    "POST user": await rate(async () => expect(201)(await send(token, "POST", "/Users", user(made++)))),
    "add or remove a member, group of 10": await rate(toggle(small)),
    "the same, group of all": await rate(toggle(group)),
    "groups without members": await rate(async () =>
      expect(200)(
        await send(token, "GET", `/Groups?excludedAttributes=members&filter=displayName+eq+%22all%22`),
      ),
    ),
  };
  for (let wait = 0; wait < 600; wait += 1) {
    if ((await server.administer("GET", `/tenants/${body.tenant.id}`)).body.unpublished === 0) break;
    if (wait === 20) break;
    await new Promise((resume) => setTimeout(resume, 500));
  }
  const first = await send(reader, "GET", `/Users/${ids[0]}`);
  if (first.status === 200) {
    figures["GET from the copy"] = await rate(async () =>
      expect(200)(await send(reader, "GET", `/Users/${ids[0]}`)),
    );
  }
  columns.push(figures);
}
await server.stop();
agent.destroy();

process.stdout.write(
  `${"requests a second, users:".padEnd(38)}${sizes.map((size) => String(size).padStart(10)).join("")}\n`,
);
for (const name of Object.keys(columns[0])) {
  const cells = columns.map((figures) => (figures[name]?.toFixed(0) ?? "–").padStart(10));
  process.stdout.write(`${name.padEnd(38)}${cells.join("")}\n`);
}
