//! The Worker's half of a tenant's object: how it is asked.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use worker::{Env, Headers, Method, Request, RequestInit, Response, Result};

use crate::edge::tenant::placement::object;
use crate::scim::auth::token::Credential;

/// The header that holds what the Worker asks; the object is reachable in no other way.
pub(super) const ASKED: &str = "provisor-asked";

/// What a Worker asks its tenant's object, beside the body: one header, as each costs a crossing.
#[derive(Default, Serialize, Deserialize)]
pub(in crate::edge) struct Asked {
    /// The request's id.
    pub id: String,
    /// `/admin/…` or `/scim/…`.
    pub path: String,
    /// Who asks; an administrator's requests have none.
    pub credential: Option<Credential>,
    /// The Tenant URL.
    pub base: String,
    pub query: String,
    /// The client's headers that the protocol knows.
    pub headers: Vec<(String, String)>,
}

/// Sends an administrator's request to a tenant's object.
pub(in crate::edge) async fn ask_admin(
    env: &Env,
    request_id: &str,
    tenant: &str,
    path: &str,
    body: &Value,
) -> Result<Response> {
    let asked = Asked { id: request_id.to_owned(), path: format!("/admin{path}"), ..Asked::default() };
    ask(env, tenant, Method::Post, &asked, &body.to_string()).await
}

/// Asks a tenant's object.
pub(in crate::edge) async fn ask(
    env: &Env,
    tenant: &str,
    method: Method,
    asked: &Asked,
    body: &str,
) -> Result<Response> {
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
