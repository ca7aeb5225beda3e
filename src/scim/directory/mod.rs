//! The directory: what a SCIM service provider does (RFC 7644 §3), over a [`Store`].

pub mod memory;
pub mod store;

pub use store::*;

use crate::scim::schema::Registry;

/// What the core may not find out by itself.
pub struct Context<'a> {
    /// The tenant's schemas and resource types.
    pub registry: &'a Registry,
    /// The absolute SCIM base without a trailing slash: `https://host/scim/v2`.
    pub base: &'a str,
    /// The time now, RFC 3339 in UTC with milliseconds: `2026-11-24T10:00:00.000Z`.
    pub now: &'a str,
    /// Who asks, for the journal.
    pub actor: &'a str,
    /// Gives out a new, never used resource id.
    pub new_id: &'a mut dyn FnMut() -> String,
    /// How the tenant's compatibility profile reads requests.
    pub settings: &'a Settings,
}

/// A tenant's settings for the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Refuse what RFC 7644 refuses, to the letter; else take what directories really send.
    pub strict: bool,
    /// Largest page, and the default page size.
    pub max_results: usize,
    /// Rows a filter without an index may look at before `tooMany`.
    pub row_budget: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { strict: false, max_results: 100, row_budget: 2_000_000 }
    }
}
