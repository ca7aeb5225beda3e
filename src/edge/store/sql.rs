//! A Durable Object's SQLite: statements, transactions, facts.
//!
//! The SQL is synchronous, so no other event can come between.

use std::cell::Cell;

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{SqlCursor, SqlStorage, SqlStorageValue, State};

use super::fact::Fact;
use super::registry::Known;
use crate::edge::platform::log::failure;
use crate::scim::directory::StoreError;
use crate::scim::directory::page::{Weight, page};

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
pub(in crate::edge) struct SqlStore {
    sql: SqlStorage,
    transactions: Transactions,
    /// Whether changes are noted for the copy.
    pub(super) copies: Cell<bool>,
    pub(super) known: Known,
    /// What may be stored, in bytes.
    limit: f64,
    read: Cell<usize>,
    written: Cell<usize>,
}

/// The number of the journal's last entry, as a part of a statement. `MAX(seq)` would fall when entries
/// are taken out; SQLite keeps the largest number that an `AUTOINCREMENT` ever gave.
pub(in crate::edge) const SEQUENCE: &str =
    "(SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'journal'), 0))";

/// A row, or what a statement binds.
pub(in crate::edge) type Row = Vec<SqlStorageValue>;

/// Most rows of four values in a statement, which may bind a hundred.
pub(super) const ROWS: usize = 24;

/// Places for so many rows of four values.
pub(super) fn places(rows: usize) -> String {
    vec!["(?, ?, ?, ?)"; rows].join(", ")
}

impl SqlStore {
    /// The store as it is found, which may have no tables yet.
    pub(super) fn found(state: &State, known: &Known, limit: f64) -> Self {
        let storage = state.storage();
        let raw: &JsValue = storage.as_raw().as_ref();
        Self {
            sql: storage.sql(),
            transactions: raw.clone().unchecked_into(),
            copies: Cell::new(true),
            known: known.clone(),
            limit,
            read: Cell::new(0),
            written: Cell::new(0),
        }
    }

    /// Runs a statement that answers with nothing.
    pub fn run(&self, statement: &str, arguments: Row) -> Result<(), StoreError> {
        self.exec(statement, arguments).map(|cursor| self.count_rows(&cursor))
    }

    /// Inserts rows of four values, as many in a statement as it may bind.
    pub fn insert(
        &self,
        head: &str,
        rows: impl Iterator<Item = [SqlStorageValue; 4]>,
    ) -> Result<(), StoreError> {
        let rows: Vec<_> = rows.collect();
        for rows in rows.chunks(ROWS) {
            self.run(&format!("{head} VALUES {}", places(rows.len())), rows.concat())?;
        }
        Ok(())
    }

    /// Runs a query.
    pub fn rows(&self, statement: &str, arguments: Row) -> Result<Vec<Row>, StoreError> {
        let cursor = self.exec(statement, arguments)?;
        let rows = cursor.raw().map(|row| row.map_err(failed)).collect();
        self.count_rows(&cursor);
        rows
    }

    /// Runs a query and stops after the row with which the texts reach so many bytes. Answers with the
    /// rows, one at least where there is one, and whether there may be more.
    pub fn rows_within(
        &self,
        statement: &str,
        arguments: Row,
        bytes: usize,
    ) -> Result<(Vec<Row>, bool), StoreError> {
        let cursor = self.exec(statement, arguments)?;
        let (mut rows, mut held, mut is_cut) = (Vec::new(), 0, false);
        for row in cursor.raw() {
            let row = row.map_err(failed)?;
            held += row.iter().map(width).sum::<usize>();
            rows.push(row);
            if held >= bytes {
                is_cut = true;
                break;
            }
        }
        self.count_rows(&cursor);
        Ok((rows, is_cut))
    }

    /// Runs a query for a [page](crate::scim::directory::page) of rows.
    pub fn page<T: Weight>(
        &self,
        statement: &str,
        arguments: Row,
        limit: usize,
        read: fn(&Row) -> T,
    ) -> Result<Vec<T>, StoreError> {
        let cursor = self.exec(statement, arguments)?;
        let rows = page(cursor.raw().map(|row| row.map(|row| read(&row)).map_err(failed)), limit);
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

    /// What may be stored, in bytes.
    pub const fn limit(&self) -> f64 {
        self.limit
    }

    /// The runtime's own object, for what the binding lacks.
    pub fn raw(&self) -> &JsValue {
        self.sql.as_ref()
    }

    /// Whether changes are copied to KV.
    pub fn keeps_copy(&self) -> bool {
        self.copies.get()
    }

    /// Switches the copy; without one, nothing is left to publish.
    pub fn keep_copy(&self, copies: bool) -> Result<(), StoreError> {
        self.set_fact(Fact::Copy, if copies { "on" } else { "off" })?;
        self.copies.set(copies);
        if copies { Ok(()) } else { self.run("DELETE FROM outbox", vec![]) }
    }

    /// Reads the schemas anew when they are next asked for.
    pub fn forget_schemas(&self) {
        self.known.read.replace(None);
    }

    /// Notes that resources are shown otherwise from now on.
    pub fn changed_schemas(&self) {
        self.forget_schemas();
        self.known.changes.set(self.known.changes.get() + 1);
    }

    /// How often that was, since the object woke.
    pub fn schema_changes(&self) -> u64 {
        self.known.changes.get()
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

    /// The number of the journal's last entry; it never falls, though entries are taken out.
    pub fn sequence(&self) -> Result<i64, StoreError> {
        Ok(self.rows(&format!("SELECT {SEQUENCE}"), vec![])?.first().map_or(0, |row| integer(row, 0)))
    }

    /// A fact about the tenant.
    pub fn fact(&self, fact: Fact) -> Result<Option<String>, StoreError> {
        let rows = self.rows("SELECT value FROM fact WHERE name = ?1", vec![fact.name().as_ref().into()])?;
        Ok(rows.first().map(|row| text(row, 0)))
    }

    /// Notes a fact about the tenant.
    pub fn set_fact(&self, fact: Fact, value: &str) -> Result<(), StoreError> {
        let row = vec![fact.name().as_ref().into(), value.into()];
        self.run("INSERT OR REPLACE INTO fact (name, value) VALUES (?1, ?2)", row)
    }

    /// Forgets a fact about the tenant.
    pub fn forget_fact(&self, fact: Fact) -> Result<(), StoreError> {
        self.run("DELETE FROM fact WHERE name = ?1", vec![fact.name().as_ref().into()])
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: worker::Error) -> StoreError {
    // SQLite's own words: they name tables, never values.
    failure("storage", "", &error);
    let cause = error.to_string();
    if cause.contains("SQLITE_FULL") { StoreError::Full } else { StoreError::Failed(cause) }
}

/// Bytes of text or of a blob.
fn width(value: &SqlStorageValue) -> usize {
    match value {
        SqlStorageValue::String(text) => text.len(),
        SqlStorageValue::Blob(bytes) => bytes.len(),
        _ => 8,
    }
}

pub(in crate::edge) fn text(row: &Row, column: usize) -> String {
    match row.get(column) {
        Some(SqlStorageValue::String(text)) => text.clone(),
        _ => String::new(),
    }
}

pub(in crate::edge) fn integer(row: &Row, column: usize) -> i64 {
    match row.get(column) {
        Some(SqlStorageValue::Integer(number)) => *number,
        // Numbers cross as JavaScript's own; versions and counts are far below 2^53.
        #[allow(clippy::cast_possible_truncation, reason = "whole numbers below 2^53")]
        Some(SqlStorageValue::Float(number)) => *number as i64,
        _ => 0,
    }
}
