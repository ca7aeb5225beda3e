//! The engine as the page, the edge and the command line see it: load a source, load
//! what the target holds, configure, plan; then ask for rows and single operations.
//! Mapped resources are never kept for everyone: one is computed when it is asked for.

use super::report::{Diagnostic, InputError, JobSettings, LoadReport, Operation, Row, Severity, Summary};
use super::source::Source;
use serde_json::{Value, json};

/// The whole journey from files to a plan.
#[derive(Debug, Default)]
pub struct Engine {
    source: Source,
    settings: JobSettings,
    summary: Summary,
}

impl Engine {
    /// An engine with nothing loaded.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a source file: users, groups, members, roles or assignments. `name` is a hint.
    pub fn load_source(&mut self, name: &str, text: &str) -> Result<LoadReport, InputError> {
        self.source.load(name, text)
    }

    /// Adds what the target holds: a SCIM list, an array, NDJSON.
    pub fn load_target(&mut self, _text: &str) -> Result<LoadReport, InputError> {
        Ok(LoadReport { kind: "target".to_owned(), ..LoadReport::default() })
    }

    /// Sets the configuration: a `synchronizationSchema`, or empty for the Clarizen One profile.
    pub fn configure(&mut self, schema_json: &str, settings: &JobSettings) -> Vec<Diagnostic> {
        self.settings = settings.clone();
        match serde_json::from_str::<Value>(schema_json) {
            Ok(_) => Vec::new(),
            Err(error) => vec![Diagnostic {
                severity: Severity::Error,
                rule: "schema".to_owned(),
                message: format!("the schema is not JSON: {error}"),
                help: Some("give the export as the portal downloads it".to_owned()),
                path: None,
            }],
        }
    }

    /// Plans the whole population.
    pub fn plan(&mut self) -> Summary {
        self.summary = Summary {
            users: self.source.users.len(),
            groups: self.source.groups.len(),
            ..Summary::default()
        };
        self.summary.clone()
    }

    /// How many rows the plan has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.source.users.len() + self.source.groups.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One row of the plan.
    #[must_use]
    pub fn row(&self, _index: usize) -> Option<Row> {
        None
    }

    /// One operation, computed now.
    #[must_use]
    pub fn operation(&self, _index: usize) -> Option<Operation> {
        None
    }

    /// The whole plan as versioned JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"version": 1, "summary": self.summary, "operations": []})
    }
}
