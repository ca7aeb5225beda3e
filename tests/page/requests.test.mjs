// One request, copied from the page: for an editor's HTTP client, and for a shell.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { dice, page } from "./module.mjs";

const { asCurl, asHttp } = await page("ui/person/requestText.ts");
const PARTS = [
  "Ana",
  "{{token}}",
  "{",
  "}}",
  "\n###\n",
  "\r",
  "\u2028",
  "\u0085",
  "'",
  '"',
  "\\",
  "$(id)",
  "`id`",
  "<",
];

function request(seed) {
  const roll = dice(seed);
  const text = () => Array.from({ length: roll(12) }, () => PARTS[roll(PARTS.length)]).join("");
  return {
    method: "PATCH",
    path: "/Users/a%20b",
    headers: { Accept: "application/scim+json" },
    body: { [text()]: text(), list: [{ value: "{{created:a}}" }, { value: text() }], none: [], yes: true },
    references: [{ pointer: "/list/0/value", source: "a" }],
  };
}

test("as HTTP: no line and no variable that the data made", () => {
  for (let seed = 0; seed < 500; seed++) {
    const made = request(seed);
    const [head, ...rest] = asHttp(made).split("\n\n");
    assert.deepEqual(head.split("\n"), [
      "PATCH {{tenantUrl}}/Users/a%20b",
      "Authorization: Bearer {{token}}",
      "Accept: application/scim+json",
    ]);
    const body = rest.join("\n\n");
    assert.deepEqual(body.match(/\{\{[^}]*\}\}/g), ["{{created_a}}"], body);
    assert.equal(body.split(/\r\n|[\n\r\u0085\u2028\u2029]/).length, body.split("\n").length);
    made.body.list[0].value = "{{created_a}}";
    assert.deepEqual(JSON.parse(body), made.body);
  }
});

test("as curl: the shell takes it as it is", () => {
  for (let seed = 0; seed < 20; seed++) {
    const made = request(seed);
    const note = 'curl() { printf "%s\\0" "$@"; }\n';
    const environment = { ...process.env, TENANT_URL: "https://t.example", TOKEN: "SECRET" };
    const given = execFileSync("sh", ["-c", note + asCurl(made)], { env: environment, encoding: "utf8" });
    const words = given.split("\0").slice(0, -1);
    assert.equal(words[3], "https://t.example/Users/a%20b");
    assert.deepEqual(JSON.parse(words.at(-1)), made.body);
    assert.equal(words.length, 10);
  }
});
