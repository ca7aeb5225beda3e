//! What goes into the engine beside the files and the mappings: what the portal calls settings.

use crate::provision::target::{Dialect, ManagerShape};
use serde::{Deserialize, Serialize};

/// The job's settings: what the portal keeps beside the mappings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct JobSettings {
    /// "Sync all users and groups". Unset: only assigned ones when assignments were
    /// given, else all.
    pub sync_all: Option<bool>,
    /// The PATCH dialect. Unset: as a flag in `tenant_url` says, else as the target wants
    /// it, else [`Dialect::Legacy`].
    pub dialect: Option<Dialect>,
    /// The application profile used when no configuration is given, as `scim`.
    pub profile: Option<String>,
    /// What the target can do: the name of a profile, as `aws-iam-identity-center`.
    pub target: Option<String>,
    /// How a manager is written. Unset: as the target wants it, else as the dialect does.
    pub manager_shape: Option<ManagerShape>,
    /// Objects that only hold Default Access are not entitled. Unset: as the profile says.
    pub exclude_default_access: Option<bool>,
    /// Objects that leave the scope are left alone.
    pub skip_out_of_scope_deletions: bool,
    /// More disables and deletes than this in one cycle are staged, not sent.
    pub deletion_threshold: Option<usize>,
    /// Where the portal sends its notices: quarantine, the deletion threshold.
    pub notification_mail: Option<String>,
    /// The Tenant URL, flags included.
    pub tenant_url: Option<String>,
    /// No source object is linked to a target object yet.
    pub first_cycle: bool,
    /// The source tenant's default verified domain, for `DefaultDomain()`: `contoso.com`.
    pub default_domain: Option<String>,
    /// The time now, RFC 3339, for `Now()` and its like.
    pub now: Option<String>,
}

impl JobSettings {
    /// Reads settings.
    ///
    /// # Errors
    /// A setting that there is none of, or a value that is none; in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| in_words(&error))
    }
}

/// What is wrong with settings, without the names that only a programmer knows.
#[must_use]
pub fn in_words(error: &serde_json::Error) -> String {
    let plain = [
        ("usize", "a whole number from 0"),
        ("u32", "a whole number from 0"),
        ("struct JobSettings", "an object of settings"),
        ("struct Settings", "an object of settings"),
        ("unknown field", "there is no setting"),
        ("unknown variant", "there is no"),
    ];
    plain.iter().fold(error.to_string(), |text, (name, words)| text.replace(name, words))
}
