//! A tenant's OAuth clients: made, shown, ended, and asked for their secret.

use serde::{Deserialize, Serialize};
use serde_json::json;
use worker::SqlStorageValue;

use super::access::{Grants, row_scope};
use super::me;
use crate::edge::platform::clock::now;
use crate::edge::store::fact::Fact;
use crate::edge::store::sql::{SqlStore, text};
use crate::scim::auth::token::Scope;
use crate::scim::error::ScimError;
use crate::scim::http::Reply;

/// A client that the Worker made.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::edge) struct New {
    /// Its id within the tenant.
    pub id: String,
    /// The hash of its secret.
    pub hash: String,
    /// What its tokens may do.
    pub scope: Scope,
    /// A dateTime, if it expires.
    pub expires: Option<String>,
    /// The id of the user that it is bound to.
    pub user: Option<String>,
}

/// What is said of a client whose secret is right.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::edge) struct Checked {
    /// What its tokens may do.
    pub scope: Scope,
}

/// All clients, for administrators.
pub(in crate::edge) fn all(store: &SqlStore) -> Result<Reply, ScimError> {
    let rows = store
        .rows("SELECT id, scope, created, expires, used, revoked FROM client ORDER BY created, id", vec![])?;
    let shown = rows.iter().map(|row| {
        let optional = |column: usize| Some(text(row, column)).filter(|text| !text.is_empty());
        json!({
            "id": text(row, 0),
            "scope": text(row, 1),
            "created": text(row, 2),
            "expires": optional(3),
            "lastUsed": optional(4),
            "revoked": optional(5),
        })
    });
    Ok(Reply::plain(200, &json!({ "clients": shown.collect::<Vec<_>>() })))
}

/// Notes a client that the Worker made.
pub(in crate::edge) fn make(store: &mut SqlStore, made: &New) -> Result<Reply, ScimError> {
    me::bind(store, Fact::UserOfClient(&made.id), made.user.as_deref())?;
    store.run(
        "INSERT INTO client (id, hash, scope, created, expires) VALUES (?1, ?2, ?3, ?4, ?5)",
        vec![
            made.id.as_str().into(),
            made.hash.as_str().into(),
            made.scope.as_str().into(),
            now().into(),
            made.expires.as_deref().map_or(SqlStorageValue::Null, Into::into),
        ],
    )?;
    Ok(Reply::plain(201, &json!({})))
}

/// Ends a client.
pub(in crate::edge) fn revoke(store: &SqlStore, id: &str) -> Result<Reply, ScimError> {
    if store.rows("SELECT 1 FROM client WHERE id = ?1", vec![id.into()])?.is_empty() {
        return Err(ScimError::new(404, "the tenant has no such client"));
    }
    store.run(
        "UPDATE client SET revoked = COALESCE(revoked, ?2) WHERE id = ?1",
        vec![id.into(), now().into()],
    )?;
    Ok(Reply::plain(200, &json!({})))
}

/// Whether a client's secret is right; answers with its scope. What is compared are
/// digests, so the time it takes tells nothing of the secret.
pub(in crate::edge) fn check(store: &SqlStore, id: &str, hash: &str) -> Result<Reply, ScimError> {
    let known = store.rows("SELECT hash FROM client WHERE id = ?1", vec![id.into()])?;
    if known.first().map(|row| text(row, 0)).as_deref() != Some(hash) {
        return Err(ScimError::new(401, "the client or its secret is not known"));
    }
    if store.fact(Fact::State)?.as_deref() == Some("suspended") {
        return Err(ScimError::new(403, "the tenant is suspended"));
    }
    let scope = row_scope(store, &mut Grants::default(), "client", id, &now())?;
    Ok(Reply::plain(200, &json!(Checked { scope })))
}
