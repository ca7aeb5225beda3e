//! What a resource must still have: immutable values as they were (RFC 7644 §3.5.1), and
//! whatever is required (RFC 7643 §7).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::check::{Checker, Place, Write, told};
use super::{Attribute, Mutability, Rule};

type Members = Map<String, Value>;

impl Checker<'_> {
    /// Compares with what was there. An immutable value may be set once, and sent again; a
    /// replacement that leaves it out, or a write-only value that no client can read back,
    /// keeps it.
    pub(super) fn keep(
        &mut self,
        place: &Place<'_>,
        attributes: &[Attribute],
        before: Option<&Members>,
        map: &mut Members,
    ) {
        let Some(before) = before else { return };
        let replaced = matches!(self.write, Write::Replace(_));
        for attribute in
            attributes.iter().filter(|attribute| is_fixed(attribute) || has_fixed_parts(attribute))
        {
            let Some(old) = before.get(&attribute.name) else { continue };
            let place = place.sub(&attribute.name);
            match (attribute.mutability, map.get_mut(&attribute.name)) {
                (Mutability::Immutable | Mutability::WriteOnly, None) if replaced => {
                    map.insert(attribute.name.clone(), old.clone());
                }
                (Mutability::Immutable, Some(new)) if is_same(attribute, old, new) => {}
                (Mutability::Immutable, new) => {
                    let expected = "is immutable; leave it as it is";
                    let found = new.and_then(|new| told(attribute, new));
                    self.fault(&place, Rule::Mutability, "RFC 7643 §7", expected, found);
                }
                (Mutability::ReadWrite, Some(new)) => {
                    self.keep_parts(&place, attribute, old, new);
                }
                _ => {}
            }
        }
    }

    /// The immutable sub-attributes of a value, or of the elements that have the same `value`.
    fn keep_parts(&mut self, place: &Place<'_>, attribute: &Attribute, old: &Value, new: &mut Value) {
        let parts = &attribute.sub_attributes;
        match (old, new) {
            (Value::Object(old), Value::Object(new)) => self.keep(place, parts, Some(old), new),
            (Value::Array(old), Value::Array(new)) => {
                let Some(value) = attribute.sub("value") else { return };
                let key = |map: &Members| map.get(&value.name).map(|found| same_key(value, found));
                let mut twins = BTreeMap::new();
                for old in old.iter().filter_map(Value::as_object) {
                    if let Some(key) = key(old) {
                        twins.entry(key).or_insert(old);
                    }
                }
                for new in new.iter_mut().filter_map(Value::as_object_mut) {
                    let Some(old) = key(new).and_then(|key| twins.get(&key).copied()) else { continue };
                    for part in parts.iter().filter(|part| part.mutability == Mutability::Immutable) {
                        if let (Some(old), None) = (old.get(&part.name), new.get(&part.name)) {
                            new.insert(part.name.clone(), old.clone());
                        }
                    }
                    self.keep(place, parts, Some(old), new);
                }
            }
            _ => {}
        }
    }

    /// What is required and not there; an empty text is nothing. `patched`: what a PATCH found
    /// here; what it neither found nor brought is not its fault.
    pub(super) fn required(
        &mut self,
        place: &Place<'_>,
        attributes: &[Attribute],
        patched: Option<&Members>,
        map: &Members,
    ) {
        for attribute in attributes {
            let within = attribute.sub_attributes.iter().any(|part| part.required);
            if attribute.mutability == Mutability::ReadOnly || !(attribute.required || within) {
                continue;
            }
            let value = map.get(&attribute.name);
            let old = patched.and_then(|patched| patched.get(&attribute.name));
            let touched = patched.is_none() || old != value;
            if attribute.required && touched && value.is_none_or(|value| value == "") {
                let removed = patched.is_some() && value.is_none();
                self.missing(&place.sub(&attribute.name), "is required", "RFC 7643 §7", removed);
            }
            if !touched || !within {
                continue;
            }
            let elements = match value {
                Some(Value::Array(items)) => items.as_slice(),
                Some(one) => std::slice::from_ref(one),
                None => &[],
            };
            for element in elements.iter().filter_map(Value::as_object) {
                self.required(&place.sub(&attribute.name), &attribute.sub_attributes, None, element);
            }
        }
    }
}

fn is_fixed(attribute: &Attribute) -> bool {
    matches!(attribute.mutability, Mutability::Immutable | Mutability::WriteOnly)
}

fn has_fixed_parts(attribute: &Attribute) -> bool {
    attribute.sub_attributes.iter().any(is_fixed)
}

/// Whether two values are one, as the attribute compares them.
pub(crate) fn is_same(attribute: &Attribute, a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a == b || attribute.key(a) == attribute.key(b),
        (Value::Array(a), Value::Array(b)) => {
            let keys = |items: &[Value]| -> BTreeSet<String> {
                items.iter().map(|item| same_key(attribute, item)).collect()
            };
            a.len() == b.len() && keys(a) == keys(b)
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(name, a)| match (b.get(name), attribute.sub(name)) {
                    (Some(b), Some(part)) => is_same(part, a, b),
                    (b, _) => b == Some(a),
                })
        }
        _ => a == b,
    }
}

/// Two values that [`is_same`] takes for one have the same key, and no others.
fn same_key(attribute: &Attribute, value: &Value) -> String {
    match value {
        Value::String(text) => format!("s{}", Value::from(attribute.key(text).as_ref())),
        Value::Array(items) => {
            // Of values that stand twice one counts, but how many stand there does as well.
            let keys: BTreeSet<String> = items.iter().map(|item| same_key(attribute, item)).collect();
            format!("{}{keys:?}", items.len())
        }
        Value::Object(map) => {
            let part = |(name, value): (&String, &Value)| {
                let key = attribute.sub(name).map(|part| same_key(part, value));
                (name.clone(), key.unwrap_or_else(|| format!("j{value}")))
            };
            format!("{:?}", map.iter().map(part).collect::<BTreeMap<_, _>>())
        }
        other => format!("j{other}"),
    }
}
