//! Values that stand twice: the same `type` and `value` are one (RFC 7643 §2.4).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::Value;

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

/// One text for one number, however it is written: `3` and `3.0`.
fn number(value: &Value) -> String {
    let text = value.to_string();
    match text.strip_suffix(".0") {
        Some("-0") => "0".to_owned(),
        Some(whole) => whole.to_owned(),
        None => text,
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
        (Value::Number(_), Value::Number(_)) => return number(a) == number(b),
        _ => {}
    }
    if a.get("value").is_none() || b.get("value").is_none() {
        return a == b;
    }
    ["value", "type"].iter().all(|name| match (a.get(name), b.get(name)) {
        (Some(Value::String(a)), Some(Value::String(b))) => {
            a == b || attribute.sub(name).is_some_and(|sub| sub.key(a) == sub.key(b))
        }
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
        simple => return number(simple),
    }
    let part = |name: &str| match item.get(name) {
        Some(Value::String(text)) => match attribute.sub(name) {
            Some(sub) => sub.key(text).into_owned(),
            None => text.clone(),
        },
        Some(other) => other.to_string(),
        None => String::new(),
    };
    format!("{}\u{0}{}", part("value"), part("type"))
}
