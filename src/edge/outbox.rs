//! The outbox: which keys of the copy are stale. A row names a key, not a change.

use super::chore;
use super::publish::{MEMBERS, SCHEMAS};
use super::sql::{SEQUENCE, SqlStore, integer, text};
use crate::scim::directory::{Key, StoreError};

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

    /// Marks all that is copied of these resource types, and the schemas.
    pub fn note_kinds(&self, kinds: &[&str]) -> Result<(), StoreError> {
        if !self.keeps_copy() {
            return Ok(());
        }
        self.note_schemas()?;
        let kinds = serde_json::Value::from(kinds.to_vec()).to_string();
        for select in [
            format!("'', id, {SEQUENCE} FROM resource WHERE"),
            format!("attribute, value, {SEQUENCE} FROM unique_key WHERE kind <> 'Group' AND"),
        ] {
            let statement = format!(
                "INSERT OR REPLACE INTO outbox SELECT kind, {select} kind IN (SELECT value FROM json_each(?1))"
            );
            self.run(&statement, vec![kinds.as_str().into()])?;
        }
        Ok(())
    }

    /// Marks everything, so that the copy is made anew; says how many keys are stale.
    pub fn republish(&self) -> Result<i64, StoreError> {
        self.atomically(&mut || self.note_everything())?;
        let rows = self.rows("SELECT COUNT(*) FROM outbox", vec![])?;
        Ok(rows.first().map_or(0, |row| integer(row, 0)))
    }

    /// Marks everything; to be called within a transaction.
    pub fn note_everything(&self) -> Result<(), StoreError> {
        if !self.keeps_copy() {
            return Ok(());
        }
        let rows = self.rows("SELECT DISTINCT kind FROM resource", vec![])?;
        let kinds: Vec<String> = rows.iter().map(|row| text(row, 0)).collect();
        self.note_kinds(&kinds.iter().map(String::as_str).collect::<Vec<_>>())?;
        let statement = format!(
            "INSERT OR REPLACE INTO outbox SELECT 'Group', ?1, group_id || '/' || first, {SEQUENCE} FROM chunk"
        );
        self.run(&statement, vec![MEMBERS.into()])
    }
}

/// Whether there is anything to publish.
pub(super) fn is_pending(store: &SqlStore) -> bool {
    // Without a copy nothing is noted, and what was is gone.
    store.keeps_copy()
        && store.rows("SELECT 1 FROM outbox LIMIT 1", vec![]).is_ok_and(|rows| !rows.is_empty())
        && !chore::holds_copy(store).unwrap_or(false)
}
