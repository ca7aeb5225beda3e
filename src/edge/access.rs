//! Who may ask a tenant, as its object knows it: tokens, OAuth clients, trusted issuers.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::{Value, json};
use worker::SqlStorageValue;

use super::me;
use super::store::sql::{SqlStore, integer, text};
use crate::scim::auth::jwt::{ALGORITHMS, Issuer};
use crate::scim::auth::token::{Credential, Scope};
use crate::scim::error::ScimError;
use crate::scim::http::{Reply, Request};
use crate::scim::schema::instant;

/// The fact that holds the trusted issuers.
const ISSUERS: &str = "issuers";
/// Most issuers that a tenant may trust.
const MAX_ISSUERS: usize = 10;

/// What is known of credentials that were used. The object alone changes them, and forgets this when an
/// administrator asks anything: a revoked token is refused from that moment on.
#[derive(Clone, Debug, Default)]
pub(super) struct Grants {
    rows: HashMap<String, Grant>,
    issuers: Option<Vec<Issuer>>,
}

/// Most tokens and clients that are kept known.
const MAX_GRANTS: usize = 64;

/// What a row of `token` or `client` grants.
#[derive(Clone, Debug)]
struct Grant {
    scope: Option<Scope>,
    /// A dateTime; empty for a credential that never expires.
    expires: String,
    /// When it was last noted as used.
    used: String,
}

/// Whether this may be done, here and now. A credential's last use is noted once an hour.
pub(super) fn allow(
    store: &SqlStore,
    grants: &mut Grants,
    credential: &Credential,
    now: &str,
    request: &Request,
) -> Result<(), ScimError> {
    let scope = scope_of(store, grants, credential, now)?;
    match scope {
        Scope::Provision => Ok(()),
        Scope::Read if request.reads() => Ok(()),
        _ => Err(ScimError::new(403, "the token may only read; use one with the scope `provision`")),
    }
}

fn invalid() -> ScimError {
    ScimError::new(401, "the token is not valid or was revoked")
}

fn scope_of(
    store: &SqlStore,
    grants: &mut Grants,
    credential: &Credential,
    now: &str,
) -> Result<Scope, ScimError> {
    match credential {
        Credential::Token { hash } => row_scope(store, grants, "token", hash, now),
        Credential::Client { id, expires } => {
            is_timely(*expires, now)?;
            row_scope(store, grants, "client", id, now)
        }
        Credential::Issuer { issuer, audience, expires, .. } => {
            is_timely(*expires, now)?;
            let trusted = match &grants.issuers {
                Some(known) => known,
                None => grants.issuers.insert(issuers(store)?),
            };
            let found = trusted.iter().find(|one| one.issuer == *issuer && one.audience == *audience);
            found.and_then(|one| Scope::parse(&one.scope)).ok_or_else(invalid)
        }
    }
}

/// Whether a time in seconds since 1970 lies ahead.
fn is_timely(expires: u64, now: &str) -> Result<(), ScimError> {
    let now = instant(now).and_then(|now| u64::try_from(now / 1000).ok()).unwrap_or(u64::MAX);
    if expires > now { Ok(()) } else { Err(ScimError::new(401, "the token expired; ask for a new one")) }
}

/// The scope in a row of `token` or `client` that is neither revoked nor expired.
fn row_scope(
    store: &SqlStore,
    grants: &mut Grants,
    table: &str,
    key: &str,
    now: &str,
) -> Result<Scope, ScimError> {
    let column = if table == "token" { "hash" } else { "id" };
    let name = format!("{table}/{key}");
    if grants.rows.len() >= MAX_GRANTS && !grants.rows.contains_key(&name) {
        grants.rows.clear();
    }
    let grant = match grants.rows.entry(name) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(place) => {
            let statement = format!(
                "SELECT scope, COALESCE(expires, ''), COALESCE(used, '') FROM {table} WHERE {column} = ?1 AND revoked IS NULL"
            );
            let found = store.rows(&statement, vec![key.into()])?;
            let row = found.first().ok_or_else(invalid)?;
            let (scope, expires, used) = (Scope::parse(&text(row, 0)), text(row, 1), text(row, 2));
            place.insert(Grant { scope, expires, used })
        }
    };
    if !grant.expires.is_empty() && instant(&grant.expires) <= instant(now) {
        return Err(ScimError::new(401, format!("the token expired on {}; make a new one", grant.expires)));
    }
    if grant.used.get(..13) != now.get(..13) {
        store.run(
            &format!("UPDATE {table} SET used = ?2 WHERE {column} = ?1"),
            vec![key.into(), now.into()],
        )?;
        now.clone_into(&mut grant.used);
    }
    grant.scope.ok_or_else(invalid)
}

/// Counts credentials that were refused.
pub(super) fn count_refused(store: &SqlStore, number: i64, now: &str) -> Result<(), ScimError> {
    Ok(store.run(
        "INSERT INTO counter (name, number, last) VALUES ('refused', ?1, ?2)
         ON CONFLICT (name) DO UPDATE SET number = number + ?1, last = ?2",
        vec![number.into(), now.into()],
    )?)
}

/// How many credentials were refused, and when last.
pub(super) fn refused(store: &SqlStore) -> Result<Value, ScimError> {
    let rows = store.rows("SELECT number, last FROM counter WHERE name = 'refused'", vec![])?;
    Ok(rows.first().map_or(
        json!({ "number": 0, "last": null }),
        |row| json!({ "number": integer(row, 0), "last": text(row, 1) }),
    ))
}

/// Answers what an administrator asks of clients and issuers, and the token endpoint of clients.
pub(super) fn serve(store: &mut SqlStore, path: &str, body: &Value) -> Option<Result<Reply, ScimError>> {
    let reply = match path {
        "/clients" => clients(store),
        "/clients/make" => make_client(store, body),
        "/clients/revoke" => revoke_client(store, body),
        "/clients/check" => check_client(store, body),
        "/issuers" => issuers(store).map(|all| Reply::plain(200, &json!({ "issuers": all }))),
        "/issuers/set" => set_issuers(store, body),
        _ => return None,
    };
    Some(reply)
}

fn field<'a>(body: &'a Value, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn clients(store: &SqlStore) -> Result<Reply, ScimError> {
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

fn make_client(store: &mut SqlStore, body: &Value) -> Result<Reply, ScimError> {
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

fn revoke_client(store: &SqlStore, body: &Value) -> Result<Reply, ScimError> {
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
fn check_client(store: &SqlStore, body: &Value) -> Result<Reply, ScimError> {
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

/// The issuers that the tenant trusts.
pub(super) fn issuers(store: &SqlStore) -> Result<Vec<Issuer>, ScimError> {
    let text = store.fact(ISSUERS)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

fn set_issuers(store: &SqlStore, body: &Value) -> Result<Reply, ScimError> {
    let wrong = |detail: String| ScimError::new(400, detail);
    let given = body.get("issuers").cloned().unwrap_or(Value::Null);
    let all: Vec<Issuer> =
        serde_json::from_value(given).map_err(|error| wrong(format!("`issuers`: {error}")))?;
    if all.len() > MAX_ISSUERS {
        return Err(wrong(format!("a tenant trusts at most {MAX_ISSUERS} issuers")));
    }
    for one in &all {
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
    store.set_fact(ISSUERS, &json!(all).to_string())?;
    Ok(Reply::plain(200, &json!({ "issuers": all })))
}
