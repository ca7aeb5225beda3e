//! SCIM 2.0, pure: the schema (RFC 7643), the protocol (RFC 7644) and cursor paging
//! (RFC 9865). Text in, text out; no I/O.
//!
//! One request travels `http` → `directory` → (`compat`, `schema`, `filter`, `patch`) →
//! `directory::store`, and comes back as a status, headers and a body.

pub mod auth;
pub mod compat;
pub mod delivery;
pub mod directory;
pub mod effort;
pub mod error;
pub mod filter;
pub mod http;
pub mod name;
pub mod patch;
pub mod schema;
pub mod span;
pub mod unicode;
pub mod uri;
