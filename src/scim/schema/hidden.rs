//! What is never returned (RFC 7643 §7, `returned: never` and `mutability: writeOnly`): no reply,
//! trail, event or error tells such a value, nor does the order of a list.

use serde_json::{Map, Value};

use super::builtin::common;
use super::{Attribute, Mutability, Registry, Resolved, ResourceType, Returned};
use crate::scim::name::AttributePath;

impl Attribute {
    /// Whether its value is never returned.
    pub fn is_hidden(&self) -> bool {
        self.returned == Returned::Never || self.mutability == Mutability::WriteOnly
    }
}

impl Resolved<'_> {
    /// Whether what the path names is never returned.
    pub fn is_hidden(&self) -> bool {
        self.attribute.is_hidden() || self.sub.is_some_and(Attribute::is_hidden)
    }
}

impl Registry {
    /// Whether a path as a client wrote it, with or without a value filter, names what is never
    /// returned, or has a part that is not.
    pub fn hides(&self, kind: &ResourceType, path: &str) -> bool {
        let (path, rest) = path.split_once('[').unwrap_or((path, ""));
        let Ok(path) = AttributePath::parse(path, 0) else { return false };
        let Some(found) = self.resolve(kind, &path) else { return false };
        let named = rest.rsplit_once("].").and_then(|(_, sub)| found.attribute.sub(sub));
        let (sub, is_filtered) = (found.sub.or(named), !rest.is_empty());
        let has_hidden = found.attribute.sub_attributes.iter().any(Attribute::is_hidden);
        found.attribute.is_hidden()
            || sub.is_some_and(Attribute::is_hidden)
            || has_hidden && (sub.is_none() || is_filtered)
    }

    /// A stored document without the values that are never returned. What the schemas do not
    /// know (any more) is left out, as nobody can say whether it may be told.
    #[must_use]
    pub fn tellable(&self, kind: &str, document: &Map<String, Value>) -> Map<String, Value> {
        let Some(kind) = self.resource_type(kind) else { return Map::new() };
        let own = self.schema(&kind.schema).map_or(&[][..], |schema| &schema.attributes);
        let mut told = Map::with_capacity(document.len());
        for (name, value) in document {
            let value = match (find(common(), name).or_else(|| find(own, name)), value) {
                (Some(attribute), value) => of_attribute(attribute, value),
                (None, Value::Object(part)) => self.schema(name).and_then(|schema| {
                    let part: Map<_, _> = part
                        .iter()
                        .filter_map(|(name, value)| {
                            let value = of_attribute(find(&schema.attributes, name)?, value)?;
                            Some((name.clone(), value))
                        })
                        .collect();
                    (!part.is_empty()).then_some(Value::Object(part))
                }),
                _ => None,
            };
            told.extend(value.map(|value| (name.clone(), value)));
        }
        told
    }
}

fn find<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes.iter().find(|attribute| attribute.name == *name)
}

/// A value without its hidden parts; none where nothing is left.
fn of_attribute(attribute: &Attribute, value: &Value) -> Option<Value> {
    if attribute.is_hidden() {
        return None;
    }
    if !attribute.sub_attributes.iter().any(Attribute::is_hidden) {
        return Some(value.clone());
    }
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().filter_map(|item| of_attribute(attribute, item)).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        Value::Object(map) => {
            let hidden = |name: &str| find(&attribute.sub_attributes, name).is_none_or(Attribute::is_hidden);
            let map: Map<_, _> =
                map.iter().filter(|(name, _)| !hidden(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
            (!map.is_empty()).then_some(Value::Object(map))
        }
        _ => Some(value.clone()),
    }
}
