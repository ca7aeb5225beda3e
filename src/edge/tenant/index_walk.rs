//! The indexes that a tenant adds: what is there gets its keys step by step, by the object's
//! alarm, and queries look into an index when every resource has its keys there.
//!
//! A change writes keys of all that are wanted from the moment they are. The walk goes by id
//! and makes the keys of each resource anew; so behind it all have theirs, and before it each
//! will, whatever is written meanwhile. What is no longer wanted is not looked into at once,
//! and the walk takes its keys away.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value};
use worker::Delay;

use crate::edge::store::fact::Fact;
use crate::edge::store::indexes::Indexes;
use crate::edge::store::settings;
use crate::edge::store::sql::{SqlStore, text};
use crate::scim::compat::Flag;
use crate::scim::directory::page::PAGE_BYTES;
use crate::scim::directory::{Key, StoreError, keys};

/// Resources whose keys are made anew in one transaction.
const STEP: i64 = 500;
/// Steps of one alarm.
const STEPS: usize = 4;

/// Sets which attributes have an index. To be called within the transaction that keeps the setting.
pub(super) fn change(store: &SqlStore, wanted: &[String]) -> Result<(), StoreError> {
    let mut indexes = Indexes::read(store)?;
    let set = |paths: &[String]| paths.iter().cloned().collect::<BTreeSet<_>>();
    if set(&indexes.written) == set(wanted) {
        return Ok(());
    }
    wanted.clone_into(&mut indexes.written);
    let is_empty = store.rows("SELECT 1 FROM resource LIMIT 1", vec![])?.is_empty();
    if is_empty {
        wanted.clone_into(&mut indexes.usable);
        indexes.walk = None;
    } else {
        indexes.usable.retain(|path| wanted.contains(path));
        indexes.walk = Some(String::new());
    }
    indexes.keep(store)
}

/// The alarm's share: a few steps, between which requests are answered.
pub(in crate::edge) async fn round(store: &SqlStore) -> worker::Result<()> {
    for _ in 0..STEPS {
        let goes_on = step(store).map_err(|error| worker::Error::RustError(error.to_string()))?;
        if !goes_on {
            break;
        }
        Delay::from(Duration::ZERO).await;
    }
    Ok(())
}

/// Makes the keys of the next resources anew; false when there is nothing left to do.
fn step(store: &SqlStore) -> Result<bool, StoreError> {
    let mut indexes = Indexes::read(store)?;
    let Some(after) = indexes.walk.clone() else { return Ok(false) };
    // An import writes keys itself, and where they stand is taken back with it.
    if store.fact(Fact::Importing)?.is_some() {
        return Ok(false);
    }
    let statement = "SELECT id, kind, document FROM resource WHERE id > ?1 ORDER BY id LIMIT ?2";
    let (rows, is_cut) = store.rows_within(statement, vec![after.into(), STEP.into()], PAGE_BYTES)?;
    let registry = store.schemas()?;
    let unique_names = settings::read(store)?.profile.has(Flag::UniqueGroupNames);
    let last =
        rows.last().map(|row| text(row, 0)).filter(|_| is_cut || i64::try_from(rows.len()) == Ok(STEP));
    if last.is_none() {
        indexes.usable.clone_from(&indexes.written);
    }
    indexes.walk = last;
    store.atomically(&mut || {
        for row in &rows {
            let (id, kind, document) = (text(row, 0), text(row, 1), text(row, 2));
            let Some(kind) = registry.resource_type(&kind) else { continue };
            let document: Map<String, Value> = serde_json::from_str(&document)
                .map_err(|_| StoreError::Failed("a document is no JSON".into()))?;
            let (_, wanted) = keys(&registry, kind, &document, unique_names);
            rewrite(store, &kind.name, &id, &wanted.into_iter().collect())?;
        }
        indexes.keep(store)
    })?;
    Ok(indexes.is_walking())
}

/// Writes what differs of a resource's searchable keys: rows written cost far more than rows read.
fn rewrite(store: &SqlStore, kind: &str, id: &str, wanted: &BTreeSet<Key>) -> Result<(), StoreError> {
    let rows = store.rows("SELECT attribute, value FROM search_key WHERE id = ?1", vec![id.into()])?;
    let there: BTreeSet<Key> =
        rows.iter().map(|row| Key { attribute: text(row, 0), value: text(row, 1) }).collect();
    for key in there.difference(wanted) {
        let row = [kind, &key.attribute, &key.value, id].map(Into::into).to_vec();
        let statement =
            "DELETE FROM search_key WHERE kind = ?1 AND attribute = ?2 AND value = ?3 AND id = ?4";
        store.run(statement, row)?;
    }
    let missing: Vec<Key> = wanted.difference(&there).cloned().collect();
    store.put_keys("INSERT INTO search_key", kind, id, &missing)
}
