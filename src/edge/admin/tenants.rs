//! Tenants: made, listed, and deleted in two steps.

use serde_json::{Value, json};
use worker::Env;

use super::tokens::new_token;
use crate::edge::object::client::command;
use crate::edge::object::command::{Command, Identity};
use crate::edge::platform::log::failure;
use crate::edge::platform::random::new_id;
use crate::edge::platform::response::{Answer, of_reply};
use crate::edge::tenant::entry::{self, Entry};
use crate::edge::tenant::placement;
use crate::edge::worker::exchange::Exchange;
use crate::routes::SCIM;
use crate::scim::auth::token::{Scope, mac};
use crate::scim::error::ScimError;
use crate::scim::http::{Reply, Request};

/// Tenants on a page of the list, and at most.
const PAGE: usize = 100;
const MAX_PAGE: usize = 500;
/// Longest key under which a creation may be repeated, in bytes.
const MAX_KEY: usize = 255;
/// Longest name, in characters.
const MAX_NAME: usize = 200;

/// Makes a tenant and its first token.
///
/// The list's entry is written first: a tenant that nobody can find is worse than an entry without one,
/// which a deletion takes away. With an `Idempotency-Key` the id follows from the key, so that whoever got no
/// reply may ask once more.
pub(super) async fn create(
    env: &Env,
    exchange: &mut Exchange,
    here: &str,
    body: &Value,
    key: Option<&str>,
) -> Answer {
    let name = body.get("name").and_then(Value::as_str).filter(|name| !name.trim().is_empty());
    let Some(name) = name.filter(|name| name.chars().count() <= MAX_NAME) else {
        let detail =
            format!("send the tenant's name, at most {MAX_NAME} characters: `{{\"name\": \"Example\"}}`");
        return Err(ScimError::new(400, detail).into());
    };
    let wanted = match body.get("jurisdiction") {
        None | Some(Value::Null) => None,
        Some(Value::String(wanted)) => Some(wanted.as_str()),
        Some(other) => {
            return Err(ScimError::new(400, format!("`jurisdiction` is `{other}`; send `eu`")).into());
        }
    };
    let random = match key {
        None => new_id().replace('-', ""),
        Some(key) if (8..=MAX_KEY).contains(&key.len()) => {
            let secret = env.secret("TOKEN_KEY")?.to_string();
            let made = mac(&secret, &format!("tenant\n{key}"));
            made.and_then(|made| made.get(..32).map(str::to_owned))
                .ok_or_else(|| worker::Error::RustError("TOKEN_KEY cannot sign".into()))?
        }
        Some(_) => {
            let detail = format!("`Idempotency-Key` must have 8 to {MAX_KEY} bytes; send a random one");
            return Err(ScimError::new(400, detail).into());
        }
    };
    let tenant = placement::tenant_id(wanted, &random)?;
    let base = format!("{}{SCIM}", placement::origin(env, &tenant, here));
    // What must stay in a jurisdiction is copied to every location only if that is asked for.
    let copy = body.get("copy").cloned().unwrap_or_else(|| json!(wanted.is_none()));
    exchange.tenant = Some(tenant.clone());
    let settings = body.get("settings").cloned().unwrap_or_else(|| json!({}));
    let identity = Identity { id: tenant.clone(), name: name.to_owned(), base: base.clone() };
    let create = Command::Create { identity, settings, copy };
    let kv = env.kv("DIRECTORY")?;
    let listed =
        Entry { id: tenant.clone(), name: name.into(), tenant_url: base.clone(), state: "active".into() };
    let is_known = key.is_some() && entry::read(&kv, &tenant).await?.is_some();
    if !is_known {
        entry::write(&kv, &listed).await?;
    }
    let reply = command(env, &exchange.id, &tenant, &create).await?;
    if reply.status_code() != 201 {
        if !is_known {
            entry::remove(&kv, &tenant).await?;
        }
        return Ok(reply);
    }
    let token = match new_token(env, exchange, &tenant, Scope::Provision, None, None).await? {
        Ok(token) => token,
        Err(response) => return Ok(response),
    };
    let shown = json!({ "id": tenant, "name": name, "tenantUrl": base, "jurisdiction": wanted });
    Ok(of_reply(Reply::plain(201, &json!({ "tenant": shown, "token": token })))?)
}

/// Begins the end of a suspended tenant; the tenant's object works it off.
pub(super) async fn delete(env: &Env, exchange: &Exchange, tenant: &str, body: &Value) -> Answer {
    let confirm = body.get("confirm").and_then(Value::as_str).map(str::to_owned);
    let delete = Command::Delete { confirm: confirm.clone(), left: None };
    let reply = command(env, &exchange.id, tenant, &delete).await?;
    if reply.status_code() != 404 {
        return Ok(reply);
    }
    // An entry without a tenant: one that was never made, or that an earlier version deleted in part.
    let Some(left) = entry::read(&env.kv("DIRECTORY")?, tenant).await? else { return Ok(reply) };
    let left = Identity { id: tenant.to_owned(), name: left.name, base: left.tenant_url };
    let delete = Command::Delete { confirm, left: Some(left) };
    Ok(command(env, &exchange.id, tenant, &delete).await?)
}

/// A page of the list of tenants; `next` is the cursor of the next one.
pub(super) async fn list(env: &Env, query: &Request) -> Answer {
    let limit = match query.parameter("limit") {
        None => PAGE,
        Some(given) => {
            given.parse::<usize>().ok().filter(|limit| (1..=MAX_PAGE).contains(limit)).ok_or_else(|| {
                ScimError::new(400, format!("`limit` is `{given}`; send a number from 1 to {MAX_PAGE}"))
            })?
        }
    };
    let cursor = query.parameter("cursor").filter(|cursor| !cursor.is_empty());
    let is_continued = cursor.is_some();
    let (tenants, next) = match entry::page(&env.kv("DIRECTORY")?, limit, cursor).await {
        Ok(page) => page,
        Err(error) if is_continued => {
            failure("list", "", &error.to_string());
            return Err(ScimError::new(400, "the `cursor` cannot be read; begin without one").into());
        }
        Err(error) => return Err(error.into()),
    };
    let tenants: Vec<Value> = tenants.iter().map(Entry::show).collect();
    Ok(of_reply(Reply::plain(200, &json!({ "tenants": tenants, "next": next })))?)
}
