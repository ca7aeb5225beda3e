//! The directory's store in a Durable Object's SQLite.
//!
//! One commit is one `transactionSync`: rows, keys, memberships, counters, journal and
//! outbox, or none of it. The SQL is synchronous, so no other event can come between.

use std::cell::Cell;
use std::collections::BTreeMap;

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{SqlCursor, SqlStorage, SqlStorageValue, State};

use super::condition::{Condition, is_selective};
use super::journal;
use super::log::failure;
use super::migrate::migrate;
use super::publish::MEMBERS;
use super::schemas::{Known, Schemas};
use crate::scim::directory::{
    ChangeSet, Key, Member, Place, Predicate, Put, Record, Searchable, Store, StoreError,
};
use crate::scim::error::ScimError;

#[wasm_bindgen]
extern "C" {
    /// `DurableObjectStorage`, for the one method that the binding lacks.
    type Transactions;
    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &Transactions,
        work: &mut dyn FnMut() -> Result<JsValue, JsValue>,
    ) -> Result<JsValue, JsValue>;
}

/// The store, over one tenant's object.
pub(super) struct SqlStore {
    sql: SqlStorage,
    transactions: Transactions,
    /// Whether changes are noted for the copy.
    copies: Cell<bool>,
    known: Known,
    read: Cell<usize>,
    written: Cell<usize>,
}

type Row = Vec<SqlStorageValue>;

impl SqlStore {
    /// Opens the store, bringing its tables up to date.
    pub fn open(state: &State, known: &Known) -> Result<Self, ScimError> {
        let storage = state.storage();
        let raw: &JsValue = storage.as_raw().as_ref();
        let store = Self {
            sql: storage.sql(),
            transactions: raw.clone().unchecked_into(),
            copies: Cell::new(true),
            known: known.clone(),
            read: Cell::new(0),
            written: Cell::new(0),
        };
        migrate(&store)?;
        store.copies.set(store.fact("copy")?.as_deref() != Some("off"));
        Ok(store)
    }

    /// Runs a statement that answers with nothing.
    pub fn run(&self, statement: &str, arguments: Row) -> Result<(), StoreError> {
        self.exec(statement, arguments).map(|cursor| self.count_rows(&cursor))
    }

    /// Runs a query.
    pub fn rows(&self, statement: &str, arguments: Row) -> Result<Vec<Row>, StoreError> {
        let cursor = self.exec(statement, arguments)?;
        let rows = cursor.raw().map(|row| row.map_err(failed)).collect();
        self.count_rows(&cursor);
        rows
    }

    fn exec(&self, statement: &str, arguments: Row) -> Result<SqlCursor, StoreError> {
        self.sql.exec(statement, Some(arguments)).map_err(failed)
    }

    fn count_rows(&self, cursor: &SqlCursor) {
        self.read.set(self.read.get() + cursor.rows_read());
        self.written.set(self.written.get() + cursor.rows_written());
    }

    /// Whether changes are copied to KV.
    pub fn keeps_copy(&self) -> bool {
        self.copies.get()
    }

    /// Switches the copy; without one, nothing is left to publish.
    pub fn keep_copy(&self, copies: bool) -> Result<(), StoreError> {
        self.set_fact("copy", if copies { "on" } else { "off" })?;
        self.copies.set(copies);
        if copies { Ok(()) } else { self.run("DELETE FROM outbox", vec![]) }
    }

    /// The tenant's schemas; read once, until they are forgotten.
    pub fn schemas(&self) -> Result<Schemas, StoreError> {
        if let Some(known) = self.known.borrow().as_ref() {
            return Ok(known.clone());
        }
        let read = Schemas::read(self)?;
        self.known.replace(Some(read.clone()));
        Ok(read)
    }

    /// Reads the schemas anew when they are next asked for.
    pub fn forget_schemas(&self) {
        self.known.replace(None);
    }

    /// Rows that SQLite read and wrote since this was last asked: what storage is paid for.
    pub fn take_cost(&self) -> (usize, usize) {
        (self.read.take(), self.written.take())
    }

