//! Credentials that are refused: answered slowly, and counted for the tenant they name.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use worker::{Delay, Env};

use super::tenant::{ask_admin, now};
use super::token::claimed_tenant;
use super::visit::Visit;

/// How long a refusal waits: no hindrance to a person, much to who guesses.
const PAUSE: Duration = Duration::from_millis(500);

thread_local! {
    /// Refusals not yet told to the tenants' objects.
    static COUNTS: RefCell<BTreeMap<String, u32>> = const { RefCell::new(BTreeMap::new()) };
}

/// Waits as long as a refusal takes.
pub(super) async fn slow_down() {
    Delay::from(PAUSE).await;
}

/// Waits, and counts a refusal for the tenant that the credential names, if there is such
/// a tenant. However many come at once, the tenant's object is told twice a second.
pub(super) async fn refuse(env: &Env, visit: &Visit, text: &str) {
    let tenant = match claimed_tenant(text) {
        Some(tenant) if exists(env, tenant).await => Some(tenant.to_owned()),
        _ => None,
    };
    if let Some(tenant) = &tenant {
        COUNTS.with_borrow_mut(|counts| *counts.entry(tenant.clone()).or_default() += 1);
    }
    slow_down().await;
    let Some(tenant) = tenant else { return };
    if let Some(number) = COUNTS.with_borrow_mut(|counts| counts.remove(&tenant)) {
        let told = json!({ "number": number, "now": now() });
        if let Err(error) = ask_admin(env, &visit.id, &tenant, "/refused", &told).await {
            super::log::failure("refused", &visit.id, &error);
        }
    }
}

/// Whether there is such a tenant, without waking its object: anybody can name one.
async fn exists(env: &Env, tenant: &str) -> bool {
    let Ok(kv) = env.kv("DIRECTORY") else { return false };
    kv.get(&format!("tenant/{tenant}")).cache_ttl(300).text().await.is_ok_and(|found| found.is_some())
}
