//! Tokens: `prv_<tenant>.<random>.<mac>`, and `pre_…` for readers of the copy.
//!
//! The MAC covers prefix, tenant and random part, so neither can be changed. The object
//! keeps only a hash of the whole; the text itself is shown once.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::scim::error::ScimError;

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Provision,
    Read,
    EdgeRead,
}

impl Scope {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provision => "provision",
            Self::Read => "read",
            Self::EdgeRead => "edge-read",
        }
    }

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

/// A token whose MAC is right. Whether it is still valid, its tenant's object knows.
pub(super) struct Token {
    pub tenant: String,
    pub hash: String,
    edge_read: bool,
}

impl Token {
    /// Reads an `Authorization` header.
    pub fn read(header: Option<&str>, key: &str) -> Result<Self, ScimError> {
        let Some(header) = header else {
            return Err(ScimError::new(401, "send the tenant's token: `Authorization: Bearer …`"));
        };
        let refused = || ScimError::new(401, "the token is not valid; check that it was pasted whole");
        let (scheme, text) = header.trim().split_once(' ').ok_or_else(refused)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(ScimError::new(
                401,
                format!("`{scheme}` is not supported; send `Authorization: Bearer …`"),
            ));
        }
        let text = text.trim();
        let (signed, mac) = text.rsplit_once('.').ok_or_else(refused)?;
        let given = hex_bytes(mac).ok_or_else(refused)?;
        // Constant time: `verify_slice` compares without an early exit.
        signer(key, signed).ok_or_else(refused)?.verify_slice(&given).map_err(|_| refused())?;
        let edge_read = signed.starts_with(Scope::EdgeRead.prefix());
        let (tenant, _) = signed.get(4..).and_then(|rest| rest.split_once('.')).ok_or_else(refused)?;
        Ok(Self { tenant: tenant.to_owned(), hash: hash(text), edge_read })
    }

    /// Whether it reads from the copy alone.
    pub fn is_edge_read(&self) -> bool {
        self.edge_read
    }
}

/// A new token's text.
pub(super) fn make(tenant: &str, scope: Scope, random: &str, key: &str) -> Option<String> {
    let signed = format!("{}{tenant}.{random}", scope.prefix());
    let mac = signer(key, &signed)?.finalize().into_bytes();
    Some(format!("{signed}.{}", hex(&mac)))
}

/// What is kept of a token.
pub(super) fn hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Whether two secrets are the same, told in a time that does not depend on where they differ.
pub(super) fn same_secret(given: &str, wanted: &str) -> bool {
    let (Some(given), Some(wanted)) = (signer("compare", given), signer("compare", wanted)) else {
        return false;
    };
    wanted.verify_slice(&given.finalize().into_bytes()).is_ok()
}

fn signer(key: &str, text: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

pub(super) fn hex(bytes: &[u8]) -> String {
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
