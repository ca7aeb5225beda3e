//! What an administrator may ask of one tenant's object. Reached from `admin` alone.

use serde_json::{Value, json};

use super::plan::plan;
use super::{erase, export, import, removal};
use crate::edge::events::{poll, stream};
use crate::edge::store::indexes::Indexes;
use crate::edge::store::sql::{SqlStore, integer, text};
use crate::edge::store::{chore, importing, journal, migrate, settings};
use crate::edge::tenant::profile::DELETING;
use crate::edge::tenant::tally::Tally;
use crate::edge::tenant::{
    access, clients, issuers, me, republish, retention, schema_change, settings_change,
};
use crate::scim::directory::{Predicate, Searchable, StoreError};
use crate::scim::error::ScimError;
use crate::scim::http::Reply;

/// The fact under which a tenant's counts are kept.
const TALLY: &str = "tally";

/// Answers one request.
pub(super) fn serve(store: &mut SqlStore, path: &str, body: &Value) -> Result<Reply, ScimError> {
    let field = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    if path == "/create" {
        return create(store, body);
    }
    if path == "/ready" {
        return Ok(Reply::plain(200, &Value::Null));
    }
    if path == "/delete" {
        return delete(store, body);
    }
    if store.fact("id")?.is_none() {
        return Err(ScimError::new(404, "there is no such tenant"));
    }
    if path != "/show" && store.fact("state")?.as_deref() == Some(DELETING) {
        let status = if path == "/poll" { 401 } else { 409 };
        return Err(ScimError::new(status, "the tenant is being deleted"));
    }
    if import::expire(store)? {
        return serve(store, path, body);
    }
    if !import::allows(path, body) && store.fact(importing::IMPORTING)?.is_some() {
        return Err(import::busy());
    }
    if let Some(reply) = credentials(store, path, body) {
        return reply;
    }
    match path {
        "/show" => Ok(Reply::plain(200, &show(store)?)),
        "/change" => {
            // All is read before anything is changed.
            let wanted = body.get("settings").map(|sent| settings_change::merged(store, sent)).transpose()?;
            let copy = read_copy(body)?;
            let state = match body.get("state") {
                None => None,
                Some(Value::String(state)) if state == "active" || state == "suspended" => Some(state),
                Some(other) => {
                    let detail = format!("`state` is `{other}`; send `active` or `suspended`");
                    return Err(ScimError::new(400, detail));
                }
            };
            if let Some(wanted) = wanted {
                settings_change::change(store, &wanted)?;
            }
            if let Some(state) = state {
                store.set_fact("state", state)?;
            }
            let is_switched = copy.is_some_and(|copy| copy != store.keeps_copy());
            if let Some(copy) = copy.filter(|_| is_switched) {
                store.keep_copy(copy)?;
                if copy {
                    store.atomically(&mut || republish::everything(store))?;
                } else {
                    removal::begin_copies(store)?;
                }
            }
            // Readers of the copy never ask this object, so KV says who is let in.
            if state.is_some() || is_switched {
                removal::begin_readers(store)?;
            }
            Ok(Reply::plain(200, &show(store)?))
        }
        "/tokens/make" => {
            me::bind(store, field("hash"), body)?;
            let expires = body.get("expires").and_then(Value::as_str);
            if field("scope") == "edge-read" && !store.keeps_copy() {
                let detail = "the tenant keeps no copy to read; send `{\"copy\": true}` to the tenant first";
                return Err(ScimError::new(409, detail));
            }
            store.run(
                "INSERT INTO token (hash, scope, created, expires) VALUES (?1, ?2, ?3, ?4)",
                vec![
                    field("hash").into(),
                    field("scope").into(),
                    field("now").into(),
                    expires.map_or(worker::SqlStorageValue::Null, Into::into),
                ],
            )?;
            let is_active = store.fact("state")?.as_deref() != Some("suspended");
            Ok(Reply::plain(201, &json!({ "isActive": is_active })))
        }
        "/tokens" => Ok(Reply::plain(200, &tokens(store)?)),
        "/tokens/revoke" => {
            let found = store.rows(
                "SELECT hash FROM token WHERE substr(hash, 1, 12) = ?1 OR hash = ?1",
                vec![field("token").into()],
            )?;
            let Some(row) = found.first() else {
                return Err(ScimError::new(404, "the tenant has no such token"));
            };
            let hash = text(row, 0);
            store.run(
                "UPDATE token SET revoked = COALESCE(revoked, ?2) WHERE hash = ?1",
                vec![hash.as_str().into(), field("now").into()],
            )?;
            Ok(Reply::plain(200, &json!({ "hash": hash })))
        }
        "/journal" => Ok(Reply::plain(200, &journal::page(store, body)?)),
        "/republish" if !store.keeps_copy() => {
            Err(ScimError::new(409, "the tenant keeps no copy; send `{\"copy\": true}` to the tenant first"))
        }
        "/republish" => {
            store.atomically(&mut || republish::everything(store))?;
            let rows = store.rows(UNPUBLISHED, vec![])?;
            Ok(Reply::plain(202, &json!({ "noted": rows.first().map_or(0, |row| integer(row, 0)) })))
        }
        "/erase" => erase::begin(store, body),
        "/export" => export::export(store, body),
        "/import/begin" => import::begin(store, field("id")),
        "/import/lines" => import::apply(store, body),
        "/import/finish" => import::finish(store, body),
        "/import/abandon" => import::abandon(store, body),
        "/import/stop" => import::stop(store),
        "/poll" => poll::poll(store, body),
        path if path.starts_with("/schemas") => schema_change::serve(store, path, body),
        path if path == "/streams" || path.starts_with("/streams/") => stream::serve(store, path, body),
        "/observe" => observe(store, body),
        "/metrics" => {
            let tally = store.fact(TALLY)?.and_then(|text| serde_json::from_str::<Value>(&text).ok());
            Ok(Reply::plain(200, &json!({ "tally": tally, "gauges": show(store)? })))
        }
        "/plan" => plan(store, body),
        _ => Err(ScimError::new(404, "there is nothing here")),
    }
}

