//! What goes into the engine beside the files, and what comes out of it: small, plain,
//! serialisable structs. The page, the edge and the command line see nothing else.

use crate::provision::target::ManagerShape;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// How requests are shaped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dialect {
    /// Entra without a flag: title-case operations, booleans as text.
    #[default]
    #[serde(rename = "legacy")]
    Legacy,
    /// Entra with `aadOptscim062020` in the Tenant URL.
    #[serde(rename = "aadOptscim062020")]
    Flag,
    /// RFC 7644 to the letter.
    #[serde(rename = "rfc")]
    Rfc,
}

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

/// The plan in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Source users.
    pub users: usize,
    /// Source groups.
    pub groups: usize,
    /// Objects in scope.
    pub in_scope: usize,
    /// To be created.
    pub create: usize,
    /// To be changed.
    pub update: usize,
    /// To be disabled.
    pub disable: usize,
    /// To be deleted.
    pub delete: usize,
    /// Linked and equal already.
    pub unchanged: usize,
    /// Out of scope, or held back by a setting.
    pub skipped: usize,
    /// Cannot be provisioned.
    pub failed: usize,
    /// Disables and deletes held back by the deletion threshold.
    pub staged: usize,
    /// Target accounts without a source: never touched.
    pub local: usize,
    /// Target objects read.
    pub targets: usize,
    /// Requests that change the target.
    pub requests: usize,
    /// `all` or `assigned`.
    pub scope: String,
    /// Links were assumed from unique matches, not given.
    pub links_assumed: bool,
    /// The deletion threshold was crossed: Entra would quarantine the job.
    pub threshold_exceeded: bool,
    /// Entra's numeric quarantine rule would apply.
    pub quarantine: bool,
    /// What an administrator should know about the plan as a whole.
    pub notes: Vec<String>,
}

/// One line of the result list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The source object's id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `User` or `Group`.
    pub object_type: String,
    /// `create`, `update`, `disable`, `delete`, `staged`, `unchanged`, `skipped` or `failed`.
    pub action: String,
    /// Entra's code, ours with `X-` before it; empty when all went its way.
    pub reason: String,
    /// How many attributes change.
    pub changes: usize,
    /// How many values have a problem.
    pub problems: usize,
    /// Whether the object is in scope.
    pub in_scope: bool,
    /// Its display name where people call it something else; else empty.
    pub display_name: String,
    /// What keeps it out of the scope: `inactive`, `unassigned`, `notEntitled` or `filter`; empty
    /// when it is in.
    pub because: &'static str,
    /// The first few target attributes that an update sets.
    pub sets: Vec<String>,
}

/// A source or target object, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub display_name: String,
    /// `User` or `Group`, or the SCIM schema in the target.
    pub identity_type: String,
}

/// One step of deciding whether an object is in scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopeStep {
    /// Entra's own name for the step: `Active in the source system`.
    pub name: String,
    /// Whether it was passed.
    pub passed: bool,
    /// The deciding fact, in words.
    pub detail: String,
}

/// One attribute that changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The target attribute, as the mapping spells it.
    pub target: String,
    /// What the target holds; null when nothing.
    pub old: Value,
    /// What it will hold.
    pub new: Value,
    /// Where the value comes from: `[mail]`, an expression, a constant.
    pub mapping: String,
}

/// A value that has a problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// The target attribute, or empty for the object.
    pub target: String,
    /// A stable code.
    pub code: String,
    /// In words.
    pub message: String,
}

/// A place in a request that is the id of an object still to be created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedReference {
    /// Where in the body, as a JSON Pointer (RFC 6901); none for the last segment of the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The source object that the creation is for.
    pub source: String,
}

/// One HTTP request, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedRequest {
    /// Unique in the plan: `create:SOURCE`.
    pub id: String,
    /// Requests that must have succeeded before.
    pub depends_on: Vec<String>,
    /// `GET`, `POST`, `PATCH` or `DELETE`.
    pub method: String,
    /// Below the Tenant URL, query included.
    pub path: String,
    /// Header names and values, without the credentials.
    pub headers: BTreeMap<String, String>,
    /// The body, or null.
    pub body: Value,
    /// Every place that an id not yet given out is to take. There, and only there,
    /// `{{created:SOURCE}}` stands for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<CreatedReference>,
}

/// What becomes of one source object, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// Entra's action: `create`, `update`, `disable`, `delete`, `stageddelete` or `other`.
    pub action: String,
    /// Ours, as in [`Row::action`].
    pub verdict: String,
    /// `User` or `Group`.
    pub object_type: String,
    /// The source object.
    pub source: Identity,
    /// The target object, when there is one.
    pub target: Option<Identity>,
    /// Entra's status: `success`, `skipped`, `failure` or `warning`.
    pub status: String,
    /// Entra's code, ours with `X-` before it; empty when all went its way.
    pub reason: String,
    /// The reason in words.
    pub explanation: String,
    /// How scope was decided.
    pub scope: Vec<ScopeStep>,
    /// The mapped SCIM resource, as a create would send it with references resolved.
    pub result: Value,
    /// Attribute changes.
    pub changes: Vec<Change>,
    /// Values with problems.
    pub problems: Vec<Problem>,
    /// The requests, in order.
    pub requests: Vec<PlannedRequest>,
}

/// What a plan does about an object, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Effect {
    /// As in [`Row::action`].
    pub action: String,
    /// As in [`Operation::reason`].
    pub reason: String,
    /// The reason in words.
    pub explanation: String,
    /// How many requests change the target.
    pub requests: usize,
}

/// A value that two configurations give differently.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValueChange {
    /// Where in the mapped resource.
    pub target: String,
    /// What the first gives, or null.
    pub before: Value,
    /// What the second gives, or null.
    pub after: Value,
}

/// An object that fares differently under two configurations.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The source object's id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `User` or `Group`.
    pub object_type: String,
    /// Under the first configuration; null when it has no such objects.
    pub before: Option<Effect>,
    /// Under the second.
    pub after: Option<Effect>,
    /// Values of the mapped resource that differ.
    pub values: Vec<ValueChange>,
    /// The same requests would be sent.
    pub same_requests: bool,
}
