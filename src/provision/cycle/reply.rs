//! A reply read as Entra reads it: what was asked for, or a failure under Entra's code.

use super::clock::MINUTE;
use super::effect::{Outcome, Purpose};
use crate::provision::address::is_usable;
use crate::provision::plan::error_code;
use serde_json::Value;

/// Why a request did not give what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Entra's code, ours with `X-` before it.
    pub code: String,
    /// In words.
    pub message: String,
    /// Not this object's failure but the job's: it goes into quarantine.
    pub fatal: bool,
    /// No reply came at all.
    pub silent: bool,
}

impl Fault {
    /// A failure of one object.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), fatal: false, silent: false }
    }

    fn fatal(code: &str, message: impl Into<String>) -> Self {
        Self { fatal: true, ..Self::new(code, message) }
    }
}

/// The target does not speak SCIM as Entra reads it.
pub(super) const INCOMPATIBLE: &str = "SystemForCrossDomainIdentityManagementServiceIncompatible";

/// The reply's body, or the failure. `retry` is when to ask again, if the target said so
/// or is only busy.
pub(super) fn read(purpose: Purpose, outcome: &Outcome) -> Result<Value, Fault> {
    let (status, body) = match outcome {
        Outcome::Reply { status, body, .. } => (*status, body.as_str()),
        Outcome::TimedOut => {
            return Err(Fault { silent: true, ..Fault::new("Timeout", "no reply came in time") });
        }
        Outcome::Broken { message } => {
            return Err(Fault { silent: true, ..Fault::new("WebExceptionProtocolError", message.clone()) });
        }
        _ => return Err(Fault::new("InternalError", "a reply was wanted and something else came")),
    };
    let json = || serde_json::from_str::<Value>(body).ok().filter(Value::is_object);
    match (status, purpose) {
        (200..=299, Purpose::Delete | Purpose::Update | Purpose::Disable | Purpose::Refer) => Ok(Value::Null),
        (404, Purpose::Delete) => Ok(Value::Null),
        (200..=299, _) => json().ok_or_else(|| {
            let message = format!("the reply to `{status}` is no JSON object");
            // A query must be answered with a list; anything else is no SCIM.
            if matches!(purpose, Purpose::Test) {
                Fault::fatal(INCOMPATIBLE, message)
            } else {
                Fault::new(INCOMPATIBLE, message)
            }
        }),
        (401, _) => Err(Fault::fatal("Unauthorized", explained(status, body))),
        (403, Purpose::Test) => Err(Fault::fatal("InsufficientRights", explained(status, body))),
        (404, Purpose::Test | Purpose::Match) => Err(Fault::fatal(
            INCOMPATIBLE,
            "a query was answered with 404; it wants 200 with an empty list when nothing is found",
        )),
        _ => Err(Fault::new(error_code(status), explained(status, body))),
    }
}

/// The status and what the target says of it, cut short.
fn explained(status: u16, body: &str) -> String {
    let parsed = serde_json::from_str::<Value>(body).ok();
    let detail = parsed.as_ref().and_then(|body| body.get("detail")).and_then(Value::as_str).unwrap_or(body);
    let detail: String = detail.trim().chars().take(500).collect();
    if detail.is_empty() {
        format!("the target answered `{status}`")
    } else {
        format!("the target answered `{status}`: {detail}")
    }
}

/// What a list response holds: how many were found, and the first.
pub(super) fn listed(body: &Value) -> Result<(usize, Option<Value>), Fault> {
    let resources = body.get("Resources").and_then(Value::as_array);
    let total = body.get("totalResults").and_then(Value::as_u64);
    let shown = resources.map_or(0, Vec::len);
    match (total, resources) {
        (None, None) => Err(Fault::new(INCOMPATIBLE, "the reply to a query is no list")),
        (Some(total), None) if total > 0 => {
            Err(Fault::new(INCOMPATIBLE, "the reply to a query counts resources and shows none"))
        }
        _ => {
            let total = usize::try_from(total.unwrap_or(0)).unwrap_or(usize::MAX);
            Ok((total.max(shown), resources.and_then(|resources| resources.first()).cloned()))
        }
    }
}

/// The id of a resource.
pub(super) fn identified(body: &Value) -> Result<String, Fault> {
    let id = body.get("id").and_then(Value::as_str).filter(|id| is_usable(id));
    id.map(str::to_owned)
        .ok_or_else(|| Fault::new(INCOMPATIBLE, "the resource in the reply has no `id` that a path can name"))
}

/// When a busy target is to be asked again; `attempt` counts from 0.
pub(super) fn retry_at(outcome: &Outcome, attempt: u32, now: i64) -> Option<i64> {
    let Outcome::Reply { status: status @ (429 | 503), retry_at, .. } = outcome else { return None };
    let patience = now + MINUTE * 15;
    match retry_at {
        Some(at) if *at <= patience => Some((*at).max(now)),
        Some(_) => None,
        None if *status == 429 => Some(now + 1000 * (1 << attempt.min(5))),
        None => None,
    }
}
