//! Whose tokens a tenant takes beside its own.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::edge::store::fact::Fact;
use crate::edge::store::sql::SqlStore;
use crate::scim::auth::jwt::{ALGORITHMS, Issuer};
use crate::scim::auth::token::Scope;
use crate::scim::error::ScimError;
use crate::scim::http::Reply;

/// Most issuers that a tenant may trust.
const MAX_ISSUERS: usize = 10;

/// The issuers that a tenant trusts, as an administrator sees them.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::edge) struct Listed {
    /// All of them.
    pub issuers: Vec<Issuer>,
}

/// The issuers that the tenant trusts.
pub(in crate::edge) fn all(store: &SqlStore) -> Result<Vec<Issuer>, ScimError> {
    let text = store.fact(Fact::Issuers)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// The same, for administrators.
pub(in crate::edge) fn list(store: &SqlStore) -> Result<Reply, ScimError> {
    Ok(Reply::plain(200, &json!(Listed { issuers: all(store)? })))
}

/// Keeps these issuers and no others.
///
/// # Errors
/// 400 for what no issuer is like.
pub(in crate::edge) fn set(store: &SqlStore, sent: Vec<Value>) -> Result<Reply, ScimError> {
    let wrong = |detail: String| ScimError::new(400, detail);
    let issuers: Vec<Issuer> =
        serde_json::from_value(sent.into()).map_err(|error| wrong(format!("`issuers`: {error}")))?;
    if issuers.len() > MAX_ISSUERS {
        return Err(wrong(format!("a tenant trusts at most {MAX_ISSUERS} issuers")));
    }
    for one in &issuers {
        if let Some(other) = one.algorithms.iter().find(|name| !ALGORITHMS.contains(&name.as_str())) {
            return Err(wrong(format!("`algorithms` has `{other}`; send `RS256` or `ES256`")));
        }
        if !matches!(Scope::parse(&one.scope), Some(Scope::Provision | Scope::Read)) {
            return Err(wrong(format!("`scope` is `{}`; send `provision` or `read`", one.scope)));
        }
        for (name, value) in
            [("issuer", &one.issuer), ("audience", &one.audience), ("subjectClaim", &one.subject_claim)]
        {
            if value.trim().is_empty() {
                return Err(wrong(format!("`{name}` is empty; send what the issuer's tokens have")));
            }
        }
    }
    store.set_fact(Fact::Issuers, &json!(issuers).to_string())?;
    Ok(Reply::plain(200, &json!(Listed { issuers })))
}
