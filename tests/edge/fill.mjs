// Large tenants, made quickly: as an export of one that never was, sent to the import.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { Readable } from "node:stream";

const AT = "2026-11-01T10:00:00.000Z";

/** The id of the nth user or group of a made tenant. */
export const idOf = (n, kind = "u") => `${kind}${String(n).padStart(8, "0")}`;

export const person = (n) => ({
  userName: `user${n}@example.com`,
  externalId: `external-${n}`,
  displayName: `User ${n}`,
  active: true,
  name: { givenName: "User", familyName: `Number ${n}`, formatted: `User Number ${n}` },
  emails: [{ type: "work", primary: true, value: `user${n}@example.com` }],
  title: "Engineer",
});

/** The lines of an export: so many users, and a group for each of `groups` with its first so many users. */
function* lines(users, groups, settings) {
  const resource = (kind, id, document) => ({
    resource: { kind, id, version: 1, created: AT, modified: AT, document },
  });
  yield { export: { form: 1, settings } };
  for (let n = 0; n < users; n += 1) yield resource("User", idOf(n), person(n));
  for (const [index, size] of groups.entries()) {
    const group = idOf(index, "g");
    yield resource("Group", group, { displayName: `Group ${index} of ${size}` });
    for (let at = 0; at < size; at += 1_000) {
      const add = Array.from({ length: Math.min(1_000, size - at) }, (_, n) => idOf(at + n));
      yield { members: { group, add } };
    }
  }
}

function* texts(lines, { resources, members }) {
  const digest = createHash("sha256");
  let text = "";
  for (const line of lines) {
    text += `${JSON.stringify(line)}\n`;
    if (text.length > 65_536) {
      digest.update(text);
      yield text;
      text = "";
    }
  }
  digest.update(text);
  yield text;
  const sums = { sequence: 1, resources, versions: resources, members, uniqueKeys: resources, passwords: 0 };
  yield `${JSON.stringify({ end: { ...sums, sha256: digest.digest("hex") } })}\n`;
}

/** The lines of an export of these users' documents, and of groups with their members' ids. */
function* given(documents, groups, settings) {
  const resource = (kind, id, document) => ({
    resource: { kind, id, version: 1, created: AT, modified: AT, document },
  });
  yield { export: { form: 1, settings } };
  for (const [n, document] of documents.entries()) yield resource("User", idOf(n), document);
  for (const [n, { members, ...document }] of groups.entries()) {
    yield resource("Group", idOf(n, "g"), document);
    yield { members: { group: idOf(n, "g"), add: members } };
  }
}

/** A new tenant with these users, and groups: `{displayName, members}`. */
export function imported(server, name, documents, groups, settings = { requestsPerSecond: 0 }) {
  const members = groups.reduce((sum, group) => sum + group.members.length, 0);
  const sums = { resources: documents.length + groups.length, members };
  return sent(server, name, texts(given(documents, groups, settings), sums), settings);
}

/** A new tenant with so many users, and groups of these sizes. */
export function filled(server, users, groups = [], settings = { requestsPerSecond: 0 }) {
  const members = groups.reduce((sum, size) => sum + size, 0);
  const sums = { resources: users + groups.length, members };
  return sent(server, `of ${users}`, texts(lines(users, groups, settings), sums), settings);
}

/** A new tenant from the text of an export. */
async function sent(server, name, text, settings) {
  const { body } = await server.administer("POST", "/tenants", { name, settings });
  const call = request(`${server.admin}/tenants/${body.tenant.id}/import`, {
    // The runtime closes an idle connection just when it is used again.
    agent: new Agent({ keepAlive: false }),
    method: "POST",
    headers: { authorization: `Bearer ${server.adminToken}` },
  });
  Readable.from(text).pipe(call);
  const [reply] = await once(call, "response");
  const answer = (await reply.setEncoding("utf8").toArray()).join("");
  if (reply.statusCode !== 200) throw new Error(`the import failed: ${reply.statusCode} ${answer}`);
  return { id: body.tenant.id, token: body.token };
}
