// What directories really send (tests/vectors/idp) and the examples of the standard
// (tests/vectors/rfc7643, rfc7644), replayed over HTTP; the same files as tests/protocol.rs replays
// against the core.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { client, start } from "./server.mjs";

const folders = (path) =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(path, entry.name));

/** Why `found` does not hold what `wanted` says, or undefined. */
function missing(wanted, found, at) {
  if (wanted === null) return undefined;
  if (Array.isArray(wanted) && Array.isArray(found) && wanted.length === found.length) {
    for (const item of wanted) {
      const faults = found.map((other) => missing(item, other, at));
      if (faults.every(Boolean)) return faults.join(" and ");
    }
    return undefined;
  }
  if (typeof wanted === "object" && !Array.isArray(wanted) && found && typeof found === "object") {
    for (const [name, value] of Object.entries(wanted)) {
      const fault = missing(value, found[name], `${at}/${name}`);
      if (fault) return fault;
    }
    return undefined;
  }
  return wanted === found
    ? undefined
    : `${at}: wanted ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`;
}

let server;
before(async () => {
  server = await start();
});
after(() => server.stop());

const conversations = [
  ...folders("tests/vectors/idp").flatMap(folders),
  ...folders("tests/vectors/rfc7643"),
  ...folders("tests/vectors/rfc7644"),
];
for (const conversation of conversations) {
  test(conversation, async () => {
    const { body } = await server.administer("POST", "/tenants", { name: conversation });
    const scim = client(server.endpoint, body.token);
    const captured = {};
    for (const file of readdirSync(conversation).sort()) {
      let text = readFileSync(join(conversation, file), "utf8");
      for (const [name, value] of Object.entries(captured)) text = text.replaceAll(`{{${name}}}`, value);
      const vector = JSON.parse(text);
      const reply = await scim(vector.method, vector.path, vector.request ?? undefined, vector.headers);
      assert.equal(reply.status, vector.status, `${file}: ${JSON.stringify(reply.body)}`);
      assert.equal(missing(vector.response, reply.body, ""), undefined, file);
      for (const name of vector.lacks ?? []) assert.ok(!(name in reply.body), `${file}: ${name}`);
      for (const [name, part] of Object.entries(vector.replyHeaders ?? {}))
        assert.ok(reply.headers.get(name)?.includes(part), `${file}: ${name} is ${reply.headers.get(name)}`);
      for (const [name, place] of Object.entries(vector.capture ?? {})) captured[name] = reply.body[place];
    }
  });
}