    /// Does all of it or nothing.
    pub fn atomically(&self, work: &mut dyn FnMut() -> Result<(), StoreError>) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        let result = self.transactions.transaction_sync(&mut || {
            outcome = work();
            match &outcome {
                Ok(()) => Ok(JsValue::UNDEFINED),
                Err(_) => Err(JsValue::from_str("rolled back")),
            }
        });
        outcome?;
        result.map(|_| ()).map_err(|error| StoreError::Failed(format!("{error:?}")))
    }

    /// A fact about the tenant.
    pub fn fact(&self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(self
            .rows("SELECT value FROM fact WHERE name = ?1", vec![name.into()])?
            .first()
            .map(|row| text(row, 0)))
    }

    /// Notes a fact about the tenant.
    pub fn set_fact(&self, name: &str, value: &str) -> Result<(), StoreError> {
        self.run("INSERT OR REPLACE INTO fact (name, value) VALUES (?1, ?2)", vec![name.into(), value.into()])
    }

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
        for key in put.unique.iter().filter(|_| !put.keeps_keys) {
            if self.owner_of(kind, key)?.is_some_and(|owner| owner != *id) {
                return Err(StoreError::Taken(key.clone()));
            }
        }
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
        self.put_keys("INSERT INTO unique_key", kind, id, &put.unique)?;
        self.put_keys("INSERT INTO search_key", kind, id, &put.index)
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

    /// Inserts rows of four values, as many in a statement as it may bind.
    fn insert(&self, head: &str, rows: impl Iterator<Item = [SqlStorageValue; 4]>) -> Result<(), StoreError> {
        let rows: Vec<_> = rows.collect();
        for rows in rows.chunks(24) {
            let places = vec!["(?, ?, ?, ?)"; rows.len()].join(", ");
            self.run(&format!("{head} VALUES {places}"), rows.concat())?;
        }
        Ok(())
    }

    fn owner_of(&self, kind: &str, key: &Key) -> Result<Option<String>, StoreError> {
        let statement = "SELECT id FROM unique_key WHERE kind = ?1 AND attribute = ?2 AND value = ?3";
        let rows = self
            .rows(statement, vec![kind.into(), key.attribute.as_str().into(), key.value.as_str().into()])?;
        Ok(rows.first().map(|row| text(row, 0)))
    }

    /// Marks what the copy must learn: the resource under its id, and under every unique
    /// key it holds or held.
    fn note(&self, kind: &str, id: &str, keys: &[(String, Key)], seq: i64) -> Result<(), StoreError> {
        if !self.copies.get() {
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
    fn note_members(&self, group: &str, members: &str, seq: i64) -> Result<(), StoreError> {
        if !self.copies.get() {
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
    fn note_memberships(&self, member: &str, seq: i64) -> Result<(), StoreError> {
        if !self.copies.get() {
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
    fn note_chunks(&self, group: &str, seq: i64) -> Result<(), StoreError> {
        if !self.copies.get() {
            return Ok(());
        }
        self.run(
            "INSERT OR REPLACE INTO outbox (kind, attribute, value, seq)
             SELECT 'Group', ?3, ?1 || '/' || first, ?2 FROM chunk WHERE group_id = ?1",
            vec![group.into(), seq.into(), MEMBERS.into()],
        )
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

    /// Memberships that a condition on the table `member` lets through, by member.
    pub fn members_within(&self, condition: &str, arguments: Row) -> Result<Vec<Member>, StoreError> {
        let statement = format!(
            "SELECT m.member_id, COALESCE(r.kind, ''), COALESCE(json_extract(r.document, '$.displayName'), '')
             FROM (SELECT member_id FROM member WHERE {condition}) AS m
             LEFT JOIN resource AS r ON r.id = m.member_id ORDER BY m.member_id"
        );
        let rows = self.rows(&statement, arguments)?;
        let member = |row| Member { id: text(row, 0), kind: text(row, 1), display: text(row, 2) };
        Ok(rows.iter().map(member).collect())
    }

    fn commit_all(&self, change: &ChangeSet) -> Result<i64, StoreError> {
        let mut seq = 0;
        for (index, entry) in change.journal.iter().enumerate() {
            let is_last = change.journal.iter().skip(index + 1).all(|other| other.id != entry.id);
            let members = match entry.kind.as_str() {
                "Group" if is_last => journal::membership(self, change, &entry.id)?,
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
        for group in &change.clear_members {
            self.run("DELETE FROM member WHERE group_id = ?1", vec![group.as_str().into()])?;
            self.note_chunks(group, seq)?;
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

impl Store for SqlStore {
    fn get(&mut self, kind: &str, id: &str) -> Result<Option<Record>, StoreError> {
        let statement =
            "SELECT kind, id, version, created, modified, document FROM resource WHERE id = ?1 AND kind = ?2";
        Ok(self.rows(statement, vec![id.into(), kind.into()])?.first().map(record))
    }

    fn kind_of(&mut self, id: &str) -> Result<Option<String>, StoreError> {
        Ok(self
            .rows("SELECT kind FROM resource WHERE id = ?1", vec![id.into()])?
            .first()
            .map(|row| text(row, 0)))
    }

    fn owner(&mut self, kind: &str, key: &Key) -> Result<Option<String>, StoreError> {
        self.owner_of(kind, key)
    }

    fn members(&mut self, group: &str, after: Option<&str>, limit: usize) -> Result<Vec<Member>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX).min(1 << 52);
        let within = "group_id = ?1 AND member_id > ?2 ORDER BY member_id LIMIT ?3";
        self.members_within(within, vec![group.into(), after.unwrap_or("").into(), limit.into()])
    }

    fn is_member(&mut self, group: &str, member: &str) -> Result<bool, StoreError> {
        let statement = "SELECT 1 FROM member WHERE group_id = ?1 AND member_id = ?2";
        Ok(!self.rows(statement, vec![group.into(), member.into()])?.is_empty())
    }

    fn groups_of(&mut self, member: &str) -> Result<Vec<(String, String)>, StoreError> {
        let statement = "SELECT m.group_id, COALESCE(json_extract(r.document, '$.displayName'), '')
             FROM member AS m JOIN resource AS r ON r.id = m.group_id WHERE m.member_id = ?1 ORDER BY m.group_id";
        Ok(self
            .rows(statement, vec![member.into()])?
            .iter()
            .map(|row| (text(row, 0), text(row, 1)))
            .collect())
    }

    fn commit_each(&mut self, changes: &[ChangeSet]) -> Result<u64, StoreError> {
        let mut seq = 0;
        self.atomically(&mut || {
            for change in changes {
                seq = self.commit_all(change)?;
            }
            Ok(())
        })?;
        Ok(u64::try_from(seq).unwrap_or(0))
    }
}

impl Searchable for SqlStore {
    fn select(
        &mut self,
        kind: &str,
        predicate: &Predicate,
        from: Place<'_>,
        offset: u64,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let condition = Condition::of(predicate);
        let (comparison, order, created, id) = match from {
            Place::Start => (">", "ASC", "", ""),
            Place::After(created, id) => (">", "ASC", created, id),
            Place::Before(created, id) => ("<", "DESC", created, id),
        };
        // A `+` keeps SQLite from walking the whole order where an index finds the few rows.
        let by = if is_selective(predicate) { "+" } else { "" };
        let statement = format!(
            "SELECT kind, id, version, created, modified, document FROM resource AS r
             WHERE {by}kind = ?2 AND ({by}created, {by}id) {comparison} (?3, ?4) AND {}
             ORDER BY {by}created {order}, {by}id {order} LIMIT ?5 OFFSET ?6",
            condition.sql
        );
        let number = |n: u64| SqlStorageValue::from(i64::try_from(n).unwrap_or(i64::MAX).min(1 << 52));
        let arguments = vec![
            condition.arguments(),
            kind.into(),
            created.into(),
            id.into(),
            number(limit as u64),
            number(offset),
        ];
        Ok(self.rows(&statement, arguments)?.iter().map(record).collect())
    }

    fn count(&mut self, kind: &str, predicate: &Predicate) -> Result<u64, StoreError> {
        let rows = if *predicate == Predicate::All {
            self.rows("SELECT number FROM total WHERE kind = ?1", vec![kind.into()])?
        } else {
            let condition = Condition::of(predicate);
            let by = if is_selective(predicate) { "+" } else { "" };
            let statement =
                format!("SELECT COUNT(*) FROM resource AS r WHERE {by}kind = ?2 AND {}", condition.sql);
            self.rows(&statement, vec![condition.arguments(), kind.into()])?
        };
        Ok(rows.first().map_or(0, |row| u64::try_from(integer(row, 0)).unwrap_or(0)))
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

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: worker::Error) -> StoreError {
    // SQLite's own words: they name tables, never values.
    failure("storage", "", &error);
    StoreError::Failed(error.to_string())
}

pub(super) fn text(row: &Row, column: usize) -> String {
    match row.get(column) {
        Some(SqlStorageValue::String(text)) => text.clone(),
        _ => String::new(),
    }
}

pub(super) fn integer(row: &Row, column: usize) -> i64 {
    match row.get(column) {
        Some(SqlStorageValue::Integer(number)) => *number,
        // Numbers cross as JavaScript's own; versions and counts are far below 2^53.
        #[allow(clippy::cast_possible_truncation, reason = "whole numbers below 2^53")]
        Some(SqlStorageValue::Float(number)) => *number as i64,
        _ => 0,
    }
}

fn record(row: &Row) -> Record {
    Record {
        kind: text(row, 0),
        id: text(row, 1),
        version: u64::try_from(integer(row, 2)).unwrap_or(0),
        created: text(row, 3),
        modified: text(row, 4),
        document: text(row, 5),
    }
}
