//! OAuth 2.0: client credentials for directories that ask for them (RFC 6749 §4.4), and
//! JSON Web Tokens of issuers that a tenant, or the administrator, trusts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use worker::{Env, Request, Response};

use super::auth::issuer::{Trusted, issuer_key};
use super::auth::jwks;
use super::auth::jwt::verify;
use super::object::client::ask_admin;
use super::platform::clock::now;
use super::platform::fetch;
use super::platform::random::new_id;
use super::platform::response::{Answer, Fault, body_text, of_reply};
use super::refuse::refuse;
use super::visit::Visit;
use crate::scim::auth::jwt::{Issuer, Jwt, is_jwt};
use crate::scim::auth::token::{self, Credential, Scope, Token, hash};
use crate::scim::error::ScimError;
use crate::scim::http::{Reply, Request as Form, decode};
use crate::scim::schema::instant;

/// How long an access token is good for, in seconds.
const LIFETIME: u64 = 3_600;
/// Longest body of a token request, in bytes.
const MAX_BODY: usize = 8_192;
/// How long a location may keep whom an issuer's tokens are for, in seconds.
const CACHE_SECONDS: u64 = 60;
/// Most audiences of one token that are looked up.
const MAX_AUDIENCES: usize = 4;

/// Finds out whose token this is: ours by its MAC, another issuer's by its signature.
pub(super) async fn authenticate(env: &Env, text: &str) -> Result<Token, Fault> {
    if is_jwt(text) {
        return of_issuer(env, &Jwt::read(text)?).await;
    }
    Ok(Token::read(text, &env.secret("TOKEN_KEY")?.to_string())?)
}

async fn of_issuer(env: &Env, jwt: &Jwt) -> Result<Token, Fault> {
    let kv = env.kv("DIRECTORY")?;
    for audience in jwt.audiences().into_iter().take(MAX_AUDIENCES) {
        let key = issuer_key(jwt.claim("iss").unwrap_or_default(), audience);
        let known = kv.get(&key).cache_ttl(CACHE_SECONDS).text().await?;
        let Some(Trusted { tenant, issuer }) = known.and_then(|text| serde_json::from_str(&text).ok()) else {
            continue;
        };
        let expires = verify(jwt, env, &issuer, js_sys::Date::now()).await?;
        let claims = [issuer.subject_claim.as_str(), "sub", "azp", "appid"];
        let subject = claims.into_iter().find_map(|name| jwt.claim(name));
        let credential = Credential::Issuer {
            issuer: issuer.issuer,
            audience: issuer.audience,
            subject: subject.unwrap_or_default().to_owned(),
            expires,
        };
        return Ok(Token::of(tenant, credential));
    }
    Err(ScimError::new(401, "no tenant takes tokens of this issuer for this audience").into())
}

/// Whether Cloudflare Access let this administrator in, where it guards the API: the
/// variables `ACCESS_ISSUER` and `ACCESS_AUDIENCE` say so.
pub(super) async fn is_admitted(env: &Env, request: &Request) -> Result<bool, Fault> {
    let (Ok(issuer), Ok(audience)) = (env.var("ACCESS_ISSUER"), env.var("ACCESS_AUDIENCE")) else {
        return Ok(false);
    };
    let Some(text) = request.headers().get("cf-access-jwt-assertion")? else { return Ok(false) };
    let issuer = issuer.to_string();
    let access = Issuer {
        jwks_uri: format!("{issuer}/cdn-cgi/access/certs"),
        issuer,
        audience: audience.to_string(),
        algorithms: vec!["RS256".into()],
        scope: Scope::Provision.as_str().into(),
        subject_claim: "sub".into(),
    };
    verify(&Jwt::read(&text)?, env, &access, js_sys::Date::now()).await?;
    Ok(true)
}

/// Answers the token endpoint.
pub(super) async fn grant(request: &mut Request, env: &Env, visit: &mut Visit) -> Answer {
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
        refuse(env, visit, &client).await;
        return refusal(401, "invalid_client", "the client or its secret is not known");
    };
    visit.tenant = Some(tenant.to_owned());
    let asked = json!({ "id": id, "hash": hash(&secret), "now": now() });
    let mut reply = ask_admin(env, &visit.id, tenant, "/clients/check", &asked).await?;
    let wait = reply.headers().get("retry-after")?;
    if reply.status_code() != 200 {
        let told: Value = reply.json().await?;
        let detail = told.get("detail").and_then(Value::as_str).unwrap_or_default();
        if let Some(wait) = wait {
            let response = refusal(429, "temporarily_unavailable", detail)?;
            response.headers().set("Retry-After", &wait)?;
            return Ok(response);
        }
        super::refuse::slow_down().await;
        return refusal(401, "invalid_client", detail);
    }
    let scope: Value = reply.json().await?;
    let scope = scope.get("scope").and_then(Value::as_str).unwrap_or_default();
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

