// Tries a deployment: what no local runtime can show (docs/unproven.md). Makes tenants of its own and deletes them.
//
//   ADMIN_TOKEN=… node scripts/smoke.mjs https://YOUR-WORKER [--eu]     (`make smoke URL=https://YOUR-WORKER`)
//
// Prints a line a promise: what was seen and how long it took. Ends with 1 if one did not hold, 2 if it cannot begin.
const HELP = `usage: ADMIN_TOKEN=… node scripts/smoke.mjs https://YOUR-WORKER [--eu]
  --eu    also make a tenant in the jurisdiction \`eu\`
`;

const [address, ...flags] = process.argv.slice(2);
const admin = process.env.ADMIN_TOKEN;
if (!address || address === "--help" || flags.some((flag) => flag !== "--eu")) {
  process.stderr.write(HELP);
  process.exit(address === "--help" ? 0 : 2);
}
if (!admin) {
  process.stderr.write("smoke: ADMIN_TOKEN is not set\nhelp: set it to the deployment's ADMIN_TOKEN\n");
  process.exit(2);
}
const origin = new URL(address).origin;

/** Sends a request; answers with status, headers, body and the milliseconds it took. */
async function ask(method, path, token, body, headers = {}) {
  const began = performance.now();
  const reply = await fetch(`${origin}${path}`, {
    method,
    redirect: "manual",
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined
        ? {}
        : { "content-type": path.startsWith("/scim") ? "application/scim+json" : "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await reply.text();
  let read = null;
  try {
    read = JSON.parse(text);
  } catch {
    // Lines and plain texts are read by their length only.
  }
  return { status: reply.status, headers: reply.headers, body: read, text, took: performance.now() - began };
}

let failed = 0;
let passed = 0;
/** Runs one look; it answers with what it saw, or throws what did not hold. */
async function look(name, work) {
  const began = performance.now();
  try {
    const seen = await work();
    passed += 1;
    process.stdout.write(`held    ${name}: ${seen} (${Math.round(performance.now() - began)} ms)\n`);
  } catch (error) {
    failed += 1;
    process.stdout.write(`FAILED  ${name}: ${error.message}\n`);
  }
}
const must = (holds, why) => {
  if (!holds) throw new Error(why);
};
const wanted = (reply, ...statuses) =>
  must(
    statuses.includes(reply.status),
    `status ${reply.status} instead of ${statuses.join(" or ")}: ${reply.text.slice(0, 300)}`,
  );
const sleep = (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds));
/** Looks again every half second, for so many seconds. */
async function until(seconds, check) {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const seen = await check();
    if (seen) return seen;
    must(performance.now() < end, `not within ${seconds} s`);
    await sleep(500);
  }
}

const made = [];
async function tenant(more = {}) {
  const reply = await ask("POST", "/admin/tenants", admin, { name: "smoke", ...more });
  wanted(reply, 201);
  made.push(reply.body.tenant.id);
  return { id: reply.body.tenant.id, token: reply.body.token };
}
const user = (userName, more = {}) => ({
  schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
  userName,
  ...more,
});

await look("secrets, objects and the copy are bound", async () => {
  const reply = await ask("GET", "/readyz");
  wanted(reply, 200);
  return "ready";
});
let one;
await look("a tenant is made", async () => {
  one = await tenant();
  return one.id;
});
if (one) {
  const scim = (method, path, body, headers) => ask(method, `/scim/v2${path}`, one.token, body, headers);
  let ada;
  await look("a user is written and read at once", async () => {
    const wrote = await scim("POST", "/Users", user("ada@example.com"));
    wanted(wrote, 201);
    ada = wrote.body.id;
    const read = await scim("GET", `/Users/${ada}`);
    wanted(read, 200);
    return `write ${Math.round(wrote.took)} ms, read ${Math.round(read.took)} ms`;
  });
  await look("a password is hashed within the runtime's cap on PBKDF2", async () => {
    const wrote = await scim(
      "POST",
      "/Users",
      user("grace@example.com", { password: "correct horse battery staple" }),
    );
    wanted(wrote, 201);
    must(!wrote.text.includes("correct horse"), "the answer shows the password");
    return `${Math.round(wrote.took)} ms`;
  });
  await look("the alarm publishes and KV tells the copy", async () => {
    const reader = await ask("POST", `/admin/tenants/${one.id}/tokens`, admin, { scope: "edge-read" });
    wanted(reader, 201);
    const copy = await until(120, async () => {
      const reply = await ask("GET", `/scim/v2/Users/${ada}`, reader.body.token);
      return reply.status === 200 && reply.headers.get("provisor-source") === "copy" ? reply : null;
    });
    must(copy.body.userName === "ada@example.com", "the copy tells another user");
    const renamed = performance.now();
    wanted(
      await scim("PATCH", `/Users/${ada}`, { Operations: [{ op: "replace", path: "title", value: "New" }] }),
      200,
    );
    await until(
      180,
      async () => (await ask("GET", `/scim/v2/Users/${ada}`, reader.body.token)).body?.title === "New",
    );
    return `a change was seen after ${Math.round(performance.now() - renamed)} ms`;
  });
  await look("a filter as long as allowed is answered", async () => {
    const filter = Array.from({ length: 256 }, (_, n) => `userName eq "u${n}"`).join(" or ");
    const reply = await scim("POST", "/Users/.search", {
      schemas: ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
      filter,
    });
    wanted(reply, 200);
    return `${Math.round(reply.took)} ms`;
  });
  await look("a bulk as large as allowed is answered within the CPU limit", async () => {
    const operations = Array.from({ length: 500 }, (_, n) => ({
      method: "POST",
      path: "/Users",
      bulkId: `b${n}`,
      data: user(`bulk${n}@example.com`),
    }));
    const reply = await scim("POST", "/Bulk", {
      schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
      Operations: operations,
    });
    wanted(reply, 200);
    must(
      reply.body.Operations.every(({ status }) => `${status}` === "201"),
      "an operation failed",
    );
    return `500 users in ${Math.round(reply.took)} ms`;
  });
  await look("a body too long is refused", async () => {
    wanted(await scim("POST", "/Users", user("x".repeat(2_000_000))), 413);
    return "413";
  });
  await look("plain http is refused", async () => {
    const plain = `http://${new URL(origin).host}/scim/v2/Users`;
    if (!origin.startsWith("https:")) return "not looked at: the address is plain http itself";
    const reply = await fetch(plain, {
      redirect: "manual",
      headers: { authorization: `Bearer ${one.token}` },
    });
    must(![200, 201].includes(reply.status), `answered ${reply.status}`);
    return String(reply.status);
  });
  await look("events reach a polling receiver", async () => {
    const stream = await ask("POST", `/admin/tenants/${one.id}/streams`, admin, {
      delivery: "poll",
      audience: "smoke",
      fromTheBeginning: true,
    });
    wanted(stream, 201);
    const reply = await ask("POST", "/events/poll", stream.body.token, { returnImmediately: true });
    wanted(reply, 200);
    must(Object.keys(reply.body.sets).length > 0, "no event came");
    return `${Object.keys(reply.body.sets).length} events`;
  });
  await look("an export is read whole", async () => {
    const reply = await ask("GET", `/admin/tenants/${one.id}/export`, admin);
    wanted(reply, 200);
    must(reply.text.trimEnd().split("\n").at(-1).startsWith('{"end"'), "the last line is missing");
    return `${reply.text.length} bytes`;
  });
}
if (flags.includes("--eu")) {
  await look("a tenant lives in the jurisdiction `eu`", async () => {
    const eu = await tenant({ jurisdiction: "eu" });
    must(eu.id.startsWith("eu-"), "its id does not say so");
    wanted(await ask("POST", "/scim/v2/Users", eu.token, user("eu@example.com")), 201);
    return eu.id;
  });
}
for (const id of made) {
  await look(`the tenant ${id} is deleted with all that it had`, async () => {
    wanted(await ask("PATCH", `/admin/tenants/${id}`, admin, { state: "suspended" }), 200);
    wanted(await ask("DELETE", `/admin/tenants/${id}`, admin, { confirm: "smoke" }), 200, 202, 204);
    await until(180, async () => (await ask("GET", `/admin/tenants/${id}`, admin)).status === 404);
    return "gone";
  });
}
process.stdout.write(`\nsmoke: ${passed} passed, ${failed} failed\n`);
process.exitCode = failed ? 1 : 0;
