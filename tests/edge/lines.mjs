// A tenant's file: taken, read in again, and what it comes to.
import { createHash } from "node:crypto";

/** The lines of a file, whole only if the last one is there. */
export const isWhole = (text) => text.trimEnd().split("\n").at(-1).startsWith('{"end":');

/** A tenant's file as it comes, or null where the transfer broke off. */
export async function exported(server, id) {
  try {
    const reply = await fetch(`${server.admin}/tenants/${id}/export`, {
      headers: { authorization: `Bearer ${server.adminToken}`, connection: "close" },
    });
    const text = await reply.text();
    return reply.status === 200 && isWhole(text) ? text : null;
  } catch {
    return null;
  }
}

/** What a file comes to: resources with their members, in a form that can be compared. */
export function content(text) {
  const resources = new Map();
  const members = new Set();
  for (const line of text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))) {
    if (line.resource) resources.set(line.resource.id, line.resource);
    for (const id of line.members?.add ?? []) members.add(`${line.members.group} ${id}`);
    if (line.delete) {
      resources.delete(line.delete);
      for (const row of members) if (row.split(" ").includes(line.delete)) members.delete(row);
    }
  }
  return {
    resources: [...resources.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    members: [...members].sort(),
  };
}

/** A file written by hand: its digest and sums are right, whatever its lines say. */
export function written(lines, sums = {}) {
  const text = lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join("");
  const sha256 = createHash("sha256").update(text).digest("hex");
  const resources = lines.filter((line) => line.resource).length;
  const members = lines.reduce((sum, line) => sum + (line.members?.add.length ?? 0), 0);
  const all = { sequence: 1, resources, versions: resources, members, uniqueKeys: resources, passwords: 0 };
  return `${text}${JSON.stringify({ end: { ...all, ...sums, sha256 } })}\n`;
}

const AT = "2026-11-01T10:00:00.000Z";

/** A user's line. */
export const line = (id, document, more = {}) => ({
  resource: { kind: "User", id, version: 1, created: AT, modified: AT, document, ...more },
});
