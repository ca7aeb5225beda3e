//! Whose tokens a tenant takes beside its own: said, with the place of their keys.

use serde_json::{Value, json};
use worker::Env;

use crate::edge::auth::issuer::{Trusted, issuer_key};
use crate::edge::auth::jwks;
use crate::edge::object::client::command;
use crate::edge::object::command::Command;
use crate::edge::platform::fetch;
use crate::edge::platform::response::{Answer, Fault, of_reply};
use crate::edge::tenant::issuers::Listed;
use crate::edge::worker::exchange::Exchange;
use crate::scim::error::ScimError;
use crate::scim::http::Reply;

/// Says whose tokens a tenant takes, instead of what was said before.
pub(super) async fn set(env: &Env, exchange: &Exchange, tenant: &str, body: &Value) -> Answer {
    let kv = env.kv("DIRECTORY")?;
    let mut issuers = Vec::new();
    for given in body.get("issuers").and_then(Value::as_array).into_iter().flatten() {
        let issuer = with_keys(env, given).await?;
        let text = |name: &str| issuer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let key = issuer_key(&text("issuer"), &text("audience"));
        let known = kv.get(&key).text().await?.and_then(|text| serde_json::from_str::<Trusted>(&text).ok());
        if known.is_some_and(|known| known.tenant != tenant) {
            let detail = "another tenant takes this issuer's tokens for this audience; give each tenant an audience of its own";
            return Err(ScimError::new(409, detail).into());
        }
        issuers.push(issuer);
    }
    let mut before = command(env, &exchange.id, tenant, &Command::Issuers).await?;
    if before.status_code() != 200 {
        return Ok(before);
    }
    let before: Listed = before.json().await?;
    let mut reply = command(env, &exchange.id, tenant, &Command::SetIssuers(issuers)).await?;
    if reply.status_code() != 200 {
        return Ok(reply);
    }
    let after: Listed = reply.json().await?;
    let shown = json!(after);
    for gone in before.issuers.iter().filter(|one| !after.issuers.contains(one)) {
        kv.delete(&issuer_key(&gone.issuer, &gone.audience)).await?;
    }
    for issuer in after.issuers {
        let key = issuer_key(&issuer.issuer, &issuer.audience);
        let trusted = json!(Trusted { tenant: tenant.to_owned(), issuer }).to_string();
        kv.put(&key, trusted)?.execute().await?;
    }
    Ok(of_reply(Reply::plain(200, &shown))?)
}

/// An issuer as given, with the place of its keys: found by OpenID Connect Discovery if not said.
async fn with_keys(env: &Env, given: &Value) -> Result<Value, Fault> {
    let mut issuer = given.clone();
    let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut uri = text("jwksUri");
    let name = text("issuer");
    let wrong = |detail: String| Fault::from(ScimError::new(400, detail));
    let from = fetch::origin(env);
    if uri.is_empty() {
        let place = format!("{}/.well-known/openid-configuration", name.trim_end_matches('/'));
        let place = fetch::address(&place, from).map_err(|refusal| {
            wrong(format!("`issuer` is no address to look keys up at: {refusal}; or send `jwksUri`"))
        })?;
        let unknown = |why: &str| {
            wrong(format!("the keys of `{name}` were not found ({why}); send their address as `jwksUri`"))
        };
        let found = jwks::json(env, &place).await.map_err(|why| unknown(&why))?;
        if found.get("issuer").and_then(Value::as_str) != Some(&name) {
            return Err(unknown("it calls itself otherwise"));
        }
        uri = found.get("jwks_uri").and_then(Value::as_str).unwrap_or_default().to_owned();
    }
    let uri = fetch::address(&uri, from)
        .map_err(|refusal| wrong(format!("`jwksUri` is no address to ask: {refusal}")))?;
    if let Some(issuer) = issuer.as_object_mut() {
        issuer.insert("jwksUri".into(), uri.into());
    }
    Ok(issuer)
}
