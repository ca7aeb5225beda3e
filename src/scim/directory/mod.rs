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
pub use stop::Stop;
pub use stream::text;
pub use version::{etag, names_etag, require};
pub use write::{Body, Written, create, create_as, delete, patch, replace};

pub use store::*;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::scim::compat::Profile;
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

/// A tenant's settings for the protocol: its compatibility profile.
///
/// Directories and conformance suites ask for opposite things, so each tenant may choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Settings {
    /// What is read beside RFC 7644: `"default"`, `"strict"` or single flags. `strict: true` still says so.
    #[serde(alias = "strict")]
    pub profile: Profile,
    /// Answer a group's PATCH with 200 and the group; else with 204, as Entra wants.
    pub group_patch_returns_body: bool,
    /// Let a group have members that are no resource here; else refuse them.
    pub accepts_unknown_members: bool,
    /// Largest page, and the default page size.
    pub max_results: usize,
    /// Rows a filter without an index may look at before `tooMany`.
    pub row_budget: u64,
    /// Steps that a request may cost before `tooMany` or 413, of about 50 ns each
    /// ([`Effort`]): the default ends within some two seconds.
    pub step_budget: u64,
    /// Requests a second that the tenant may send, with as many again in a burst; 0 for no limit.
    /// Entra asks for at least 25.
    pub requests_per_second: u32,
    /// Attributes that filters look up beside the usual ones, eight at most, of texts only:
    /// `title`, `phoneNumbers.value`, `urn:…:User:employeeNumber`. The shell makes its
    /// registry with them ([`Registry::with_indexes`]).
    pub indexes: Vec<String>,
    /// Days that entries of the journal are kept; `None` for ever. The shell cuts them.
    pub journal_days: Option<u32>,
    /// Compare user names as RFC 8265 does; the shell makes its registry so
    /// ([`Registry::with_prepared_names`]). May change only while nobody is there.
    pub prepared_user_names: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: Profile::DEFAULT,
            group_patch_returns_body: false,
            accepts_unknown_members: false,
            max_results: 100,
            row_budget: 2_000_000,
            step_budget: 40_000_000,
            requests_per_second: 500,
            indexes: Vec::new(),
            journal_days: None,
            prepared_user_names: false,
        }
    }
}

impl Settings {
    /// Whether requests are read to the letter of RFC 7644.
    pub fn is_strict(&self) -> bool {
        self.profile == Profile::STRICT
    }
}

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
