//! What a target can do, as data: one file for each under `profile/target`. Requests are
//! shaped by it, and what it cannot take is a finding before anything is sent.

use super::dialect::{Dialect, ManagerShape};
use super::path::TargetPath;
use crate::provision::object_kind::ObjectKind;
use crate::provision::profile::TARGETS;
use serde::{Deserialize, Serialize};

/// A target's abilities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Capabilities {
    /// What people call the target.
    pub name: String,
    /// The PATCH dialect it wants, where the settings leave the choice.
    #[serde(default)]
    pub dialect: Option<Dialect>,
    /// How a resource is changed.
    #[serde(default)]
    pub update: Update,
    /// Whether one operation without a path may carry several attributes.
    #[serde(default)]
    pub path_less: Option<bool>,
    /// Most operations in one PATCH.
    #[serde(default)]
    pub max_operations: Option<usize>,
    /// How members are removed, where the dialect's own way does not do.
    #[serde(default)]
    pub member_removal: Option<MemberRemoval>,
    /// Most members added or removed in one request.
    #[serde(default)]
    pub max_members: Option<usize>,
    /// User attributes that may be filtered by; none given: all.
    #[serde(default)]
    pub user_filters: Option<Vec<String>>,
    /// Group attributes that may be filtered by; none given: all.
    #[serde(default)]
    pub group_filters: Option<Vec<String>>,
    /// Whether it has groups.
    #[serde(default = "yes")]
    pub groups: bool,
    /// Attributes of which it keeps one value only.
    #[serde(default)]
    pub single: Vec<String>,
    /// How a manager is written, where the dialect's own way does not do.
    #[serde(default)]
    pub manager_shape: Option<ManagerShape>,
    /// Whether it takes bulk requests.
    #[serde(default = "yes")]
    pub bulk: bool,
    /// Where this is written down.
    #[serde(default)]
    pub sources: Vec<String>,
}

/// How a resource is changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Update {
    /// By what changes (RFC 7644 §3.5.2).
    #[default]
    #[serde(rename = "PATCH")]
    Patch,
    /// As a whole (RFC 7644 §3.5.1).
    #[serde(rename = "PUT")]
    Put,
}

/// How members are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MemberRemoval {
    /// One operation with a list of members as its value.
    List,
    /// One operation each, `members[value eq "…"]`.
    Filter,
}

fn yes() -> bool {
    true
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            name: String::new(),
            dialect: None,
            update: Update::Patch,
            path_less: None,
            max_operations: None,
            member_removal: None,
            max_members: None,
            user_filters: None,
            group_filters: None,
            groups: true,
            single: Vec::new(),
            manager_shape: None,
            bulk: true,
            sources: Vec::new(),
        }
    }
}

impl Capabilities {
    /// The abilities in a file of `profile/target`, by the file's name without its ending.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (_, text) = TARGETS.iter().find(|(known, _)| *known == name)?;
        serde_json::from_str(text).ok()
    }

    /// The names that [`Self::named`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TARGETS.iter().map(|(name, _)| *name)
    }

    /// Whether objects of a kind can be found by an attribute.
    #[must_use]
    pub(crate) fn filters(&self, kind: ObjectKind, target: &str) -> bool {
        let known = match kind {
            ObjectKind::User => &self.user_filters,
            ObjectKind::Group => &self.group_filters,
        };
        known.as_ref().is_none_or(|known| known.iter().any(|known| known.eq_ignore_ascii_case(target)))
    }

    /// Whether only one element of the path's attribute is kept.
    pub(crate) fn keeps_one(&self, path: &TargetPath) -> bool {
        let core = path.urn.as_ref().is_none_or(|urn| urn.starts_with("urn:ietf:params:scim:schemas:core:"));
        core && self.single.iter().any(|single| single.eq_ignore_ascii_case(&path.attribute))
    }

    /// Whether each object's attributes, and its references, go in one request each.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.update == Update::Patch && self.max_operations.is_none() && self.max_members.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read() {
        for name in Capabilities::names() {
            let (_, text) = TARGETS.iter().find(|(known, _)| *known == name).expect(name);
            let capabilities: Capabilities = serde_json::from_str(text).expect(name);
            assert!(!capabilities.name.is_empty(), "{name}");
            assert!(name == "generic" || !capabilities.sources.is_empty(), "{name}");
        }
        for name in
            ["aws-iam-identity-center", "google-cloud-identity", "zitadel", "entra-inbound", "ory-polis"]
        {
            assert!(Capabilities::named(name).is_some(), "{name}");
        }
    }
}
