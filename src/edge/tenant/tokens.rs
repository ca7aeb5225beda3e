//! A tenant's tokens: noted, shown and ended.

use serde::{Deserialize, Serialize};
use serde_json::json;
use worker::SqlStorageValue;

use super::me;
use crate::edge::platform::clock::now;
use crate::edge::store::fact::Fact;
use crate::edge::store::sql::{SqlStore, text};
use crate::scim::auth::token::Scope;
use crate::scim::error::ScimError;
use crate::scim::http::Reply;

/// A token that the Worker made.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::edge) struct New {
    /// Its hash.
    pub hash: String,
    /// What it may do.
    pub scope: Scope,
    /// A dateTime, if it expires.
    pub expires: Option<String>,
    /// The id of the user that it is bound to.
    pub user: Option<String>,
}

/// What is said of a token that was noted.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::edge) struct Noted {
    /// Whether the tenant lets anybody in.
    pub is_active: bool,
}

/// What is said of a token that was ended.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::edge) struct Revoked {
    /// Its hash.
    pub hash: String,
}

/// All tokens, for administrators.
pub(in crate::edge) fn all(store: &SqlStore) -> Result<Reply, ScimError> {
    let rows = store
        .rows("SELECT hash, scope, created, expires, used, revoked FROM token ORDER BY created", vec![])?;
    let shown = rows.iter().map(|row| {
        let optional = |column: usize| Some(text(row, column)).filter(|text| !text.is_empty());
        json!({
            "id": text(row, 0).get(..12),
            "scope": text(row, 1),
            "created": text(row, 2),
            "expires": optional(3),
            "lastUsed": optional(4),
            "revoked": optional(5),
        })
    });
    Ok(Reply::plain(200, &json!({ "tokens": shown.collect::<Vec<_>>() })))
}

/// Notes a token that the Worker made.
pub(in crate::edge) fn make(store: &mut SqlStore, made: &New) -> Result<Reply, ScimError> {
    me::bind(store, Fact::UserOfToken(&made.hash), made.user.as_deref())?;
    if made.scope == Scope::EdgeRead && !store.keeps_copy() {
        let detail = "the tenant keeps no copy to read; send `{\"copy\": true}` to the tenant first";
        return Err(ScimError::new(409, detail));
    }
    store.run(
        "INSERT INTO token (hash, scope, created, expires) VALUES (?1, ?2, ?3, ?4)",
        vec![
            made.hash.as_str().into(),
            made.scope.as_str().into(),
            now().into(),
            made.expires.as_deref().map_or(SqlStorageValue::Null, Into::into),
        ],
    )?;
    let is_active = store.fact(Fact::State)?.as_deref() != Some("suspended");
    Ok(Reply::plain(201, &json!(Noted { is_active })))
}

/// Ends a token, given by its hash or how that begins.
pub(in crate::edge) fn revoke(store: &SqlStore, token: &str) -> Result<Reply, ScimError> {
    let found = store
        .rows("SELECT hash FROM token WHERE substr(hash, 1, 12) = ?1 OR hash = ?1", vec![token.into()])?;
    let Some(row) = found.first() else {
        return Err(ScimError::new(404, "the tenant has no such token"));
    };
    let hash = text(row, 0);
    store.run(
        "UPDATE token SET revoked = COALESCE(revoked, ?2) WHERE hash = ?1",
        vec![hash.as_str().into(), now().into()],
    )?;
    Ok(Reply::plain(200, &json!(Revoked { hash })))
}
