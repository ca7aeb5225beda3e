//! The log of a run, in the words of Entra's provisioning log: as the portal's CSV download has
//! it, and as Graph's `provisioningObjectSummary`, one a line.

use crate::provision::export::record;
use crate::provision::values::timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Carried out.
    Success,
    /// Sent and not carried out, or nobody knows.
    Failure,
    /// Not sent.
    Skipped,
}

/// Whom a request is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The source object's id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `User` or `Group`.
    pub kind: String,
    /// The target's id; empty while there is none.
    pub target: String,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When it was sent, in milliseconds since 1970.
    pub at: i64,
    /// Milliseconds until the answer.
    pub duration: u64,
    /// `Create`, `Update`, `Disable` or `Delete`.
    pub action: String,
    /// What became of it.
    pub status: Status,
    /// The HTTP status; 0 without an answer.
    pub status_code: u16,
    /// Entra's code for a failure, ours with `X-` before it.
    pub code: String,
    /// The failure in words.
    pub detail: String,
    /// How often it was sent.
    pub tries: u32,
    /// The request's id in the plan.
    pub request: String,
    /// HTTP method.
    pub method: String,
    /// Below the Tenant URL.
    pub path: String,
    /// Whom it is about.
    pub subject: Subject,
}

impl Entry {
    /// The log's word for what a request of the plan does.
    #[must_use]
    pub fn action(request: &str, method: &str) -> &'static str {
        match method {
            "POST" => "Create",
            "DELETE" => "Delete",
            _ if request.starts_with("disable:") => "Disable",
            _ => "Update",
        }
    }

    /// The first line of the CSV.
    #[must_use]
    pub fn csv_head() -> String {
        record(&[
            "Date",
            "ChangeId",
            "Action",
            "Status",
            "StatusCode",
            "StatusReason",
            "SourceIdentityId",
            "SourceIdentityName",
            "SourceIdentityType",
            "TargetIdentityId",
            "Method",
            "Path",
            "HttpStatus",
            "DurationInMilliseconds",
            "Tries",
        ])
    }

    /// A line of the CSV.
    #[must_use]
    pub fn csv(&self) -> String {
        let number = |number: u64| if number == 0 { String::new() } else { number.to_string() };
        let status = format!("{:?}", self.status);
        record(&[
            &timestamp(self.at),
            &format!("{}:{}", self.subject.kind, self.subject.id),
            &self.action,
            &status,
            &self.code,
            &self.detail,
            &self.subject.id,
            &self.subject.name,
            &self.subject.kind,
            &self.subject.target,
            &self.method,
            &self.path,
            &number(self.status_code.into()),
            &self.duration.to_string(),
            &self.tries.to_string(),
        ])
    }

    /// As Graph has it, with the request beside.
    #[must_use]
    pub fn summary(&self) -> Value {
        let failure = self.status == Status::Failure;
        let error = failure.then(|| json!({"errorCode": self.code, "reason": self.detail}));
        let (status, name) = match self.status {
            Status::Success => ("success", "EntryExport"),
            Status::Failure => ("failure", "EntryExport"),
            Status::Skipped => ("skipped", "EntrySynchronizationSkip"),
        };
        let subject = &self.subject;
        json!({
            "id": self.request,
            "activityDateTime": timestamp(self.at),
            "changeId": format!("{}:{}", subject.kind, subject.id),
            "provisioningAction": self.action.to_ascii_lowercase(),
            "durationInMilliseconds": self.duration,
            "provisioningStatusInfo": {"status": status, "errorInformation": error},
            "provisioningSteps": [{"name": name, "provisioningStepType": "export", "status": status,
                "description": self.detail, "details": {"method": self.method, "path": self.path,
                "httpStatus": self.status_code, "tries": self.tries}}],
            "sourceIdentity": {"id": subject.id, "displayName": subject.name, "identityType": subject.kind},
            "targetIdentity": {"id": subject.target, "identityType": subject.kind},
        })
    }
}
