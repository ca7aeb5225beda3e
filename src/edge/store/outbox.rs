//! The outbox: which keys of the copy are stale. A row names a key, not a change.

use super::chore;
use super::sql::{SEQUENCE, SqlStore};
use crate::scim::directory::{Key, StoreError};

/// The outbox's name for a chunk of a group's members; its value is `<group>/<first member>`.
pub(in crate::edge) const MEMBERS: &str = "#members";

/// The outbox's name for the tenant's schemas, in the place of a resource type's.
pub(in crate::edge) const SCHEMAS: &str = "#schemas";

impl SqlStore {
    /// Marks what the copy must learn: the resource under its id, and under every unique
    /// key it holds or held.
    pub fn note(&self, kind: &str, id: &str, keys: &[(String, Key)], seq: i64) -> Result<(), StoreError> {
        if !self.keeps_copy() {
            return Ok(());
        }
        // A group is copied under its id alone.
        let by_key = keys
            .iter()
            .filter(|_| kind != "Group")
            .map(|(_, key)| (key.attribute.as_str(), key.value.as_str()));
        let rows = std::iter::once(("", id))
            .chain(by_key)
            .map(|(attribute, value)| [kind.into(), attribute.into(), value.into(), seq.into()]);
        self.insert("INSERT OR REPLACE INTO outbox (kind, attribute, value, seq)", rows)
    }

    /// Marks the chunks of a group's copy that hold, or held, these members (a JSON array of ids).
    pub fn note_members(&self, group: &str, members: &str, seq: i64) -> Result<(), StoreError> {
        if !self.keeps_copy() {
            return Ok(());
        }
        self.run(
            "INSERT OR REPLACE INTO outbox (kind, attribute, value, seq)
             SELECT DISTINCT 'Group', ?4, ?1 || '/' ||
               (SELECT MAX(first) FROM chunk WHERE group_id = ?1 AND first <= m.value), ?3 FROM json_each(?2) AS m",
            vec![group.into(), members.into(), seq.into(), MEMBERS.into()],
        )
    }

    /// Marks every chunk that shows this member: its name changed, or it is to be deleted.
    pub fn note_memberships(&self, member: &str, seq: i64) -> Result<(), StoreError> {
        if !self.keeps_copy() {
            return Ok(());
        }
        self.run(
            "INSERT OR REPLACE INTO outbox (kind, attribute, value, seq)
             SELECT 'Group', ?3, m.group_id || '/' ||
               (SELECT MAX(first) FROM chunk WHERE group_id = m.group_id AND first <= ?1), ?2
             FROM member AS m WHERE m.member_id = ?1",
            vec![member.into(), seq.into(), MEMBERS.into()],
        )
    }

    /// Marks all chunks of a group's copy: it is emptied or deleted. An emptied group keeps
    /// its chunks, so that one that is replaced never looks half empty to a reader.
    pub fn note_chunks(&self, group: &str, seq: i64) -> Result<(), StoreError> {
        if !self.keeps_copy() {
            return Ok(());
        }
        self.run(
            "INSERT OR REPLACE INTO outbox (kind, attribute, value, seq)
             SELECT 'Group', ?3, ?1 || '/' || first, ?2 FROM chunk WHERE group_id = ?1",
            vec![group.into(), seq.into(), MEMBERS.into()],
        )
    }

    /// Marks the schemas, by which readers of the copy project.
    pub fn note_schemas(&self) -> Result<(), StoreError> {
        if !self.keeps_copy() {
            return Ok(());
        }
        self.run(
            &format!("INSERT OR REPLACE INTO outbox VALUES (?1, '', '', {SEQUENCE})"),
            vec![SCHEMAS.into()],
        )
    }
}

/// Whether there is anything to publish.
pub(in crate::edge) fn is_pending(store: &SqlStore) -> bool {
    // Without a copy nothing is noted, and what was is gone.
    store.keeps_copy()
        && store.rows("SELECT 1 FROM outbox LIMIT 1", vec![]).is_ok_and(|rows| !rows.is_empty())
        && !chore::holds_copy(store).unwrap_or(false)
}
