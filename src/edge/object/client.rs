//! The Worker's half of a tenant's object: how it is asked.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::json;
use wasm_bindgen::JsValue;
use worker::{Env, Headers, Method, Request, RequestInit, Response, Result};

use super::command::Command;
use crate::edge::tenant::placement::object;
use crate::scim::auth::token::Credential;

/// The header that holds what the Worker asks; the object is reachable in no other way.
pub(super) const ASKED: &str = "provisor-asked";

/// What a Worker asks its tenant's object, beside the body: one header, as each costs a crossing.
#[derive(Serialize, Deserialize)]
pub(super) struct Asked {
    /// The request's id.
    pub id: String,
    /// What the body is. It is always said: a client's body must never be taken for a command.
    pub body: Body,
}

/// What the body of a request is.
#[derive(Serialize, Deserialize)]
pub(super) enum Body {
    /// A [`Command`].
    Command,
    /// A SCIM request's own.
    Scim(Scim),
}

/// What a SCIM request says beside its body.
#[derive(Serialize, Deserialize)]
pub(in crate::edge) struct Scim {
    /// The path below the SCIM base.
    pub path: String,
    /// Who asks.
    pub credential: Credential,
    /// The Tenant URL.
    pub base: String,
    /// The query, without `?`.
    pub query: String,
    /// The client's headers that the protocol knows.
    pub headers: Vec<(String, String)>,
}

/// Gives a tenant's object a command.
pub(in crate::edge) async fn command(
    env: &Env,
    request_id: &str,
    tenant: &str,
    command: &Command,
) -> Result<Response> {
    // The command is the body, as it may be longer than a header.
    let body = serde_json::to_string(command)?;
    ask(env, tenant, Method::Post, &Asked { id: request_id.to_owned(), body: Body::Command }, &body).await
}

/// Asks a tenant's object a SCIM request.
pub(in crate::edge) async fn scim(
    env: &Env,
    request_id: &str,
    tenant: &str,
    method: Method,
    request: Scim,
    body: &str,
) -> Result<Response> {
    ask(env, tenant, method, &Asked { id: request_id.to_owned(), body: Body::Scim(request) }, body).await
}

async fn ask(env: &Env, tenant: &str, method: Method, asked: &Asked, body: &str) -> Result<Response> {
    let headers = Headers::new();
    headers.set(ASKED, &ascii(&json!(asked).to_string()))?;
    let mut init = RequestInit::new();
    let has_body = !matches!(method, Method::Get | Method::Head) && !body.is_empty();
    init.with_method(method).with_headers(headers);
    if has_body {
        init.with_body(Some(JsValue::from_str(body)));
    }
    let request = Request::new_with_init("https://tenant/", &init)?;
    object(env, tenant)?.fetch_with_request(request).await
}

/// JSON with escapes for all but ASCII, as headers hold bytes.
pub(super) fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}
