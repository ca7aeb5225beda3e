//! What a change writes: rows, keys, memberships, counters, passwords, journal and outbox, or
//! none of it: one commit is one `transactionSync`, which its caller began.

use std::collections::BTreeMap;

use worker::SqlStorageValue;

use super::journal;
use super::sql::{ROWS, SqlStore, integer, places, text};
use crate::scim::directory::{ChangeSet, Key, Put, Record, StoreError};

impl SqlStore {
    /// The unique keys that a resource holds.
    fn unique_of(&self, id: &str) -> Result<Vec<(String, Key)>, StoreError> {
        let rows =
            self.rows("SELECT kind, attribute, value FROM unique_key WHERE id = ?1", vec![id.into()])?;
        Ok(rows
            .iter()
            .map(|row| (text(row, 0), Key { attribute: text(row, 1), value: text(row, 2) }))
            .collect())
    }

    fn remove_keys(&self, id: &str) -> Result<(), StoreError> {
        self.run("DELETE FROM unique_key WHERE id = ?1", vec![id.into()])?;
        self.run("DELETE FROM search_key WHERE id = ?1", vec![id.into()])
    }

    fn add_to_total(&self, kind: &str, difference: i64) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO total (kind, number) VALUES (?1, ?2) ON CONFLICT (kind) DO UPDATE SET number = number + ?2",
            vec![kind.into(), difference.into()],
        )
    }

    fn write(&self, put: &Put) -> Result<(), StoreError> {
        let Record { kind, id, version, .. } = &put.record;
        if *version == 1 {
            self.add_to_total(kind, 1)?;
        }
        if *version > 1 && !put.keeps_keys {
            self.remove_keys(id)?;
        }
        self.put_record(&put.record)?;
        if put.keeps_keys {
            return Ok(());
        }
        self.take_keys(kind, id, &put.unique)?;
        self.put_keys("INSERT INTO search_key", kind, id, &put.index)
    }

    /// Writes a resource's unique keys. Whose one is, is asked only when the table did not take it.
    fn take_keys(&self, kind: &str, id: &str, keys: &[Key]) -> Result<(), StoreError> {
        let mut taken = 0;
        for keys in keys.chunks(ROWS) {
            let rows = keys.iter().map(|key| [kind, &key.attribute, &key.value, id].map(Into::into));
            let statement = format!(
                "INSERT OR IGNORE INTO unique_key (kind, attribute, value, id) VALUES {} RETURNING 1",
                places(keys.len())
            );
            taken += self.rows(&statement, rows.flatten().collect())?.len();
        }
        if taken < keys.len() {
            for key in keys {
                if self.owner_of(kind, key)?.is_some_and(|owner| owner != id) {
                    return Err(StoreError::Taken(key.clone()));
                }
            }
        }
        Ok(())
    }

    /// Writes a resource's row.
    pub fn put_record(&self, record: &Record) -> Result<(), StoreError> {
        let Record { kind, id, version, created, modified, document } = record;
        self.run(
            "INSERT OR REPLACE INTO resource (id, kind, version, created, modified, document) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            vec![
                id.as_str().into(),
                kind.as_str().into(),
                i64::try_from(*version).unwrap_or(i64::MAX).into(),
                created.as_str().into(),
                modified.as_str().into(),
                document.as_str().into(),
            ],
        )
    }

    /// Writes a resource's keys into one of the two tables of keys.
    pub fn put_keys(&self, insert: &str, kind: &str, id: &str, keys: &[Key]) -> Result<(), StoreError> {
        let rows = keys.iter().map(|key| [kind, &key.attribute, &key.value, id].map(Into::into));
        self.insert(&format!("{insert} (kind, attribute, value, id)"), rows)
    }

    pub fn owner_of(&self, kind: &str, key: &Key) -> Result<Option<String>, StoreError> {
        let statement = "SELECT id FROM unique_key WHERE kind = ?1 AND attribute = ?2 AND value = ?3";
        let rows = self
            .rows(statement, vec![kind.into(), key.attribute.as_str().into(), key.value.as_str().into()])?;
        Ok(rows.first().map(|row| text(row, 0)))
    }

    /// Adds or removes members of one group, by one statement whatever their number.
    fn change_members(
        &self,
        statement: &str,
        group: &str,
        members: &[&str],
        seq: i64,
    ) -> Result<(), StoreError> {
        let members = serde_json::Value::from(members.to_vec()).to_string();
        self.run(statement, vec![group.into(), members.as_str().into()])?;
        self.note_members(group, &members, seq)
    }

    pub fn commit_all(&self, change: &ChangeSet) -> Result<i64, StoreError> {
        let mut seq = 0;
        for (index, entry) in change.journal.iter().enumerate() {
            let is_last = change.journal.iter().skip(index + 1).all(|other| other.id != entry.id);
            let members = match entry.kind.as_str() {
                "Group" if is_last => journal::membership(change, &entry.id),
                _ => SqlStorageValue::Null,
            };
            let put =
                change.put.iter().find(|put| put.record.id == entry.id && put.record.version == entry.after);
            let document = put.map(|put| put.record.document.as_str());
            let number = |version: u64| SqlStorageValue::from(i64::try_from(version).unwrap_or(i64::MAX));
            let rows = self.rows(
                "INSERT INTO journal (at, actor, operation, kind, id, before, after, document, members)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING seq",
                vec![
                    entry.at.as_str().into(),
                    entry.actor.as_str().into(),
                    entry.operation.as_str().into(),
                    entry.kind.as_str().into(),
                    entry.id.as_str().into(),
                    number(entry.before),
                    number(entry.after),
                    document.map_or(SqlStorageValue::Null, SqlStorageValue::from),
                    members,
                ],
            )?;
            seq = rows.first().map_or(seq, |row| integer(row, 0));
        }
        for (kind, id) in &change.delete {
            let keys = self.unique_of(id)?;
            self.remove_keys(id)?;
            // A group that loses a member this way has changed for the copy's readers too.
            self.note_memberships(id, seq)?;
            if kind == "Group" {
                self.note_chunks(id, seq)?;
                self.run("DELETE FROM chunk WHERE group_id = ?1", vec![id.as_str().into()])?;
            }
            self.run("DELETE FROM member WHERE member_id = ?1", vec![id.as_str().into()])?;
            self.run("DELETE FROM member WHERE group_id = ?1", vec![id.as_str().into()])?;
            self.run("DELETE FROM password WHERE id = ?1", vec![id.as_str().into()])?;
            self.run("DELETE FROM resource WHERE id = ?1", vec![id.as_str().into()])?;
            self.add_to_total(kind, -1)?;
            self.note(kind, id, &keys, seq)?;
        }
        for put in &change.put {
            // The names it gives up must leave the copy too.
            let had_others = put.record.version > 1 && !put.keeps_keys;
            let mut keys = if had_others { self.unique_of(&put.record.id)? } else { Vec::new() };
            self.write(put)?;
            keys.extend(put.unique.iter().map(|key| (put.record.kind.clone(), key.clone())));
            self.note(&put.record.kind, &put.record.id, &keys, seq)?;
            if had_others {
                self.note_memberships(&put.record.id, seq)?;
            }
            if put.record.kind == "Group" && put.record.version == 1 {
                self.run(
                    "INSERT INTO chunk (group_id, first) VALUES (?1, '')",
                    vec![put.record.id.as_str().into()],
                )?;
                self.note_members(&put.record.id, "[\"\"]", seq)?;
            }
        }
        for (id, hash) in &change.passwords {
            match hash {
                Some(hash) => {
                    let row = vec![id.as_str().into(), hash.as_str().into()];
                    self.run("INSERT OR REPLACE INTO password (id, hash) VALUES (?1, ?2)", row)?;
                }
                None => self.run("DELETE FROM password WHERE id = ?1", vec![id.as_str().into()])?,
            }
        }
        let removed = change.remove_members.iter().map(|(group, member)| (group.as_str(), member.as_str()));
        for (group, members) in by_group(removed) {
            let statement =
                "DELETE FROM member WHERE group_id = ?1 AND member_id IN (SELECT value FROM json_each(?2))";
            self.change_members(statement, group, &members, seq)?;
        }
        let added = change.add_members.iter().map(|(group, member, _)| (group.as_str(), member.as_str()));
        for (group, members) in by_group(added) {
            let statement =
                "INSERT OR IGNORE INTO member (group_id, member_id) SELECT ?1, value FROM json_each(?2)";
            self.change_members(statement, group, &members, seq)?;
        }
        Ok(seq)
    }
}

/// Memberships by their group.
fn by_group<'a>(rows: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut groups = BTreeMap::<_, Vec<_>>::new();
    for (group, member) in rows {
        groups.entry(group).or_default().push(member);
    }
    groups
}