/// Answers what an administrator asks of clients and issuers, and the token endpoint of clients.
fn credentials(store: &mut SqlStore, path: &str, body: &Value) -> Option<Result<Reply, ScimError>> {
    let reply = match path {
        "/clients" => clients::all(store),
        "/clients/make" => clients::make(store, body),
        "/clients/revoke" => clients::revoke(store, body),
        "/clients/check" => clients::check(store, body),
        "/issuers" => issuers::all(store).map(|all| Reply::plain(200, &json!({ "issuers": all }))),
        "/issuers/set" => issuers::set(store, body),
        _ => return None,
    };
    Some(reply)
}

/// Stale keys of the copy; what is still to be noted counts as one for each resource type.
const UNPUBLISHED: &str =
    "SELECT (SELECT COUNT(*) FROM outbox) + (SELECT COUNT(*) FROM chore WHERE kind = 'republish')";

/// Makes a tenant. The same asked once more changes nothing, as a reply may be lost.
fn create(store: &mut SqlStore, body: &Value) -> Result<Reply, ScimError> {
    let field = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    if let Some(known) = store.fact("name")? {
        if store.fact("state")?.as_deref() == Some(DELETING) {
            return Err(ScimError::new(409, "the tenant is being deleted"));
        }
        if known != field("name") {
            let detail = format!("the tenant `{known}` was made with this `Idempotency-Key`; send another");
            return Err(ScimError::new(409, detail));
        }
        return Ok(Reply::plain(201, &json!({})));
    }
    let sent = body.get("settings").cloned().unwrap_or_else(|| json!({}));
    let mut wanted = settings_change::parse(&sent)?;
    if sent.get("journalDays").is_none() {
        wanted.journal_days = Some(retention::DAYS);
    }
    settings_change::check(&*store.schemas()?, &wanted)?;
    let copy = read_copy(body)?.unwrap_or(true);
    for name in ["id", "name", "base"] {
        store.set_fact(name, field(name))?;
    }
    store.set_fact("state", "active")?;
    settings_change::change(store, &wanted)?;
    store.keep_copy(copy)?;
    Ok(Reply::plain(201, &json!({})))
}

/// The second step of a deletion: it is stored that the tenant is to go, and the alarm works it off.
fn delete(store: &SqlStore, body: &Value) -> Result<Reply, ScimError> {
    let told = || Reply::plain(202, &json!({ "state": DELETING }));
    let state = store.fact("state")?;
    if state.as_deref() == Some(DELETING) {
        return Ok(told());
    }
    // What a deletion of an earlier version left behind is known by the list alone.
    if let (None, Some(left)) = (store.fact("name")?, body.get("left").and_then(Value::as_object)) {
        for (name, value) in left {
            store.set_fact(name, value.as_str().unwrap_or_default())?;
        }
    } else if state.as_deref() == Some("active") {
        return Err(ScimError::new(409, "suspend the tenant first, then delete it"));
    }
    let name = store.fact("name")?.ok_or_else(|| ScimError::new(404, "there is no such tenant"))?;
    if body.get("confirm").and_then(Value::as_str) != Some(name.as_str()) {
        return Err(ScimError::new(400, format!("send its name to confirm: `{{\"confirm\": \"{name}\"}}`")));
    }
    removal::begin_delete(store)?;
    Ok(told())
}

/// Whether the tenant is to have a copy, if that is said.
fn read_copy(body: &Value) -> Result<Option<bool>, ScimError> {
    match body.get("copy") {
        None => Ok(None),
        Some(Value::Bool(copy)) => Ok(Some(*copy)),
        Some(other) => Err(ScimError::new(400, format!("`copy` is `{other}`; send `true` or `false`"))),
    }
}

fn show(store: &mut SqlStore) -> Result<Value, ScimError> {
    let number = |store: &SqlStore, statement: &str| -> Result<i64, StoreError> {
        Ok(store.rows(statement, vec![])?.first().map_or(0, |row| integer(row, 0)))
    };
    Ok(json!({
        "id": store.fact("id")?,
        "name": store.fact("name")?,
        "tenantUrl": store.fact("base")?,
        "state": store.fact("state")?,
        "settings": settings::read(store)?,
        "indexes": Indexes::read(store)?.show(),
        "users": store.count("User", &Predicate::All)?,
        "groups": store.count("Group", &Predicate::All)?,
        "sequence": store.sequence()?,
        "copy": store.keeps_copy(),
        "import": import::show(store)?,
        "work": chore::show(store)?,
        "storage": store.space(),
        "tables": migrate::version(store)?,
        "refused": access::refused(store)?,
        "unpublished": number(store, UNPUBLISHED)?,
    }))
}

fn tokens(store: &SqlStore) -> Result<Value, ScimError> {
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
    Ok(json!({ "tokens": shown.collect::<Vec<_>>() }))
}

/// Adds what the Worker saw to the tenant's counts.
fn observe(store: &SqlStore, body: &Value) -> Result<Reply, ScimError> {
    let known = store.fact(TALLY)?.and_then(|text| serde_json::from_str::<Tally>(&text).ok());
    let mut tally = known.unwrap_or_default();
    if let Ok(seen) = serde_json::from_value::<Tally>(body.clone()) {
        tally.merge(&seen);
    }
    store.set_fact(TALLY, &json!(tally).to_string())?;
    Ok(Reply::plain(200, &Value::Null))
}
