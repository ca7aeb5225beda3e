//! What a document is found by and what no other may have (RFC 7643 §7, "uniqueness").

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Body, Key};
use crate::scim::schema::{
    Attribute, INDEXED, Moment, Registry, ResourceType, Type, Uniqueness, moment, number_key,
};

/// A document's unique keys and its searchable keys, extensions' and sub-attributes' too.
#[must_use]
pub fn keys(
    registry: &Registry,
    kind: &ResourceType,
    document: &Body,
    unique_names: bool,
) -> (Vec<Key>, Vec<Key>) {
    // Entra and the validators expect a group's name to be unique, though the RFC does not.
    let unique_name = (unique_names && kind.name == "Group").then_some("displayname");
    let mut keys = Keys { registry, unique: BTreeSet::new(), index: BTreeSet::new(), unique_name };
    for attribute in registry.core_attributes(kind).filter(|attribute| attribute.name != "id") {
        keys.add(String::new(), attribute, document);
    }
    for schema in registry.extensions(kind) {
        if let Some(Value::Object(part)) = document.get(&schema.id) {
            let prefix = format!("{}:", schema.id.to_ascii_lowercase());
            for attribute in &schema.attributes {
                keys.add(prefix.clone(), attribute, part);
            }
        }
    }
    (keys.unique.into_iter().collect(), keys.index.into_iter().collect())
}

/// A key's attribute and value as the schema and the document spell them.
pub(super) fn spelled(
    registry: &Registry,
    kind: &ResourceType,
    document: &Body,
    key: &Key,
) -> Option<(String, String)> {
    let own = registry.core_attributes(kind).map(|attribute| (String::new(), attribute, document));
    let extended = registry.extensions(kind).filter_map(|schema| {
        let part = document.get(&schema.id)?.as_object()?;
        Some(schema.attributes.iter().map(move |attribute| (format!("{}:", schema.id), attribute, part)))
    });
    own.chain(extended.flatten()).find_map(|(prefix, attribute, owner)| {
        let value = owner.get(&attribute.name)?;
        let elements = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let path = format!("{prefix}{}", attribute.name);
        let of_sub = |sub: &Attribute| {
            let values = elements.iter().filter_map(|element| element.get(&sub.name));
            written(&format!("{path}.{}", sub.name), sub, values, key)
        };
        let found = attribute.sub_attributes.iter().find_map(of_sub);
        found.or_else(|| written(&path, attribute, elements.iter(), key))
    })
}

fn written<'v>(
    path: &str,
    attribute: &Attribute,
    mut values: impl Iterator<Item = &'v Value>,
    key: &Key,
) -> Option<(String, String)> {
    if !path.eq_ignore_ascii_case(&key.attribute) {
        return None;
    }
    let value = values.find(|value| text(attribute, value).as_ref() == Some(&key.value))?;
    // What is never returned is not repeated either.
    let told = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some((path.to_owned(), if attribute.is_hidden() { String::new() } else { told(value) }))
}

struct Keys<'a> {
    registry: &'a Registry,
    unique: BTreeSet<Key>,
    index: BTreeSet<Key>,
    unique_name: Option<&'static str>,
}

impl Keys<'_> {
    fn add(&mut self, mut path: String, attribute: &Attribute, owner: &Body) {
        let Some(value) = owner.get(&attribute.name) else { return };
        path.push_str(&attribute.name);
        path.make_ascii_lowercase();
        let elements = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for sub in &attribute.sub_attributes {
            let path = format!("{path}.{}", sub.name.to_ascii_lowercase());
            let values = elements.iter().filter_map(|element| element.get(&sub.name));
            self.note(&path, sub, values);
        }
        if attribute.sub_attributes.is_empty() {
            self.note(&path, attribute, elements.iter());
        }
    }

    fn note<'v>(&mut self, path: &str, attribute: &Attribute, values: impl Iterator<Item = &'v Value>) {
        let unique = is_unique(attribute) || self.unique_name == Some(path);
        let indexed = is_indexed(self.registry, path);
        if !unique && !indexed {
            return;
        }
        for value in values.filter_map(|value| text(attribute, value)) {
            let key = Key { attribute: path.to_owned(), value };
            if indexed {
                self.index.insert(key.clone());
            }
            if unique {
                self.unique.insert(key);
            }
        }
    }
}

/// Whether an attribute's values are unique, or looked up by an index; its path in lower case.
pub(super) fn is_key(registry: &Registry, path: &str, attribute: &Attribute) -> bool {
    is_unique(attribute) || is_indexed(registry, path)
}

fn is_unique(attribute: &Attribute) -> bool {
    attribute.uniqueness != Uniqueness::None
}

fn is_indexed(registry: &Registry, path: &str) -> bool {
    INDEXED.contains(&path) || registry.indexes.written.iter().any(|own| own == path)
}

/// A value as text: what a filter takes for equal is the same.
fn text(attribute: &Attribute, value: &Value) -> Option<String> {
    match value {
        Value::String(text) if attribute.kind == Type::DateTime => {
            let Moment { millis, picos } = moment(text)?;
            Some(format!("{millis}.{picos:09}"))
        }
        Value::String(text) => Some(attribute.key(text).into_owned()),
        Value::Number(number) => Some(number_key(number)),
        Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}
