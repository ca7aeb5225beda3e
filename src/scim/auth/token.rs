//! Tokens: `prv_<tenant>.<random>.<mac>`, `pre_…` for readers of the copy, and
//! `pra_<tenant>.<client>.<expiry>.<mac>` for what an OAuth client was given.
//!
//! The MAC covers all that stands before it, so no part can be changed. Of the first two
//! the object keeps only a hash of the whole; the text itself is shown once.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::scim::error::ScimError;

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Reads and writes.
    Provision,
    /// Reads.
    Read,
    /// Reads from the copy alone.
    EdgeRead,
}

impl Scope {
    /// Its name in storage and for administrators.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provision => "provision",
            Self::Read => "read",
            Self::EdgeRead => "edge-read",
        }
    }

    /// Reads its name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Provision, Self::Read, Self::EdgeRead].into_iter().find(|scope| scope.as_str() == text)
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::EdgeRead => "pre_",
            Self::Provision | Self::Read => "prv_",
        }
    }
}

/// What a caller showed, once its MAC or signature was found right. Whether it is still
/// valid, the tenant's object knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Credential {
    /// A token that was made for the tenant, by its hash.
    Token {
        /// As [`hash`] makes it, in hex.
        hash: String,
    },
    /// What an OAuth client was given, until a time in seconds since 1970.
    Client {
        /// The client's id.
        id: String,
        /// In seconds since 1970.
        expires: u64,
    },
    /// A JSON Web Token of a trusted issuer, until then, and whom it speaks of.
    Issuer {
        /// `iss`.
        issuer: String,
        /// The audience that was agreed on.
        audience: String,
        /// Whom it speaks of.
        subject: String,
        /// In seconds since 1970, the leeway added.
        expires: u64,
    },
}

impl Credential {
    /// How logs and the journal name it: no secret, and no person.
    pub fn actor(&self) -> String {
        match self {
            Self::Token { hash } => hash.get(..12).unwrap_or_default().to_owned(),
            Self::Client { id, .. } => format!("client:{id}"),
            Self::Issuer { issuer, subject, .. } => {
                let whole = hash(&format!("{issuer} {subject}"));
                format!("issuer:{}", whole.get(..12).unwrap_or_default())
            }
        }
    }
}

/// Which tenant is asked, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The tenant's id.
    pub tenant: String,
    /// What was shown.
    pub credential: Credential,
    edge_read: bool,
}

fn refused() -> ScimError {
    ScimError::new(401, "the token is not valid; check that it was pasted whole")
}

impl Token {
    /// Reads a token of ours.
    ///
    /// # Errors
    /// 401 where it was not made with this key, or a part is missing.
    pub fn read(text: &str, key: &str) -> Result<Self, ScimError> {
        let signed = verified(text, key).ok_or_else(refused)?;
        let (prefix, rest) = signed.split_once('_').ok_or_else(refused)?;
        let (tenant, rest) = rest.split_once('.').ok_or_else(refused)?;
        let credential = if prefix == "pra" {
            let (id, expires) = rest.split_once('.').ok_or_else(refused)?;
            Credential::Client { id: id.to_owned(), expires: expires.parse().map_err(|_| refused())? }
        } else {
            Credential::Token { hash: hash(text) }
        };
        Ok(Self { tenant: tenant.to_owned(), credential, edge_read: prefix == "pre" })
    }

    /// What stands for a token of another issuer.
    pub fn of(tenant: String, credential: Credential) -> Self {
        Self { tenant, credential, edge_read: false }
    }

    /// Whether it reads from the copy alone.
    pub fn is_edge_read(&self) -> bool {
        self.edge_read
    }
}

/// The tenant that a token says it is for, whoever made it: for counting what was refused.
pub fn claimed_tenant(text: &str) -> Option<&str> {
    let (prefix, rest) = text.split_once('_')?;
    let (tenant, _) = rest.split_once('.')?;
    matches!(prefix, "prv" | "pre" | "pra" | "prc").then_some(tenant)
}

/// Puts a MAC to a text.
pub fn sign(signed: &str, key: &str) -> Option<String> {
    let mac = signer(key, signed)?.finalize().into_bytes();
    Some(format!("{signed}.{}", hex(&mac)))
}

/// What a MAC was put to, if it is ours.
///
/// ```
/// use provisor::scim::auth::token::{sign, verified};
/// let text = sign("prv_tenant.random", "key").unwrap();
/// assert_eq!(verified(&text, "key"), Some("prv_tenant.random"));
/// assert_eq!(verified(&text, "another"), None);
/// ```
pub fn verified<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (signed, mac) = text.rsplit_once('.')?;
    // Constant time: `verify_slice` compares without an early exit.
    signer(key, signed)?.verify_slice(&hex_bytes(mac)?).ok()?;
    Some(signed)
}

/// A new token's text.
pub fn make(tenant: &str, scope: Scope, random: &str, key: &str) -> Option<String> {
    sign(&format!("{}{tenant}.{random}", scope.prefix()), key)
}

/// What is kept of a token.
pub fn hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Whether two secrets are the same, told in a time that does not depend on where they differ.
pub fn same_secret(given: &str, wanted: &str) -> bool {
    let (Some(given), Some(wanted)) = (signer("compare", given), signer("compare", wanted)) else {
        return false;
    };
    wanted.verify_slice(&given.finalize().into_bytes()).is_ok()
}

/// The MAC of a text, as hex.
pub fn mac(key: &str, text: &str) -> Option<String> {
    Some(hex(&signer(key, text)?.finalize().into_bytes()))
}

fn signer(key: &str, text: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

/// Bytes as hex, in small letters.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let pair = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    };
    digits.chunks(2).map(pair).collect()
}
