//! The plan as files, made in slices so that a long one can be stopped.

use super::Preview;
use crate::provision::{export, html};
use wasm_bindgen::prelude::wasm_bindgen;

/// Before a `.http` file's requests: the variables that they use.
const HTTP_HEAD: &str = "@tenantUrl = https://example.com/scim/v2\n@token =\n\n";

/// An export under way: its head, its rows slice by slice, its tail.
#[wasm_bindgen]
pub struct Export {
    kind: String,
    next: usize,
    section: String,
    references: bool,
}

#[wasm_bindgen]
impl Export {
    /// Begins an export: `http`, `curl`, `bulk`, `planCsv`, `stepsCsv`, `propertiesCsv` or `report`.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(kind: String) -> Self {
        Self { kind, next: 0, section: String::new(), references: false }
    }

    /// What comes before all rows.
    #[must_use]
    pub fn head(&self, preview: &Preview) -> String {
        match self.kind.as_str() {
            "http" => HTTP_HEAD.to_owned(),
            "curl" => export::CURL_HEAD.to_owned(),
            "planCsv" | "stepsCsv" | "propertiesCsv" => self.columns(export::Csv::new()),
            "report" => html::head("What provisioning would do", &preview.planned),
            _ => String::new(),
        }
    }

    /// Up to `most` rows further; empty text with [`Self::done`] true at the end. The report
    /// goes through the plan once for each action, destructive ones first.
    pub fn step(&mut self, preview: &Preview, most: usize) -> String {
        let engine = &preview.engine;
        if self.kind == "bulk" {
            self.next = engine.len();
            return export::bulk((0..engine.len()).filter_map(|index| engine.operation(index))).to_string();
        }
        let end = engine.len().min(self.next + most);
        let rows = (self.next..end).filter_map(|index| engine.operation(index));
        self.next = end;
        match self.kind.as_str() {
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
                rows.filter(|row| row.verdict == self.section).map(|row| html::operation(&row)).collect()
            }
            _ => {
                let mut files = export::Csv { ..export::Csv::default() };
                rows.for_each(|operation| files.push(&operation));
                self.columns(files)
            }
        }
    }

    /// Whether all rows were written.
    #[must_use]
    pub fn done(&self, preview: &Preview) -> bool {
        self.next >= preview.engine.len()
    }

    /// Begins the report's next section.
    pub fn section(&mut self, action: &str, count: usize) -> String {
        self.next = 0;
        action.clone_into(&mut self.section);
        html::section(action, count)
    }

    /// Begins the script's second part: what refers to objects that the first part made.
    pub fn references(&mut self) {
        self.next = 0;
        self.references = true;
    }

    /// What comes after all rows.
    #[must_use]
    pub fn tail(&self) -> String {
        if self.kind == "report" { html::tail() } else { String::new() }
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
    html::actions().map(str::to_owned).collect()
}
