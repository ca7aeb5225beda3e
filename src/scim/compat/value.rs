//! One value, made what its attribute's schema wants, where that is beyond doubt.

use std::fmt;

use serde_json::{Map, Value};

use super::quirk::Flag;
use super::reader::Reader;
use crate::scim::schema::{Attribute, Mutability, Type};

/// Where a value stands; becomes text only when a reading is noted.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    above: Option<&'a At<'a>>,
    joint: char,
    name: &'a str,
}

impl<'a> At<'a> {
    pub(crate) const fn new(name: &'a str) -> Self {
        Self { above: None, joint: '.', name }
    }

    pub(crate) const fn below(&'a self, joint: char, name: &'a str) -> Self {
        Self { above: Some(self), joint, name }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            write!(out, "{above}{}", self.joint)?;
        }
        out.write_str(self.name)
    }
}

impl Reader<'_> {
    /// A value for an attribute.
    pub(crate) fn value(&mut self, at: &At<'_>, attribute: &Attribute, value: Value) -> Value {
        if attribute.mutability == Mutability::ReadOnly || value.is_null() {
            return value;
        }
        if !attribute.multi_valued {
            return self.element(at, attribute, value);
        }
        match self.list(at, attribute, value) {
            Value::Array(items) => {
                let mut kept = Vec::with_capacity(items.len());
                for item in items {
                    let was_null = item.is_null();
                    let read = self.single(at, attribute, item);
                    // An element that is unassigned by its empty `value` is none.
                    if was_null || !read.is_null() {
                        kept.push(read);
                    }
                }
                Value::Array(kept)
            }
            Value::String(text) if text.is_empty() && self.profile.has(Flag::EmptyClears) => {
                self.reads(Flag::EmptyClears, || at.to_string(), &Value::from(text), || Value::Null);
                Value::Null
            }
            one if self.profile.has(Flag::SingleAsArray) && !is_json(&one) => {
                let list = |value: &Value| Value::Array(vec![value.clone()]);
                self.reads(Flag::SingleAsArray, || at.to_string(), &one, || list(&one));
                let read = self.single(at, attribute, one);
                // As above.
                Value::Array(if read.is_null() { Vec::new() } else { vec![read] })
            }
            other => other,
        }
    }

    /// The list that a value holds: by itself, under the attribute's own name, as JSON in text.
    pub(crate) fn list(&mut self, at: &At<'_>, attribute: &Attribute, mut value: Value) -> Value {
        // Twice wrapped is as deep as it goes.
        for _ in 0..3 {
            let inside = match &value {
                Value::Object(map) if attribute.sub(&attribute.name).is_none() => map.get(&attribute.name),
                _ => None,
            };
            let read = match inside {
                Some(inside) if self.profile.has(Flag::WrappedValue) => {
                    self.reads(Flag::WrappedValue, || at.to_string(), &value, || inside.clone());
                    inside.clone()
                }
                Some(_) => return value,
                None => {
                    match self.json(at, &value, |json| json.is_array() || attribute.kind == Type::Complex) {
                        Some(read) => read,
                        None => return value,
                    }
                }
            };
            value = read;
        }
        value
    }

    /// An object, as JSON in text too. The text is not told: it may hold what is never told.
    pub(crate) fn object(&mut self, at: &At<'_>, value: Value) -> Value {
        let read = value.as_str().and_then(parsed).filter(Value::is_object);
        match read {
            Some(read) if self.reads(Flag::JsonValues, || at.to_string(), &"…".into(), || "…".into()) => {
                read
            }
            _ => value,
        }
    }

    /// What text that is JSON stands for where a list or a complex value is wanted.
    pub(crate) fn json(
        &mut self,
        at: &At<'_>,
        value: &Value,
        fits: impl Fn(&Value) -> bool,
    ) -> Option<Value> {
        let read = value.as_str().and_then(parsed).filter(fits)?;
        self.reads(Flag::JsonValues, || at.to_string(), value, || read.clone()).then_some(read)
    }

    /// One value of an attribute, or one element of a multi-valued one.
    pub(crate) fn element(&mut self, at: &At<'_>, attribute: &Attribute, value: Value) -> Value {
        let value = match self.json(at, &value, |_| attribute.kind == Type::Complex) {
            Some(read) => read,
            None => value,
        };
        match value {
            Value::Array(mut items) if items.len() == 1 && self.profile.has(Flag::ArrayAsSingle) => {
                let one = items.pop().unwrap_or(Value::Null);
                let from = Value::Array(vec![one.clone()]);
                self.reads(Flag::ArrayAsSingle, || at.to_string(), &from, || one.clone());
                self.single(at, attribute, one)
            }
            value => self.single(at, attribute, value),
        }
    }

    /// One value, which is no list.
    pub(crate) fn single(&mut self, at: &At<'_>, attribute: &Attribute, value: Value) -> Value {
        let value = match self.json(at, &value, |json| attribute.kind == Type::Complex && json.is_object()) {
            Some(read) => read,
            None => value,
        };
        let read = match (attribute.kind, &value) {
            (Type::Complex, Value::Object(_)) => return self.complex(at, attribute, value),
            // JSON that is not read is no `value` either.
            (Type::Complex, Value::String(_)) if is_json(&value) => None,
            (Type::Complex, Value::String(text)) if attribute.sub("value").is_some() => {
                let (flag, to) = if text.is_empty() {
                    (Flag::EmptyClears, Value::Null)
                } else {
                    (Flag::BareComplex, Value::Object(Map::from_iter([("value".to_owned(), value.clone())])))
                };
                Some((flag, to))
            }
            (Type::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("true") => {
                Some((Flag::BooleanText, Value::Bool(true)))
            }
            (Type::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("false") => {
                Some((Flag::BooleanText, Value::Bool(false)))
            }
            (Type::Integer | Type::Decimal, Value::String(text)) => text
                .trim()
                .parse::<serde_json::Number>()
                .ok()
                .map(|number| (Flag::NumberText, Value::Number(number))),
            (Type::String | Type::Reference, Value::Number(_) | Value::Bool(_)) => {
                Some((Flag::ScalarAsText, Value::String(value.to_string())))
            }
            _ => None,
        };
        match read {
            Some((flag, to)) if self.reads(flag, || at.to_string(), &value, || to.clone()) => {
                if flag == Flag::BareComplex { self.complex(at, attribute, to) } else { to }
            }
            _ => value,
        }
    }

    /// A complex value: each member by its own schema.
    fn complex(&mut self, at: &At<'_>, attribute: &Attribute, value: Value) -> Value {
        let Value::Object(map) = value else { return value };
        let map = if attribute.name == "roles" { self.role(at, map) } else { map };
        let is_empty = map.is_empty();
        let read = self.members(at, '.', &attribute.sub_attributes, map);
        // A value that may not change, as a member's id, cannot be unassigned.
        let cleared = attribute.sub("value").is_some_and(|value| {
            let is_fixed = attribute.multi_valued && value.mutability == Mutability::Immutable;
            let given = read.get("value");
            !is_fixed && given.map_or(is_empty && !attribute.multi_valued, |it| it == "" || it.is_null())
        });
        let read = Value::Object(read);
        if cleared && self.reads(Flag::EmptyClears, || at.to_string(), &read, || Value::Null) {
            return Value::Null;
        }
        read
    }

    /// The members of an object whose attributes are these.
    pub(crate) fn members(
        &mut self,
        at: &At<'_>,
        joint: char,
        attributes: &[Attribute],
        map: Map<String, Value>,
    ) -> Map<String, Value> {
        let mut kept = Map::with_capacity(map.len());
        for (name, value) in map {
            let at = at.below(joint, &name);
            match attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(&name)) {
                Some(attribute) => {
                    let value = self.value(&at, attribute, value);
                    kept.insert(name, value);
                }
                None if self.reads(Flag::UnknownAttributes, || at.to_string(), &value, || Value::Null) => {}
                None => {
                    kept.insert(name, value);
                }
            }
        }
        kept
    }

    /// `{"value": "{\"value\": \"Admin\", \"displayName\": \"Admin\"}"}`.
    fn role(&mut self, at: &At<'_>, mut map: Map<String, Value>) -> Map<String, Value> {
        let text = map.get("value").and_then(Value::as_str).filter(|text| text.starts_with('{'));
        let inside = text.and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok());
        let Some(mut inside) = inside else { return map };
        if let Some(display) = inside.shift_remove("displayName") {
            inside.insert("display".into(), display);
        }
        inside.shift_remove("id");
        let from = map.get("value").cloned().unwrap_or(Value::Null);
        if self.reads(Flag::JsonText, || at.to_string(), &from, || Value::Object(inside.clone())) {
            map.extend(inside);
        }
        map
    }
}

/// The list or the object that a text is, as JSON.
fn parsed(text: &str) -> Option<Value> {
    let begins = text.trim_start().starts_with(['[', '{']);
    begins.then(|| serde_json::from_str::<Value>(text).ok()).flatten()
}

/// Whether a value is text that is a list or an object, as JSON.
pub(crate) fn is_json(value: &Value) -> bool {
    value.as_str().and_then(parsed).is_some()
}
