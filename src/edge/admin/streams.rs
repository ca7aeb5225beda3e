//! Event streams and the keys that sign their tokens.

use std::time::Duration;

use serde_json::Value;
use worker::{Delay, Env};

use crate::edge::events::security_event;
use crate::edge::object::client::command;
use crate::edge::object::command::Command;
use crate::edge::platform::clock::now;
use crate::edge::platform::fetch;
use crate::edge::platform::random::new_id;
use crate::edge::platform::response::{Answer, Fault, of_reply};
use crate::edge::worker::exchange::Exchange;
use crate::edge::worker::receivers::PREFIX;
use crate::scim::auth::token::{hash, mac};
use crate::scim::error::ScimError;
use crate::scim::http::Reply;

/// How often keys are put to KV, and how long after a put that failed: it takes one of a key in a second.
const PUTS: u32 = 3;
const PUT_AGAIN: Duration = Duration::from_millis(1_100);

/// Makes a stream; a polling receiver's token is shown this once.
pub(super) async fn create(env: &Env, exchange: &Exchange, tenant: &str, body: &Value) -> Answer {
    let mut settings = body.clone();
    let mut token = None;
    if let Some(endpoint) = body.get("endpoint").and_then(Value::as_str).filter(|text| !text.is_empty()) {
        let address = fetch::address(endpoint, fetch::origin(env)).map_err(|refusal| {
            ScimError::new(400, format!("`endpoint` is no address to push to: {refusal}"))
        })?;
        if let Some(settings) = settings.as_object_mut() {
            settings.insert("endpoint".into(), address.into());
        }
    }
    if body.get("delivery").and_then(Value::as_str) == Some("poll") {
        let key = env.secret("TOKEN_KEY")?.to_string();
        let signed = format!("{PREFIX}{tenant}.{}", new_id().replace('-', ""));
        let made = mac(&key, &signed).map(|mac| format!("{signed}.{mac}"));
        if let (Some(settings), Some(made)) = (settings.as_object_mut(), &made) {
            settings.insert("tokenHash".into(), hash(made).into());
        }
        token = made;
    } else if body.get("delivery").and_then(Value::as_str) == Some("queue") && env.queue("EVENTS").is_err() {
        return Err(ScimError::new(400, "no queue is bound as `EVENTS`; use `push` or `poll`").into());
    }
    if body.get("tokenHash").is_some() {
        return Err(ScimError::new(400, "`tokenHash` cannot be chosen; leave it out").into());
    }
    let make = Command::MakeStream { stream: new_id().replace('-', ""), settings };
    let mut reply = command(env, &exchange.id, tenant, &make).await?;
    if reply.status_code() != 201 {
        return Ok(reply);
    }
    let mut shown: Value = reply.json().await?;
    publish_keys(env, exchange, tenant, false).await?;
    if let (Some(shown), Some(token)) = (shown.as_object_mut(), token) {
        shown.insert("token".into(), token.into());
    }
    Ok(of_reply(Reply::plain(201, &shown))?)
}

/// Makes the first key, or the next one, and publishes the public parts.
pub(super) async fn publish_keys(
    env: &Env,
    exchange: &Exchange,
    tenant: &str,
    rotate: bool,
) -> Result<Value, Fault> {
    let kid = format!("{}-{}", now().get(..10).unwrap_or_default(), new_id().get(..8).unwrap_or_default());
    let keep = Command::KeepKey { key: security_event::new_key(&kid).await?, rotate };
    let mut reply = command(env, &exchange.id, tenant, &keep).await?;
    if reply.status_code() != 200 {
        return Err(ScimError::new(404, "there is no such tenant").into());
    }
    let keys: Value = reply.json().await?;
    let newest = keys.as_array().and_then(|keys| keys.last()).and_then(|key| key.get("kid"));
    let is_new = newest.and_then(Value::as_str) == Some(&kid);
    let public = security_event::public_keys(&keys);
    let text = public.to_string();
    let (kv, place) = (env.kv("DIRECTORY")?, format!("jwks/{tenant}"));
    // What is published already is left as it is: KV takes one put of a key in a second.
    if is_new || kv.get(&place).text().await?.as_deref() != Some(&text) {
        let mut tries = 1;
        while let Err(error) = kv.put(&place, &text)?.execute().await {
            if tries == PUTS {
                return Err(worker::Error::from(error).into());
            }
            tries += 1;
            Delay::from(PUT_AGAIN).await;
        }
    }
    Ok(public)
}
