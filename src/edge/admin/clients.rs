//! OAuth clients: made, and ended.

use serde_json::{Value, json};
use worker::{Env, Response};

use crate::edge::object::client::command;
use crate::edge::object::command::Command;
use crate::edge::platform::random::new_id;
use crate::edge::platform::response::{Answer, of_reply};
use crate::edge::tenant::clients::New;
use crate::edge::worker::exchange::Exchange;
use crate::scim::auth::token::{self, Scope, hash};
use crate::scim::error::ScimError;
use crate::scim::http::Reply;
use crate::scim::schema::instant;

/// Makes a client; its secret is shown this once.
pub(super) async fn create(env: &Env, exchange: &Exchange, tenant: &str, body: &Value) -> Answer {
    let wanted = body.get("scope").and_then(Value::as_str).unwrap_or("provision");
    let Some(scope) = Scope::parse(wanted).filter(|scope| *scope != Scope::EdgeRead) else {
        let detail = format!("`scope` is `{wanted}`; send `provision` or `read`");
        return Err(ScimError::new(400, detail).into());
    };
    let expires = body.get("expires").and_then(Value::as_str);
    if expires.is_some_and(|text| instant(text).is_none()) {
        let detail = "`expires` must be a dateTime such as `2027-01-31T08:00:00Z`";
        return Err(ScimError::new(400, detail).into());
    }
    let id: String = new_id().replace('-', "").chars().take(16).collect();
    let secret = format!("prs_{}{}", new_id(), new_id()).replace('-', "");
    let key = env.secret("TOKEN_KEY")?.to_string();
    let Some(client) = token::sign(&format!("prc_{tenant}.{id}"), &key) else {
        return Err(worker::Error::RustError("TOKEN_KEY cannot sign".into()).into());
    };
    let made = New {
        id: id.clone(),
        hash: hash(&secret),
        scope,
        expires: expires.map(str::to_owned),
        user: body.get("user").and_then(Value::as_str).map(str::to_owned),
    };
    let reply = command(env, &exchange.id, tenant, &Command::MakeClient(made)).await?;
    if reply.status_code() != 201 {
        return Ok(reply);
    }
    let shown = json!({
        "id": id, "clientId": client, "clientSecret": secret, "scope": scope.as_str(), "expires": expires,
    });
    Ok(of_reply(Reply::plain(201, &shown))?)
}

/// Ends a client, and with it every token it was given.
pub(super) async fn revoke(env: &Env, exchange: &Exchange, tenant: &str, body: &Value) -> Answer {
    let Some(client) = body.get("client").and_then(Value::as_str) else {
        return Err(ScimError::new(400, "send the client's id: `{\"client\": …}`").into());
    };
    // Its short id, or the whole text that it presents.
    let id = client.strip_prefix("prc_").and_then(|rest| rest.split('.').nth(1)).unwrap_or(client);
    let revoke = Command::RevokeClient(id.to_owned());
    let reply = command(env, &exchange.id, tenant, &revoke).await?;
    if reply.status_code() != 200 { Ok(reply) } else { Ok(Response::empty()?.with_status(204)) }
}
