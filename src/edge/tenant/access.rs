//! Whether a credential may do what it asks, as the tenant's object knows it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::{Value, json};

use super::issuers;
use crate::edge::store::sql::{SqlStore, integer, text};
use crate::scim::auth::jwt::Issuer;
use crate::scim::auth::token::{Credential, Scope};
use crate::scim::error::ScimError;
use crate::scim::http::Request;
use crate::scim::schema::instant;

/// What is known of credentials that were used. The object alone changes them, and forgets this when an
/// administrator asks anything: a revoked token is refused from that moment on.
#[derive(Clone, Debug, Default)]
pub(in crate::edge) struct Grants {
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
pub(in crate::edge) fn allow(
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
                None => grants.issuers.insert(issuers::all(store)?),
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
pub(super) fn row_scope(
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
pub(in crate::edge) fn count_refused(store: &SqlStore, number: i64, now: &str) -> Result<(), ScimError> {
    Ok(store.run(
        "INSERT INTO counter (name, number, last) VALUES ('refused', ?1, ?2)
         ON CONFLICT (name) DO UPDATE SET number = number + ?1, last = ?2",
        vec![number.into(), now.into()],
    )?)
}

/// How many credentials were refused, and when last.
pub(in crate::edge) fn refused(store: &SqlStore) -> Result<Value, ScimError> {
    let rows = store.rows("SELECT number, last FROM counter WHERE name = 'refused'", vec![])?;
    Ok(rows.first().map_or(
        json!({ "number": 0, "last": null }),
        |row| json!({ "number": integer(row, 0), "last": text(row, 1) }),
    ))
}
