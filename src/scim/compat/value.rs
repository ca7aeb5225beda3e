//! One value, made what its attribute's schema wants, where that is beyond doubt.

use std::fmt;

use serde_json::{Map, Value};

use super::{Flag, Reader};
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
        match value {
            Value::Array(items) => items.into_iter().map(|item| self.single(at, attribute, item)).collect(),
            Value::Object(mut map)
                if attribute.sub(&attribute.name).is_none() && map.contains_key(&attribute.name) =>
            {
                let from = Value::Object(map.clone());
                let inside = map.shift_remove(&attribute.name).unwrap_or(Value::Null);
                if self.reads(Flag::WrappedValue, || at.to_string(), &from, || inside.clone()) {
                    return self.value(at, attribute, inside);
                }
                from
            }
            Value::String(text) if text.is_empty() && self.profile.has(Flag::EmptyClears) => {
                self.reads(Flag::EmptyClears, || at.to_string(), &Value::from(text), || Value::Null);
                Value::Null
            }
            one if self.profile.has(Flag::SingleAsArray) => {
                let list = |value: &Value| Value::Array(vec![value.clone()]);
                self.reads(Flag::SingleAsArray, || at.to_string(), &one, || list(&one));
                Value::Array(vec![self.single(at, attribute, one)])
            }
            other => other,
        }
    }

    /// One value of an attribute, or one element of a multi-valued one.
    pub(crate) fn element(&mut self, at: &At<'_>, attribute: &Attribute, value: Value) -> Value {
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

    fn single(&mut self, at: &At<'_>, attribute: &Attribute, value: Value) -> Value {
        let read = match (attribute.kind, &value) {
            (Type::Complex, Value::Object(_)) => return self.complex(at, attribute, value),
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
        let read = self.members(at, '.', &attribute.sub_attributes, map);
        let cleared = attribute.sub("value").is_some()
            && read.get("value").is_some_and(|value| value == "" || value.is_null());
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
