//! What a use case is lent: what the core may not find out by itself.

use super::settings::Settings;
use crate::scim::effort::Effort;
use crate::scim::schema::Registry;

/// Makes of a password what may be kept of it; nothing where it cannot, which fails the request.
pub type HashPassword<'a> = &'a dyn Fn(&str) -> Option<String>;

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
    /// Makes of a password the salted hash to keep; `None` where no passwords are kept.
    /// The password itself goes nowhere else.
    pub hash_password: Option<HashPassword<'a>>,
    /// The id of the user that the token is bound to: who `/Me` is (RFC 7644 §3.11).
    pub me: Option<&'a str>,
    /// What cursors are signed with (RFC 9865): a secret of the shell and the tenant's id, so
    /// that no tenant can use another's.
    pub cursor_key: &'a [u8],
    /// What the request may still cost; a shell makes it from [`Settings::step_budget`].
    pub effort: Effort,
}

/// For shells that keep no passwords: what is sent is dropped.
pub const NO_PASSWORDS: Option<HashPassword<'static>> = None;
