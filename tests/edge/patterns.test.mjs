// Regular expressions at the edge: all tenants of an isolate share its thread, and nobody could stop
// an engine that searches for ever.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { client, start } from "./server.mjs";

let server;
before(async () => {
  server = await start();
});
after(() => server.stop());

async function tenant() {
  const { body } = await server.administer("POST", "/tenants", { name: "patterns" });
  return { id: body.tenant.id, scim: client(server.endpoint, body.token) };
}

/** A configuration that maps `displayName` by a pattern. */
const schema = (pattern) => ({
  synchronizationRules: [
    {
      objectMappings: [
        {
          sourceObjectName: "User",
          targetObjectName: "User",
          attributeMappings: [
            {
              targetAttributeName: "userName",
              matchingPriority: 1,
              source: { type: "Attribute", name: "userPrincipalName" },
            },
            {
              targetAttributeName: "displayName",
              source: {
                type: "Function",
                expression: `Replace([displayName], , "${pattern}", , "x", , )`,
              },
            },
          ],
        },
      ],
    },
  ],
});

const people = (count, name) =>
  JSON.stringify(
    Array.from({ length: count }, (_, at) => ({
      id: `u${at}`,
      userPrincipalName: `u${at}@x.example`,
      displayName: name(at),
    })),
  );

const plan = (id, pattern, text) =>
  server.administer("POST", `/tenants/${id}/plan`, {
    files: [{ name: "users.json", text }],
    settings: { syncAll: true },
    schema: schema(pattern),
  });

test("a plan whose pattern explodes ends within its bound, and others are answered", async () => {
  const [one, other] = [await tenant(), await tenant()];
  // Each of them alone would take longer than the universe has.
  const text = people(2_000, (at) => (at % 2 ? `${"a".repeat(60)}${at}!` : `b${at}`));
  const began = Date.now();
  const planned = plan(one.id, "^(a+|b)+(?!.)", text);
  const beside = await other.scim("GET", "/Users?count=1");
  const waited = Date.now() - began;
  assert.equal(beside.status, 200);
  const { status, body } = await planned;
  assert.equal(status, 200);
  assert.ok(waited < 30_000, `another tenant waited ${waited} ms`);
  assert.equal(body.operations.length, 2_000);
  for (const [at, { result, problems }] of body.operations.entries()) {
    if (at % 2) {
      assert.match(problems[0].message, /takes too long on this text/, JSON.stringify(problems));
      assert.equal(problems[0].target, "displayName");
    } else if (problems.length === 0) assert.equal(result.displayName, `b${at}`);
  }
  assert.equal(body.operations[0].result.displayName, "b0", "who comes before is planned as ever");
  assert.ok(
    body.findings.some(({ message }) => /repeats what is itself repeated/.test(message)),
    JSON.stringify(body.findings),
  );
});

test("a pattern that does not explode is read for as many people as a plan's answer holds", async () => {
  const { id } = await tenant();
  const text = people(9_000, (at) => `Grüß Gott, ${at}!`);
  const { status, body } = await plan(id, "^([^ ]+) (?=Gott).*$", text);
  assert.equal(status, 200, JSON.stringify(body).slice(0, 500));
  const wrong = body.operations.filter(
    ({ result, problems }) => problems.length || result.displayName !== "x",
  );
  assert.deepEqual(wrong.slice(0, 1), []);
});
