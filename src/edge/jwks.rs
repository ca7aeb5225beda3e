//! Issuers' published keys (RFC 7517), fetched when needed and kept for a while.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;
use worker::{AbortSignal, Fetch, Request};

use super::jwt::fits;
use crate::scim::error::ScimError;

/// How long keys are used without asking again, in milliseconds.
const FRESH: f64 = 600_000.0;
/// How long they are used while the issuer does not answer.
const STALE: f64 = 86_400_000.0;
/// How soon a key that is not there may be asked for again: issuers change their keys,
/// and anybody can send a token that names one.
const AGAIN: f64 = 30_000.0;
/// How long the issuer may take.
const TIMEOUT: u32 = 5_000;
/// Longest answer, in bytes.
const MAX_LENGTH: usize = 262_144;
/// Most issuers remembered.
const MAX_ISSUERS: usize = 256;

#[derive(Clone)]
struct Known {
    keys: Vec<Value>,
    /// When these keys came, and when the issuer was last asked.
    fetched: f64,
    asked: f64,
}

thread_local! {
    /// Keys are public and the same for all tenants.
    static KNOWN: RefCell<BTreeMap<String, Known>> = const { RefCell::new(BTreeMap::new()) };
}

/// The key that an issuer signs with under this id; without an id, the only one that fits.
/// `now` is in milliseconds.
///
/// # Errors
/// 401 when the issuer has no such key, 503 when it does not answer.
pub(super) async fn find(uri: &str, id: Option<&str>, algorithm: &str, now: f64) -> Result<Value, ScimError> {
    let known = KNOWN.with_borrow(|all| all.get(uri).cloned());
    let age = known.as_ref().map_or(f64::INFINITY, |known| now - known.fetched);
    if let Some(known) = &known {
        let found = choose(&known.keys, id, algorithm);
        let may_ask = now - known.asked > AGAIN;
        if age < FRESH && (found.is_some() || !may_ask) || age < STALE && !may_ask {
            return found.ok_or_else(no_such_key);
        }
    }
    match fetch(uri).await {
        Ok(keys) => {
            let found = choose(&keys, id, algorithm);
            remember(uri, Known { keys, fetched: now, asked: now });
            found.ok_or_else(no_such_key)
        }
        Err(error) => {
            worker::console_error!("the keys at {uri} could not be read: {error}");
            let stale = known.filter(|_| age < STALE);
            let found = stale.as_ref().and_then(|known| choose(&known.keys, id, algorithm));
            if let Some(known) = stale {
                remember(uri, Known { asked: now, ..known });
            }
            found.ok_or_else(|| ScimError::new(503, "the token's issuer does not answer; try again"))
        }
    }
}

fn no_such_key() -> ScimError {
    ScimError::new(401, "the token is not valid: its issuer publishes no such key")
}

fn choose(keys: &[Value], id: Option<&str>, algorithm: &str) -> Option<Value> {
    let mut fitting = keys.iter().filter(|key| fits(key, algorithm));
    match id {
        Some(id) => fitting.find(|key| key.get("kid").and_then(Value::as_str) == Some(id)).cloned(),
        None => {
            let only = fitting.next()?;
            fitting.next().is_none().then(|| only.clone())
        }
    }
}

fn remember(uri: &str, known: Known) {
    KNOWN.with_borrow_mut(|all| {
        if all.len() >= MAX_ISSUERS && !all.contains_key(uri) {
            let oldest = all.iter().min_by(|(_, a), (_, b)| a.asked.total_cmp(&b.asked));
            if let Some(oldest) = oldest.map(|(uri, _)| uri.clone()) {
                all.remove(&oldest);
            }
        }
        all.insert(uri.to_owned(), known);
    });
}

async fn fetch(uri: &str) -> worker::Result<Vec<Value>> {
    let keys = json(uri).await?;
    let keys = keys.get("keys").and_then(Value::as_array).cloned();
    keys.ok_or_else(|| worker::Error::RustError("the answer has no list `keys`".into()))
}

/// A JSON document of an issuer, read no further than is sensible.
pub(super) async fn json(uri: &str) -> worker::Result<Value> {
    let request = Request::new(uri, worker::Method::Get)?;
    let mut reply = Fetch::Request(request).send_with_signal(&AbortSignal::from(timeout(TIMEOUT))).await?;
    if reply.status_code() != 200 {
        return Err(worker::Error::RustError(format!("the answer is {}", reply.status_code())));
    }
    let mut bytes = Vec::new();
    let mut body = reply.stream()?;
    while let Some(chunk) = futures_util::StreamExt::next(&mut body).await {
        bytes.extend(chunk?);
        if bytes.len() > MAX_LENGTH {
            return Err(worker::Error::RustError("the answer is too long".into()));
        }
    }
    Ok(serde_json::from_slice(&bytes)?)
}

#[wasm_bindgen::prelude::wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = AbortSignal, js_name = timeout)]
    fn timeout(milliseconds: u32) -> worker::web_sys::AbortSignal;
}
