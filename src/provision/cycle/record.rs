//! Log records in the shape of Graph's `provisioningObjectSummary`.

use super::reply::Fault;
use super::world::{Glance, Query};
use crate::provision::plan::{Change, Operation, ScopeStep};
use crate::provision::values::timestamp;
use serde_json::{Map, Value, json};

/// Most members of a list that a record shows.
const SHOWN: usize = 100;

/// What happened to one object, step by step.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail(Vec<Value>);

impl Trail {
    fn step(&mut self, name: &str, kind: &str, status: &str, description: String, details: Value) {
        self.0.push(json!({"name": name, "provisioningStepType": kind, "status": status,
            "description": description, "details": details}));
    }

    /// The source object was read.
    pub fn imported(&mut self, glance: &Glance, known: bool) {
        let (name, change) = if known { ("EntryImportUpdate", "Update") } else { ("EntryImportAdd", "Add") };
        let kind = kind(glance);
        let details = json!({"objectId": glance.id, "Active in the source system": title(glance.active),
            "IsSoftDeleted": title(!glance.in_scope)});
        self.step(name, "import", "success", format!("{kind} `{}` came as {change}", glance.id), details);
    }

    /// The target was asked which object has a value.
    pub fn matched(&mut self, query: &Query, found: usize) {
        let description = format!("{found} target objects have this `{}`", query.target);
        self.step("EntryImport", "matching", "success", description, json!({&query.target: query.value}));
    }

    /// A linked object was read, or was not.
    pub fn read(&mut self, target: &str, fault: Option<&Fault>) {
        let (status, description) = match fault {
            None => ("success", format!("the linked target object `{target}` was read")),
            Some(fault) => ("failure", fault.message.clone()),
        };
        self.step("EntryImport", "matching", status, description, json!({"id": target}));
    }

    /// Scope was decided.
    pub fn scoped(&mut self, steps: &[ScopeStep]) {
        let mut details: Map<String, Value> =
            steps.iter().map(|step| (step.name.clone(), json!(title(step.passed)))).collect();
        let filter = steps.last().map_or("", |step| step.detail.as_str());
        details.insert("ScopeEvaluationResult".to_owned(), json!(json!({"filter": filter}).to_string()));
        let outside = steps.iter().find(|step| !step.passed);
        let description = match outside {
            None => "in scope".to_owned(),
            Some(step) => format!("out of scope: {}", step.detail),
        };
        self.step("EntrySynchronizationScoping", "scoping", "success", description, Value::Object(details));
    }

    /// It was decided what to do.
    pub fn decided(&mut self, operation: &Operation) {
        let name = match operation.action.as_str() {
            _ if operation.status == "skipped" => "EntrySynchronizationSkip",
            "create" => "EntrySynchronizationAdd",
            "other" => "EntrySynchronizationSkip",
            _ => "EntrySynchronizationUpdate",
        };
        let details =
            if operation.reason.is_empty() { json!({}) } else { json!({"SkipReason": operation.reason}) };
        let status = if operation.status == "skipped" { "skipped" } else { "success" };
        self.step(name, "processing", status, operation.explanation.clone(), details);
    }

    /// References that have no target object.
    pub fn unresolved(&mut self, ids: &[String]) {
        let shown: Vec<&String> = ids.iter().take(20).collect();
        let description = format!("{} references have no target object", ids.len());
        let details = json!({"SkipReason": "UnableToResolveReferenceAttributeValue", "unresolved": shown});
        self.step("EntrySynchronizationSkip", "referenceResolution", "skipped", description, details);
    }

    /// A request was sent.
    pub fn exported(&mut self, action: &str, references: bool, identifier: &str, fault: Option<&Fault>) {
        let name = match action {
            "create" => "EntryExportAdd",
            "disable" => "EntryExportUpdateSoftDelete",
            "delete" => "EntryExportDelete",
            _ => "EntryExportUpdate",
        };
        let (status, description) = match fault {
            None => ("success", format!("{action} was accepted by the target")),
            Some(fault) => ("failure", fault.message.clone()),
        };
        let kind = if references { "referenceResolution" } else { "export" };
        self.step(name, kind, status, description, json!({"ReportableIdentifier": identifier}));
    }
}

