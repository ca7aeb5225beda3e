//! Erasing a person: what is kept of them beside the directory itself is taken out, a bounded part an alarm.
//!
//! The values go first: documents of the journal with all that is made of them, links, what a credential is
//! bound to, events that were not told. That the resource was deleted is still told to every stream, by its
//! id alone. When all have been told, or after thirty days, a mark takes the id's place in the journal: the
//! trail still says that somebody was changed, when and by whom, and nobody can say who it was.

use serde_json::{Value, json};

use crate::edge::platform::clock::now;
use crate::edge::platform::random::new_id;
use crate::edge::store::chore::{self, Chore, Kind, Standing, Step};
use crate::edge::store::sql::{SqlStore, integer};
use crate::edge::tenant::retention;
use crate::scim::directory::{ChangeSet, JournalEntry, Store, StoreError};
use crate::scim::error::ScimError;
use crate::scim::http::Reply;

/// How every mark begins.
const MARK: &str = "erased-";
/// Entries of the journal that one transaction changes.
const ENTRIES: i64 = 200;
/// Entries whose members one transaction looks through.
const WALK: i64 = 5_000;
/// Transactions of one part.
const STEPS: usize = 4;
/// Longest pause between two looks at what streams were told, in milliseconds.
const LONGEST: f64 = 600_000.0;

const VALUES: &str = "values";
const STREAMS: &str = "streams";
const MEMBERS: &str = "members";
const IDS: &str = "ids";

/// Begins an erasure, or says where it stands.
///
/// # Errors
/// 400 without an id; 404 where nothing is kept of this id.
pub(super) fn begin(store: &mut SqlStore, id: Option<&str>) -> Result<Reply, ScimError> {
    let Some(id) = id.filter(|id| !id.is_empty()) else {
        return Err(ScimError::new(400, "send the id of who is to be erased: `{\"id\": …}`"));
    };
    if id.starts_with(MARK) {
        return Err(ScimError::new(404, "nothing is kept of this id; it is the mark of an erasure"));
    }
    if chore::find(store, Kind::Erase, id)?.is_none() {
        if store.kind_of(id)?.is_none()
            && store.rows("SELECT 1 FROM journal WHERE id = ?1 LIMIT 1", vec![id.into()])?.is_empty()
        {
            return Err(ScimError::new(404, "nothing is kept of this id; it may have been erased before"));
        }
        let mark: String = new_id().replace('-', "").chars().take(16).collect();
        let standing =
            Standing { phase: VALUES.into(), mark: format!("{MARK}{mark}"), ..Standing::default() };
        chore::begin(store, Kind::Erase, id, &standing)?;
        // The directory forgets them at once.
        forget(store, id)?;
    }
    let standing = chore::find(store, Kind::Erase, id)?.map(|chore| chore.standing).unwrap_or_default();
    Ok(Reply::plain(202, &json!({ "state": "erasing", "phase": standing.phase, "mark": standing.mark })))
}

/// A part of an erasure.
pub(super) fn step(store: &mut SqlStore, chore: &mut Chore) -> Result<Step, StoreError> {
    let (id, standing) = (chore.name.as_str(), &mut chore.standing);
    for _ in 0..STEPS {
        match standing.phase.as_str() {
            VALUES => {
                forget(store, id)?;
                if empty_entries(store, id, standing)? {
                    forget_beside(store, id)?;
                    standing.seq = last_entry(store, id)?;
                    standing.phase = STREAMS.into();
                }
            }
            STREAMS => {
                let is_old = retention::is_older_than_held(&chore.began);
                if !is_old && !is_told(store, id, standing.seq)? {
                    standing.pass += 1;
                    // Each second at first, as most streams are told soon, then more and more seldom.
                    let pause = 1_000.0 * f64::from(1_u32 << standing.pass.saturating_sub(10).min(10));
                    return Ok(Step::More(pause.min(LONGEST)));
                }
                standing.phase = MEMBERS.into();
                standing.after = "0".into();
            }
            MEMBERS => {
                if mark_members(store, id, standing)? {
                    standing.phase = IDS.into();
                }
            }
            IDS => {
                if mark_entries(store, id, standing)? {
                    store.run("DELETE FROM event WHERE resource = ?1", vec![id.into()])?;
                    return Ok(Step::Done);
                }
            }
            _ => standing.phase = VALUES.into(),
        }
    }
    Ok(Step::More(0.0))
}

/// Deletes the resource, if it is there, as a request would: with its event.
fn forget(store: &mut SqlStore, id: &str) -> Result<(), StoreError> {
    let Some(kind) = store.kind_of(id)? else { return Ok(()) };
    let Some(record) = store.get(&kind, id)? else { return Ok(()) };
    let entry = JournalEntry {
        at: now(),
        actor: "administrator".into(),
        operation: "delete".into(),
        kind: kind.clone(),
        id: id.to_owned(),
        before: record.version,
        after: 0,
    };
    let change =
        ChangeSet { delete: vec![(kind, id.to_owned())], journal: vec![entry], ..ChangeSet::default() };
    store.commit(&change).map(|_| ())
}

