//! JSON Web Tokens of another issuer (RFC 7519), taken apart; their signatures are checked by the host.
//!
//! What is accepted is said by us alone: the algorithm must be on our list and fit the
//! key's type; a token cannot choose `none`, or an HMAC by a public key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::scim::error::ScimError;

/// Longest token, in bytes; Entra's have about two thousand.
const MAX_LENGTH: usize = 16_384;
/// How far the issuer's clock may be off, in seconds.
const LEEWAY: f64 = 60.0;
/// Shortest RSA modulus, in bits.
const MIN_RSA_BITS: usize = 2_048;

/// Signature algorithms that may be configured (RFC 7518 §3.1).
pub const ALGORITHMS: [&str; 2] = ["RS256", "ES256"];

/// Whose tokens are taken, and where the issuer's keys are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Issuer {
    /// `iss`, to the letter.
    pub issuer: String,
    /// What `aud` must name.
    pub audience: String,
    /// Where the issuer publishes its keys (RFC 7517).
    pub jwks_uri: String,
    /// Which of [`ALGORITHMS`] it may sign with.
    #[serde(default = "all_algorithms")]
    pub algorithms: Vec<String>,
    /// The scope that its tokens have here.
    #[serde(default = "provision")]
    pub scope: String,
    /// The claim that names whom a token speaks of, who is `/Me`: `sub`, or `oid` of Entra's.
    #[serde(default = "subject")]
    pub subject_claim: String,
}

fn subject() -> String {
    "sub".to_owned()
}

fn all_algorithms() -> Vec<String> {
    ALGORITHMS.map(str::to_owned).to_vec()
}

fn provision() -> String {
    "provision".to_owned()
}

/// A token that was read, not verified.
#[derive(Debug)]
pub struct Jwt {
    /// `alg`.
    pub algorithm: String,
    /// `kid`.
    pub key_id: Option<String>,
    claims: Map<String, Value>,
    /// What was signed.
    pub signed: Vec<u8>,
    /// The signature over it.
    pub signature: Vec<u8>,
}

/// Whether a bearer token looks like a JWT rather than one of ours.
pub fn is_jwt(text: &str) -> bool {
    text.starts_with("eyJ") && text.split('.').count() == 3
}

/// What a token is answered that is not taken.
pub fn refused(why: &str) -> ScimError {
    ScimError::new(401, format!("the token is not valid: {why}"))
}

impl Jwt {
    /// Takes a compact token apart (RFC 7515 §7.1).
    ///
    /// # Errors
    /// 401 where it is no JWT, or its header asks for what is not supported.
    pub fn read(text: &str) -> Result<Self, ScimError> {
        if text.len() > MAX_LENGTH {
            return Err(refused("it is too long"));
        }
        let broken = || refused("it is no JWT");
        let (signed, signature) = text.rsplit_once('.').ok_or_else(broken)?;
        let (header, payload) = signed.split_once('.').ok_or_else(broken)?;
        let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| broken());
        let object = |part: &str| -> Result<Map<String, Value>, ScimError> {
            serde_json::from_slice(&bytes(part)?).map_err(|_| broken())
        };
        let header = object(header)?;
        if header.contains_key("crit") {
            return Err(refused("its header has `crit`, which names what is not supported here"));
        }
        let text = |name: &str| header.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            algorithm: text("alg").ok_or_else(broken)?,
            key_id: text("kid"),
            claims: object(payload)?,
            signed: signed.as_bytes().to_vec(),
            signature: bytes(signature)?,
        })
    }

    /// A claim that is a text.
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// Every audience that the token names.
    pub fn audiences(&self) -> Vec<&str> {
        match self.claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Checks issuer, audience, time and algorithm; answers with when it expires, the leeway added, in seconds
    /// since 1970. `now` is in milliseconds.
    ///
    /// # Errors
    /// 401 with what does not fit.
    pub fn fits(&self, issuer: &Issuer, now: f64) -> Result<u64, ScimError> {
        if self.claim("iss") != Some(&issuer.issuer) {
            return Err(refused("another issuer made it"));
        }
        if !self.audiences().contains(&issuer.audience.as_str()) {
            return Err(refused("it is for another audience"));
        }
        let expires = self.expires(now / 1000.0)?;
        if !issuer.algorithms.contains(&self.algorithm) {
            return Err(refused("its algorithm is not one that was agreed on"));
        }
        Ok(expires)
    }

    /// When it expires, the leeway added; refused if its time is over or has not come.
    fn expires(&self, now: f64) -> Result<u64, ScimError> {
        let number = |name: &str| self.claims.get(name).and_then(Value::as_f64);
        let Some(expires) = number("exp") else {
            return Err(refused("it has no `exp`"));
        };
        if now > expires + LEEWAY {
            return Err(refused("it expired"));
        }
        if number("nbf").is_some_and(|begins| now < begins - LEEWAY) {
            return Err(refused("its time has not come; is the issuer's clock right?"));
        }
        Ok((expires + LEEWAY) as u64)
    }
}

/// Whether a published key may check this algorithm (RFC 7517 §4, RFC 7518 §6).
pub fn fits(key: &Value, algorithm: &str) -> bool {
    let member = |name: &str| key.get(name).and_then(Value::as_str);
    let type_fits = match algorithm {
        "RS256" => {
            let modulus = member("n").and_then(|n| URL_SAFE_NO_PAD.decode(n).ok()).unwrap_or_default();
            member("kty") == Some("RSA") && modulus.len() * 8 >= MIN_RSA_BITS
        }
        "ES256" => member("kty") == Some("EC") && member("crv") == Some("P-256"),
        _ => false,
    };
    type_fits
        && member("use").is_none_or(|purpose| purpose == "sig")
        && member("alg").is_none_or(|alg| alg == algorithm)
}
