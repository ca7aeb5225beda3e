//! The two paths that receivers of events use: the public keys, and a poll.

use std::time::Duration;

use serde_json::{Map, Value, json};
use worker::{Delay, Env, Request};

use super::exchange::Exchange;
use crate::edge::events::poll::Found;
use crate::edge::events::security_event;
use crate::edge::object::client::command;
use crate::edge::object::command::Command;
use crate::edge::platform::response::{Answer, body_text, of_reply};
use crate::edge::tenant::placement::in_path;
use crate::scim::auth::token::{hash, mac, same_secret};
use crate::scim::error::ScimError;
use crate::scim::http::{MAX_PAYLOAD, Reply};

/// How a receiver's token begins.
pub(in crate::edge) const PREFIX: &str = "pev_";
/// How often a poll that may wait looks again, a second apart.
const LOOKS: u32 = 15;

/// The public keys (RFC 7517), from KV: anyone may ask, so no object is woken.
pub(in crate::edge) async fn jwks(env: &Env, exchange: &mut Exchange, value: &str) -> Answer {
    let tenant = in_path(value)?;
    let keys = env.kv("DIRECTORY")?.get(&format!("jwks/{tenant}")).cache_ttl(60).text().await?;
    exchange.tenant = keys.is_some().then_some(tenant);
    match keys {
        Some(keys) => Ok(of_reply(Reply::text(200, "application/jwk-set+json", keys))?),
        None => Err(ScimError::new(404, "there are no keys; the tenant has no stream").into()),
    }
}

/// A receiver's poll (RFC 8936).
pub(in crate::edge) async fn poll(request: &mut Request, env: &Env, exchange: &mut Exchange) -> Answer {
    let refused = || ScimError::new(401, "send the stream's token: `Authorization: Bearer pev_…`");
    let given = request.headers().get("authorization")?;
    let token = exchange.bearer(given.as_deref())?;
    let (signed, given_mac) = token.rsplit_once('.').ok_or_else(refused)?;
    let wanted = mac(&env.secret("TOKEN_KEY")?.to_string(), signed).ok_or_else(refused)?;
    if !same_secret(given_mac, &wanted) {
        return Err(refused().into());
    }
    let tenant =
        signed.strip_prefix(PREFIX).and_then(|rest| rest.split_once('.')).ok_or_else(refused)?.0.to_owned();
    exchange.tenant = Some(tenant.clone());
    let hash = hash(token);
    exchange.actor = hash.get(..12).map(str::to_owned);
    let text = body_text(request, MAX_PAYLOAD).await?;
    let mut asked: Value = match text.trim() {
        "" => json!({}),
        text => serde_json::from_str(text)
            .map_err(|error| ScimError::new(400, format!("the body is no JSON: {error}")))?,
    };
    let is_patient = !asked.get("returnImmediately").and_then(Value::as_bool).unwrap_or(false)
        && asked.get("maxEvents").and_then(Value::as_i64) != Some(0);
    let mut looks = 0;
    loop {
        let poll = Command::Poll { hash: hash.clone(), asked: asked.clone(), is_again: looks > 0 };
        let mut reply = command(env, &exchange.id, &tenant, &poll).await?;
        if reply.status_code() != 200 {
            return Ok(reply);
        }
        let Found { claims, more, key } = reply.json().await?;
        looks += 1;
        if claims.is_empty() && is_patient && looks < LOOKS {
            // What was acknowledged is settled now.
            asked = json!({ "maxEvents": asked.get("maxEvents") });
            // One request looks at a bounded number of entries; the next goes on behind them.
            if !more {
                Delay::from(Duration::from_secs(1)).await;
            }
            continue;
        }
        let key = key.unwrap_or_default();
        let mut sets = Map::new();
        for claims in &claims {
            let jti = claims.get("jti").and_then(Value::as_str).unwrap_or_default();
            sets.insert(jti.to_owned(), security_event::sign(claims, &key).await?.into());
        }
        return Ok(of_reply(Reply::plain(200, &json!({ "sets": sets, "moreAvailable": more })))?);
    }
}
