//! Removing what KV holds of a tenant, a bounded part an alarm: its copies, its readers' tokens, its
//! issuers, its keys, its entry in the list of tenants.
//!
//! KV's lists trail what is written by up to a minute. So a removal goes through the keys again and again,
//! a minute apart, until a whole pass has found nothing.

use futures_util::future::join_all;
use worker::Env;
use worker::kv::{KvError, KvStore};

use crate::edge::auth::issuer;
use crate::edge::copy::reader::{admit_reader, token_key};
use crate::edge::store::chore::{Chore, Kind, Standing, Step, begin};
use crate::edge::store::fact::Fact;
use crate::edge::store::sql::{SqlStore, text};
use crate::edge::tenant::entry::{self, Entry};
use crate::edge::tenant::issuers;
use crate::scim::directory::StoreError;
use crate::scim::schema::instant;

/// Operations of one part, below the limit of an invocation, which publishes as well.
const OPERATIONS: usize = 600;
/// Operations awaited at once: as many connections as an invocation may have open.
const AT_ONCE: usize = 6;
/// Most keys on a page of KV's list.
const PAGE: usize = 1_000;
/// Readers let in or out in one part.
const READERS: usize = 200;
/// How long KV's lists may trail, in seconds, unless the variable `KV_DELAY` says otherwise.
const KV_DELAY: f64 = 65.0;

/// Begins the tenant's end: from this moment on nobody is let in.
pub(super) fn begin_delete(store: &SqlStore) -> Result<(), StoreError> {
    store.set_fact(Fact::State, "deleting")?;
    store.run("DELETE FROM outbox", vec![])?;
    store.run("DELETE FROM chore", vec![])?;
    // An import holds the alarm up, and there is nothing to import into.
    store.forget_fact(Fact::Importing)?;
    begin(store, Kind::Delete, "", &Standing { phase: ENTRY.into(), ..Standing::default() })
}

/// Begins the end of the copy.
pub(super) fn begin_copies(store: &SqlStore) -> Result<(), StoreError> {
    begin(store, Kind::RemoveCopies, "", &Standing { phase: COPIES.into(), ..Standing::default() })
}

/// Begins to let readers in or out, as state and copy say.
pub(super) fn begin_readers(store: &SqlStore) -> Result<(), StoreError> {
    begin(store, Kind::Readers, "", &Standing::default())
}

const ENTRY: &str = "entry";
const COPIES: &str = "copies";
const TOKENS: &str = "tokens";
const ISSUERS: &str = "issuers";
const LAST: &str = "list";

/// A part of a tenant's end. The entry in the list goes last, so that what was broken off is seen.
pub(super) async fn delete(
    store: &SqlStore,
    env: &Env,
    tenant: &str,
    chore: &mut Chore,
    until: f64,
) -> worker::Result<Step> {
    let kv = env.kv("DIRECTORY")?;
    let standing = &mut chore.standing;
    let mut left = OPERATIONS;
    loop {
        if left < 40 || js_sys::Date::now() > until {
            return Ok(Step::More(0.0));
        }
        match standing.phase.as_str() {
            ENTRY => {
                entry::write(&kv, &entry_of(store, tenant).map_err(of_storage)?).await.map_err(of_kv)?;
                left -= 1;
                standing.phase = COPIES.into();
            }
            COPIES => {
                if sweep(&kv, tenant, standing, &mut left, until).await? {
                    standing.phase = TOKENS.into();
                }
            }
            TOKENS => {
                let hashes = readers_after(store, &standing.after, left.min(PAGE)).map_err(of_storage)?;
                let keys: Vec<String> = hashes.iter().map(|reader| token_key(&reader.hash)).collect();
                delete_all(&kv, &keys).await?;
                left -= keys.len();
                match hashes.last() {
                    Some(last) => standing.after.clone_from(&last.hash),
                    None => {
                        standing.after.clear();
                        standing.phase = ISSUERS.into();
                    }
                }
            }
            ISSUERS => {
                let issuers = issuers::all(store).map_err(|error| of_text(&error.detail))?;
                issuer::forget(&kv, tenant, &issuers).await.map_err(of_kv)?;
                kv.delete(&format!("jwks/{tenant}")).await.map_err(of_kv)?;
                left -= (2 * issuers.len() + 1).min(left);
                standing.pass += 1;
                let is_empty = standing.found == 0 && standing.pass > 1;
                standing.phase = if is_empty { LAST } else { COPIES }.into();
                standing.found = 0;
                if !is_empty {
                    return Ok(Step::More(delay(env)));
                }
            }
            _ => {
                entry::remove(&kv, tenant).await.map_err(of_kv)?;
                return Ok(Step::Gone);
            }
        }
    }
}

