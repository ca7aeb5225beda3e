//! Tenants: made, listed, changed, and deleted in two steps.

use serde_json::{Value, json};
use worker::Env;
use worker::kv::KvStore;

use super::new_id;
use super::tokens::{admit_reader, new_token};
use crate::edge::reader::token_key;
use crate::edge::region;
use crate::edge::reply::{Answer, Fault, of_reply};
use crate::edge::tenant::{ask_admin, now};
use crate::edge::token::Scope;
use crate::edge::visit::Visit;
use crate::routes::SCIM;
use crate::scim::error::ScimError;
use crate::scim::http::Reply;

/// Where KV keeps the list of tenants.
const LIST: &str = "tenant/";
/// Longest name, in characters.
const MAX_NAME: usize = 200;

/// Makes a tenant and its first token.
pub(super) async fn create(env: &Env, visit: &mut Visit, here: &str, body: &Value) -> Answer {
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
    let tenant = region::tenant_id(wanted, &new_id().replace('-', ""))?;
    let base = format!("{}{SCIM}", region::origin(env, &tenant, here));
    // What must stay in a jurisdiction is copied to every location only if that is asked for.
    let copy = body.get("copy").cloned().unwrap_or_else(|| json!(wanted.is_none()));
    visit.tenant = Some(tenant.clone());
    let settings = body.get("settings").cloned().unwrap_or_else(|| json!({}));
    let made = json!({ "id": tenant, "name": name, "base": base, "settings": settings, "copy": copy });
    let reply = ask_admin(env, &visit.id, &tenant, "/create", &made).await?;
    if reply.status_code() != 201 {
        return Ok(reply);
    }
    let token = match new_token(env, visit, &tenant, Scope::Provision, None, None).await? {
        Ok(token) => token,
        Err(response) => return Ok(response),
    };
    let shown = json!({ "id": tenant, "name": name, "tenantUrl": base, "jurisdiction": wanted });
    env.kv("DIRECTORY")?.put(&format!("{LIST}{tenant}"), shown.to_string())?.execute().await?;
    Ok(of_reply(Reply::plain(201, &json!({ "tenant": shown, "token": token })))?)
}

/// Changes settings or state, or switches the copy. Readers of the copy never ask the
/// object, so those of a suspended tenant, or of one without a copy, are taken out of KV,
/// and put back later.
pub(super) async fn change(env: &Env, visit: &Visit, tenant: &str, body: &Value) -> Answer {
    let mut reply = ask_admin(env, &visit.id, tenant, "/change", body).await?;
    if reply.status_code() != 200 || (body.get("state").is_none() && body.get("copy").is_none()) {
        return Ok(reply);
    }
    let shown: Value = reply.json().await?;
    let asked = json!({ "now": now() });
    let readers: Value = ask_admin(env, &visit.id, tenant, "/tokens/readers", &asked).await?.json().await?;
    let kv = env.kv("DIRECTORY")?;
    let is_copied = shown.get("copy").and_then(Value::as_bool) == Some(true);
    for reader in readers.as_array().into_iter().flatten() {
        let hash = reader.get("hash").and_then(Value::as_str).unwrap_or_default();
        if is_copied && shown.get("state").and_then(Value::as_str) == Some("active") {
            admit_reader(env, tenant, hash, reader.get("expires").and_then(Value::as_str)).await?;
        } else {
            kv.delete(&token_key(hash)).await?;
        }
    }
    if !is_copied {
        remove_copies(&kv, tenant).await?;
    }
    Ok(of_reply(Reply::plain(200, &shown))?)
}

/// Deletes a suspended tenant, its copies and its entry.
pub(super) async fn delete(env: &Env, visit: &Visit, tenant: &str, body: &Value) -> Answer {
    let reply = ask_admin(env, &visit.id, tenant, "/delete", body).await?;
    if reply.status_code() != 204 {
        return Ok(reply);
    }
    let kv = env.kv("DIRECTORY")?;
    remove_copies(&kv, tenant).await?;
    kv.delete(&format!("{LIST}{tenant}")).await?;
    Ok(reply)
}

async fn remove_copies(kv: &KvStore, tenant: &str) -> Result<(), Fault> {
    loop {
        let page = kv.list().prefix(format!("copy/{tenant}/")).execute().await?;
        for key in &page.keys {
            kv.delete(&key.name).await?;
        }
        if page.list_complete || page.keys.is_empty() {
            return Ok(());
        }
    }
}

/// Every tenant's id.
pub(super) async fn ids(env: &Env) -> Result<Vec<String>, Fault> {
    let kv = env.kv("DIRECTORY")?;
    let mut ids = Vec::new();
    let mut cursor = None;
    loop {
        let mut request = kv.list().prefix(LIST.into());
        if let Some(cursor) = cursor {
            request = request.cursor(cursor);
        }
        let page = request.execute().await?;
        ids.extend(page.keys.iter().filter_map(|key| key.name.strip_prefix(LIST).map(str::to_owned)));
        cursor = page.cursor;
        if page.list_complete || cursor.is_none() {
            return Ok(ids);
        }
    }
}

/// Every tenant with its name.
pub(super) async fn list(env: &Env) -> Answer {
    let kv = env.kv("DIRECTORY")?;
    let mut tenants = Vec::new();
    for id in ids(env).await? {
        let text = kv.get(&format!("{LIST}{id}")).text().await?;
        tenants.extend(text.and_then(|text| serde_json::from_str::<Value>(&text).ok()));
    }
    Ok(of_reply(Reply::plain(200, &json!({ "tenants": tenants })))?)
}
