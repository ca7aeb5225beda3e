//! The administrator's API: tenants, tokens and plans, behind the Worker's own secret.

use serde_json::{Value, json};
use worker::{Env, Method, Request, Response, Result};

use super::SCIM;
use super::archive;
use super::copy::token_key;
use super::reply::{of_error, of_reply, origin_and_query};
use super::tenant::{ask_admin, now};
use super::token::{self, Scope, hash, same_secret};
use crate::scim::error::ScimError;
use crate::scim::http::{Reply, decode};
use crate::scim::schema::instant;

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
    let (origin, query) = origin_and_query(&request);
    match (&method, segments.as_slice()) {
        (Method::Get, ["tenants", tenant, "export"]) => return archive::export(env, tenant).await.map(Ok),
        (Method::Post, ["tenants", tenant, "import"]) => {
            return archive::import(env, tenant, &mut request).await.map(Ok);
        }
        _ => {}
    }
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
    let tell = |tenant: &str, path: &'static str, body: Value| {
        let tenant = tenant.to_owned();
        async move { ask_admin(env, &tenant, path, &body).await.map(Ok) }
    };
    match (method, segments.as_slice()) {
        (Method::Get, ["tenants"]) => list(env).await.map(Ok),
        (Method::Post, ["tenants"]) => create(env, &format!("{origin}{SCIM}"), &body).await,
        (Method::Get, ["tenants", tenant]) => tell(tenant, "/show", Value::Null).await,
        (Method::Patch, ["tenants", tenant]) => change(env, tenant, &body).await.map(Ok),
        (Method::Delete, ["tenants", tenant]) => delete(env, tenant, &body).await.map(Ok),
        (Method::Get, ["tenants", tenant, "tokens"]) => tell(tenant, "/tokens", Value::Null).await,
        (Method::Post, ["tenants", tenant, "tokens"]) => make_token(env, tenant, &body).await,
        (Method::Post, ["tenants", tenant, "tokens", "revoke"]) => {
            let Some(given) = body.get("token").and_then(Value::as_str) else {
                return Ok(Err(ScimError::new(400, "send the token to revoke, or its id: `{\"token\": …}`")));
            };
            let named = if given.contains('.') { hash(given) } else { given.to_owned() };
            let mut reply =
                ask_admin(env, tenant, "/tokens/revoke", &json!({ "token": named, "now": now() })).await?;
            if reply.status_code() == 200 {
                let revoked: Value = reply.json().await?;
                let hash = revoked.get("hash").and_then(Value::as_str).unwrap_or_default();
                env.kv("DIRECTORY")?.delete(&token_key(hash)).await.map_err(kv_failed)?;
                return Ok(Ok(Response::empty()?.with_status(204)));
            }
            Ok(Ok(reply))
        }
        (Method::Get, ["tenants", tenant, "journal"]) => {
            let request = crate::scim::http::Request { query, ..Default::default() };
            let after = request.parameter("after").and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
            tell(tenant, "/journal", json!({ "after": after })).await
        }
        (Method::Post, ["tenants", tenant, "republish"]) => tell(tenant, "/republish", Value::Null).await,
        (Method::Post, ["tenants", tenant, "plan"]) => tell(tenant, "/plan", body).await,
        _ => Ok(Err(ScimError::new(404, format!("there is no `{path}` for this method")))),
    }
}

async fn make_token(
    env: &Env,
    tenant: &str,
    body: &Value,
) -> Result<std::result::Result<Response, ScimError>> {
    let wanted = body.get("scope").and_then(Value::as_str).unwrap_or("provision");
    let Some(scope) = Scope::parse(wanted) else {
        let detail = format!("`scope` is `{wanted}`; send `provision`, `read` or `edge-read`");
        return Ok(Err(ScimError::new(400, detail)));
    };
    let expires = body.get("expires").and_then(Value::as_str);
    if expires.is_some_and(|text| instant(text).is_none()) {
        return Ok(Err(ScimError::new(400, "`expires` must be a dateTime such as `2027-01-31T08:00:00Z`")));
    }
    match new_token(env, tenant, scope, expires).await? {
        Ok(token) => {
            let shown = json!({ "token": token, "id": hash(&token).get(..12), "scope": scope.as_str(), "expires": expires });
            of_reply(Reply::plain(201, &shown)).map(Ok)
        }
        Err(response) => Ok(Ok(response)),
    }
}

/// Changes settings or state. Readers of the copy never ask the object, so a suspended
/// tenant's are taken out of KV, and put back when it is active again.
async fn change(env: &Env, tenant: &str, body: &Value) -> Result<Response> {
    let mut reply = ask_admin(env, tenant, "/change", body).await?;
    if reply.status_code() != 200 || body.get("state").is_none() {
        return Ok(reply);
    }
    let shown: Value = reply.json().await?;
    let readers: Value =
        ask_admin(env, tenant, "/tokens/readers", &json!({ "now": now() })).await?.json().await?;
    let kv = env.kv("DIRECTORY")?;
    for reader in readers.as_array().into_iter().flatten() {
        let hash = reader.get("hash").and_then(Value::as_str).unwrap_or_default();
        if body.get("state").and_then(Value::as_str) == Some("suspended") {
            kv.delete(&token_key(hash)).await.map_err(kv_failed)?;
        } else {
            admit_reader(env, tenant, hash, reader.get("expires").and_then(Value::as_str)).await?;
        }
    }
    of_reply(Reply::plain(200, &shown))
}

