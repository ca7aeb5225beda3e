//! A plan in the forms that other tools read: an `.http` file, a curl script, a SCIM bulk
//! request (RFC 7644 §3.7), and the three CSV files of the portal's log download.

use crate::provision::address::segment;
use crate::provision::configuration::JobSettings;
use crate::provision::plan::{Engine, Operation, PlannedRequest, placeholder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What a plan as JSON begins with: the format's version, the version of what made it, and the
/// configuration's digest. The same configuration and settings have the same digest; the moment
/// is none of them.
#[must_use]
pub fn provenance(schema: &Value, settings: &JobSettings) -> String {
    let settings = JobSettings { now: None, ..settings.clone() };
    let settings = serde_json::to_string(&settings).unwrap_or_default();
    let mut digest = String::new();
    for byte in Sha256::digest(format!("{schema}\n{settings}").as_bytes()) {
        digest.push_str(&format!("{byte:02x}"));
    }
    let core = env!("CARGO_PKG_VERSION");
    format!("\"version\":{},\"core\":\"{core}\",\"configuration\":\"sha256:{digest}\"", Engine::VERSION)
}

/// What is left out of an export of requests, by the administrator's choice.
#[derive(Clone, Debug, Default)]
pub struct LeftOut {
    /// Verdicts, as in `Row::action`.
    pub actions: Vec<String>,
    /// Source objects, by id.
    pub ids: Vec<String>,
}

impl LeftOut {
    /// Takes away the requests that are left out, and those that would refer to what is then not
    /// created.
    pub fn from(&self, operation: &mut Operation) {
        if self.actions.is_empty() && self.ids.is_empty() {
            return;
        }
        if self.actions.contains(&operation.verdict) || self.ids.contains(&operation.source.id) {
            operation.requests.clear();
            return;
        }
        let own = format!("create:{}", operation.source.id);
        let no_creations = self.actions.iter().any(|action| action == "create");
        operation.requests.retain(|request| {
            request.depends_on.iter().all(|id| {
                let Some(source) = id.strip_prefix("create:") else { return true };
                *id == own || !(no_creations || self.ids.iter().any(|left| left == source))
            })
        });
    }
}

/// A whole plan as one bulk request; created objects are referred to by `bulkId`.
pub fn bulk(operations: impl Iterator<Item = Operation>) -> Value {
    // Objects before what refers to them.
    let (mut objects, mut references) = (Vec::new(), Vec::new());
    for operation in operations {
        objects.append(&mut bulk_items(&operation, false));
        references.append(&mut bulk_items(&operation, true));
    }
    objects.append(&mut references);
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": objects})
}

/// One operation's part of [`bulk`]: what refers to objects that the plan makes or to other
/// objects, or all else.
#[must_use]
pub fn bulk_items(operation: &Operation, references: bool) -> Vec<Value> {
    let refer = |source: &str| Some(format!("bulkId:create:{source}"));
    let one = |request: &PlannedRequest| {
        let path = placeholder::path(request, |source| segment(&refer(source)?));
        let mut item = json!({"method": request.method, "path": path});
        if let Some(item) = item.as_object_mut() {
            if request.method == "POST" {
                item.insert("bulkId".to_owned(), json!(request.id));
            }
            if !request.body.is_null() {
                let mut body = request.body.clone();
                // There is something to put at each place.
                let _ = placeholder::body(&mut body, &request.references, refer);
                item.insert("data".to_owned(), body);
            }
        }
        item
    };
    let refers = |request: &PlannedRequest| {
        request.id.starts_with("members:")
            || request.id.starts_with("references:")
            || request.depends_on.iter().any(|id| id.starts_with("create:"))
    };
    let requests = operation.requests.iter().filter(|request| request.method != "GET");
    requests.filter(|request| refers(request) == references).map(one).collect()
}

/// The three files of the portal's CSV download, joined by `ChangeId`.
#[derive(Debug, Default)]
pub struct Csv {
    /// One line an operation.
    pub logs: String,
    /// One line a step.
    pub steps: String,
    /// One line a changed attribute.
    pub properties: String,
}

impl Csv {
    /// With headers only.
    #[must_use]
    pub fn new() -> Self {
        let line = |fields: &[&str]| format!("{}\r\n", fields.join(","));
        Self {
            logs: line(&[
                "ChangeId",
                "Action",
                "Status",
                "StatusCode",
                "StatusReason",
                "SourceIdentityId",
                "SourceIdentityName",
                "SourceIdentityType",
                "TargetIdentityId",
                "TargetIdentityName",
                "TargetIdentityType",
            ]),
            steps: line(&["ChangeId", "StepNumber", "Name", "Type", "Status", "Description"]),
            properties: line(&["ChangeId", "PropertyName", "OldValue", "NewValue", "Mapping"]),
        }
    }

    /// Adds an operation.
    pub fn push(&mut self, operation: &Operation) {
        let change = format!("{}:{}", operation.object_type, operation.source.id);
        let target = operation.target.as_ref();
        self.logs.push_str(&record(&[
            &change,
            &operation.action,
            &operation.status,
            &operation.reason,
            &operation.explanation,
            &operation.source.id,
            &operation.source.display_name,
            &operation.source.identity_type,
            target.map_or("", |target| &target.id),
            target.map_or("", |target| &target.display_name),
            target.map_or("", |target| &target.identity_type),
        ]));
        let mut number = 0_usize;
        let mut step = |name: &str, kind: &str, passed: bool, what: &str| {
            number += 1;
            let status = if passed { "success" } else { "failure" };
            self.steps.push_str(&record(&[&change, &number.to_string(), name, kind, status, what]));
        };
        for scope in &operation.scope {
            step(&scope.name, "scoping", scope.passed, &scope.detail);
        }
        for problem in &operation.problems {
            let kind = if problem.code.contains("Reference") { "referenceResolution" } else { "processing" };
            step(&problem.code, kind, false, &problem.message);
        }
        for request in &operation.requests {
            let kind = if request.method == "GET" { "matching" } else { "export" };
            step(&request.id, kind, true, &format!("{} {}", request.method, request.path));
        }
        let plain = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            other => other.to_string(),
        };
        for changed in &operation.changes {
            let (old, new) = (plain(&changed.old), plain(&changed.new));
            self.properties.push_str(&record(&[&change, &changed.target, &old, &new, &changed.mapping]));
        }
    }
}

/// One CSV record (RFC 4180). A cell that a spreadsheet would take for a formula begins with an
/// apostrophe, which spreadsheets do not show; a reader takes it away before `=`, `+`, `-`, `@`,
/// their wide forms, a tab or a line break.
pub fn record(fields: &[&str]) -> String {
    let field = |text: &&str| {
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
        let text = if formula { format!("'{text}") } else { (*text).to_owned() };
        let plain = !text.contains(['"', ',', '\n', '\r']);
        if plain { text } else { format!("\"{}\"", text.replace('"', "\"\"")) }
    };
    format!("{}\r\n", fields.iter().map(field).collect::<Vec<_>>().join(","))
}
