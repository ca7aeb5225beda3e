//! Credentials that are refused: answered slowly, and counted for the tenant they name.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use worker::{Delay, Env};

use super::exchange::Exchange;
use crate::edge::object::client::command;
use crate::edge::object::command::Command;
use crate::edge::platform::log::failure;
use crate::edge::tenant::placement::is_tenant_id;
use crate::scim::auth::token::claimed_tenant;

/// How long a refusal waits: no hindrance to a person, much to who guesses.
const PAUSE: Duration = Duration::from_millis(500);
/// How long an isolate keeps whether there is such a tenant, in milliseconds.
const TRUST: f64 = 60_000.0;
/// Most tenants of which that is kept.
const KNOWN: usize = 256;
/// How often a second an isolate asks KV for it: refusals beyond are answered and not counted, so that
/// forged tokens cost no more than this, however many come.
const QUESTIONS: u32 = 10;

thread_local! {
    /// Refusals not yet told to the tenants' objects.
    static COUNTS: RefCell<BTreeMap<String, u32>> = const { RefCell::new(BTreeMap::new()) };
    /// Whether there is such a tenant, and until when that is believed.
    static TENANTS: RefCell<HashMap<String, (bool, f64)>> = RefCell::new(HashMap::new());
    /// The second, and the questions in it.
    static ASKED: Cell<(f64, u32)> = const { Cell::new((0.0, 0)) };
}

/// Waits as long as a refusal takes.
pub(in crate::edge) async fn slow_down() {
    Delay::from(PAUSE).await;
}

/// Waits, and counts a refusal for the tenant that the credential names, if there is such
/// a tenant. However many come at once, KV and the tenant's object are asked once in half a second.
pub(super) async fn refuse(env: &Env, exchange: &Exchange, text: &str) {
    let tenant = claimed_tenant(text).filter(|tenant| is_tenant_id(tenant)).map(str::to_owned);
    let Some(tenant) = tenant.filter(|tenant| count(tenant)) else { return slow_down().await };
    slow_down().await;
    // The first that has waited speaks for all that came meanwhile.
    let Some(number) = COUNTS.with_borrow_mut(|counts| counts.remove(&tenant)) else { return };
    if exists(env, &tenant).await
        && let Err(error) = command(env, &exchange.id, &tenant, &Command::Refused(number)).await
    {
        failure("refused", &exchange.id, &error);
    }
}

/// Counts a refusal, unless too many tenants are named at once.
fn count(tenant: &str) -> bool {
    COUNTS.with_borrow_mut(|counts| {
        let has_room = counts.len() < KNOWN || counts.contains_key(tenant);
        if has_room {
            *counts.entry(tenant.to_owned()).or_default() += 1;
        }
        has_room
    })
}

/// Whether there is such a tenant, without waking its object: anybody can name one.
async fn exists(env: &Env, tenant: &str) -> bool {
    let now = js_sys::Date::now();
    let known = TENANTS.with_borrow(|known| known.get(tenant).copied());
    if let Some((exists, _)) = known.filter(|(_, until)| *until > now) {
        return exists;
    }
    if !may_ask(now) {
        return false;
    }
    let Ok(kv) = env.kv("DIRECTORY") else { return false };
    let found = kv.get(&format!("tenant/{tenant}")).cache_ttl(300).text().await;
    let exists = found.is_ok_and(|found| found.is_some());
    TENANTS.with_borrow_mut(|known| {
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(tenant.to_owned(), (exists, now + TRUST));
    });
    exists
}

/// Whether KV may be asked once more in this second.
fn may_ask(now: f64) -> bool {
    let second = (now / 1_000.0).floor();
    let (of, asked) = ASKED.get();
    let asked = if of == second { asked } else { 0 };
    ASKED.set((second, asked + 1));
    asked < QUESTIONS
}
