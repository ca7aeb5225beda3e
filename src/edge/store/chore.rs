//! What a tenant's object works off in rounds, by its alarm: stored first, a bounded part at a time, with
//! where it stands kept after each part. So that it goes on after a kill, an eviction or a failure of KV.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::sql::{SqlStore, integer, text};
use crate::edge::platform::clock::now;
use crate::edge::platform::random::new_id;
use crate::scim::directory::StoreError;

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::edge) enum Kind {
    /// The tenant's end: all that KV holds of it, then its own storage.
    Delete,
    /// The end of its copy.
    RemoveCopies,
    /// Which edge-read tokens are let in, and what the list of tenants shows.
    Readers,
    /// The erasure of a person, whose id is the chore's name.
    Erase,
    /// The journal's entries that are older than they are kept.
    Retention,
    /// What is copied of the resource type that is the chore's name, to be published again.
    Republish,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Delete, Self::RemoveCopies, Self::Readers, Self::Erase, Self::Retention, Self::Republish];

    /// Its name in storage and for administrators.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::RemoveCopies => "removeCopies",
            Self::Readers => "readers",
            Self::Erase => "erase",
            Self::Retention => "retention",
            Self::Republish => "republish",
        }
    }
}

/// Where a chore stands.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::edge) struct Standing {
    /// Differs each time that a chore is begun: a round that began before takes nothing of the next away.
    pub turn: String,
    /// What is being done.
    pub phase: String,
    /// The last thing that was done, or KV's cursor.
    pub after: String,
    /// How often it was gone through.
    pub pass: u32,
    /// Keys found in this pass.
    pub found: u64,
    /// Keys or entries done in all.
    pub done: u64,
    /// A number of the journal.
    pub seq: i64,
    /// What stands for an erased id.
    pub mark: String,
    /// Failures in a row, and the last one's cause.
    pub failures: u32,
    pub error: String,
}

/// What a part of a chore leaves to be done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::edge) enum Step {
    /// More, after so many milliseconds.
    More(f64),
    /// Nothing.
    Done,
    /// Nothing, and the object's own storage is to go.
    Gone,
}

/// A chore that is under way.
pub(in crate::edge) struct Chore {
    pub kind: Kind,
    pub name: String,
    pub began: String,
    pub standing: Standing,
}

/// Begins a chore, or begins it anew.
pub(in crate::edge) fn begin(
    store: &SqlStore,
    kind: Kind,
    name: &str,
    standing: &Standing,
) -> Result<(), StoreError> {
    let standing = Standing { turn: new_id(), ..standing.clone() };
    store.run(
        "INSERT OR REPLACE INTO chore (kind, name, began, due, state) VALUES (?1, ?2, ?3, 0, ?4)",
        vec![kind.as_str().into(), name.into(), now().into(), json!(standing).to_string().into()],
    )
}

/// Ends a chore, whichever turn it is.
pub(in crate::edge) fn end(store: &SqlStore, kind: Kind) -> Result<(), StoreError> {
    store.run("DELETE FROM chore WHERE kind = ?1", vec![kind.as_str().into()])
}

/// A chore, if it is under way.
pub(in crate::edge) fn find(store: &SqlStore, kind: Kind, name: &str) -> Result<Option<Chore>, StoreError> {
    let statement = "SELECT kind, name, began, state FROM chore WHERE kind = ?1 AND name = ?2";
    Ok(store.rows(statement, vec![kind.as_str().into(), name.into()])?.iter().find_map(read))
}

/// Whether the copy may not be written now: it, or the whole tenant, is being removed.
pub(in crate::edge) fn holds_copy(store: &SqlStore) -> Result<bool, StoreError> {
    let statement = "SELECT 1 FROM chore WHERE kind IN ('delete', 'removeCopies') LIMIT 1";
    Ok(!store.rows(statement, vec![])?.is_empty())
}

/// When the next part is due, in milliseconds since 1970.
#[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
pub(in crate::edge) fn next_due(store: &SqlStore) -> Result<f64, StoreError> {
    let rows = store.rows("SELECT COALESCE(MIN(due), -1) FROM chore", vec![])?;
    let due = rows.first().map_or(-1, |row| integer(row, 0));
    Ok(if due < 0 { f64::INFINITY } else { due as f64 })
}

/// What is under way, for administrators.
pub(in crate::edge) fn show(store: &SqlStore) -> Result<Value, StoreError> {
    let rows = store.rows(
        "SELECT kind, name, began, state FROM chore WHERE kind <> 'retention' ORDER BY began, kind, name LIMIT 100",
        vec![],
    )?;
    let shown = rows.iter().filter_map(read).map(|chore| {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        json!({
            "kind": chore.kind.as_str(), "since": chore.began, "phase": text(&chore.standing.phase),
            "done": chore.standing.done, "mark": text(&chore.standing.mark), "error": text(&chore.standing.error),
        })
    });
    Ok(shown.collect())
}

/// A chore as its row has it.
pub(in crate::edge) fn read(row: &Vec<worker::SqlStorageValue>) -> Option<Chore> {
    let kind = text(row, 0);
    Some(Chore {
        kind: Kind::ALL.into_iter().find(|known| known.as_str() == kind)?,
        name: text(row, 1),
        began: text(row, 2),
        standing: serde_json::from_str(&text(row, 3)).unwrap_or_default(),
    })
}

/// Keeps where a chore stands, and when its next part is due; or ends it.
pub(in crate::edge) fn keep(store: &SqlStore, chore: &Chore, due: Option<f64>) -> Result<(), StoreError> {
    let (kind, name, turn) = (chore.kind.as_str(), chore.name.as_str(), chore.standing.turn.as_str());
    let mut row = vec![kind.into(), name.into(), turn.into()];
    let within = "WHERE kind = ?1 AND name = ?2 AND json_extract(state, '$.turn') = ?3";
    let Some(due) = due else { return store.run(&format!("DELETE FROM chore {within}"), row) };
    #[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are far below 2^53")]
    row.extend([json!(chore.standing).to_string().into(), (due as i64).into()]);
    store.run(&format!("UPDATE chore SET state = ?4, due = ?5 {within}"), row)
}
