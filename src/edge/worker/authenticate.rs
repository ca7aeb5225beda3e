//! Whose token a request bears: ours, that of an issuer whom a tenant trusts, or the administrator's of Cloudflare
//! Access.

use worker::{Env, Request};

use crate::edge::auth::issuer::{Trusted, issuer_key};
use crate::edge::auth::jwt::verify;
use crate::edge::platform::response::Fault;
use crate::scim::auth::jwt::{Issuer, Jwt, is_jwt};
use crate::scim::auth::token::{Credential, Scope, Token};
use crate::scim::error::ScimError;

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
pub(in crate::edge) async fn is_admitted(env: &Env, request: &Request) -> Result<bool, Fault> {
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
