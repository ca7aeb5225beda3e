//! A finding in a configuration: what is the case, how bad it is, what to do about it.

use serde::Serialize;

/// How bad a finding in the configuration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// The configuration, or this mapping, cannot work.
    Error,
    /// It works, but probably not as meant.
    Warning,
    /// Good to know.
    Info,
}

/// One finding in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// How bad.
    pub severity: Severity,
    /// A stable name for the rule: `expression`, `target-path`, `soft-deleted-unmapped`.
    pub rule: String,
    /// What is the case.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where: `User/userName`.
    pub path: Option<String>,
}
