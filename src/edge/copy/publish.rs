//! The outbox: every change notes which copies it made stale; an alarm writes them to KV.
//!
//! A row names a copy's key, not a change: the publisher writes what the key's owner is
//! *now*, so a renamed user's old name can never overwrite its new owner. At most one put
//! per key and round, rounds a second apart; an alarm never throws, as one that did would
//! be dropped after six tries.
//!
//! A group's members are copied apart from it, in chunks that each name the next: a
//! change of one member rewrites one chunk, and a reader follows the chain.

use futures_util::future::join_all;
use worker::Env;
use worker::kv::KvStore;

use super::key::{Published, copy_key};
use crate::edge::store::fact::Fact;
use crate::edge::store::outbox::{MEMBERS, SCHEMAS};
use crate::edge::store::sql::{SqlStore, integer, text};
use crate::edge::store::{chore, schemas};
use crate::scim::directory::page::is_last;
use crate::scim::directory::{Context, Key, NO_PASSWORDS, Settings, Store, StoreError, member, render};
use crate::scim::effort::Effort;
use crate::scim::schema::Registry;
use crate::scim::schema::project::Selection;

/// Keys written in one round, below the limit of operations per invocation.
const ROUND: i64 = 600;
/// How long one round may last, in milliseconds: the events are waiting too.
const LONGEST: f64 = 10_000.0;
/// Puts awaited at once: as many connections as an invocation may have open.
const AT_ONCE: usize = 6;
/// Most members in a chunk; one with more is split into halves of that.
const CHUNK: usize = 1_000;
/// Seconds that a deleted resource's tombstone stays: well beyond every cache's age.
const TOMBSTONE_SECONDS: u64 = 86_400;

/// A row of the outbox.
struct Due {
    kind: String,
    attribute: String,
    value: String,
    seq: i64,
}

/// One round. What fails stays in the outbox for the next.
pub(in crate::edge) async fn round(store: &mut SqlStore, env: &Env, tenant: &str) -> worker::Result<()> {
    let failed = |error: StoreError| worker::Error::RustError(error.to_string());
    // What is being removed is not written again before that is done.
    if chore::holds_copy(store).map_err(failed)? {
        return Ok(());
    }
    let kv = env.kv("DIRECTORY")?;
    let base = store.fact(Fact::Base).map_err(failed)?.unwrap_or_default();
    let due = store
        .rows("SELECT kind, attribute, value, seq FROM outbox ORDER BY seq LIMIT ?1", vec![ROUND.into()])
        .map_err(failed)?;
    let due: Vec<Due> = due
        .iter()
        .map(|row| Due {
            kind: text(row, 0),
            attribute: text(row, 1),
            value: text(row, 2),
            seq: integer(row, 3),
        })
        .collect();
    let mut outcome = Ok(());
    let until = js_sys::Date::now() + LONGEST;
    for due in due.chunks(AT_ONCE) {
        // It may be switched off meanwhile.
        if store.fact(Fact::Copy).map_err(failed)?.as_deref() == Some("off")
            || chore::holds_copy(store).map_err(failed)?
        {
            break;
        }
        let changes = store.schema_changes();
        let mut puts = Vec::new();
        for due in due {
            // A chunk that had to be split waits until those it names are written.
            let Some(content) = content(store, &base, due).map_err(failed)? else { continue };
            let (kv, key) = (&kv, copy_key(tenant, &due.kind, &due.attribute, &due.value));
            puts.push(async move { (due, write(kv, &key, content).await) });
        }
        let results = join_all(puts).await;
        let is_down = !results.is_empty() && results.iter().all(|(_, result)| result.is_err());
        for (due, result) in results {
            if result.is_err() {
                outcome = result;
                continue;
            }
            // What was made by schemas that changed meanwhile is made once more.
            if store.schema_changes() != changes {
                continue;
            }
            // A change that came while KV was written has noted a later sequence number.
            let done = "DELETE FROM outbox WHERE kind = ?1 AND attribute = ?2 AND value = ?3 AND seq = ?4";
            let row = [due.kind.as_str(), &due.attribute, &due.value].map(Into::into);
            store.run(done, [&row[..], &[due.seq.into()]].concat()).map_err(failed)?;
        }
        if is_down || js_sys::Date::now() > until {
            break;
        }
    }
    outcome
}

/// What to write under a key now: nothing but a tombstone where nobody owns it.
type Content = (String, Published);

fn content(store: &mut SqlStore, base: &str, due: &Due) -> Result<Option<Content>, StoreError> {
    if due.attribute == MEMBERS {
        return chunk(store, base, due);
    }
    if due.kind == SCHEMAS {
        return Ok(Some((schemas::shown(store)?, Published { seq: due.seq, ..Published::default() })));
    }
    let owner = if due.attribute.is_empty() {
        Some(due.value.clone())
    } else {
        store.owner(&due.kind, &Key { attribute: due.attribute.clone(), value: due.value.clone() })?
    };
    let found = match owner {
        Some(id) => representation(store, base, &due.kind, &id, due.seq)?,
        None => None,
    };
    Ok(Some(found.unwrap_or_else(|| tombstone(due.seq))))
}

