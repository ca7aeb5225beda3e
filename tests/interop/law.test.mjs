// The great law over HTTP, against an endpoint that is not ours: what was planned is sent,
// and planned again nothing is left.
import assert from "node:assert/strict";
import { test } from "node:test";
import { folder, population, preview, wishes } from "./source.mjs";
import { scim2Server } from "./target.mjs";

const CASES = Number(process.env.CASES ?? 8);
const SETTINGS = { dialect: "rfc" };

/** Puts a value where a JSON Pointer leads (RFC 6901). */
function place(body, pointer, value) {
  const steps = pointer.split("/").slice(1);
  const last = steps.pop();
  const within = steps.reduce((held, step) => held[step.replaceAll("~1", "/").replaceAll("~0", "~")], body);
  within[last] = value;
}

/** Sends every request after those that it waits for, ids filled in. */
async function send(target, plan) {
  let waiting = plan.operations.flatMap(({ requests }) => requests);
  const sent = new Set();
  const created = new Map();
  while (waiting.length) {
    const later = [];
    for (const request of waiting) {
      if (!request.dependsOn.every((id) => sent.has(id))) {
        later.push(request);
        continue;
      }
      let { path } = request;
      for (const { pointer, source } of request.references ?? []) {
        if (pointer === undefined) path = path.replace(/[^/]*$/, encodeURIComponent(created.get(source)));
        else place(request.body, pointer, created.get(source));
      }
      const body = request.body ? JSON.stringify(request.body) : undefined;
      const reply = await target.ask(request.method, path, body);
      assert.ok(reply.status < 300, `${request.id}: ${body} ${reply.status} ${JSON.stringify(reply.body)}`);
      if (request.method === "POST") created.set(request.id.replace("create:", ""), reply.body.id);
      sent.add(request.id);
    }
    assert.ok(later.length < waiting.length, "requests wait for each other");
    waiting = later;
  }
}

test(`scim2-server: ${CASES} directories, each changed twice`, async (t) => {
  for (let seed = 1; seed <= CASES; seed++) {
    const target = await scim2Server();
    t.after(() => target.stop());
    const files = folder();
    for (let round = 0; round < 3; round++) {
      const { users, groups } = population(12, seed * 101, round);
      files.write("users.json", { value: users });
      files.write("groups.json", { value: groups });
      files.write("target.json", await target.all());
      files.write("job-settings.json", SETTINGS);
      await send(target, preview(files, ["--target", files.file("target.json")]));
      assert.deepEqual(await wishes(files, target, SETTINGS), [], `seed ${seed}, round ${round}`);
    }
    await target.stop();
  }
});