/// Lets an edge-read token in, until it expires.
async fn admit_reader(env: &Env, tenant: &str, hash: &str, expires: Option<&str>) -> Result<()> {
    let put = env.kv("DIRECTORY")?.put(&token_key(hash), tenant).map_err(kv_failed)?;
    let put = match expires.and_then(instant).and_then(|at| u64::try_from(at / 1000).ok()) {
        // KV forgets a key no sooner than in a minute.
        Some(at) => put.expiration(at.max((js_sys::Date::now() / 1000.0) as u64 + 61)),
        None => put,
    };
    put.execute().await.map_err(kv_failed)
}

/// Deletes a suspended tenant, its copies and its entry.
async fn delete(env: &Env, tenant: &str, body: &Value) -> Result<Response> {
    let reply = ask_admin(env, tenant, "/delete", body).await?;
    if reply.status_code() != 204 {
        return Ok(reply);
    }
    let kv = env.kv("DIRECTORY")?;
    loop {
        let page = kv.list().prefix(format!("copy/{tenant}/")).execute().await.map_err(kv_failed)?;
        for key in &page.keys {
            kv.delete(&key.name).await.map_err(kv_failed)?;
        }
        if page.list_complete || page.keys.is_empty() {
            break;
        }
    }
    kv.delete(&format!("tenant/{tenant}")).await.map_err(kv_failed)?;
    Ok(reply)
}

fn kv_failed(error: worker::kv::KvError) -> worker::Error {
    worker::Error::RustError(error.to_string())
}

async fn create(env: &Env, base: &str, body: &Value) -> Result<std::result::Result<Response, ScimError>> {
    let Some(name) = body.get("name").and_then(Value::as_str).filter(|name| !name.trim().is_empty()) else {
        return Ok(Err(ScimError::new(400, "send the tenant's name: `{\"name\": …}`")));
    };
    let tenant = new_id().replace('-', "");
    let settings = body.get("settings").cloned().unwrap_or_else(|| json!({}));
    let made = json!({ "id": tenant, "name": name, "base": base, "settings": settings });
    let reply = ask_admin(env, &tenant, "/create", &made).await?;
    if reply.status_code() != 201 {
        return Ok(Ok(reply));
    }
    let token = match new_token(env, &tenant, Scope::Provision, None).await? {
        Ok(token) => token,
        Err(response) => return Ok(Ok(response)),
    };
    let shown = json!({ "id": tenant, "name": name, "tenantUrl": base });
    put(env, &format!("tenant/{tenant}"), shown.to_string()).await?;
    of_reply(Reply::plain(201, &json!({ "tenant": shown, "token": token }))).map(Ok)
}

/// Makes a token; the tenant's object keeps its hash, and for readers of the copy KV does too.
async fn new_token(
    env: &Env,
    tenant: &str,
    scope: Scope,
    expires: Option<&str>,
) -> Result<std::result::Result<String, Response>> {
    let key = env.secret("TOKEN_KEY")?.to_string();
    let random = format!("{}{}", new_id(), new_id()).replace('-', "");
    let Some(token) = token::make(tenant, scope, &random, &key) else {
        return Err(worker::Error::RustError("TOKEN_KEY cannot sign".into()));
    };
    let hash = hash(&token);
    let noted = json!({ "hash": hash, "scope": scope.as_str(), "now": now(), "expires": expires });
    let mut response = ask_admin(env, tenant, "/tokens/make", &noted).await?;
    if response.status_code() != 201 {
        return Ok(Err(response));
    }
    let made: Value = response.json().await?;
    let is_active = made.get("isActive").and_then(Value::as_bool).unwrap_or(false);
    if scope == Scope::EdgeRead && is_active {
        admit_reader(env, tenant, &hash, expires).await?;
    }
    Ok(Ok(token))
}

async fn list(env: &Env) -> Result<Response> {
    let kv = env.kv("DIRECTORY")?;
    let mut tenants = Vec::new();
    let mut cursor = None;
    loop {
        let mut request = kv.list().prefix("tenant/".into());
        if let Some(cursor) = cursor {
            request = request.cursor(cursor);
        }
        let page = request.execute().await.map_err(kv_failed)?;
        for key in &page.keys {
            let text = kv.get(&key.name).text().await.map_err(kv_failed)?;
            tenants.extend(text.and_then(|text| serde_json::from_str::<Value>(&text).ok()));
        }
        cursor = page.cursor;
        if page.list_complete || cursor.is_none() {
            return of_reply(Reply::plain(200, &json!({ "tenants": tenants })));
        }
    }
}

async fn put(env: &Env, key: &str, value: String) -> Result<()> {
    env.kv("DIRECTORY")?.put(key, value).map_err(kv_failed)?.execute().await.map_err(kv_failed)
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
