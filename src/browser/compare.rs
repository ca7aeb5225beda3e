//! Two plans side by side, compared in slices.

use super::answer::text;
use super::preview::Preview;
use crate::provision::analysis::Comparing;
use wasm_bindgen::prelude::wasm_bindgen;

/// A comparison under way: step until done, then ask for the result.
#[wasm_bindgen]
pub struct Comparison {
    comparing: Comparing,
}

#[wasm_bindgen]
impl Comparison {
    /// Begins to compare with another plan.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(other: &Preview) -> Self {
        Self { comparing: Comparing::new(&other.engine) }
    }

    /// Compares up to `most` further rows; true when all were.
    pub fn step(&mut self, preview: &Preview, other: &Preview, most: usize) -> bool {
        self.comparing.step(&preview.engine, &other.engine, most)
    }

    /// How many rows were compared.
    #[must_use]
    pub fn done(&self) -> usize {
        self.comparing.compared()
    }

    /// For whom the plans come out differently, as JSON text.
    #[must_use]
    pub fn result(self) -> String {
        text(&self.comparing.finish())
    }
}
