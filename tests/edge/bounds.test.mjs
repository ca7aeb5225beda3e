// Bounds on what is written anew, at the Worker: the vectors without a past, and the import of what has one.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { line, written } from "./lines.mjs";
import { client, start, user } from "./server.mjs";

let server;
before(async () => {
  server = await start();
});
after(() => server.stop());

async function tenant(settings = {}) {
  const { body } = await server.administer("POST", "/tenants", { name: "bounds", settings });
  return { id: body.tenant.id, scim: client(server.endpoint, body.token) };
}

/** A value of a vector with its short forms written out. */
function whole(value) {
  if (typeof value === "string") {
    return value.replace(/\{\{(\d+)×(.+)\}\}/u, (_, number, part) => part.repeat(Number(number)));
  }
  if (Array.isArray(value)) return value.map(whole);
  if (value === null || typeof value !== "object") return value;
  const number = value["number of"];
  if (number) return Array.from({ length: number }, (_, n) => ({ value: `${n}` }));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, whole(inner)]));
}

test("what is too long is refused", async () => {
  const { cases } = JSON.parse(await readFile("tests/vectors/schema/bounds.json", "utf8"));
  let replayed = 0;
  for (const {
    name,
    type = "User",
    method,
    body,
    status,
    scimType,
    detail = [],
    prepared,
    before,
  } of cases) {
    if (before) continue;
    const { scim } = await tenant({ preparedUserNames: prepared === true });
    const schemas = [`urn:ietf:params:scim:schemas:core:2.0:${type}`];
    const begun = Date.now();
    const reply = await scim(method, `/${type}s`, { schemas, ...whole(body) });
    assert.equal(reply.status, status, `${name}: ${reply.body.detail}`);
    assert.equal(reply.body.scimType, scimType, name);
    for (const part of detail) assert.ok(reply.body.detail.includes(part), `${name}: ${reply.body.detail}`);
    if (status >= 400) assert.ok(JSON.stringify(reply.body).length < 2_048, name);
    assert.ok(Date.now() - begun < 10_000, `${name}: ${Date.now() - begun} ms`);
    replayed += 1;
  }
  assert.ok(replayed >= 14, `only ${replayed} vectors`);
});

test("what was written before there were bounds is restored, shown and made shorter", async () => {
  const from = await tenant();
  const { body: ada } = await from.scim("POST", "/Users", user("ada", { nickName: "short" }));
  const headers = { authorization: `Bearer ${server.adminToken}` };
  const backup = await (await fetch(`${server.admin}/tenants/${from.id}/export`, { headers })).text();
  const lines = backup
    .replace('"short"', JSON.stringify("n".repeat(300_000)))
    .trim()
    .split("\n");
  const end = JSON.parse(lines.pop());
  const text = lines.map((line) => `${line}\n`).join("");
  end.end.sha256 = createHash("sha256").update(text).digest("hex");
  const long = `${text}${JSON.stringify(end)}\n`;
  const { id, scim } = await tenant();
  const done = await server.administer("POST", `/tenants/${id}/import`, long);
  assert.equal(done.status, 200, JSON.stringify(done.body));
  assert.equal((await scim("GET", `/Users/${ada.id}`)).body.nickName.length, 300_000);
  const change = (path, value) =>
    scim("PATCH", `/Users/${ada.id}`, { Operations: [{ op: "replace", path, value }] });
  assert.equal((await change("title", "Countess")).status, 413);
  assert.equal((await change("nickName", "n".repeat(299_000))).status, 200);
  assert.equal((await change("nickName", "n".repeat(299_500))).status, 413);
  assert.equal((await change("nickName", "short")).status, 200);
  assert.equal((await scim("DELETE", `/Users/${ada.id}`)).status, 204);
});

test("the largest plan fits into the memory; a larger one says what to do", async () => {
  const { id } = await tenant();
  const count = 7_000;
  const wide = (letter) => letter.repeat(700);
  const lines = Array.from({ length: count }, (_, n) =>
    line(`u${n}`, { userName: `u${n}@x.example`, nickName: wide("n") }),
  );
  const file = written([{ export: { form: 1, settings: {} } }, ...lines]);
  assert.equal((await server.administer("POST", `/tenants/${id}/import`, file)).status, 200);
  const attributeMappings = [
    {
      targetAttributeName: "userName",
      matchingPriority: 1,
      source: { type: "Attribute", name: "userPrincipalName" },
    },
  ];
  const objectMappings = [{ sourceObjectName: "User", targetObjectName: "User", attributeMappings }];
  const plan = (pad) => {
    const person = (n) => ({
      id: `s${n}`,
      userPrincipalName: `u${n}@x.example`,
      department: "d".repeat(pad),
    });
    const text = JSON.stringify(Array.from({ length: count }, (_, n) => person(n)));
    return server.administer("POST", `/tenants/${id}/plan`, {
      files: [{ name: "users.json", text }],
      settings: { syncAll: true },
      schema: { synchronizationRules: [{ objectMappings }] },
    });
  };
  const planned = await plan(1_050);
  assert.equal(planned.status, 200, JSON.stringify(planned.body).slice(0, 500));
  assert.equal(planned.body.operations.length, count);
  const long = await plan(1_300);
  assert.equal(long.status, 413);
  assert.match(long.body.detail, /at most 8388608 bytes/, long.body.detail);
  assert.ok(!server.log().includes('"event":"limit"'), server.log().slice(-500));
});
