//! The signatures of JSON Web Tokens, checked with the runtime's own cryptography.

use js_sys::{Array, Object, Reflect, Uint8Array};
use serde_json::Value;
use wasm_bindgen::JsValue;
use worker::Env;
use worker::wasm_bindgen_futures::JsFuture;

use super::jwks;
use crate::edge::platform::crypto::{import_key, verify_signature};
use crate::scim::auth::jwt::{Issuer, Jwt, refused};
use crate::scim::error::ScimError;

/// Checks a token whole: what it claims, and its signature by the issuer's keys; answers with when it expires, in
/// seconds since 1970. `now` is in milliseconds.
pub(in crate::edge) async fn verify(
    jwt: &Jwt,
    env: &Env,
    issuer: &Issuer,
    now: f64,
) -> Result<u64, ScimError> {
    let expires = jwt.fits(issuer, now)?;
    let key = jwks::find(env, &issuer.jwks_uri, jwt.key_id.as_deref(), &jwt.algorithm).await?;
    match signature_is_right(&jwt.algorithm, &key, &jwt.signature, &jwt.signed).await {
        Ok(true) => Ok(expires),
        Ok(false) => Err(refused("its signature is wrong")),
        Err(error) => {
            worker::console_error!("a signature could not be checked: {error:?}");
            Err(refused("its signature could not be checked"))
        }
    }
}

async fn signature_is_right(
    algorithm: &str,
    key: &Value,
    signature: &[u8],
    signed: &[u8],
) -> Result<bool, JsValue> {
    let object = |pairs: &[(&str, &str)]| -> Result<Object, JsValue> {
        let object = Object::new();
        for (name, value) in pairs {
            Reflect::set(&object, &(*name).into(), &(*value).into())?;
        }
        Ok(object)
    };
    let (members, parameters): (&[&str], _) = match algorithm {
        "RS256" => (&["kty", "n", "e"], object(&[("name", "RSASSA-PKCS1-v1_5"), ("hash", "SHA-256")])?),
        _ => (
            &["kty", "crv", "x", "y"],
            object(&[("name", "ECDSA"), ("namedCurve", "P-256"), ("hash", "SHA-256")])?,
        ),
    };
    // Only what makes the key: other members could forbid the use or name another algorithm.
    let member = |name: &'static str| Some((name, key.get(name)?.as_str()?));
    let jwk = object(&members.iter().filter_map(|name| member(name)).collect::<Vec<_>>())?;
    let usages = Array::of1(&"verify".into());
    let key = JsFuture::from(import_key("jwk", &jwk, &parameters, false, &usages)?).await?;
    let right = verify_signature(&parameters, &key, &Uint8Array::from(signature), &Uint8Array::from(signed))?;
    Ok(JsFuture::from(right).await?.is_truthy())
}
