//! What a PATCH is charged: every element that is looked at, every term that it is held against,
//! and every copy that is made, so that no operation costs more than it says.

use serde_json::Value;

use crate::scim::effort::{Effort, Exhausted};
use crate::scim::error::ScimError;
use crate::scim::filter::ast::Filter;

/// Steps to find an element's place by its key, beside its bytes.
const PLACED: u64 = 10;
/// Steps to look at one element or at one term of a filter.
const LOOKED: u64 = 2;
/// Bytes to compare in one step: letters other than ASCII are folded one by one.
const BYTES: usize = 8;

/// An element whose place is looked up or noted.
pub(super) fn placed(effort: &Effort, item: &Value) -> Result<(), ScimError> {
    charge(effort, PLACED.saturating_add(weight(item) as u64 / 16))
}

/// Elements that are held against a filter of so many terms.
pub(super) fn compared(effort: &Effort, items: &[Value], terms: u64) -> Result<(), ScimError> {
    for item in items {
        let each = LOOKED.saturating_add((weight(item) / BYTES) as u64);
        charge(effort, LOOKED.saturating_add(terms.saturating_mul(each)))?;
    }
    Ok(())
}

/// A value that is copied into so many places. A step a byte, as what is copied takes memory.
pub(super) fn copies(effort: &Effort, places: usize, value: Option<&Value>) -> Result<(), ScimError> {
    let bytes = value.map_or(0, weight) as u64;
    charge(effort, (places as u64).saturating_mul(LOOKED.saturating_add(bytes)))
}

/// How many comparisons a filter makes of one element.
pub(super) fn terms(filter: &Filter) -> u64 {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().map(terms).sum(),
        Filter::Not(inner) => terms(inner),
        Filter::Compare { .. } | Filter::Present(_) | Filter::ValuePath { .. } => 1,
    }
}

fn charge(effort: &Effort, steps: u64) -> Result<(), ScimError> {
    effort.charge(steps).map_err(Exhausted::of_write)
}

/// About as many bytes as a value has: of its texts and names, and some for each part.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 8,
        Value::Array(items) => items.iter().map(weight).sum::<usize>() + 8,
        Value::Object(map) => map.iter().map(|(name, value)| name.len() + weight(value)).sum::<usize>() + 8,
        _ => 8,
    }
}
