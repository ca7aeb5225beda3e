//! The plan as files, made in slices so that a long one can be stopped.

use crate::provision::configuration::JobSettings;
use crate::provision::export;
use crate::provision::export::{LeftOut, report};
use crate::provision::message::{plain, told};
use crate::provision::plan::{Operation, Summary};
use serde_json::Value;
use wasm_bindgen::prelude::wasm_bindgen;

/// Before a `.http` file's requests: the variables that they use.
const HTTP_HEAD: &str = "@tenantUrl = https://example.com/scim/v2\n@token =\n\n";

/// An export under way: its head, its rows slice by slice, its tail.
#[wasm_bindgen]
pub struct Export {
    kind: String,
    section: String,
    references: bool,
    /// Something was written into the JSON list.
    begun: bool,
    left_out: LeftOut,
    schema: Value,
    settings: JobSettings,
}

#[wasm_bindgen]
impl Export {
    /// Begins an export: `planJson`, `http`, `curl`, `bulk`, `planCsv`, `stepsCsv`, `propertiesCsv` or
    /// `report`.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(kind: String, schema: &str, settings: &str) -> Self {
        Self {
            kind,
            section: String::new(),
            references: false,
            begun: false,
            left_out: LeftOut::default(),
            schema: serde_json::from_str(schema).unwrap_or_default(),
            settings: JobSettings::parse(settings).unwrap_or_default(),
        }
    }

    /// Leaves the requests of these actions and of these source objects out of a file of requests.
    #[wasm_bindgen(js_name = leaveOut)]
    pub fn leave_out(&mut self, actions: Vec<String>, ids: Vec<String>) {
        self.left_out = LeftOut { actions, ids };
    }

    /// What comes before all rows; the plan's summary and the survey's findings are JSON texts.
    #[must_use]
    pub fn head(&self, summary: &str, findings: &str) -> String {
        match self.kind.as_str() {
            "planJson" => format!("{{{},\"operations\":[", export::provenance(&self.schema, &self.settings)),
            "bulk" => "{\"Operations\":[".to_owned(),
            "http" => HTTP_HEAD.to_owned(),
            "curl" => export::CURL_HEAD.to_owned(),
            "planCsv" | "stepsCsv" | "propertiesCsv" => self.columns(export::Csv::new()),
            "report" => {
                let summary: Option<Summary> = serde_json::from_str(summary).ok();
                let findings: Value = serde_json::from_str(findings).unwrap_or_default();
                let page = |summary: &Summary| {
                    report::head(told!("What provisioning would do"), summary)
                        + &report::charts(summary, &findings)
                };
                summary.as_ref().map(page).unwrap_or_default()
            }
            _ => String::new(),
        }
    }

    /// The next rows: operations of the plan, a JSON array. What is told in them leaves in
    /// English, as the command line writes it; only the report's forms are left to the page to say.
    /// The report goes through the plan once for each action, destructive ones first.
    pub fn step(&mut self, operations: &str) -> String {
        let operations = if self.kind == "report" { operations.to_owned() } else { plain(operations) };
        if self.kind == "planJson" {
            // As they are.
            return self.items(operations.trim_start_matches('[').trim_end_matches(']'));
        }
        let mut operations: Vec<Operation> = serde_json::from_str(&operations).unwrap_or_default();
        if matches!(self.kind.as_str(), "bulk" | "http" | "curl") {
            operations.iter_mut().for_each(|operation| self.left_out.from(operation));
        }
        let rows = operations.into_iter();
        match self.kind.as_str() {
            "bulk" => {
                let references = self.references;
                let items = rows.flat_map(|operation| export::bulk_items(&operation, references));
                items.map(|item: Value| self.items(&item.to_string())).collect()
            }
            "http" => rows.map(|operation| export::http(&operation)).collect(),
            "curl" => {
                let wanted = self.references;
                rows.map(|mut operation| {
                    operation.requests.retain(|request| {
                        request.depends_on.iter().any(|id| id.starts_with("create:")) == wanted
                    });
                    export::curl(&operation)
                })
                .collect()
            }
            "report" => {
                rows.filter(|row| row.verdict == self.section).map(|row| report::operation(&row)).collect()
            }
            _ => {
                let mut files = export::Csv { ..export::Csv::default() };
                rows.for_each(|operation| files.push(&operation));
                self.columns(files)
            }
        }
    }

    /// Begins the report's next section.
    pub fn section(&mut self, action: &str, count: usize) -> String {
        action.clone_into(&mut self.section);
        report::section(action, count)
    }

    /// Begins the second part of a script or a bulk request: what refers to objects that the
    /// first part made.
    pub fn references(&mut self) {
        self.references = true;
    }

    /// What comes after all rows; the plan's summary is JSON text.
    #[must_use]
    pub fn tail(&self, summary: &str) -> String {
        match self.kind.as_str() {
            "planJson" => format!("],\"summary\":{}}}", plain(summary)),
            "bulk" => "],\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:BulkRequest\"]}".to_owned(),
            "report" => report::configuration(&self.schema, &self.settings) + &report::tail(),
            _ => String::new(),
        }
    }

    /// The next items of a JSON list.
    fn items(&mut self, items: &str) -> String {
        if items.is_empty() {
            return String::new();
        }
        let comma = if std::mem::replace(&mut self.begun, true) { ",\n" } else { "" };
        format!("{comma}{items}")
    }

    fn columns(&self, files: export::Csv) -> String {
        match self.kind.as_str() {
            "planCsv" => files.logs,
            "stepsCsv" => files.steps,
            _ => files.properties,
        }
    }
}

/// The report's sections in their order.
#[wasm_bindgen(js_name = reportActions)]
#[must_use]
pub fn report_actions() -> Vec<String> {
    report::actions().map(str::to_owned).collect()
}
