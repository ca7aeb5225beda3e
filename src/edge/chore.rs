//! What a tenant's object works off in rounds, by its alarm: stored first, a bounded part at a time, with
//! where it stands kept after each part. So that it goes on after a kill, an eviction or a failure of KV.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use worker::Env;

use super::platform::clock::now;
use super::platform::log::failure;
use super::platform::random::new_id;
use super::sql::{SqlStore, integer, text};
use super::{erase, removal, republish, retention};
use crate::scim::directory::StoreError;

/// Chores that one alarm takes up.
const ROUND: i64 = 20;
/// How long one round may last, in milliseconds: the copy and the events are waiting too.
const LONGEST: f64 = 10_000.0;
/// First and longest pause after a failure, in milliseconds.
const PAUSE: f64 = 5_000.0;
const LONGEST_PAUSE: f64 = 300_000.0;

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
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
pub(super) struct Standing {
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
pub(super) enum Step {
    /// More, after so many milliseconds.
    More(f64),
    /// Nothing.
    Done,
    /// Nothing, and the object's own storage is to go.
    Gone,
}

/// A chore that is under way.
pub(super) struct Chore {
    pub kind: Kind,
    pub name: String,
    pub began: String,
    pub standing: Standing,
}

/// Begins a chore, or begins it anew.
pub(super) fn begin(store: &SqlStore, kind: Kind, name: &str, standing: &Standing) -> Result<(), StoreError> {
    let standing = Standing { turn: new_id(), ..standing.clone() };
    store.run(
        "INSERT OR REPLACE INTO chore (kind, name, began, due, state) VALUES (?1, ?2, ?3, 0, ?4)",
        vec![kind.as_str().into(), name.into(), now().into(), json!(standing).to_string().into()],
    )
}

/// Ends a chore, whichever turn it is.
pub(super) fn end(store: &SqlStore, kind: Kind) -> Result<(), StoreError> {
    store.run("DELETE FROM chore WHERE kind = ?1", vec![kind.as_str().into()])
}

/// A chore, if it is under way.
pub(super) fn find(store: &SqlStore, kind: Kind, name: &str) -> Result<Option<Chore>, StoreError> {
    let statement = "SELECT kind, name, began, state FROM chore WHERE kind = ?1 AND name = ?2";
    Ok(store.rows(statement, vec![kind.as_str().into(), name.into()])?.iter().find_map(read))
}

/// Whether the copy may not be written now: it, or the whole tenant, is being removed.
pub(super) fn holds_copy(store: &SqlStore) -> Result<bool, StoreError> {
    let statement = "SELECT 1 FROM chore WHERE kind IN ('delete', 'removeCopies') LIMIT 1";
    Ok(!store.rows(statement, vec![])?.is_empty())
}

/// When the next part is due, in milliseconds since 1970.
#[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
pub(super) fn next_due(store: &SqlStore) -> Result<f64, StoreError> {
    let rows = store.rows("SELECT COALESCE(MIN(due), -1) FROM chore", vec![])?;
    let due = rows.first().map_or(-1, |row| integer(row, 0));
    Ok(if due < 0 { f64::INFINITY } else { due as f64 })
}

/// What is under way, for administrators.
pub(super) fn show(store: &SqlStore) -> Result<Value, StoreError> {
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

fn read(row: &Vec<worker::SqlStorageValue>) -> Option<Chore> {
    let kind = text(row, 0);
    Some(Chore {
        kind: Kind::ALL.into_iter().find(|known| known.as_str() == kind)?,
        name: text(row, 1),
        began: text(row, 2),
        standing: serde_json::from_str(&text(row, 3)).unwrap_or_default(),
    })
}

/// Keeps where a chore stands, and when its next part is due; or ends it.
fn keep(store: &SqlStore, chore: &Chore, due: Option<f64>) -> Result<(), StoreError> {
    let (kind, name, turn) = (chore.kind.as_str(), chore.name.as_str(), chore.standing.turn.as_str());
    let mut row = vec![kind.into(), name.into(), turn.into()];
    let within = "WHERE kind = ?1 AND name = ?2 AND json_extract(state, '$.turn') = ?3";
    let Some(due) = due else { return store.run(&format!("DELETE FROM chore {within}"), row) };
    #[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are far below 2^53")]
    row.extend([json!(chore.standing).to_string().into(), (due as i64).into()]);
    store.run(&format!("UPDATE chore SET state = ?4, due = ?5 {within}"), row)
}

/// The alarm's share: a part of each chore that is due. True when the object's storage is to go.
pub(super) async fn round(store: &mut SqlStore, env: &Env, tenant: &str) -> Result<bool, StoreError> {
    let now = js_sys::Date::now();
    let until = now + LONGEST;
    #[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are far below 2^53")]
    let rows = store.rows(
        "SELECT kind, name, began, state FROM chore WHERE due <= ?1 ORDER BY due LIMIT ?2",
        vec![(now as i64).into(), ROUND.into()],
    )?;
    for mut chore in rows.iter().filter_map(read) {
        if js_sys::Date::now() > until {
            break;
        }
        let done = match chore.kind {
            Kind::Delete => removal::delete(store, env, tenant, &mut chore, until).await,
            Kind::RemoveCopies => removal::copies(env, tenant, &mut chore, until).await,
            Kind::Readers => removal::readers(store, env, tenant, &mut chore).await,
            Kind::Erase => erase::step(store, &mut chore).map_err(of_storage),
            Kind::Retention => retention::step(store, &mut chore).map_err(of_storage),
            Kind::Republish => republish::step(store, &mut chore).map_err(of_storage),
        };
        match done {
            Ok(Step::Gone) => return Ok(true),
            Ok(Step::Done) => keep(store, &chore, None)?,
            Ok(Step::More(delay)) => {
                (chore.standing.failures, chore.standing.error) = (0, String::new());
                keep(store, &chore, Some(js_sys::Date::now() + delay))?;
            }
            Err(error) => {
                failure(chore.kind.as_str(), "", &error);
                chore.standing.error = error.to_string().chars().take(200).collect();
                let pause = PAUSE * f64::from(1_u32 << chore.standing.failures.min(10));
                chore.standing.failures += 1;
                keep(store, &chore, Some(js_sys::Date::now() + pause.min(LONGEST_PAUSE)))?;
            }
        }
    }
    Ok(false)
}

fn of_storage(error: StoreError) -> worker::Error {
    worker::Error::RustError(format!("{error:?}"))
}
