//! The outbox: every change notes which copies it made stale; an alarm writes them to KV.
//!
//! A row names a copy's key, not a change: the publisher writes what the key's owner is
//! *now*, so a renamed user's old name can never overwrite its new owner. At most one put
//! per key and round, rounds a second apart; an alarm never throws, as one that did would
//! be dropped after six tries.

use serde::{Deserialize, Serialize};
use worker::Env;
use worker::kv::KvStore;

use super::sql::{SqlStore, integer, text};
use super::token::hash;
use crate::scim::directory::{Context, Key, NO_PASSWORDS, Settings, Store, StoreError, render};
use crate::scim::schema::builtin;
use crate::scim::schema::project::Selection;

/// Keys written in one round, below the limit of operations per invocation.
const ROUND: i64 = 200;
/// Seconds that a deleted resource's tombstone stays: well beyond every cache's age.
const TOMBSTONE_SECONDS: u64 = 86_400;

/// What stands beside a published document.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Published {
    /// The resource's ETag; empty for a tombstone.
    pub etag: String,
    /// The journal's sequence number that the copy has caught up with.
    pub seq: i64,
}

/// The copy's key: by id where `attribute` is empty, else by a unique key, hashed so that
/// no name stands in a key and none is too long for one.
pub(super) fn copy_key(tenant: &str, kind: &str, attribute: &str, value: &str) -> String {
    if attribute.is_empty() {
        return format!("copy/{tenant}/{kind}/{value}");
    }
    format!("copy/{tenant}/{kind}/{attribute}/{}", hash(value))
}

/// Whether there is anything to publish.
pub(super) fn is_pending(store: &SqlStore) -> bool {
    store.rows("SELECT 1 FROM outbox LIMIT 1", vec![]).is_ok_and(|rows| !rows.is_empty())
}

/// One round. What fails stays in the outbox for the next.
pub(super) async fn round(store: &mut SqlStore, env: &Env, tenant: &str) -> worker::Result<()> {
    let kv = env.kv("DIRECTORY")?;
    let failed = |error: StoreError| worker::Error::RustError(format!("{error:?}"));
    let base = store.fact("base").map_err(failed)?.unwrap_or_default();
    let due = store
        .rows("SELECT kind, attribute, value, seq FROM outbox ORDER BY seq LIMIT ?1", vec![ROUND.into()])
        .map_err(failed)?;
    for row in due {
        let (kind, attribute, value, seq) = (text(&row, 0), text(&row, 1), text(&row, 2), integer(&row, 3));
        let owner = if attribute.is_empty() {
            Some(value.clone())
        } else {
            store.owner(&kind, &Key { attribute: attribute.clone(), value: value.clone() }).map_err(failed)?
        };
        let document = match owner {
            Some(id) => representation(store, &base, &kind, &id).map_err(failed)?,
            None => None,
        };
        write(&kv, &copy_key(tenant, &kind, &attribute, &value), document, seq).await?;
        // A change that came while KV was written has noted a later sequence number.
        let done = "DELETE FROM outbox WHERE kind = ?1 AND attribute = ?2 AND value = ?3 AND seq = ?4";
        store.run(done, vec![kind.into(), attribute.into(), value.into(), seq.into()]).map_err(failed)?;
    }
    Ok(())
}

/// The document and its ETag, without a user's groups, which are joined only when the
/// object itself is read: one nested membership would else rewrite a hundred thousand copies.
fn representation(
    store: &mut SqlStore,
    base: &str,
    kind: &str,
    id: &str,
) -> Result<Option<(String, String)>, StoreError> {
    let Some(record) = store.get(kind, id)? else { return Ok(None) };
    let registry = builtin();
    let Some(kind) = registry.resource_type(kind) else { return Ok(None) };
    let settings = Settings::default();
    let mut new_id = String::new;
    let context = Context {
        registry,
        base,
        now: "",
        actor: "publisher",
        new_id: &mut new_id,
        settings: &settings,
        hash_password: NO_PASSWORDS,
    };
    let selection = Selection::parse(None, Some("groups"));
    let shown = render(store, &context, kind, &record, &selection)
        .map_err(|error| StoreError::Failed(error.detail))?;
    Ok(Some((serde_json::Value::Object(shown.resource).to_string(), shown.etag)))
}

async fn write(kv: &KvStore, key: &str, document: Option<(String, String)>, seq: i64) -> worker::Result<()> {
    let error = |error: worker::kv::KvError| worker::Error::RustError(error.to_string());
    // Always text: a JSON value would be stored as `{}`.
    let put = match document {
        Some((document, etag)) => {
            kv.put(key, document).map_err(error)?.metadata(Published { etag, seq }).map_err(error)?
        }
        None => kv
            .put(key, "")
            .map_err(error)?
            .expiration_ttl(TOMBSTONE_SECONDS)
            .metadata(Published { etag: String::new(), seq })
            .map_err(error)?,
    };
    put.execute().await.map_err(error)
}
