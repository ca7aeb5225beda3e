//! Tokens: made, and revoked.

use serde_json::{Value, json};
use worker::{Env, Response};

use crate::edge::copy::reader::{admit_reader, token_key};
use crate::edge::object::client::command;
use crate::edge::object::command::Command;
use crate::edge::platform::random::new_id;
use crate::edge::platform::response::{Answer, Fault, of_reply};
use crate::edge::tenant::tokens::{New, Noted, Revoked};
use crate::edge::worker::exchange::Exchange;
use crate::scim::auth::token::{self, Scope, hash};
use crate::scim::error::ScimError;
use crate::scim::http::Reply;
use crate::scim::schema::instant;

/// Makes a token; its text is shown this once.
pub(super) async fn create(env: &Env, exchange: &Exchange, tenant: &str, body: &Value) -> Answer {
    let wanted = body.get("scope").and_then(Value::as_str).unwrap_or("provision");
    let Some(scope) = Scope::parse(wanted) else {
        let detail = format!("`scope` is `{wanted}`; send `provision`, `read` or `edge-read`");
        return Err(ScimError::new(400, detail).into());
    };
    let expires = body.get("expires").and_then(Value::as_str);
    if expires.is_some_and(|text| instant(text).is_none()) {
        let detail = "`expires` must be a dateTime such as `2027-01-31T08:00:00Z`";
        return Err(ScimError::new(400, detail).into());
    }
    let user = body.get("user").and_then(Value::as_str);
    match new_token(env, exchange, tenant, scope, expires, user).await? {
        Ok(token) => {
            let shown = json!({ "token": token, "id": hash(&token).get(..12), "scope": scope.as_str(), "expires": expires });
            Ok(of_reply(Reply::plain(201, &shown))?)
        }
        Err(response) => Ok(response),
    }
}

/// Ends a token, given whole or by its id.
pub(super) async fn revoke(env: &Env, exchange: &Exchange, tenant: &str, body: &Value) -> Answer {
    let Some(given) = body.get("token").and_then(Value::as_str) else {
        return Err(ScimError::new(400, "send the token to revoke, or its id: `{\"token\": …}`").into());
    };
    let token = if given.contains('.') { hash(given) } else { given.to_owned() };
    let mut reply = command(env, &exchange.id, tenant, &Command::RevokeToken(token)).await?;
    if reply.status_code() != 200 {
        return Ok(reply);
    }
    let Revoked { hash } = reply.json().await?;
    env.kv("DIRECTORY")?.delete(&token_key(&hash)).await?;
    Ok(Response::empty()?.with_status(204))
}

/// Makes a token; the tenant's object keeps its hash, and for readers of the copy KV does too.
/// What the object refused comes back as its response.
pub(super) async fn new_token(
    env: &Env,
    exchange: &Exchange,
    tenant: &str,
    scope: Scope,
    expires: Option<&str>,
    user: Option<&str>,
) -> Result<Result<String, Response>, Fault> {
    let key = env.secret("TOKEN_KEY")?.to_string();
    let random = format!("{}{}", new_id(), new_id()).replace('-', "");
    let Some(token) = token::make(tenant, scope, &random, &key) else {
        return Err(worker::Error::RustError("TOKEN_KEY cannot sign".into()).into());
    };
    let hash = hash(&token);
    let made =
        New { hash: hash.clone(), scope, expires: expires.map(str::to_owned), user: user.map(str::to_owned) };
    let mut response = command(env, &exchange.id, tenant, &Command::MakeToken(made)).await?;
    if response.status_code() != 201 {
        return Ok(Err(response));
    }
    let Noted { is_active } = response.json().await?;
    if scope == Scope::EdgeRead && is_active {
        admit_reader(&env.kv("DIRECTORY")?, tenant, &hash, expires).await?;
    }
    Ok(Ok(token))
}
