//! The directory's store in a Durable Object's SQLite.
//!
//! One commit is one `transactionSync`: rows, keys, memberships, counters, journal and
//! outbox, or none of it. The SQL is synchronous, so no other event can come between.

use std::fmt::Write as _;

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{SqlStorage, SqlStorageValue, State};

use crate::scim::directory::{ChangeSet, Key, Member, Predicate, Put, Record, Store, StoreError};

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

/// Each version's statements; applied in order, once each. Never change one that was released.
const MIGRATIONS: [&[&str]; 2] = [&[
    "CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE resource (id TEXT PRIMARY KEY, kind TEXT NOT NULL, version INTEGER NOT NULL,
       created TEXT NOT NULL, modified TEXT NOT NULL, document TEXT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX resource_order ON resource (kind, created, id)",
    "CREATE TABLE unique_key (kind TEXT NOT NULL, attribute TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
       PRIMARY KEY (kind, attribute, value)) WITHOUT ROWID",
    "CREATE INDEX unique_key_owner ON unique_key (id)",
    "CREATE TABLE search_key (kind TEXT NOT NULL, attribute TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
       PRIMARY KEY (kind, attribute, value, id)) WITHOUT ROWID",
    "CREATE INDEX search_key_owner ON search_key (id)",
    "CREATE TABLE member (group_id TEXT NOT NULL, member_id TEXT NOT NULL, PRIMARY KEY (group_id, member_id)) WITHOUT ROWID",
    "CREATE INDEX member_groups ON member (member_id, group_id)",
    "CREATE TABLE total (kind TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE journal (seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, actor TEXT NOT NULL,
       operation TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, before INTEGER NOT NULL, after INTEGER NOT NULL)",
    "CREATE TABLE outbox (kind TEXT NOT NULL, attribute TEXT NOT NULL, value TEXT NOT NULL, seq INTEGER NOT NULL,
       PRIMARY KEY (kind, attribute, value)) WITHOUT ROWID",
    "CREATE TABLE token (hash TEXT PRIMARY KEY, scope TEXT NOT NULL, created TEXT NOT NULL, revoked TEXT) WITHOUT ROWID",
], &[
    "ALTER TABLE token ADD COLUMN expires TEXT",
    "ALTER TABLE token ADD COLUMN used TEXT",
    // What the resource became, so that the trail tells from what to what.
    "ALTER TABLE journal ADD COLUMN document TEXT",
    "CREATE INDEX journal_resource ON journal (id, seq)",
]];

/// The store, over one tenant's object.
pub(super) struct SqlStore {
    sql: SqlStorage,
    transactions: Transactions,
}

type Row = Vec<SqlStorageValue>;

impl SqlStore {
    /// Opens the store, bringing its tables up to date.
    pub fn open(state: &State) -> Result<Self, StoreError> {
        let storage = state.storage();
        let raw: &JsValue = storage.as_raw().as_ref();
        let store = Self { sql: storage.sql(), transactions: raw.clone().unchecked_into() };
        store.migrate()?;
        Ok(store)
    }

    fn migrate(&self) -> Result<(), StoreError> {
        self.run("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY)", vec![])?;
        let rows = self.rows("SELECT COALESCE(MAX(version), 0) FROM schema_version", vec![])?;
        let applied = usize::try_from(rows.first().map_or(0, |row| integer(row, 0))).unwrap_or(0);
        for (index, statements) in MIGRATIONS.iter().enumerate().skip(applied) {
            self.atomically(&mut || {
                for statement in *statements {
                    self.run(statement, vec![])?;
                }
                let version = i64::try_from(index + 1).unwrap_or(i64::MAX);
                self.run("INSERT INTO schema_version (version) VALUES (?1)", vec![version.into()])
            })?;
        }
        Ok(())
    }

    /// Runs a statement that answers with nothing.
    pub fn run(&self, statement: &str, arguments: Row) -> Result<(), StoreError> {
        self.sql
            .exec(statement, Some(arguments))
            .map(|_| ())
            .map_err(|error| StoreError::Failed(error.to_string()))
    }

