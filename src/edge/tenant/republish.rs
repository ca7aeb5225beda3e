//! Making the copy anew: which of its keys are stale is noted in parts, since one statement over a million
//! resources would hold up everybody. The first part is noted at once, which is all where there are few.

use crate::edge::store::chore::{self, Chore, Kind, Standing, Step};
use crate::edge::store::outbox::MEMBERS;
use crate::edge::store::sql::{SEQUENCE, SqlStore, text};
use crate::scim::directory::StoreError;

/// Resources noted in one part: about as many keys as a round publishes.
const PART: usize = 500;
/// Stale keys beyond which no more are noted.
const WAITING: i64 = 20_000;

/// Has all that is copied of these resource types published again, and the schemas. To be called within a
/// transaction.
pub(super) fn begin(store: &SqlStore, kinds: &[&str]) -> Result<(), StoreError> {
    if !store.keeps_copy() {
        return Ok(());
    }
    store.note_schemas()?;
    for kind in kinds {
        let mut standing = Standing::default();
        if !part(store, kind, &mut standing)? {
            chore::begin(store, Kind::Republish, kind, &standing)?;
        }
    }
    Ok(())
}

/// Has everything published again; to be called within a transaction.
pub(in crate::edge) fn everything(store: &SqlStore) -> Result<(), StoreError> {
    let schemas = store.schemas()?;
    let kinds: Vec<&str> = schemas.resource_types.iter().map(|kind| kind.name.as_str()).collect();
    begin(store, &kinds)
}

/// The alarm's share. Where much is waiting to be published, that goes first.
pub(in crate::edge) fn step(store: &SqlStore, chore: &mut Chore) -> Result<Step, StoreError> {
    if !store.keeps_copy() {
        return Ok(Step::Done);
    }
    if !store.rows("SELECT 1 FROM outbox LIMIT 1 OFFSET ?1", vec![WAITING.into()])?.is_empty() {
        return Ok(Step::More(1_000.0));
    }
    let is_done = part(store, &chore.name, &mut chore.standing)?;
    Ok(if is_done { Step::Done } else { Step::More(0.0) })
}

/// Notes the next resources of a type: under their ids, under their unique keys, and the chunks of groups. True
/// when there are no more.
fn part(store: &SqlStore, kind: &str, standing: &mut Standing) -> Result<bool, StoreError> {
    let (created, id) = standing.after.split_once('/').unwrap_or_default();
    let rows = store.rows(
        "SELECT created, id FROM resource WHERE kind = ?1 AND (created, id) > (?2, ?3) ORDER BY created, id LIMIT ?4",
        vec![
            kind.into(),
            created.into(),
            id.into(),
            i64::try_from(PART).unwrap_or(i64::MAX).into(),
        ],
    )?;
    let ids: Vec<String> = rows.iter().map(|row| text(row, 1)).collect();
    let named = serde_json::Value::from(ids.as_slice()).to_string();
    for select in [
        format!("kind, '', id, {SEQUENCE} FROM resource WHERE id"),
        format!("kind, attribute, value, {SEQUENCE} FROM unique_key WHERE kind <> 'Group' AND id"),
        format!("'Group', '{MEMBERS}', group_id || '/' || first, {SEQUENCE} FROM chunk WHERE group_id"),
    ] {
        let statement =
            format!("INSERT OR REPLACE INTO outbox SELECT {select} IN (SELECT value FROM json_each(?1))");
        store.run(&statement, vec![named.as_str().into()])?;
    }
    if let Some(last) = rows.last() {
        standing.after = format!("{}/{}", text(last, 0), text(last, 1));
    }
    standing.done += ids.len() as u64;
    Ok(ids.len() < PART)
}
