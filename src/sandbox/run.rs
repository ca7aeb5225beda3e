//! A plan carried out at a real target: the page sends what this says.

use crate::provision::export::LeftOut;
use crate::provision::message::plain;
use crate::provision::plan::Operation;
use crate::provision::run;
use crate::provision::run::Entry;
use wasm_bindgen::prelude::wasm_bindgen;

/// A run, from its plan to its last answer.
#[wasm_bindgen]
pub struct Run {
    run: run::Run,
    left_out: LeftOut,
}

#[wasm_bindgen]
impl Run {
    /// With nothing to send yet, and without these actions and source objects.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(actions: Vec<String>, ids: Vec<String>) -> Self {
        Self { run: run::Run::new(), left_out: LeftOut { actions, ids } }
    }

    /// Adds operations of the plan: a JSON array.
    pub fn add(&mut self, operations: &str) {
        let operations: Vec<Operation> = serde_json::from_str(operations).unwrap_or_default();
        for operation in operations {
            self.run.add(operation, &self.left_out);
        }
    }

    /// What it would send, in numbers, as JSON text.
    #[must_use]
    pub fn planned(&self) -> String {
        serde_json::to_string(self.run.planned()).unwrap_or_default()
    }

    /// Takes what became of requests, a JSON array; says what to send next, as JSON
    /// text. `now` is in milliseconds since 1970.
    pub fn turn(&mut self, outcomes: &str, now: f64) -> String {
        let outcomes = serde_json::from_str(outcomes).unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, reason = "a clock's milliseconds are whole and few")]
        serde_json::to_string(&self.run.turn(outcomes, now as i64)).unwrap_or_default()
    }

    /// Sends no more than is under way.
    pub fn stop(&mut self) {
        self.run.stop();
    }
}

/// Lines of a run's log, JSON texts in an array, as a part of a file: `csv` (its head before the
/// first) or `ndjson`.
#[wasm_bindgen(js_name = runLog)]
#[must_use]
pub fn run_log(kind: &str, entries: &str) -> String {
    let entries: Vec<Entry> = serde_json::from_str(&plain(entries)).unwrap_or_default();
    match kind {
        "csv" => entries.iter().map(Entry::csv).collect(),
        _ => entries.iter().map(|entry| format!("{}\n", entry.summary())).collect(),
    }
}

/// The first line of a run's log as CSV.
#[wasm_bindgen(js_name = runLogHead)]
#[must_use]
pub fn run_log_head() -> String {
    Entry::csv_head()
}
