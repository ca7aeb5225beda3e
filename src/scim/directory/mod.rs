//! The directory: what a SCIM service provider does (RFC 7644 §3), over a [`Store`].

mod bounds;
mod bulk;
mod cursor;
mod first;
pub mod graph;
mod groups;
mod keys;
mod membership;
pub mod memory;
pub mod overlay;
pub mod page;
mod password;
mod query;
mod reference;
mod render;
mod settings;
mod sort;
mod stop;
pub mod store;
mod stream;
pub mod transfer;
mod version;
mod write;

pub use bounds::{MAX_RESOURCE, MAX_TEXT, MAX_VALUES};
pub use bulk::{MAX_OPERATIONS as MAX_BULK_OPERATIONS, bulk};
pub use cursor::MAX_CURSOR_SECONDS;
pub use keys::keys;
pub use password::{MAX_PASSWORDS, passwords};
pub use query::{Found, Query, query};
pub use render::{Shown, location, member, render};
pub use settings::{PatchReply, Settings, Status};
pub use stop::Stop;
pub use stream::{Told, told};
pub use version::{etag, names_etag, names_version, require};
pub use write::{Body, Written, create, create_as, delete, patch, replace};

pub use store::*;

use serde_json::Value;

use crate::scim::effort::Effort;
use crate::scim::error::{ScimError, shown};
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

/// One text attribute of a stored document.
pub(crate) fn text_of(document: &str, attribute: &str) -> Option<String> {
    let document: Value = serde_json::from_str(document).ok()?;
    document.get(attribute)?.as_str().map(str::to_owned)
}

impl From<StoreError> for ScimError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken(key) => {
                let value =
                    if key.value.is_empty() { String::new() } else { format!(": `{}`", shown(&key.value)) };
                let detail =
                    format!("another resource already has this `{}`{value}; choose another", key.attribute);
                Self::conflict(detail)
            }
            StoreError::Full => Self::new(
                507,
                "the tenant's storage is full, so nothing more is written; reading and deleting go on: delete what is \
                 not needed, or let the administrator keep the journal for fewer days (`journalDays`)",
            ),
            // What failed inside is for the log, not for the client.
            StoreError::Failed(_) => Self::new(500, "storage failed; nothing was changed, try again"),
        }
    }
}
