//! Values that stand twice: the same `type` and `value` are one (RFC 7643 §2.4).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::{Number, Value};

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
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut primary = Vec::new();
    let repeated: Vec<bool> = items
        .iter()
        .enumerate()
        .map(|(at, item)| match seen.entry(key(attribute, item)) {
            Entry::Occupied(first) => {
                primary.extend(is_primary(item).then_some(*first.get()));
                true
            }
            Entry::Vacant(place) => {
                place.insert(at);
                false
            }
        })
        .collect();
    for at in primary {
        items.get_mut(at).into_iter().for_each(make_primary);
    }
    let mut repeated = repeated.into_iter();
    items.retain(|_| repeated.next() != Some(true));
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
pub(crate) fn is_repeated(attribute: &Attribute, a: &Value, b: &Value) -> bool {
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

/// Two values have the same key if one repeats the other.
fn key(attribute: &Attribute, item: &Value) -> String {
    match item {
        Value::String(text) => return attribute.key(text).into_owned(),
        // In whatever order its members stand.
        Value::Object(map) if map.get("value").is_none() => {
            let members: BTreeMap<_, _> = map.iter().map(|(name, value)| (name, value.to_string())).collect();
            return format!("{members:?}");
        }
        Value::Object(_) => {}
        Value::Number(simple) => return number_key(simple),
        simple => return simple.to_string(),
    }
    let part = |name: &str| match item.get(name) {
        Some(Value::String(text)) => match attribute.sub(name) {
            Some(sub) => sub.key(text).into_owned(),
            None => text.clone(),
        },
        Some(Value::Number(number)) => number_key(number),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    format!("{}\u{0}{}", part("value"), part("type"))
}
