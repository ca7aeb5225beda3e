//! Issuers' published keys (RFC 7517), fetched when needed and kept for a while.
//!
//! Anybody can send a token that names an issuer and a key. So whatever comes, an isolate asks an
//! issuer once at a time, and again no sooner than after half a minute: also when it did not answer,
//! and also when it has no such key.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use worker::{Delay, Env, Method};

use crate::edge::platform::fetch::{self, Asked, TIMEOUT};
use crate::edge::platform::log::failure;
use crate::scim::auth::jwt::fits;
use crate::scim::error::ScimError;

/// How long keys are used without asking again, in milliseconds.
const FRESH: f64 = 600_000.0;
/// How long they are used while the issuer does not answer.
const STALE: f64 = 86_400_000.0;
/// How soon an issuer may be asked again: issuers change their keys, and anybody can send a token
/// that names one.
const AGAIN: f64 = 30_000.0;
/// How often whoever waits for another's question looks whether it is answered.
const LOOK: Duration = Duration::from_millis(100);
/// How long a question may be under way, in milliseconds: who asked may have hung up.
const UNDER_WAY: f64 = TIMEOUT.as_millis() as f64 + 500.0;
/// Longest answer, in bytes.
const MAX_LENGTH: usize = 262_144;
/// Most issuers remembered.
const MAX_ISSUERS: usize = 256;

/// What is known of an issuer's keys. Times are in milliseconds since 1970.
#[derive(Clone)]
struct Known {
    keys: Vec<Value>,
    /// When these keys came; long ago if none ever did.
    fetched: f64,
    /// When the issuer was last asked.
    asked: f64,
    /// Whether that question is not answered yet.
    is_asking: bool,
}

thread_local! {
    /// Keys are public and the same for all tenants.
    static KNOWN: RefCell<BTreeMap<String, Known>> = const { RefCell::new(BTreeMap::new()) };
}

/// What to do for a key.
enum Next {
    Use(Value),
    /// The issuer has no such key.
    Refuse,
    /// The issuer did not answer a moment ago.
    GiveUp,
    /// Another request asks the issuer.
    Wait,
    Ask,
}

fn next(known: Option<&Known>, id: Option<&str>, algorithm: &str, now: f64) -> Next {
    let Some(known) = known else { return Next::Ask };
    let age = now - known.fetched;
    let since = now - known.asked;
    let is_under_way = known.is_asking && since < UNDER_WAY;
    // A question that nobody waits for any more counts for none.
    let may_ask = !is_under_way && (known.is_asking || since > AGAIN);
    match choose(&known.keys, id, algorithm) {
        Some(key) if age < FRESH || age < STALE && !may_ask => Next::Use(key),
        _ if is_under_way => Next::Wait,
        _ if may_ask => Next::Ask,
        _ if age < STALE => Next::Refuse,
        _ => Next::GiveUp,
    }
}

/// The key that an issuer signs with under this id; without an id, the only one that fits.
///
/// # Errors
/// 401 when the issuer has no such key, 503 when it does not answer.
pub(super) async fn find(
    env: &Env,
    uri: &str,
    id: Option<&str>,
    algorithm: &str,
) -> Result<Value, ScimError> {
    let mut has_asked = false;
    loop {
        let now = js_sys::Date::now();
        let known = KNOWN.with_borrow(|all| all.get(uri).cloned());
        match next(known.as_ref(), id, algorithm, now) {
            Next::Use(key) => return Ok(key),
            Next::Refuse => return Err(no_such_key()),
            Next::Ask if !has_asked => {
                has_asked = true;
                ask(env, uri, known, now).await;
            }
            Next::Wait => Delay::from(LOOK).await,
            Next::Ask | Next::GiveUp => {
                return Err(ScimError::new(503, "the token's issuer does not answer; try again"));
            }
        }
    }
}

/// Asks the issuer, and remembers what it said, or that it said nothing.
async fn ask(env: &Env, uri: &str, known: Option<Known>, now: f64) {
    let never = Known { keys: Vec::new(), fetched: f64::NEG_INFINITY, asked: now, is_asking: true };
    let known = Known { asked: now, is_asking: true, ..known.unwrap_or(never) };
    remember(uri, known.clone());
    let known = match keys(env, uri).await {
        Ok(keys) => Known { keys, fetched: js_sys::Date::now(), ..known },
        Err(why) => {
            failure("jwks", "", &format!("the keys at {uri} could not be read: {why}"));
            known
        }
    };
    remember(uri, Known { is_asking: false, ..known });
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

async fn keys(env: &Env, uri: &str) -> Result<Vec<Value>, String> {
    let keys = json(env, uri).await?;
    let keys = keys.get("keys").and_then(Value::as_array).cloned();
    keys.ok_or_else(|| "the answer has no list `keys`".to_owned())
}

/// A JSON document of an issuer, read no further than is sensible.
pub(in crate::edge) async fn json(env: &Env, uri: &str) -> Result<Value, String> {
    let headers = [("Accept", "application/json")];
    let asked =
        Asked { method: Method::Get, url: uri, headers: &headers, body: None, reads: 200, most: MAX_LENGTH };
    let answer = fetch::ask(fetch::origin(env), asked).await?;
    if answer.status != 200 {
        return Err(format!("the answer is {}", answer.status));
    }
    serde_json::from_slice(&answer.body).map_err(|_| "the answer is no JSON".to_owned())
}
