//! Who asks: the tokens of other issuers, their keys, and whose they are. Our own tokens are in
//! [`crate::scim::auth`]. It uses `platform` alone.

pub(super) mod issuer;
pub(super) mod jwks;
pub(super) mod jwt;
