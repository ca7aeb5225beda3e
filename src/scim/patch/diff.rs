//! The operations that make of one document another: `apply(diff(a, b), a) == b`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::op::{Op, Operation, Operations};
use crate::scim::schema::{Attribute, Mutability, Registry, ResourceType};

/// What to send so that a document like `from` becomes one like `to`: strict operations, one
/// for each attribute or sub-attribute that differs, none for what is read-only or not in the
/// schema. Lists are replaced, a group's members added and removed one by one.
pub fn diff(
    registry: &Registry,
    kind: &ResourceType,
    from: &Map<String, Value>,
    to: &Map<String, Value>,
) -> Operations {
    let mut differences = Differences::default();
    differences.objects("", registry.core_attributes(kind), from, to);
    for schema in registry.extensions(kind) {
        let part =
            |document: &Map<String, Value>| document.get(&schema.id).and_then(Value::as_object).cloned();
        match (part(from), part(to)) {
            (Some(_), None) => differences.remove(schema.id.clone()),
            (from, Some(to)) => {
                let prefix = format!("{}:", schema.id);
                differences.objects(&prefix, schema.attributes.iter(), &from.unwrap_or_default(), &to);
            }
            (None, None) => {}
        }
    }
    Operations { list: differences.0, readings: Vec::new() }
}

#[derive(Default)]
struct Differences(Vec<Operation>);

impl Differences {
    fn remove(&mut self, path: String) {
        self.0.push(Operation { op: Op::Remove, path: Some(path), value: None });
    }

    fn objects<'a>(
        &mut self,
        prefix: &str,
        attributes: impl Iterator<Item = &'a Attribute>,
        from: &Map<String, Value>,
        to: &Map<String, Value>,
    ) {
        let writable = |attribute: &&Attribute| {
            attribute.mutability != Mutability::ReadOnly && attribute.name != "schemas"
        };
        for attribute in attributes.filter(writable) {
            let path = format!("{prefix}{}", attribute.name);
            match (from.get(&attribute.name), to.get(&attribute.name)) {
                (Some(_), None) => self.remove(path),
                (Some(from), Some(to)) if from == to => {}
                (Some(Value::Object(from)), Some(Value::Object(to))) => {
                    self.objects(&format!("{path}."), attribute.sub_attributes.iter(), from, to);
                }
                (Some(Value::Array(from)), Some(Value::Array(to))) if path == "members" => {
                    self.members(from, to);
                }
                (_, Some(to)) => {
                    self.0.push(Operation { op: Op::Replace, path: Some(path), value: Some(to.clone()) });
                }
                (None, None) => {}
            }
        }
    }

    fn members(&mut self, from: &[Value], to: &[Value]) {
        let id = |member: &Value| member.get("value").and_then(Value::as_str).unwrap_or_default().to_owned();
        let ids = |members: &[Value]| -> BTreeSet<String> { members.iter().map(id).collect() };
        let (before, after) = (ids(from), ids(to));
        for gone in from.iter().map(id).filter(|id| !after.contains(id)) {
            self.remove(format!("members[value eq {}]", Value::from(gone)));
        }
        let new: Vec<Value> = to.iter().filter(|member| !before.contains(&id(member))).cloned().collect();
        if !new.is_empty() {
            let value = Some(Value::Array(new));
            self.0.push(Operation { op: Op::Add, path: Some("members".to_owned()), value });
        }
    }
}