/// Where and when a record belongs.
pub(super) struct Place<'a> {
    pub job: &'a str,
    pub cycle: u64,
    pub number: u64,
    pub began: i64,
    pub now: i64,
    pub target_name: &'a str,
}

/// One record.
pub(super) fn record(
    place: &Place<'_>,
    operation: &Operation,
    changes: &[&Change],
    fault: Option<&Fault>,
    target: Option<&str>,
    trail: Trail,
) -> Value {
    let status = if fault.is_some() { "failure" } else { operation.status.as_str() };
    let error = fault.map(|fault| {
        json!({"errorCode": fault.code, "reason": fault.message, "additionalDetails": Value::Null,
            "errorCategory": if fault.silent { "nonServiceFailure" } else { "failure" },
            "recommendedAction": advice(&fault.code)})
    });
    let modified: Vec<Value> = changes
        .iter()
        .map(|change| {
            json!({"displayName": change.target, "oldValue": shown(&change.old), "newValue": shown(&change.new)})
        })
        .collect();
    let source = &operation.source;
    let target_type = operation.target.as_ref().map_or("", |target| target.identity_type.as_str());
    let target_display = operation.target.as_ref().map_or("", |target| target.display_name.as_str());
    json!({
        "id": format!("{}.{}", place.job, place.number),
        "activityDateTime": timestamp(place.now),
        "tenantId": "",
        "jobId": place.job,
        "cycleId": format!("{}.c{}", place.job, place.cycle),
        "changeId": format!("{}.c{}.{}", place.job, place.cycle, source.id),
        "provisioningAction": operation.action,
        "durationInMilliseconds": place.now.saturating_sub(place.began),
        "provisioningStatusInfo": {"status": status, "errorInformation": error},
        "provisioningSteps": trail.0,
        "modifiedProperties": modified,
        "servicePrincipal": {"id": "", "displayName": place.target_name},
        "initiatedBy": {"id": "", "displayName": "Provisor", "initiatorType": "system"},
        "sourceSystem": {"id": "", "displayName": "Microsoft Entra ID", "details": {}},
        "targetSystem": {"id": "", "displayName": place.target_name, "details": {}},
        "sourceIdentity": {"id": source.id, "displayName": source.display_name,
            "identityType": source.identity_type, "details": {}},
        "targetIdentity": {"id": target.unwrap_or_default(), "displayName": target_display,
            "identityType": target_type, "details": {}},
    })
}

/// What an administrator can do about a failure.
fn advice(code: &str) -> &'static str {
    match code {
        "EntryConflict" | "Conflict" => "make the values unique, or match by the attribute that clashes",
        "InvalidAnchor" => "the linked target object is gone: restart with `Full` to match again",
        "DuplicateTargetEntries" => "leave one target object with the matching value",
        "DuplicateSourceEntries" => "leave one source object with the matching value",
        "TooManyRequests" => "nothing: it is tried again",
        "InternalServerError" | "Timeout" | "WebExceptionProtocolError" => {
            "nothing at first: it is tried again; then ask the target's operator"
        }
        "Unauthorized" | "InsufficientRights" => "check the secret token and what it may do",
        "SchemaPropertyCanOnlyAcceptValue" => "map a single value, for instance with `Item`",
        _ => "see the reason, then provision the object on demand",
    }
}

fn kind(glance: &Glance) -> &'static str {
    if glance.group { "Group" } else { "User" }
}

fn title(flag: bool) -> &'static str {
    if flag { "True" } else { "False" }
}

fn shown(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(flag) => json!(title(*flag)),
        Value::String(text) => json!(text),
        Value::Array(items) => {
            let text = |item: &Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
            let mut texts: Vec<String> = items.iter().take(SHOWN).map(text).collect();
            if let Some(more @ 1..) = items.len().checked_sub(SHOWN) {
                texts.push(format!("and {more} more"));
            }
            json!(texts.join(", "))
        }
        other => json!(other.to_string()),
    }
}