/// A part of the end of the copy. Where it is switched on again meanwhile, nothing is published before the end.
pub(super) async fn copies(env: &Env, tenant: &str, chore: &mut Chore, until: f64) -> worker::Result<Step> {
    let kv = env.kv("DIRECTORY")?;
    let standing = &mut chore.standing;
    let mut left = OPERATIONS;
    if !sweep(&kv, tenant, standing, &mut left, until).await? {
        return Ok(Step::More(0.0));
    }
    standing.pass += 1;
    if standing.found == 0 && standing.pass > 1 {
        return Ok(Step::Done);
    }
    standing.found = 0;
    Ok(Step::More(delay(env)))
}

/// A part of letting readers in or out; at the end the list of tenants shows the tenant's state.
pub(super) async fn readers(
    store: &SqlStore,
    env: &Env,
    tenant: &str,
    chore: &mut Chore,
) -> worker::Result<Step> {
    let kv = env.kv("DIRECTORY")?;
    let entry = entry_of(store, tenant).map_err(of_storage)?;
    // As storage says, since this store may have been opened before the copy was switched.
    let is_copied = store.fact(Fact::Copy).map_err(of_storage)?.as_deref() != Some("off");
    let readers = readers_after(store, &chore.standing.after, READERS).map_err(of_storage)?;
    for some in readers.chunks(AT_ONCE) {
        let now = js_sys::Date::now();
        let turns = some.iter().map(async |reader| {
            let expires = instant(&reader.expires);
            #[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
            let is_valid = !reader.is_revoked && expires.is_none_or(|at| at as f64 > now);
            if entry.state == "active" && is_copied && is_valid {
                let expires = Some(reader.expires.as_str()).filter(|text| !text.is_empty());
                admit_reader(&kv, tenant, &reader.hash, expires).await
            } else {
                kv.delete(&token_key(&reader.hash)).await
            }
        });
        for outcome in join_all(turns).await {
            outcome.map_err(of_kv)?;
        }
        chore.standing.done += some.len() as u64;
        if let Some(last) = some.last() {
            chore.standing.after.clone_from(&last.hash);
        }
    }
    if readers.len() == READERS {
        return Ok(Step::More(0.0));
    }
    entry::write(&kv, &entry).await.map_err(of_kv)?;
    Ok(Step::Done)
}

/// A token that may read the copy.
struct Reader {
    hash: String,
    expires: String,
    is_revoked: bool,
}

fn readers_after(store: &SqlStore, after: &str, limit: usize) -> Result<Vec<Reader>, StoreError> {
    let rows = store.rows(
        "SELECT hash, COALESCE(expires, ''), COALESCE(revoked, '') FROM token
         WHERE scope = 'edge-read' AND hash > ?1 ORDER BY hash LIMIT ?2",
        vec![after.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()],
    )?;
    let reader =
        |row| Reader { hash: text(row, 0), expires: text(row, 1), is_revoked: !text(row, 2).is_empty() };
    Ok(rows.iter().map(reader).collect())
}

fn entry_of(store: &SqlStore, tenant: &str) -> Result<Entry, StoreError> {
    let fact = |fact| Ok::<_, StoreError>(store.fact(fact)?.unwrap_or_default());
    let (name, tenant_url, state) = (fact(Fact::Name)?, fact(Fact::Base)?, fact(Fact::State)?);
    Ok(Entry { id: tenant.to_owned(), name, tenant_url, state })
}

/// Deletes copies, page by page; true when the list has ended.
async fn sweep(
    kv: &KvStore,
    tenant: &str,
    standing: &mut Standing,
    left: &mut usize,
    until: f64,
) -> worker::Result<bool> {
    while *left > 1 && js_sys::Date::now() < until {
        let mut list = kv.list().prefix(format!("copy/{tenant}/")).limit((*left - 1).min(PAGE) as u64);
        if !standing.after.is_empty() {
            list = list.cursor(std::mem::take(&mut standing.after));
        }
        let page = list.execute().await.map_err(of_kv)?;
        let keys: Vec<String> = page.keys.into_iter().map(|key| key.name).collect();
        *left -= (1 + keys.len()).min(*left);
        delete_all(kv, &keys).await?;
        standing.done += keys.len() as u64;
        standing.found += keys.len() as u64;
        match page.cursor.filter(|_| !page.list_complete) {
            Some(cursor) => standing.after = cursor,
            None => return Ok(true),
        }
    }
    Ok(false)
}

async fn delete_all(kv: &KvStore, keys: &[String]) -> worker::Result<()> {
    for keys in keys.chunks(AT_ONCE) {
        for outcome in join_all(keys.iter().map(|key| kv.delete(key))).await {
            outcome.map_err(of_kv)?;
        }
    }
    Ok(())
}

fn delay(env: &Env) -> f64 {
    let said = env.var("KV_DELAY").ok().and_then(|seconds| seconds.to_string().parse::<f64>().ok());
    said.unwrap_or(KV_DELAY) * 1_000.0
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn of_kv(error: KvError) -> worker::Error {
    worker::Error::RustError(error.to_string())
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn of_storage(error: StoreError) -> worker::Error {
    worker::Error::RustError(error.to_string())
}

fn of_text(text: &str) -> worker::Error {
    worker::Error::RustError(text.to_owned())
}
