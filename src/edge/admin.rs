//! The administrator's API: tenants, tokens and plans, behind the Worker's own secret.

use serde_json::{Value, json};
use worker::{Env, Method, Request, Response, Result};

use super::SCIM;
use super::copy::token_key;
use super::reply::{of_error, of_reply, origin_and_query};
use super::tenant::{ask_admin, now};
use super::token::{self, Scope, hash, same_secret};
use crate::scim::error::ScimError;
use crate::scim::http::{Reply, decode};

/// Longest body: a plan's source may be large.
const MAX_BODY: usize = 32 * 1_048_576;

/// Answers below `/admin`.
pub(super) async fn serve(request: Request, env: &Env) -> Result<Response> {
    match route(request, env).await? {
        Ok(response) => Ok(response),
        Err(error) => of_error(&error),
    }
}

async fn route(mut request: Request, env: &Env) -> Result<std::result::Result<Response, ScimError>> {
    let given = request.headers().get("authorization")?.unwrap_or_default();
    let given = given.strip_prefix("Bearer ").unwrap_or_default();
    let wanted = env.secret("ADMIN_TOKEN")?.to_string();
    if wanted.is_empty() || !same_secret(given, &wanted) {
        return Ok(Err(ScimError::new(401, "send the administrator's token: `Authorization: Bearer …`")));
    }
    let path = request.path();
    let segments: Vec<String> = path.trim_end_matches('/').split('/').skip(2).map(decode).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = request.method();
    let (origin, _) = origin_and_query(&request);
    let text = if method == Method::Get { String::new() } else { request.text().await? };
    if text.len() > MAX_BODY {
        return Ok(Err(ScimError::new(413, format!("the body is too long; send at most {MAX_BODY} bytes"))));
    }
    let body: Value = match text.trim() {
        "" => Value::Null,
        text => match serde_json::from_str(text) {
            Ok(body) => body,
            Err(error) => return Ok(Err(ScimError::new(400, format!("the body is no JSON: {error}")))),
        },
    };
    match (method, segments.as_slice()) {
        (Method::Get, ["tenants"]) => list(env).await.map(Ok),
        (Method::Post, ["tenants"]) => create(env, &format!("{origin}{SCIM}"), &body).await,
        (Method::Post, ["tenants", tenant, "tokens"]) => {
            let wanted = body.get("scope").and_then(Value::as_str).unwrap_or("provision");
            let Some(scope) = Scope::parse(wanted) else {
                let detail = format!("`scope` is `{wanted}`; send `provision`, `read` or `edge-read`");
                return Ok(Err(ScimError::new(400, detail)));
            };
            match new_token(env, tenant, scope).await? {
                Ok(token) => {
                    of_reply(Reply::plain(201, &json!({ "token": token, "scope": scope.as_str() }))).map(Ok)
                }
                Err(response) => Ok(Ok(response)),
            }
        }
        (Method::Post, ["tenants", tenant, "tokens", "revoke"]) => {
            let Some(text) = body.get("token").and_then(Value::as_str) else {
                return Ok(Err(ScimError::new(400, "send the token to revoke: `{\"token\": …}`")));
            };
            let hash = hash(text);
            env.kv("DIRECTORY")?
                .delete(&token_key(&hash))
                .await
                .map_err(|e| worker::Error::RustError(e.to_string()))?;
            ask_admin(env, tenant, "/tokens/revoke", &json!({ "hash": hash, "now": now() })).await.map(Ok)
        }
        (Method::Post, ["tenants", tenant, "plan"]) => ask_admin(env, tenant, "/plan", &body).await.map(Ok),
        _ => Ok(Err(ScimError::new(404, format!("there is no `{path}` for this method")))),
    }
}

async fn create(env: &Env, base: &str, body: &Value) -> Result<std::result::Result<Response, ScimError>> {
    let Some(name) = body.get("name").and_then(Value::as_str).filter(|name| !name.trim().is_empty()) else {
        return Ok(Err(ScimError::new(400, "send the tenant's name: `{\"name\": …}`")));
    };
    let tenant = new_id().replace('-', "");
    ask_admin(env, &tenant, "/create", &json!({ "id": tenant, "name": name, "base": base })).await?;
    let token = match new_token(env, &tenant, Scope::Provision).await? {
        Ok(token) => token,
        Err(response) => return Ok(Ok(response)),
    };
    let shown = json!({ "id": tenant, "name": name, "tenantUrl": base });
    put(env, &format!("tenant/{tenant}"), shown.to_string()).await?;
    of_reply(Reply::plain(201, &json!({ "tenant": shown, "token": token }))).map(Ok)
}

/// Makes a token; the tenant's object keeps its hash, and for readers of the copy KV does too.
async fn new_token(env: &Env, tenant: &str, scope: Scope) -> Result<std::result::Result<String, Response>> {
    let key = env.secret("TOKEN_KEY")?.to_string();
    let random = format!("{}{}", new_id(), new_id()).replace('-', "");
    let Some(token) = token::make(tenant, scope, &random, &key) else {
        return Err(worker::Error::RustError("TOKEN_KEY cannot sign".into()));
    };
    let hash = hash(&token);
    let noted = json!({ "hash": hash, "scope": scope.as_str(), "now": now() });
    let response = ask_admin(env, tenant, "/tokens", &noted).await?;
    if response.status_code() != 201 {
        return Ok(Err(response));
    }
    if scope == Scope::EdgeRead {
        put(env, &token_key(&hash), tenant.to_owned()).await?;
    }
    Ok(Ok(token))
}

async fn list(env: &Env) -> Result<Response> {
    let failed = |error: worker::kv::KvError| worker::Error::RustError(error.to_string());
    let kv = env.kv("DIRECTORY")?;
    let mut tenants = Vec::new();
    let mut cursor = None;
    loop {
        let mut request = kv.list().prefix("tenant/".into());
        if let Some(cursor) = cursor {
            request = request.cursor(cursor);
        }
        let page = request.execute().await.map_err(failed)?;
        for key in &page.keys {
            let text = kv.get(&key.name).text().await.map_err(failed)?;
            tenants.extend(text.and_then(|text| serde_json::from_str::<Value>(&text).ok()));
        }
        cursor = page.cursor;
        if page.list_complete || cursor.is_none() {
            return of_reply(Reply::plain(200, &json!({ "tenants": tenants })));
        }
    }
}

async fn put(env: &Env, key: &str, value: String) -> Result<()> {
    let failed = |error: worker::kv::KvError| worker::Error::RustError(error.to_string());
    env.kv("DIRECTORY")?.put(key, value).map_err(failed)?.execute().await.map_err(failed)
}

/// A random id, from the runtime's own source.
pub(super) fn new_id() -> String {
    #[wasm_bindgen::prelude::wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_namespace = crypto, js_name = randomUUID)]
        fn random_uuid() -> String;
    }
    random_uuid()
}
