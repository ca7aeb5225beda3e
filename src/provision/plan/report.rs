//! What comes out of the engine: small, plain, serialisable structs.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

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
