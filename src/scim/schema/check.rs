//! Whether a resource is one: names, types, required values (RFC 7643 §2, §7).
//!
//! The result is the resource in the schema's own spelling, without what a client may
//! not write, without unassigned values (RFC 7643 §2.5: `null` and `[]` are absent). All
//! faults are collected, not the first alone. What directories send beside the schema is
//! made strict before, by the tenant's profile (`compat`).

use serde_json::{Map, Value};

use super::{Attribute, Mutability, Registry, ResourceType, Type, instant};
use crate::scim::error::{ScimError, ScimType};

/// Checks a whole resource, as sent or as a PATCH left it.
///
/// # Errors
/// 400 `invalidValue` that names every fault.
pub fn check(
    registry: &Registry,
    kind: &ResourceType,
    resource: Map<String, Value>,
) -> Result<Map<String, Value>, ScimError> {
    let mut checker = Checker { faults: Vec::new() };
    let core: Vec<_> = registry.core_attributes(kind).collect();
    let mut kept = Map::new();
    for (name, value) in resource {
        if let Some(attribute) = core.iter().find(|a| a.name.eq_ignore_ascii_case(&name)) {
            if let Some(value) = checker.attribute(&attribute.name, attribute, value) {
                kept.insert(attribute.name.clone(), value);
            }
        } else if let Some(schema) =
            registry.extensions(kind).find(|schema| schema.id.eq_ignore_ascii_case(&name))
        {
            match value {
                Value::Object(map) => {
                    let part = checker.members(&schema.id, &schema.attributes, map, ':');
                    if !part.is_empty() {
                        kept.insert(schema.id.clone(), Value::Object(part));
                    }
                }
                Value::Null => {}
                _ => checker.fault(&name, "must be an object", "RFC 7643 §3.3"),
            }
        } else {
            checker.fault(&name, "is not in the schema", "RFC 7643 §2.1");
        }
    }
    checker.required(core.into_iter(), &kept);
    checker.done(kept)
}

/// Checks that a resource whose values are checked already has all it must have.
///
/// # Errors
/// 400 `invalidValue` that names every attribute missing.
pub fn required(
    registry: &Registry,
    kind: &ResourceType,
    resource: &Map<String, Value>,
) -> Result<(), ScimError> {
    let mut checker = Checker { faults: Vec::new() };
    checker.required(registry.core_attributes(kind), resource);
    checker.done(())
}

/// Checks one value for an attribute, as a PATCH operation carries it.
///
/// # Errors
/// 400 `invalidValue` that names every fault.
pub fn check_value(path: &str, attribute: &Attribute, value: Value) -> Result<Option<Value>, ScimError> {
    let mut checker = Checker { faults: Vec::new() };
    let value = checker.attribute(path, attribute, value);
    checker.done(value)
}

struct Checker {
    faults: Vec<String>,
}

impl Checker {
    fn fault(&mut self, path: &str, what: &str, section: &str) {
        if self.faults.len() < 20 {
            self.faults.push(format!("`{path}` {what} ({section})"));
        }
    }

    fn done<T>(self, kept: T) -> Result<T, ScimError> {
        if self.faults.is_empty() {
            return Ok(kept);
        }
        Err(ScimError::bad(ScimType::InvalidValue, self.faults.join("; ")))
    }

    fn required<'a>(
        &mut self,
        attributes: impl Iterator<Item = &'a Attribute>,
        resource: &Map<String, Value>,
    ) {
        for attribute in attributes.filter(|attribute| attribute.required) {
            let given_out = attribute.mutability == Mutability::ReadOnly || attribute.name == "schemas";
            if !given_out && resource.get(&attribute.name).is_none_or(|value| value == "") {
                self.fault(&attribute.name, "is required", "RFC 7643 §2.2");
            }
        }
    }

    /// The value to keep, `None` when it is unassigned, not writable or faulty.
    fn attribute(&mut self, path: &str, attribute: &Attribute, value: Value) -> Option<Value> {
        if attribute.mutability == Mutability::ReadOnly || value.is_null() {
            return None;
        }
        if !attribute.multi_valued {
            return match value {
                Value::Array(_) => {
                    self.fault(path, "takes one value, not an array", "RFC 7643 §2.4");
                    None
                }
                value => self.single(path, attribute, value),
            };
        }
        let items = match value {
            Value::Array(items) => items,
            _ => {
                self.fault(path, "takes an array", "RFC 7643 §2.4");
                return None;
            }
        };
        let mut kept: Vec<Value> = Vec::with_capacity(items.len());
        for item in items {
            if let Some(item) = self.single(path, attribute, item)
                && !kept.contains(&item)
            {
                kept.push(item);
            }
        }
        let primaries = kept.iter().filter(|item| item.get("primary") == Some(&Value::Bool(true))).count();
        if primaries > 1 {
            self.fault(path, "has more than one primary value", "RFC 7643 §2.4");
        }
        (!kept.is_empty()).then_some(Value::Array(kept))
    }

    fn single(&mut self, path: &str, attribute: &Attribute, value: Value) -> Option<Value> {
        let wanted = match (attribute.kind, value) {
            (_, Value::Null) => return None,
            (Type::Complex, Value::Object(map)) => {
                let part = self.members(path, &attribute.sub_attributes, map, '.');
                return (!part.is_empty()).then_some(Value::Object(part));
            }
            (Type::Complex, _) => "must be an object",
            (Type::Boolean, Value::Bool(value)) => return Some(Value::Bool(value)),
            (Type::Boolean, _) => "must be `true` or `false`",
            (Type::Integer, Value::Number(n)) if n.is_i64() || n.is_u64() => return Some(Value::Number(n)),
            (Type::Integer, _) => "must be an integer",
            (Type::Decimal, Value::Number(n)) => return Some(Value::Number(n)),
            (Type::Decimal, _) => "must be a number",
            (Type::DateTime, Value::String(text)) if instant(&text).is_some() => {
                return Some(Value::String(text));
            }
            (Type::DateTime, _) => "must be a dateTime such as `2026-01-31T08:00:00Z`",
            (Type::Binary, Value::String(text)) if is_base64(&text) => return Some(Value::String(text)),
            (Type::Binary, _) => "must be base64",
            (_, Value::String(text)) => return Some(Value::String(text)),
            _ => "must be text",
        };
        self.fault(path, wanted, "RFC 7643 §2.3");
        None
    }

    fn members(
        &mut self,
        path: &str,
        attributes: &[Attribute],
        map: Map<String, Value>,
        joint: char,
    ) -> Map<String, Value> {
        let mut kept = Map::new();
        for (name, value) in map {
            match attributes.iter().find(|a| a.name.eq_ignore_ascii_case(&name)) {
                Some(attribute) => {
                    let path = format!("{path}{joint}{}", attribute.name);
                    if let Some(value) = self.attribute(&path, attribute, value) {
                        kept.insert(attribute.name.clone(), value);
                    }
                }
                None => self.fault(&format!("{path}{joint}{name}"), "is not in the schema", "RFC 7643 §2.1"),
            }
        }
        kept
    }
}

/// RFC 4648 §4 or §5, padded or not.
fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    text.len() - body.len() <= 2
        && body.len() % 4 != 1
        && body.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_'))
}
