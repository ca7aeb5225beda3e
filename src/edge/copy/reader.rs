//! Who may read the copy: KV keeps which edge-read tokens are valid, and an isolate believes it for a while.

use std::cell::RefCell;
use std::collections::HashMap;

use worker::kv::{KvError, KvStore};

use crate::scim::schema::instant;

/// How long a location may keep that a token is valid, in seconds; the shortest that KV allows.
const CACHE_SECONDS: u64 = 30;
/// How long an isolate keeps that a token is valid, in milliseconds.
const TRUST: f64 = 10_000.0;
/// Most tokens that an isolate keeps.
const TRUSTED: usize = 256;

thread_local! {
    /// Valid tokens by their hash: the tenant, and until when that is believed.
    static TOKENS: RefCell<HashMap<String, (String, f64)>> = RefCell::new(HashMap::new());
}

/// The tenant whose valid token this is.
pub(super) async fn tenant_of(kv: &KvStore, hash: &str) -> Result<Option<String>, KvError> {
    let now = js_sys::Date::now();
    let trusted = TOKENS.with_borrow(|tokens| {
        tokens.get(hash).filter(|(_, until)| *until > now).map(|(tenant, _)| tenant.clone())
    });
    if trusted.is_some() {
        return Ok(trusted);
    }
    let tenant = kv.get(&token_key(hash)).cache_ttl(CACHE_SECONDS).text().await?;
    TOKENS.with_borrow_mut(|tokens| {
        if tokens.len() >= TRUSTED {
            tokens.clear();
        }
        match &tenant {
            Some(tenant) => tokens.insert(hash.to_owned(), (tenant.clone(), now + TRUST)),
            None => tokens.remove(hash),
        }
    });
    Ok(tenant)
}

/// Where KV keeps that an edge-reader token is valid.
pub(in crate::edge) fn token_key(hash: &str) -> String {
    format!("token/{hash}")
}

/// Lets an edge-read token in, until it expires.
pub(in crate::edge) async fn admit_reader(
    kv: &KvStore,
    tenant: &str,
    hash: &str,
    expires: Option<&str>,
) -> Result<(), KvError> {
    let put = kv.put(&token_key(hash), tenant)?;
    let put = match expires.and_then(instant).and_then(|at| u64::try_from(at / 1000).ok()) {
        // KV forgets a key no sooner than in a minute.
        Some(at) => put.expiration(at.max((js_sys::Date::now() / 1000.0) as u64 + 61)),
        None => put,
    };
    put.execute().await
}
