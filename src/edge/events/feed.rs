//! What streams read and note: entries of the journal by their number, and the rows of events that
//! are told out of turn.
//!
//! A row names its entry by number and is read so. If there is no such entry any more, the row is
//! dropped and the stream is told of the gap; another entry is never taken for it.

use serde_json::{Value, json};

use super::stream::Stream;
use crate::edge::platform::log;
use crate::edge::store::journal::{self, Entry};
use crate::edge::store::sql::{SqlStore, integer, text};
use crate::scim::delivery::{Head, Row, Standing, Step, Upcoming};
use crate::scim::directory::StoreError;

/// An entry behind a stream's cursor, without its documents.
pub(super) struct Ahead {
    pub seq: i64,
    resource: String,
    kind: String,
    /// Whether streams are told of it: of who was erased, nothing but that they are gone.
    is_told: bool,
    waits: bool,
    pub has_row: bool,
}

impl Ahead {
    /// As the core's rules take it.
    pub fn upcoming<'a>(&'a self, stream: &Stream) -> Upcoming<'a> {
        Upcoming {
            seq: self.seq,
            resource: &self.resource,
            is_covered: self.is_covered(stream),
            waits: self.waits,
            has_row: self.has_row,
        }
    }

    /// Whether the stream tells of it.
    pub fn is_covered(&self, stream: &Stream) -> bool {
        self.is_told && stream.settings.covers(&self.kind)
    }
}

/// The entries after a number, as many as that at most.
pub(super) fn ahead(
    store: &SqlStore,
    stream: &Stream,
    after: i64,
    limit: i64,
) -> Result<Vec<Ahead>, StoreError> {
    let rows = store.rows(
        "SELECT j.seq, j.id, j.kind,
           EXISTS (SELECT 1 FROM event WHERE stream = ?1 AND state = 'retry' AND resource = j.id),
           EXISTS (SELECT 1 FROM event WHERE stream = ?1 AND seq = j.seq),
           j.operation = 'delete' OR COALESCE(j.erased, 0) = 0
         FROM journal AS j WHERE j.seq > ?2 ORDER BY j.seq LIMIT ?3",
        vec![stream.id.as_str().into(), after.into(), limit.into()],
    )?;
    Ok(rows
        .iter()
        .map(|row| Ahead {
            seq: integer(row, 0),
            resource: text(row, 1),
            kind: text(row, 2),
            waits: integer(row, 3) != 0,
            has_row: integer(row, 4) != 0,
            is_told: integer(row, 5) != 0,
        })
        .collect())
}

/// What waits to be sent again: of each resource the earliest.
pub(super) fn heads(store: &SqlStore, stream: &Stream) -> Result<Vec<Head>, StoreError> {
    let rows = store.rows(
        "SELECT MIN(seq), attempts, due FROM event WHERE stream = ?1 AND state = 'retry' GROUP BY resource",
        vec![stream.id.as_str().into()],
    )?;
    Ok(rows
        .iter()
        .map(|row| Head { seq: integer(row, 0), attempts: integer(row, 1), due: integer(row, 2) })
        .collect())
}

/// The entry of a stream's event. If the journal no longer holds it, the event's row is dropped and
/// the stream is told.
pub(super) fn entry(
    store: &SqlStore,
    stream: &Stream,
    seq: i64,
    now: &str,
) -> Result<Option<Entry>, StoreError> {
    let entry = journal::at(store, seq)?;
    if entry.is_none() {
        store.atomically(&mut || {
            store.run(
                "DELETE FROM event WHERE stream = ?1 AND seq = ?2",
                vec![stream.id.as_str().into(), seq.into()],
            )?;
            note_gap(store, stream, seq, seq, now)
        })?;
    }
    Ok(entry)
}

/// Notes how a stream moved on before anything was sent.
pub(super) fn advance(store: &SqlStore, stream: &mut Stream, step: &Step) -> Result<(), StoreError> {
    store.atomically(&mut || {
        for seq in &step.behind {
            note(store, stream, *seq, ("retry", 0, 0, ""))?;
        }
        store.run(
            "UPDATE stream SET cursor = MAX(cursor, ?2) WHERE id = ?1",
            vec![stream.id.as_str().into(), step.cursor.into()],
        )
    })?;
    stream.standing.cursor = step.cursor;
    Ok(())
}

/// Notes what became of an event: its row and how the stream stands, or neither.
pub(super) fn keep(
    store: &SqlStore,
    stream: &mut Stream,
    seq: i64,
    standing: Standing,
    row: &Row,
) -> Result<(), StoreError> {
    store.atomically(&mut || {
        match row {
            Row::Gone => store.run(
                "DELETE FROM event WHERE stream = ?1 AND seq = ?2",
                vec![stream.id.as_str().into(), seq.into()],
            )?,
            Row::Retry { attempts, due, error } => {
                note(store, stream, seq, ("retry", *attempts, *due, error))?;
            }
            Row::Dead { attempts, error } => note(store, stream, seq, ("dead", *attempts, 0, error))?,
        }
        store.run(
            "UPDATE stream SET cursor = MAX(cursor, ?2), failures = ?3, due = ?4, error = ?5 WHERE id = ?1",
            vec![
                stream.id.as_str().into(),
                standing.cursor.into(),
                standing.failures.into(),
                standing.due.into(),
                standing.error.as_str().into(),
            ],
        )
    })?;
    stream.standing = standing;
    Ok(())
}

/// Writes an event's row. While the receiver was awaited the stream may have been deleted, and the
/// entry cut: then there is nothing to note.
pub(super) fn note(
    store: &SqlStore,
    stream: &Stream,
    seq: i64,
    (state, attempts, due, error): (&str, i64, i64, &str),
) -> Result<(), StoreError> {
    store.run(
        "INSERT OR REPLACE INTO event (stream, seq, resource, state, attempts, due, error)
         SELECT ?1, seq, id, ?3, ?4, ?5, ?6 FROM journal
         WHERE seq = ?2 AND EXISTS (SELECT 1 FROM stream WHERE stream.id = ?1)",
        vec![stream.id.as_str().into(), seq.into(), state.into(), attempts.into(), due.into(), error.into()],
    )
}

/// Tells a stream that it will never tell the events from one number to another; a gap that it was
/// told before becomes wider.
fn note_gap(store: &SqlStore, stream: &Stream, from: i64, to: i64, now: &str) -> Result<(), StoreError> {
    let rows = store.rows("SELECT gap FROM stream WHERE id = ?1", vec![stream.id.as_str().into()])?;
    let Some(row) = rows.first() else { return Ok(()) };
    let before: Value = serde_json::from_str(&text(row, 0)).unwrap_or_default();
    let number = |name: &str, default: i64| before.get(name).and_then(Value::as_i64).unwrap_or(default);
    let gap = json!({ "from": from.min(number("from", from)), "to": to.max(number("to", to)), "at": now });
    let fields = [("stream", stream.id.as_str().into()), ("from", from.into()), ("to", to.into())];
    log::info("events.gap", &fields);
    store.run(
        "UPDATE stream SET gap = ?2 WHERE id = ?1",
        vec![stream.id.as_str().into(), gap.to_string().into()],
    )
}
