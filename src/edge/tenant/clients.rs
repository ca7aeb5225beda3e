//! A tenant's OAuth clients: made, shown, ended, and asked for their secret.

use serde_json::{Value, json};
use worker::SqlStorageValue;

use super::access::{Grants, row_scope};
use super::me;
use crate::edge::store::sql::{SqlStore, text};
use crate::scim::error::ScimError;
use crate::scim::http::Reply;

fn field<'a>(body: &'a Value, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
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
pub(in crate::edge) fn make(store: &mut SqlStore, body: &Value) -> Result<Reply, ScimError> {
    me::bind(store, &me::client(field(body, "id")), body)?;
    let expires = body.get("expires").and_then(Value::as_str);
    store.run(
        "INSERT INTO client (id, hash, scope, created, expires) VALUES (?1, ?2, ?3, ?4, ?5)",
        vec![
            field(body, "id").into(),
            field(body, "hash").into(),
            field(body, "scope").into(),
            field(body, "now").into(),
            expires.map_or(SqlStorageValue::Null, Into::into),
        ],
    )?;
    Ok(Reply::plain(201, &json!({})))
}

/// Ends a client.
pub(in crate::edge) fn revoke(store: &SqlStore, body: &Value) -> Result<Reply, ScimError> {
    let id = field(body, "client");
    if store.rows("SELECT 1 FROM client WHERE id = ?1", vec![id.into()])?.is_empty() {
        return Err(ScimError::new(404, "the tenant has no such client"));
    }
    store.run(
        "UPDATE client SET revoked = COALESCE(revoked, ?2) WHERE id = ?1",
        vec![id.into(), field(body, "now").into()],
    )?;
    Ok(Reply::plain(200, &json!({})))
}

/// Whether a client's secret is right; answers with its scope. What is compared are
/// digests, so the time it takes tells nothing of the secret.
pub(in crate::edge) fn check(store: &SqlStore, body: &Value) -> Result<Reply, ScimError> {
    let (id, hash, now) = (field(body, "id"), field(body, "hash"), field(body, "now"));
    let known = store.rows("SELECT hash FROM client WHERE id = ?1", vec![id.into()])?;
    if known.first().map(|row| text(row, 0)).as_deref() != Some(hash) {
        return Err(ScimError::new(401, "the client or its secret is not known"));
    }
    if store.fact("state")?.as_deref() == Some("suspended") {
        return Err(ScimError::new(403, "the tenant is suspended"));
    }
    let scope = row_scope(store, &mut Grants::default(), "client", id, now)?;
    Ok(Reply::plain(200, &json!({ "scope": scope.as_str() })))
}
