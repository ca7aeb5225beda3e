//! What is found out by looking at everybody, in slices: branches of an expression that nobody
//! takes, who passes the scoping filters' clauses, whom sign-on would not find.

use super::answer::text;
use super::preview::Preview;
use crate::provision::analysis::{branch_coverage, statistics};
use wasm_bindgen::prelude::wasm_bindgen;

/// A look at everybody under way: step until done, then ask for the spans.
#[wasm_bindgen]
pub struct Untaken {
    looking: Option<branch_coverage::Untaken>,
}

#[wasm_bindgen]
impl Untaken {
    /// Begins with the source of a user's or a group's mapping.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(group: bool, expression: &str) -> Self {
        Self { looking: branch_coverage::Untaken::new(group, expression) }
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

/// A count of who passes the scoping filters: step until done, then ask for the numbers.
#[wasm_bindgen]
pub struct ScopeTally {
    counting: statistics::ScopeTally,
}

#[wasm_bindgen]
impl ScopeTally {
    /// Begins with the filters of users or of groups.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(group: bool) -> Self {
        Self { counting: statistics::ScopeTally::new(group) }
    }

    /// Counts up to `most` further objects; true when all were.
    pub fn step(&mut self, preview: &Preview, most: usize) -> bool {
        self.counting.step(&preview.engine, most)
    }

    /// For each filter and clause, how many pass it alone and up to it, as JSON text.
    #[must_use]
    pub fn filters(self) -> String {
        text(&self.counting.filters())
    }
}

/// A look at what sign-on sends beside what is provisioned: step until done, then ask.
#[wasm_bindgen]
pub struct SignOn {
    checking: statistics::SignOn,
}

#[wasm_bindgen]
impl SignOn {
    /// Begins with the attribute that sign-on sends.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(attribute: &str) -> Self {
        Self { checking: statistics::SignOn::new(attribute) }
    }

    /// Looks at up to `most` further rows; true when all were.
    pub fn step(&mut self, preview: &Preview, most: usize) -> bool {
        self.checking.step(&preview.engine, most)
    }

    /// Whom it names otherwise than provisioning does, as JSON text.
    #[must_use]
    pub fn result(self) -> String {
        text(&self.checking.finish())
    }
}
