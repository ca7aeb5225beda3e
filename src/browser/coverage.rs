//! Branches of an expression that nobody takes, found in slices.

use super::{Preview, text};
use crate::provision::untaken;
use wasm_bindgen::prelude::wasm_bindgen;

/// A look at everybody under way: step until done, then ask for the spans.
#[wasm_bindgen]
pub struct Untaken {
    looking: Option<untaken::Untaken>,
}

#[wasm_bindgen]
impl Untaken {
    /// Begins with the source of a user's or a group's mapping.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(group: bool, expression: &str) -> Self {
        Self { looking: untaken::Untaken::new(group, expression) }
    }

    /// Looks at up to `most` further rows; true when all were.
    pub fn step(&mut self, preview: &Preview, most: usize) -> bool {
        self.looking.as_mut().is_none_or(|looking| looking.step(&preview.engine, most))
    }

    /// The parts that nobody needed, in UTF-16 units, as JSON text.
    #[must_use]
    pub fn spans(self) -> String {
        self.looking.map(|looking| text(&looking.spans())).unwrap_or_default()
    }
}