    /// Runs a query.
    pub fn rows(&self, statement: &str, arguments: Row) -> Result<Vec<Row>, StoreError> {
        let failed = |error: worker::Error| StoreError::Failed(error.to_string());
        self.sql
            .exec(statement, Some(arguments))
            .map_err(failed)?
            .raw()
            .map(|row| row.map_err(failed))
            .collect()
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
        let Record { kind, id, version, created, modified, document } = &put.record;
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
        )?;
        if put.keeps_keys {
            return Ok(());
        }
        for (table, keys) in [("unique_key", &put.unique), ("search_key", &put.index)] {
            let rows = keys.iter().map(|key| [kind.as_str(), &key.attribute, &key.value, id].map(Into::into));
            self.insert(&format!("INSERT INTO {table} (kind, attribute, value, id)"), rows)?;
        }
        Ok(())
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
        let by_key = keys.iter().map(|(_, key)| (key.attribute.as_str(), key.value.as_str()));
        let rows = std::iter::once(("", id))
            .chain(by_key)
            .map(|(attribute, value)| [kind.into(), attribute.into(), value.into(), seq.into()]);
        self.insert("INSERT OR REPLACE INTO outbox (kind, attribute, value, seq)", rows)
    }

    fn commit_all(&self, change: &ChangeSet) -> Result<i64, StoreError> {
        let mut seq = 0;
        for entry in &change.journal {
            let put = change.put.iter().find(|put| put.record.id == entry.id);
            let document = put.map(|put| put.record.document.as_str());
            let number = |version: u64| SqlStorageValue::from(i64::try_from(version).unwrap_or(i64::MAX));
            let rows = self.rows(
                "INSERT INTO journal (at, actor, operation, kind, id, before, after, document)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING seq",
                vec![
                    entry.at.as_str().into(),
                    entry.actor.as_str().into(),
                    entry.operation.as_str().into(),
                    entry.kind.as_str().into(),
                    entry.id.as_str().into(),
                    number(entry.before),
                    number(entry.after),
                    document.map_or(SqlStorageValue::Null, SqlStorageValue::from),
                ],
            )?;
            seq = rows.first().map_or(seq, |row| integer(row, 0));
        }
        for (kind, id) in &change.delete {
            let keys = self.unique_of(id)?;
            self.remove_keys(id)?;
            // A group that loses a member this way has changed for the copy's readers too.
            for row in
                self.rows("SELECT group_id FROM member WHERE member_id = ?1", vec![id.as_str().into()])?
            {
                self.note("Group", &text(&row, 0), &[], seq)?;
            }
            self.run("DELETE FROM member WHERE member_id = ?1", vec![id.as_str().into()])?;
            self.run("DELETE FROM member WHERE group_id = ?1", vec![id.as_str().into()])?;
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
        }
        for group in &change.clear_members {
            self.run("DELETE FROM member WHERE group_id = ?1", vec![group.as_str().into()])?;
        }
        for (group, member) in &change.remove_members {
            let row = vec![group.as_str().into(), member.as_str().into()];
            self.run("DELETE FROM member WHERE group_id = ?1 AND member_id = ?2", row)?;
        }
        for (group, member, _) in &change.add_members {
            let row = vec![group.as_str().into(), member.as_str().into()];
            self.run("INSERT OR IGNORE INTO member (group_id, member_id) VALUES (?1, ?2)", row)?;
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

    fn select(
        &mut self,
        kind: &str,
        predicate: &Predicate,
        after: Option<(&str, &str)>,
        offset: u64,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let condition = Condition::of(predicate);
        let (created, id) = after.unwrap_or(("", ""));
        // A `+` keeps SQLite from walking the whole order where an index finds the few rows.
        let by = if is_selective(predicate) { "+" } else { "" };
        let statement = format!(
            "SELECT kind, id, version, created, modified, document FROM resource AS r
             WHERE {by}kind = ?2 AND ({by}created, {by}id) > (?3, ?4) AND {} ORDER BY {by}created, {by}id LIMIT ?5 OFFSET ?6",
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

    fn members(&mut self, group: &str, after: Option<&str>, limit: usize) -> Result<Vec<Member>, StoreError> {
        let statement = "SELECT m.member_id, COALESCE(r.kind, ''), COALESCE(json_extract(r.document, '$.displayName'), '')
             FROM member AS m LEFT JOIN resource AS r ON r.id = m.member_id
             WHERE m.group_id = ?1 AND m.member_id > ?2 ORDER BY m.member_id LIMIT ?3";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX).min(1 << 52);
        let rows = self.rows(statement, vec![group.into(), after.unwrap_or("").into(), limit.into()])?;
        Ok(rows
            .iter()
            .map(|row| Member { id: text(row, 0), kind: text(row, 1), display: text(row, 2) })
            .collect())
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

    fn commit(&mut self, change: &ChangeSet) -> Result<u64, StoreError> {
        let mut seq = 0;
        self.atomically(&mut || {
            seq = self.commit_all(change)?;
            Ok(())
        })?;
        Ok(u64::try_from(seq).unwrap_or(0))
    }
}

/// Whether an index finds few rows. `active` has but two values, so it is no help.
fn is_selective(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::None | Predicate::Id(_) | Predicate::HasMember(_) => true,
        Predicate::Equals(key) => key.attribute != "active",
        Predicate::And(parts) => parts.iter().any(is_selective),
        Predicate::Or(parts) => parts.iter().all(is_selective),
        Predicate::All | Predicate::Not(_) => false,
    }
}

/// A predicate as SQL. Its values travel as one JSON array, `?1`, since a statement may
/// bind a hundred values at most.
struct Condition {
    sql: String,
    values: Vec<String>,
}

impl Condition {
    fn of(predicate: &Predicate) -> Self {
        let mut condition = Self { sql: String::new(), values: Vec::new() };
        condition.add(predicate);
        // Every statement binds `?1`, whether or not the predicate has values.
        condition.sql.push_str(" AND ?1 IS NOT NULL");
        condition
    }

    fn arguments(&self) -> SqlStorageValue {
        serde_json::Value::from(self.values.clone()).to_string().into()
    }

    fn value(&mut self, value: &str) -> String {
        self.values.push(value.to_owned());
        format!("json_extract(?1, '$[{}]')", self.values.len() - 1)
    }

    fn add(&mut self, predicate: &Predicate) {
        let sql = match predicate {
            Predicate::All => "1".to_owned(),
            Predicate::None => "0".to_owned(),
            Predicate::Id(id) => format!("r.id = {}", self.value(id)),
            Predicate::Equals(key) => {
                let (attribute, value) = (self.value(&key.attribute), self.value(&key.value));
                format!(
                    "r.id IN (SELECT id FROM search_key WHERE kind = ?2 AND attribute = {attribute} AND value = {value})"
                )
            }
            Predicate::HasMember(member) => {
                format!("r.id IN (SELECT group_id FROM member WHERE member_id = {})", self.value(member))
            }
            Predicate::Not(inner) => {
                self.sql.push_str("NOT (");
                self.add(inner);
                ")".to_owned()
            }
            Predicate::And(parts) => return self.join(parts, " AND ", "1"),
            Predicate::Or(parts) => return self.join(parts, " OR ", "0"),
        };
        self.sql.push_str(&sql);
    }

    fn join(&mut self, parts: &[Predicate], separator: &str, empty: &str) {
        let _ = write!(self.sql, "(");
        for (index, part) in parts.iter().enumerate() {
            self.sql.push_str(if index > 0 { separator } else { "" });
            self.add(part);
        }
        self.sql.push_str(if parts.is_empty() { empty } else { "" });
        self.sql.push(')');
    }
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