/// Takes the values out of some entries; true when none has any left.
fn empty_entries(store: &SqlStore, id: &str, standing: &mut Standing) -> Result<bool, StoreError> {
    let statement = "SELECT seq FROM journal WHERE id = ?1 AND erased IS NULL ORDER BY seq LIMIT ?2";
    let rows = store.rows(statement, vec![id.into(), ENTRIES.into()])?;
    let entries: Value = rows.iter().map(|row| integer(row, 0)).collect();
    let entries = || vec![entries.to_string().into()];
    let these = "WHERE seq IN (SELECT value FROM json_each(?1))";
    store.atomically(&mut || {
        // Overwritten in their place first, since SQLite leaves what it frees as it was.
        store.run(
            &format!(
                "UPDATE journal SET document = printf('%.*c', octet_length(document), 'x') {these} AND document IS NOT NULL"
            ),
            entries(),
        )?;
        store.run(&format!("UPDATE journal SET document = NULL, members = NULL, erased = 1 {these}"), entries())
    })?;
    standing.done += rows.len() as u64;
    Ok(i64::try_from(rows.len()) != Ok(ENTRIES))
}

/// Takes out what else names the person.
fn forget_beside(store: &SqlStore, id: &str) -> Result<(), StoreError> {
    store.atomically(&mut || {
        for statement in [
            "DELETE FROM link WHERE target = ?1",
            "DELETE FROM fact WHERE substr(name, 1, 8) = 'user of ' AND value = ?1",
            "DELETE FROM password WHERE id = ?1",
            "DELETE FROM unique_key WHERE id = ?1",
            "DELETE FROM search_key WHERE id = ?1",
            "DELETE FROM member WHERE member_id = ?1 OR group_id = ?1",
            // Nothing but that they are gone is told any more.
            "DELETE FROM event WHERE resource = ?1
               AND seq NOT IN (SELECT seq FROM journal WHERE id = ?1 AND operation = 'delete')",
        ] {
            store.run(statement, vec![id.into()])?;
        }
        Ok(())
    })
}

fn last_entry(store: &SqlStore, id: &str) -> Result<i64, StoreError> {
    let rows = store.rows("SELECT COALESCE(MAX(seq), 0) FROM journal WHERE id = ?1", vec![id.into()])?;
    Ok(rows.first().map_or(0, |row| integer(row, 0)))
}

/// Whether the copy and everybody who is told of changes knows that they are gone.
fn is_told(store: &SqlStore, id: &str, seq: i64) -> Result<bool, StoreError> {
    let waits = store.rows(
        "SELECT 1 FROM event WHERE resource = ?1 AND state = 'retry' UNION ALL
         SELECT 1 FROM outbox WHERE seq <= ?2 LIMIT 1",
        vec![id.into(), seq.into()],
    )?;
    Ok(waits.is_empty() && retention::read_up_to(store)? >= seq)
}

/// Puts the mark in the place of a member's id, in some entries; true at the end of the journal.
fn mark_members(store: &SqlStore, id: &str, standing: &mut Standing) -> Result<bool, StoreError> {
    let after: i64 = standing.after.parse().unwrap_or(0);
    let rows = store.rows(
        "SELECT COALESCE(MAX(seq), 0) FROM (SELECT seq FROM journal WHERE seq > ?1 ORDER BY seq LIMIT ?2)",
        vec![after.into(), WALK.into()],
    )?;
    let until = rows.first().map_or(0, |row| integer(row, 0));
    if until == 0 {
        return Ok(true);
    }
    let (given, mark) = (json!(id).to_string(), json!(standing.mark).to_string());
    store.run(
        "UPDATE journal SET members = replace(members, ?3, ?4)
         WHERE seq > ?1 AND seq <= ?2 AND members IS NOT NULL AND instr(members, ?3) > 0",
        vec![after.into(), until.into(), given.as_str().into(), mark.as_str().into()],
    )?;
    standing.after = until.to_string();
    Ok(false)
}

/// Puts the mark in the place of the id, in some entries; true when it stands in none.
fn mark_entries(store: &SqlStore, id: &str, standing: &Standing) -> Result<bool, StoreError> {
    let marked = store.rows(
        "UPDATE journal SET id = ?2 WHERE seq IN (SELECT seq FROM journal WHERE id = ?1 ORDER BY seq LIMIT ?3)
         RETURNING seq",
        vec![id.into(), standing.mark.as_str().into(), ENTRIES.into()],
    )?;
    Ok(i64::try_from(marked.len()) != Ok(ENTRIES))
}
