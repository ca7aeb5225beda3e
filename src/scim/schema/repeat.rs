//! Values that stand twice: the same `type` and `value` are one (RFC 7643 §2.4).

use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Number, Value};

use super::Attribute;

/// Up to here, comparing each with each beats keys.
const FEW: usize = 8;

/// Leaves the first of each; if a repeated one was primary, the first becomes it.
pub(super) fn drop_repeated(attribute: &Attribute, items: &mut Vec<Value>) {
    if items.len() < 2 {
        return;
    }
    if items.len() <= FEW {
        let mut at = 1;
        while at < items.len() {
            let (before, rest) = items.split_at_mut(at);
            let Some(item) = rest.first() else { return };
            match before.iter_mut().find(|first| is_repeated(attribute, first, item)) {
                Some(first) => {
                    if is_primary(item) {
                        make_primary(first);
                    }
                    items.remove(at);
                }
                None => at += 1,
            }
        }
        return;
    }
    let mut seen = Places::default();
    let mut primary = Vec::new();
    let repeated: Vec<bool> = items
        .iter()
        .enumerate()
        .map(|(at, item)| {
            let first = seen.note(attribute, item, at);
            primary.extend(first.filter(|_| is_primary(item)));
            first.is_some()
        })
        .collect();
    for at in primary {
        items.get_mut(at).into_iter().for_each(make_primary);
    }
    let mut repeated = repeated.into_iter();
    items.retain(|_| repeated.next() != Some(true));
}

/// Where each value of a list stands: what adds to a long list looks up instead of looking through.
#[derive(Debug, Default)]
pub(crate) struct Places {
    by_key: BTreeMap<String, usize>,
    /// The primary ones; one, where the list is as it should be.
    primary: BTreeSet<usize>,
}

impl Places {
    /// The places of a list as it is.
    pub(crate) fn of(attribute: &Attribute, items: &[Value]) -> Self {
        let mut places = Self::default();
        for (at, item) in items.iter().enumerate() {
            places.note(attribute, item, at);
        }
        places
    }

    /// Where the value stands that this one repeats.
    pub(crate) fn find(&self, attribute: &Attribute, item: &Value) -> Option<usize> {
        self.by_key.get(&key(attribute, item)).copied()
    }

    /// Notes the value at a place; answers with the place of the one that it repeats.
    pub(crate) fn note(&mut self, attribute: &Attribute, item: &Value, at: usize) -> Option<usize> {
        if is_primary(item) {
            self.primary.insert(at);
        }
        match self.by_key.entry(key(attribute, item)) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(place) => {
                place.insert(at);
                None
            }
        }
    }

    /// Makes none of the values primary.
    pub(crate) fn unset_primary(&mut self, attribute: &Attribute, items: &mut [Value]) {
        for at in std::mem::take(&mut self.primary) {
            let Some(item) = items.get_mut(at) else { continue };
            // Of what has no `value`, being primary is a part of the key.
            let before = item.get("value").is_none().then(|| key(attribute, item));
            if let Some(primary) = item.get_mut("primary") {
                *primary = Value::Bool(false);
            }
            if let Some(before) = before {
                if self.by_key.get(&before) == Some(&at) {
                    self.by_key.remove(&before);
                }
                self.by_key.entry(key(attribute, item)).or_insert(at);
            }
        }
    }

    /// Notes that the value at a place is primary now.
    pub(crate) fn set_primary(&mut self, at: usize) {
        self.primary.insert(at);
    }
}

/// One text for one number, however it is written: `3` and `3.0`, `1e20` and all its digits.
pub(crate) fn number_key(number: &Number) -> String {
    match number.as_f64().filter(|decimal| number.is_f64() && decimal.fract() == 0.0) {
        // Zero has one sign.
        Some(whole) => format!("{:.0}", whole + 0.0),
        None => number.to_string(),
    }
}

fn is_primary(item: &Value) -> bool {
    item.get("primary") == Some(&Value::Bool(true))
}

fn make_primary(item: &mut Value) {
    if let Value::Object(map) = item {
        map.insert("primary".into(), true.into());
    }
}

/// Whether two values of a multi-valued attribute are one: texts as the attribute compares
/// them, complex ones by their `value` and `type`.
fn is_repeated(attribute: &Attribute, a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => return a == b || attribute.key(a) == attribute.key(b),
        (Value::Number(a), Value::Number(b)) => return number_key(a) == number_key(b),
        _ => {}
    }
    if a.get("value").is_none() || b.get("value").is_none() {
        return a == b;
    }
    ["value", "type"].iter().all(|name| match (a.get(name), b.get(name)) {
        (Some(Value::String(a)), Some(Value::String(b))) => {
            a == b || attribute.sub(name).is_some_and(|sub| sub.key(a) == sub.key(b))
        }
        (Some(Value::Number(a)), Some(Value::Number(b))) => number_key(a) == number_key(b),
        (a, b) => a == b,
    })
}

/// Two values have the same key if and only if one repeats the other.
pub(crate) fn key(attribute: &Attribute, item: &Value) -> String {
    match item {
        // In whatever order its members stand.
        Value::Object(map) if map.get("value").is_none() => {
            let members: BTreeMap<_, _> = map.iter().map(|(name, value)| (name, value.to_string())).collect();
            format!("{members:?}")
        }
        Value::Object(map) => {
            let (value, kind) = (part(attribute, map, "value"), part(attribute, map, "type"));
            format!("v{}{value}{kind}", value.len())
        }
        simple => simple_key(Some(attribute), simple),
    }
}

fn part(attribute: &Attribute, map: &Map<String, Value>, name: &str) -> String {
    map.get(name).map(|value| simple_key(attribute.sub(name), value)).unwrap_or_default()
}

/// A simple value's key: its type's letter and what is compared.
fn simple_key(attribute: Option<&Attribute>, value: &Value) -> String {
    match value {
        Value::String(text) => {
            let key = attribute.map_or(Cow::Borrowed(text.as_str()), |attribute| attribute.key(text));
            format!("s{key}")
        }
        Value::Number(number) => format!("n{}", number_key(number)),
        other => format!("j{other}"),
    }
}
