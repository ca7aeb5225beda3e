// The link that holds a configuration: what was shared is what is opened, and no link makes the page
// hold more than it may.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { dice, page } from "./module.mjs";

const { LONGEST, TooLong, fromFragment, toFragment } = await page("share.ts");
const PARTS = [
  "Ana",
  "ü",
  "\u{1F600}",
  "\ud800",
  "\u0000",
  '"',
  "\\",
  "{{token}}",
  "</script>",
  "\n",
  "#c=",
  "%",
];

/** A configuration by chance. */
function configuration(seed) {
  const roll = dice(seed);
  const text = () => Array.from({ length: roll(40) }, () => PARTS[roll(PARTS.length)]).join("");
  const expectations = Array.from({ length: roll(4) }, () => ({ who: text(), what: text() }));
  return {
    schema: text().repeat(1 + roll(200)),
    schemaName: text(),
    settings: { [text()]: text(), deletionThreshold: roll(99) },
    columns: { [text()]: text() },
    expectations,
  };
}

const fragment = (bytes) => `#c=${Buffer.from(bytes).toString("base64url")}`;

/** JSON has no place for half a pair, nor has UTF-8. */
const written = (value) =>
  JSON.parse(new TextDecoder().decode(new TextEncoder().encode(JSON.stringify(value))));

test("what was shared is what is opened", async () => {
  for (let seed = 0; seed < 200; seed++) {
    const document = configuration(seed);
    const link = await toFragment(document, true);
    assert.match(link, /^c=[\w-]+$/);
    assert.deepEqual(await fromFragment(`#${link}`), written(document), `seed ${seed}`);
    const { expectations } = await fromFragment(await toFragment(document, false));
    assert.deepEqual(expectations, [], "people are in it only when asked for");
  }
});

test("a link that is cut or changed opens nothing, or what it says", async () => {
  for (let seed = 0; seed < 200; seed++) {
    const roll = dice(seed);
    const link = await toFragment(configuration(seed), true);
    const at = 2 + roll(link.length - 2);
    const other = "Aa0-_"[roll(5)];
    for (const broken of [link.slice(0, at), `${link.slice(0, at)}${other}${link.slice(at + 1)}`]) {
      const opened = await fromFragment(`#${broken}`);
      assert.ok(opened === null || typeof opened.schema === "string", `seed ${seed}`);
    }
  }
  for (const text of ["", "#", "#c=", "#c=%", "#d=abcd", "#c=AAAA", fragment(deflateRawSync("[]"))]) {
    assert.equal(await fromFragment(text), null, text);
  }
});

test("a short link that unpacks to much is refused before much is held", async () => {
  const most = { provisorConfiguration: 1, schema: "" };
  const schema = "x".repeat(LONGEST - JSON.stringify(most).length);
  const fits = fragment(deflateRawSync(JSON.stringify({ ...most, schema })));
  assert.equal((await fromFragment(fits)).schema.length, schema.length);
  const over = fragment(deflateRawSync(JSON.stringify({ ...most, schema: `${schema}x` })));
  await assert.rejects(fromFragment(over), TooLong);
  const bomb = fragment(deflateRawSync(Buffer.alloc(100 << 20), { level: 9 }));
  assert.ok(bomb.length < 1 << 20, "the link itself is short");
  const before = process.memoryUsage().arrayBuffers;
  await assert.rejects(fromFragment(bomb), TooLong);
  const held = process.memoryUsage().arrayBuffers - before;
  assert.ok(held < 8 * LONGEST, `${held} bytes are held`);
});

test("a configuration that no link may hold is not made into one", async () => {
  await assert.rejects(toFragment({ ...configuration(1), schema: "x".repeat(LONGEST) }, true), TooLong);
});
