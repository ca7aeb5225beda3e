//! Two plans for the same people: for whom they come out differently, and in what.

use super::engine::Engine;
use super::report::Operation;
use serde::Serialize;
use std::collections::HashMap;

/// Rows told one by one.
const MOST_TOLD: usize = 500;

/// How two plans differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Rows that come out differently.
    pub differ: usize,
    /// The first of them.
    pub rows: Vec<DifferentRow>,
}

/// A row that comes out differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DifferentRow {
    /// Its place in the plan at hand.
    pub index: usize,
    /// What people call it.
    pub name: String,
    /// What happens in the plan at hand.
    pub now: String,
    /// What happens in the other one; none when it has no such row.
    pub other: Option<String>,
    /// The target attributes that would hold other values.
    pub targets: Vec<String>,
}

/// Compares what becomes of everybody in two plans.
#[must_use]
pub fn difference(now: &Engine, other: &Engine) -> Difference {
    let places: HashMap<String, usize> =
        (0..other.len()).filter_map(|index| Some((other.row(index)?.id, index))).collect();
    let mut difference = Difference::default();
    for index in 0..now.len() {
        let Some(here) = now.operation(index) else { continue };
        let there = places.get(&here.source.id).and_then(|place| other.operation(*place));
        let targets = there.as_ref().map(|there| targets(&here, there)).unwrap_or_default();
        if there.as_ref().is_some_and(|there| there.verdict == here.verdict) && targets.is_empty() {
            continue;
        }
        difference.differ += 1;
        if difference.rows.len() < MOST_TOLD {
            difference.rows.push(DifferentRow {
                index,
                name: here.source.display_name,
                now: here.verdict,
                other: there.map(|there| there.verdict),
                targets,
            });
        }
    }
    difference
}

/// The targets whose new values differ.
fn targets(here: &Operation, there: &Operation) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (one, two) in [(here, there), (there, here)] {
        for change in &one.changes {
            let same = two.changes.iter().any(|c| c.target == change.target && c.new == change.new);
            if !same && !names.contains(&change.target) {
                names.push(change.target.clone());
            }
        }
    }
    names
}
