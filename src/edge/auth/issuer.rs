//! Which tenant takes an issuer's tokens, as KV keeps it.

use serde::{Deserialize, Serialize};
use worker::kv::{KvError, KvStore};

use crate::scim::auth::jwt::Issuer;
use crate::scim::auth::token::hash;

/// What KV keeps of a trusted issuer: its tokens for this audience are for this tenant.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::edge) struct Trusted {
    pub tenant: String,
    pub issuer: Issuer,
}

/// Where KV keeps it.
pub(in crate::edge) fn issuer_key(issuer: &str, audience: &str) -> String {
    format!("issuer/{}", hash(&format!("{issuer}\n{audience}")))
}

/// Forgets issuers that are still this tenant's: others may take them from then on.
pub(in crate::edge) async fn forget(kv: &KvStore, tenant: &str, issuers: &[Issuer]) -> Result<(), KvError> {
    for issuer in issuers {
        let key = issuer_key(&issuer.issuer, &issuer.audience);
        let known = kv.get(&key).text().await?.and_then(|text| serde_json::from_str::<Trusted>(&text).ok());
        if known.is_some_and(|known| known.tenant == tenant) {
            kv.delete(&key).await?;
        }
    }
    Ok(())
}
