//! Two configurations over one population: who changes, and how.

use crate::provision::plan::{Engine, Operation};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a plan does about an object, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Effect {
    /// As in [`Row::action`](crate::provision::plan::Row::action).
    pub action: String,
    /// As in [`Operation::reason`].
    pub reason: String,
    /// The reason in words.
    pub explanation: String,
    /// How many requests change the target.
    pub requests: usize,
}

/// A value that two configurations give differently.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValueChange {
    /// Where in the mapped resource.
    pub target: String,
    /// What the first gives, or null.
    pub before: Value,
    /// What the second gives, or null.
    pub after: Value,
}

/// An object that fares differently under two configurations.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The source object's id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `User` or `Group`.
    pub object_type: String,
    /// Under the first configuration; null when it has no such objects.
    pub before: Option<Effect>,
    /// Under the second.
    pub after: Option<Effect>,
    /// Values of the mapped resource that differ.
    pub values: Vec<ValueChange>,
    /// The same requests would be sent.
    pub same_requests: bool,
}

/// Rows told one by one.
const MOST_TOLD: usize = 500;

/// How two plans differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DifferentRows {
    /// How many rows come out differently.
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

/// Every source object of which the second plan says something else than the first. Both
/// engines must have loaded the same files.
pub fn compare<'a>(before: &'a Engine, after: &'a Engine) -> impl Iterator<Item = Difference> + 'a {
    let places = places(after);
    let firsts = places_of(before);
    let gone = firsts.clone().into_iter().filter_map({
        let places = places.clone();
        move |(key, at)| match places.get(&key) {
            Some(second) => difference(before, Some(at), after, Some(*second)),
            None => difference(before, Some(at), after, None),
        }
    });
    let known: std::collections::BTreeSet<_> = firsts.into_iter().map(|(key, _)| key).collect();
    let new = places_of(after)
        .into_iter()
        .filter(move |(key, _)| !known.contains(key))
        .filter_map(|(_, at)| difference(before, None, after, Some(at)));
    gone.chain(new)
}

/// Compares what becomes of everybody in two plans.
#[must_use]
pub fn different_rows(now: &Engine, other: &Engine) -> DifferentRows {
    let mut comparing = Comparing::new(other);
    while !comparing.step(now, other, usize::MAX) {}
    comparing.finish()
}

/// A comparison under way, made in slices.
#[derive(Debug)]
pub struct Comparing {
    places: BTreeMap<Key, usize>,
    next: usize,
    different: DifferentRows,
}

impl Comparing {
    /// Begins to compare with another plan.
    #[must_use]
    pub fn new(other: &Engine) -> Self {
        Self { places: places(other), next: 0, different: DifferentRows::default() }
    }

    /// Compares up to `most` further rows; true when all were.
    pub fn step(&mut self, now: &Engine, other: &Engine, most: usize) -> bool {
        let end = now.len().min(self.next.saturating_add(most));
        for index in self.next..end {
            let Some(here) = now.operation(index) else { continue };
            let there = self
                .places
                .get(&(here.object_type.clone(), here.source.id.clone()))
                .and_then(|place| other.operation(*place));
            let targets = there.as_ref().map(|there| targets(&here, there)).unwrap_or_default();
            if there.as_ref().is_some_and(|there| there.verdict == here.verdict) && targets.is_empty() {
                continue;
            }
            self.different.differ += 1;
            if self.different.rows.len() < MOST_TOLD {
                self.different.rows.push(DifferentRow {
                    index,
                    name: here.source.display_name,
                    now: here.verdict,
                    other: there.map(|there| there.verdict),
                    targets,
                });
            }
        }
        self.next = end;
        end == now.len()
    }

    /// How many rows were compared.
    #[must_use]
    pub fn compared(&self) -> usize {
        self.next
    }

    /// How the plans differ.
    #[must_use]
    pub fn finish(self) -> DifferentRows {
        self.different
    }
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

type Key = (String, String);

fn places_of(engine: &Engine) -> Vec<(Key, usize)> {
    let row = |at: usize| engine.row(at).map(|row| ((row.object_type, row.id), at));
    (0..engine.len()).filter_map(row).collect()
}

fn places(engine: &Engine) -> BTreeMap<Key, usize> {
    places_of(engine).into_iter().collect()
}

fn difference(
    before: &Engine,
    first: Option<usize>,
    after: &Engine,
    second: Option<usize>,
) -> Option<Difference> {
    let one = first.and_then(|at| before.operation(at));
    let other = second.and_then(|at| after.operation(at));
    let named = one.as_ref().or(other.as_ref())?;
    let (id, name) = (named.source.id.clone(), named.source.display_name.clone());
    let object_type = named.object_type.clone();
    let effect = |operation: &Operation| Effect {
        action: operation.verdict.clone(),
        reason: operation.reason.clone(),
        explanation: operation.explanation.clone(),
        requests: operation.requests.iter().filter(|request| request.method != "GET").count(),
    };
    let leaves = |operation: Option<&Operation>| {
        let mut leaves = BTreeMap::new();
        if let Some(operation) = operation {
            flatten(&operation.result, String::new(), &mut leaves);
        }
        leaves
    };
    let (old, new) = (leaves(one.as_ref()), leaves(other.as_ref()));
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let values: Vec<ValueChange> = names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| ValueChange {
            target: name.clone(),
            before: old.get(name).cloned().unwrap_or(Value::Null),
            after: new.get(name).cloned().unwrap_or(Value::Null),
        })
        .collect();
    let sent = |operation: Option<&Operation>| {
        operation.map(|operation| {
            let requests =
                operation.requests.iter().map(|request| (request.path.clone(), request.body.clone()));
            requests.collect::<Vec<_>>()
        })
    };
    let same_requests = sent(one.as_ref()) == sent(other.as_ref());
    let (before, after) = (one.as_ref().map(effect), other.as_ref().map(effect));
    if before == after && values.is_empty() && same_requests {
        return None;
    }
    Some(Difference { id, name, object_type, before, after, values, same_requests })
}

/// A resource's values by path; elements of a list by their `type`, else by number.
fn flatten(value: &Value, path: String, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let separator = if path.is_empty() {
                    ""
                } else if path.starts_with("urn:") && !path.contains('.') {
                    ":"
                } else {
                    "."
                };
                flatten(value, format!("{path}{separator}{name}"), into);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (at, item) in items.iter().enumerate() {
                let kind = item.get("type").or_else(|| item.get("value")).and_then(Value::as_str);
                let place = kind.map_or_else(|| at.to_string(), str::to_owned);
                flatten(item, format!("{path}[{place}]"), into);
            }
        }
        other => {
            into.insert(path, other.clone());
        }
    }
}