/// Makes a client; its secret is shown this once.
pub(super) async fn create_client(env: &Env, visit: &Visit, tenant: &str, body: &Value) -> Answer {
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
    let made = json!({
        "id": id, "hash": hash(&secret), "scope": scope.as_str(), "expires": expires, "now": now(),
        "user": body.get("user"),
    });
    let reply = ask_admin(env, &visit.id, tenant, "/clients/make", &made).await?;
    if reply.status_code() != 201 {
        return Ok(reply);
    }
    let shown = json!({
        "id": id, "clientId": client, "clientSecret": secret, "scope": scope.as_str(), "expires": expires,
    });
    Ok(of_reply(Reply::plain(201, &shown))?)
}

/// Ends a client, and with it every token it was given.
pub(super) async fn revoke_client(env: &Env, visit: &Visit, tenant: &str, body: &Value) -> Answer {
    let Some(client) = body.get("client").and_then(Value::as_str) else {
        return Err(ScimError::new(400, "send the client's id: `{\"client\": …}`").into());
    };
    // Its short id, or the whole text that it presents.
    let id = client.strip_prefix("prc_").and_then(|rest| rest.split('.').nth(1)).unwrap_or(client);
    let asked = json!({ "client": id, "now": now() });
    let reply = ask_admin(env, &visit.id, tenant, "/clients/revoke", &asked).await?;
    if reply.status_code() != 200 { Ok(reply) } else { Ok(Response::empty()?.with_status(204)) }
}

/// Says whose tokens a tenant takes, instead of what was said before.
pub(super) async fn set_issuers(env: &Env, visit: &Visit, tenant: &str, body: &Value) -> Answer {
    let kv = env.kv("DIRECTORY")?;
    let mut all = Vec::new();
    for given in body.get("issuers").and_then(Value::as_array).into_iter().flatten() {
        let issuer = with_keys(env, given).await?;
        let text = |name: &str| issuer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let key = issuer_key(&text("issuer"), &text("audience"));
        let known = kv.get(&key).text().await?.and_then(|text| serde_json::from_str::<Trusted>(&text).ok());
        if known.is_some_and(|known| known.tenant != tenant) {
            let detail = "another tenant takes this issuer's tokens for this audience; give each tenant an audience of its own";
            return Err(ScimError::new(409, detail).into());
        }
        all.push(issuer);
    }
    let mut before = ask_admin(env, &visit.id, tenant, "/issuers", &Value::Null).await?;
    if before.status_code() != 200 {
        return Ok(before);
    }
    let before = read_issuers(&before.json().await?);
    let mut reply = ask_admin(env, &visit.id, tenant, "/issuers/set", &json!({ "issuers": all })).await?;
    if reply.status_code() != 200 {
        return Ok(reply);
    }
    let shown: Value = reply.json().await?;
    let after = read_issuers(&shown);
    for gone in before.iter().filter(|one| !after.iter().any(|other| other == *one)) {
        kv.delete(&issuer_key(&gone.issuer, &gone.audience)).await?;
    }
    for issuer in after {
        let key = issuer_key(&issuer.issuer, &issuer.audience);
        let trusted = json!(Trusted { tenant: tenant.to_owned(), issuer }).to_string();
        kv.put(&key, trusted)?.execute().await?;
    }
    Ok(of_reply(Reply::plain(200, &shown))?)
}

fn read_issuers(reply: &Value) -> Vec<Issuer> {
    reply.get("issuers").and_then(|all| serde_json::from_value(all.clone()).ok()).unwrap_or_default()
}

/// An issuer as given, with the place of its keys: found by OpenID Connect Discovery if not said.
async fn with_keys(env: &Env, given: &Value) -> Result<Value, Fault> {
    let mut issuer = given.clone();
    let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut uri = text("jwksUri");
    let name = text("issuer");
    let wrong = |detail: String| Fault::from(ScimError::new(400, detail));
    let from = fetch::origin(env);
    if uri.is_empty() {
        let place = format!("{}/.well-known/openid-configuration", name.trim_end_matches('/'));
        let place = fetch::address(&place, from).map_err(|refusal| {
            wrong(format!("`issuer` is no address to look keys up at: {refusal}; or send `jwksUri`"))
        })?;
        let unknown = |why: &str| {
            wrong(format!("the keys of `{name}` were not found ({why}); send their address as `jwksUri`"))
        };
        let found = jwks::json(env, &place).await.map_err(|why| unknown(&why))?;
        if found.get("issuer").and_then(Value::as_str) != Some(&name) {
            return Err(unknown("it calls itself otherwise"));
        }
        uri = found.get("jwks_uri").and_then(Value::as_str).unwrap_or_default().to_owned();
    }
    let uri = fetch::address(&uri, from)
        .map_err(|refusal| wrong(format!("`jwksUri` is no address to ask: {refusal}")))?;
    if let Some(issuer) = issuer.as_object_mut() {
        issuer.insert("jwksUri".into(), uri.into());
    }
    Ok(issuer)
}
