//! The plan carried out inside the page: a directory in memory behind the endpoint's own
//! code.

use super::{Preview, text};
use crate::provision::replay::Replay;
use wasm_bindgen::prelude::wasm_bindgen;

/// A replay under way. Load what the target holds, queue the plan, then step until done.
#[wasm_bindgen(js_name = Replay)]
pub struct Directory {
    replay: Replay,
    held: Vec<serde_json::Value>,
    next: usize,
}

#[wasm_bindgen(js_class = Replay)]
impl Directory {
    /// A directory that will hold what the preview's target holds; `now` is RFC 3339.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(preview: &Preview, now: &str) -> Self {
        Self { replay: Replay::new(now), held: preview.engine.target_resources(), next: 0 }
    }

    /// Loads up to `most` of the target's resources; true when all are there.
    pub fn load(&mut self, most: usize) -> bool {
        for resource in self.held.iter().skip(self.next).take(most) {
            self.replay.hold(resource);
        }
        self.next = self.held.len().min(self.next + most);
        self.next == self.held.len()
    }

    /// Queues the requests of a row.
    pub fn queue(&mut self, preview: &Preview, index: usize) {
        let operation = preview.engine.operation(index);
        for request in operation.map(|operation| operation.requests).unwrap_or_default() {
            self.replay.queue(request);
        }
    }

    /// Sends up to `most` requests; true when none is left.
    pub fn step(&mut self, most: usize) -> bool {
        self.replay.step(most)
    }

    /// How far it has come, as JSON text.
    #[must_use]
    pub fn progress(&self) -> String {
        text(&self.replay.progress())
    }

    /// What the directory holds now, one resource a line.
    pub fn state(&mut self) -> String {
        self.replay.state()
    }
}
