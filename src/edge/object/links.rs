//! Which of the tenant's resources each source object is tied to: what plans at the edge go by,
//! from one to the next.

use serde_json::{Map, Value};

use crate::edge::store::fact::Fact;
use crate::edge::store::sql::{SqlStore, text};
use crate::scim::directory::StoreError;

/// Links that are written at once.
const AT_ONCE: usize = 5_000;

/// The links that are kept, from source to target ids; `None` where none were ever kept, which is not the
/// same as an empty object: a plan without links matches anew. A link whose resource is gone is gone with it.
pub(super) fn read(store: &SqlStore) -> Result<Option<Value>, StoreError> {
    if store.fact(Fact::Links)?.is_none() {
        return Ok(None);
    }
    let statement = "SELECT l.source, l.target FROM link AS l JOIN resource AS r ON r.id = l.target";
    let rows = store.rows(statement, vec![])?;
    let links: Map<_, _> = rows.iter().map(|row| (text(row, 0), Value::from(text(row, 1)))).collect();
    Ok(Some(links.into()))
}

/// Forgets all links, and that there were any. To be called within a transaction.
pub(super) fn forget(store: &SqlStore) -> Result<(), StoreError> {
    store.run("DELETE FROM link", vec![])?;
    store.forget_fact(Fact::Links)
}

/// Keeps these and no others.
pub(super) fn keep(store: &SqlStore, links: &Value) -> Result<(), StoreError> {
    let links: Vec<_> = links.as_object().into_iter().flatten().collect();
    store.atomically(&mut || {
        store.set_fact(Fact::Links, "kept")?;
        store.run("DELETE FROM link", vec![])?;
        for some in links.chunks(AT_ONCE) {
            let some: Map<_, _> = some.iter().map(|(from, to)| ((*from).clone(), (*to).clone())).collect();
            let some = Value::from(some).to_string();
            store.run(
                "INSERT INTO link (source, target) SELECT key, value FROM json_each(?1)",
                vec![some.as_str().into()],
            )?;
        }
        Ok(())
    })
}
