//! Reading by a profile, and the notes of what was read how.

use serde::Serialize;
use serde_json::Value;

use super::profile::Profile;
use super::quirk::Flag;
use crate::scim::schema::{Registry, ResourceType};

/// Most readings kept of one request.
const MAX_READINGS: usize = 100;
/// Longest value that a reading repeats, in bytes of its texts; what is longer is told as `…`.
const MAX_TOLD: usize = 4_000;

/// What was read how.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reading {
    /// The quirk's name.
    pub flag: &'static str,
    /// Where in the request.
    pub path: String,
    /// What was sent.
    pub from: Value,
    /// What it was read as; null when it was passed over.
    pub to: Value,
}

/// Reads requests by a profile, and notes what it read how.
pub struct Reader<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) kind: &'a ResourceType,
    pub(crate) profile: Profile,
    /// What was read how, in order; the first hundred.
    pub readings: Vec<Reading>,
}

impl<'a> Reader<'a> {
    /// A reader for resources of one type.
    pub const fn new(registry: &'a Registry, kind: &'a ResourceType, profile: Profile) -> Self {
        Self { registry, kind, profile, readings: Vec::new() }
    }

    /// Whether the quirk is read; notes it if so.
    pub(crate) fn reads(
        &mut self,
        flag: Flag,
        path: impl FnOnce() -> String,
        from: &Value,
        to: impl FnOnce() -> Value,
    ) -> bool {
        let reads = self.profile.has(flag);
        if reads {
            note(&mut self.readings, flag, path, from, to);
        }
        reads
    }
}

/// Adds a reading, within the limit.
pub(crate) fn note(
    readings: &mut Vec<Reading>,
    flag: Flag,
    path: impl FnOnce() -> String,
    from: &Value,
    to: impl FnOnce() -> Value,
) {
    if readings.len() < MAX_READINGS {
        let (from, to) = match text_within(from, MAX_TOLD) {
            Some(_) => (from.clone(), to()),
            None => ("…".into(), "…".into()),
        };
        readings.push(Reading { flag: flag.name(), path: path(), from, to });
    }
}

/// What is left of so many bytes after all texts of a value, if anything is.
fn text_within(value: &Value, left: usize) -> Option<usize> {
    match value {
        Value::String(text) => left.checked_sub(text.len()),
        Value::Array(items) => {
            items.iter().try_fold(left, |left, item| text_within(item, left.checked_sub(1)?))
        }
        Value::Object(map) => map
            .iter()
            .try_fold(left, |left, (name, item)| text_within(item, left.checked_sub(name.len() + 1)?)),
        _ => Some(left),
    }
}
