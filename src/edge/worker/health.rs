//! Whether the Worker can do its work: its secrets, its objects and its copy.

use std::cell::Cell;

use serde_json::json;
use worker::Env;

use super::exchange::Exchange;
use crate::edge::object::client::command;
use crate::edge::object::command::Command;
use crate::edge::platform::log;
use crate::edge::platform::response::{Answer, of_reply};
use crate::scim::http::Reply;

/// The object that is asked; no tenant can have this name.
const PROBE: &str = "readiness";
/// How long an answer holds, in milliseconds: anyone may ask, and asking costs.
const HOLDS: f64 = 5000.0;
/// Fewest characters of a secret.
const SHORTEST: usize = 32;

thread_local! {
    static READY_SINCE: Cell<f64> = const { Cell::new(0.0) };
}

/// 200 when all is there, else 503 and what is missing.
pub(in crate::edge) async fn ready(env: &Env, exchange: &Exchange) -> Answer {
    if js_sys::Date::now() - READY_SINCE.get() < HOLDS {
        return Ok(of_reply(Reply::plain(200, &json!({ "status": "ready" })))?);
    }
    let mut faults = Vec::new();
    for name in ["TOKEN_KEY", "ADMIN_TOKEN"] {
        let length = env.secret(name).map_or(0, |secret| secret.to_string().len());
        if length < SHORTEST {
            faults.push(format!("the secret `{name}` has {length} characters; set at least {SHORTEST}"));
        }
    }
    let mut fault = |event: &str, cause: &dyn std::fmt::Display, told: &str| {
        log::failure(event, &exchange.id, cause);
        faults.push(told.to_owned());
    };
    match env.kv("DIRECTORY") {
        Err(error) => fault("readiness", &error, "the KV namespace `DIRECTORY` is not bound"),
        Ok(kv) => {
            if let Err(error) = kv.get(PROBE).text().await {
                fault("readiness", &error, "the KV namespace `DIRECTORY` cannot be read");
            }
        }
    }
    match command(env, &exchange.id, PROBE, &Command::Ready).await {
        Ok(response) if response.status_code() == 200 => {}
        Ok(response) => {
            fault("readiness", &response.status_code(), "a tenant's object cannot open its storage")
        }
        Err(error) => fault("readiness", &error, "the Durable Object `TENANT` cannot be reached"),
    }
    if !faults.is_empty() {
        return Ok(of_reply(Reply::plain(503, &json!({ "status": "not ready", "faults": faults })))?);
    }
    READY_SINCE.set(js_sys::Date::now());
    Ok(of_reply(Reply::plain(200, &json!({ "status": "ready" })))?)
}
