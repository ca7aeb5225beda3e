//! OAuth 2.0 client credentials (RFC 6749 §4.4), for directories that ask for them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use worker::{Env, Request};

use super::exchange::Exchange;
use super::throttle::{refuse, slow_down};
use crate::edge::object::client::command;
use crate::edge::object::command::Command;
use crate::edge::platform::response::{Answer, body_text, of_reply};
use crate::edge::tenant::clients::Checked;
use crate::scim::auth::token::{self, hash};
use crate::scim::http::{Reply, Request as Form, decode};

/// How long an access token is good for, in seconds.
const LIFETIME: u64 = 3_600;
/// Longest body of a token request, in bytes.
const MAX_BODY: usize = 8_192;

/// Answers the token endpoint.
pub(in crate::edge) async fn grant(request: &mut Request, env: &Env, exchange: &mut Exchange) -> Answer {
    let text = body_text(request, MAX_BODY).await?;
    let form = Form { query: text, ..Form::default() };
    let wanted = form.parameter("grant_type").unwrap_or_default();
    if wanted != "client_credentials" {
        let detail = format!("`grant_type` is `{wanted}`; send `client_credentials`");
        let error = if wanted.is_empty() { "invalid_request" } else { "unsupported_grant_type" };
        return refusal(400, error, &detail);
    }
    let basic = request.headers().get("authorization")?.and_then(|header| basic(&header));
    let in_body = form.parameter("client_id").zip(form.parameter("client_secret"));
    let Some((client, secret)) = basic.or(in_body) else {
        let detail = "send the client's id and secret, by HTTP Basic or as `client_id` and `client_secret`";
        return refusal(401, "invalid_client", detail);
    };
    let key = env.secret("TOKEN_KEY")?.to_string();
    let known =
        token::verified(&client, &key).and_then(|signed| signed.strip_prefix("prc_")?.split_once('.'));
    let Some((tenant, id)) = known else {
        refuse(env, exchange, &client).await;
        return refusal(401, "invalid_client", "the client or its secret is not known");
    };
    exchange.tenant = Some(tenant.to_owned());
    let check = Command::CheckClient { id: id.to_owned(), hash: hash(&secret) };
    let mut reply = command(env, &exchange.id, tenant, &check).await?;
    let wait = reply.headers().get("retry-after")?;
    if reply.status_code() != 200 {
        let told: Value = reply.json().await?;
        let detail = told.get("detail").and_then(Value::as_str).unwrap_or_default();
        if let Some(wait) = wait {
            let response = refusal(429, "temporarily_unavailable", detail)?;
            response.headers().set("Retry-After", &wait)?;
            return Ok(response);
        }
        slow_down().await;
        return refusal(401, "invalid_client", detail);
    }
    let checked: Checked = reply.json().await?;
    let scope = checked.scope.as_str();
    if let Some(wanted) = form.parameter("scope").filter(|wanted| !wanted.is_empty() && wanted != scope) {
        let detail = format!("the client has the scope `{scope}`, not `{wanted}`");
        return refusal(400, "invalid_scope", &detail);
    }
    let expires = (js_sys::Date::now() / 1000.0) as u64 + LIFETIME;
    let Some(token) = token::sign(&format!("pra_{tenant}.{id}.{expires}"), &key) else {
        return Err(worker::Error::RustError("TOKEN_KEY cannot sign".into()).into());
    };
    let body =
        json!({ "access_token": token, "token_type": "Bearer", "expires_in": LIFETIME, "scope": scope });
    Ok(of_reply(Reply::plain(200, &body))?)
}

/// An error as RFC 6749 §5.2 has it.
fn refusal(status: u16, error: &str, detail: &str) -> Answer {
    let mut reply = Reply::plain(status, &json!({ "error": error, "error_description": detail }));
    if status == 401 {
        reply.headers.push(("WWW-Authenticate".into(), "Basic realm=\"oauth\"".into()));
    }
    Ok(of_reply(reply)?)
}

/// Id and secret from HTTP Basic; each is form-encoded first (RFC 6749 §2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, text) = header.trim().split_once(' ')?;
    let text = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (decode(id), decode(secret)))
}
