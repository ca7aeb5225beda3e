// What must hold in a tenant's tables whenever nobody is writing.
import assert from "node:assert/strict";
import { inObject } from "./object.mjs";

/** Each query finds what breaks it. */
export const INVARIANTS = {
  "a unique key whose owner is gone": "SELECT * FROM unique_key WHERE id NOT IN (SELECT id FROM resource)",
  "a search key whose owner is gone": "SELECT * FROM search_key WHERE id NOT IN (SELECT id FROM resource)",
  "a user that its name does not find": `SELECT id FROM resource AS r WHERE kind = 'User' AND NOT EXISTS (SELECT 1 FROM
    unique_key AS k WHERE k.id = r.id AND k.attribute = 'username' AND k.value = lower(json_extract(r.document, '$.userName')))`,
  "a user that a search does not find": `SELECT id FROM resource AS r WHERE kind = 'User' AND NOT EXISTS (SELECT 1 FROM
    search_key AS k WHERE k.id = r.id AND k.attribute = 'username' AND k.value = lower(json_extract(r.document, '$.userName')))`,
  "a name too many": `SELECT id FROM unique_key WHERE attribute = 'username' GROUP BY id HAVING COUNT(*) > 1`,
  "a membership of nobody": "SELECT * FROM member WHERE member_id NOT IN (SELECT id FROM resource)",
  "a membership in nothing": "SELECT * FROM member WHERE group_id NOT IN (SELECT id FROM resource)",
  "a group without a chunk": `SELECT id FROM resource WHERE kind = 'Group' AND id NOT IN (SELECT group_id FROM chunk WHERE first = '')`,
  "a total that is wrong": `SELECT * FROM total AS t WHERE number <> (SELECT COUNT(*) FROM resource AS r WHERE r.kind = t.kind)`,
  "a resource that the trail tells otherwise": `SELECT r.id FROM resource AS r JOIN journal AS j ON j.seq =
    (SELECT MAX(seq) FROM journal WHERE id = r.id) WHERE j.after <> r.version OR j.document <> r.document`,
  "a resource that the trail does not know":
    "SELECT id FROM resource WHERE id NOT IN (SELECT id FROM journal)",
  "a gap in a resource's trail": `SELECT a.id FROM journal AS a JOIN journal AS b ON b.seq =
    (SELECT MIN(seq) FROM journal WHERE id = a.id AND seq > a.seq) WHERE b.before <> a.after`,
};

/** Looks for all of it beneath a stopped server. */
export async function assertSound(folder, id) {
  const found = await inObject(folder, id, Object.values(INVARIANTS));
  Object.keys(INVARIANTS).forEach((name, index) => {
    assert.deepEqual(found[index], [], name);
  });
}