fn tombstone(seq: i64) -> Content {
    (String::new(), Published { seq, gone: true, ..Published::default() })
}

/// The document and its ETag, without a user's groups, which are joined only when the
/// object itself is read: one nested membership would else rewrite a hundred thousand copies.
fn representation(
    store: &mut SqlStore,
    base: &str,
    kind: &str,
    id: &str,
    seq: i64,
) -> Result<Option<Content>, StoreError> {
    let Some(record) = store.get(kind, id)? else { return Ok(None) };
    let registry = store.schemas()?;
    let Some(kind) = registry.resource_type(kind) else { return Ok(None) };
    let selection = Selection::parse(None, Some("groups,members"));
    let shown = in_context(&registry, base, |context| render(store, context, kind, &record, &selection))
        .map_err(|error| StoreError::Failed(error.detail))?;
    let published =
        Published { etag: shown.etag, seq, chunked: kind.name == "Group", ..Published::default() };
    Ok(Some((serde_json::Value::Object(shown.resource).to_string(), published)))
}

/// Does what needs a context to read with; nothing is written in it.
fn in_context<T>(registry: &Registry, base: &str, work: impl FnOnce(&Context<'_>) -> T) -> T {
    work(&Context {
        registry,
        base,
        now: "",
        actor: "publisher",
        new_id: &mut String::new,
        settings: &Settings::default(),
        hash_password: NO_PASSWORDS,
        me: None,
        cursor_key: b"",
        effort: Effort::unlimited(),
    })
}

/// A chunk's members as JSON, without the brackets; nothing yet if it had to be split.
fn chunk(store: &mut SqlStore, base: &str, due: &Due) -> Result<Option<Content>, StoreError> {
    let (group, first) = due.value.split_once('/').unwrap_or((&due.value, ""));
    let place = || vec![group.into(), first.into()];
    if store.rows("SELECT 1 FROM chunk WHERE group_id = ?1 AND first = ?2", place())?.is_empty() {
        return Ok(Some(tombstone(due.seq)));
    }
    let next = "SELECT COALESCE(MIN(first), '') FROM chunk WHERE group_id = ?1 AND first > ?2";
    let until = store.rows(next, place())?.first().map_or_else(String::new, |row| text(row, 0));
    let within = "group_id = ?1 AND member_id >= ?2 AND (?3 = '' OR member_id < ?3)";
    let range = || vec![group.into(), first.into(), until.as_str().into()];
    // One more than a chunk may have: then its members are too many. A page of fewer members that is
    // not the last ended by their names' bytes, and is cut where it ended.
    let members = store.members_within(within, range(), CHUNK + 1)?;
    let most = if members.len() > CHUNK { CHUNK } else { members.len() };
    if !is_last(&members, CHUNK + 1) && split(store, within, range(), most)? {
        return Ok(None);
    }
    let registry = store.schemas()?;
    let shown: Vec<String> = in_context(&registry, base, |context| {
        members.into_iter().map(|row| member(context, row).to_string()).collect()
    });
    Ok(Some((shown.join(","), Published { seq: due.seq, until, ..Published::default() })))
}

/// Cuts a chunk that holds `most` members at once into parts of half as many, and notes the new ones to
/// be written first: sequence 0 is before all others. Answers whether there was anything to cut.
fn split(
    store: &SqlStore,
    within: &str,
    range: Vec<worker::SqlStorageValue>,
    most: usize,
) -> Result<bool, StoreError> {
    let half = (most / 2).max(1);
    let statement = format!(
        "SELECT member_id FROM (SELECT member_id, ROW_NUMBER() OVER (ORDER BY member_id) - 1 AS n
           FROM member WHERE {within}) WHERE n > 0 AND n % {half} = 0"
    );
    let group = range.first().cloned().unwrap_or_else(|| "".into());
    let firsts: Vec<String> = store.rows(&statement, range)?.iter().map(|row| text(row, 0)).collect();
    if firsts.is_empty() {
        return Ok(false);
    }
    let firsts: worker::SqlStorageValue = serde_json::Value::from(firsts).to_string().into();
    store.atomically(&mut || {
        store.run(
            "INSERT INTO chunk (group_id, first) SELECT ?1, value FROM json_each(?2)",
            vec![group.clone(), firsts.clone()],
        )?;
        store.run(
            "INSERT OR REPLACE INTO outbox (kind, attribute, value, seq)
             SELECT 'Group', ?3, ?1 || '/' || value, 0 FROM json_each(?2)",
            vec![group.clone(), firsts.clone(), MEMBERS.into()],
        )
    })?;
    Ok(true)
}

async fn write(kv: &KvStore, key: &str, (document, published): Content) -> worker::Result<()> {
    let error = |error: worker::kv::KvError| worker::Error::RustError(error.to_string());
    let gone = published.gone;
    // Always text: a JSON value would be stored as `{}`.
    let put = kv.put(key, document).map_err(error)?.metadata(published).map_err(error)?;
    let put = if gone { put.expiration_ttl(TOMBSTONE_SECONDS) } else { put };
    put.execute().await.map_err(error)
}
