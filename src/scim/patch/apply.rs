//! The operations, one after the other, on a copy of the document.

use serde_json::{Map, Value};

use super::op::{Op, Operation};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::ast::{Filter, Literal, Operator, PatchPath};
use crate::scim::filter::compile::compile_element;
use crate::scim::filter::{eval, parse_patch_path};
use crate::scim::name::fold;
use crate::scim::schema::check::{Rules, check_value};
use crate::scim::schema::{Attribute, Mutability, Registry, ResourceType, Type};

/// What becomes of a group's members, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberChange {
    /// These join.
    Add(Vec<String>),
    /// These leave.
    Remove(Vec<String>),
    /// All leave.
    Clear,
}

/// The outcome of a PATCH.
#[derive(Clone, Debug, PartialEq)]
pub struct Patched {
    /// The document after all operations.
    pub document: Map<String, Value>,
    /// What becomes of the members.
    pub members: Vec<MemberChange>,
}

/// Applies all operations, or answers with the first one's fault and changes nothing.
///
/// # Errors
/// `invalidPath`, `noTarget`, `mutability`, `invalidValue` as RFC 7644 §3.5.2 has them.
pub fn apply(
    registry: &Registry,
    kind: &ResourceType,
    rules: Rules,
    document: Map<String, Value>,
    operations: Vec<Operation>,
) -> Result<Patched, ScimError> {
    let mut patch = Patch { registry, kind, rules, result: Patched { document, members: Vec::new() } };
    for operation in operations {
        let value = operation.value.unwrap_or(Value::Null);
        match operation.path {
            Some(path) => patch.at(operation.op, &path, value, false)?,
            None => patch.everywhere(operation.op, value)?,
        }
    }
    Ok(patch.result)
}

struct Patch<'a> {
    registry: &'a Registry,
    kind: &'a ResourceType,
    rules: Rules,
    result: Patched,
}

impl Patch<'_> {
    /// An operation without a path: each member of the value names its own place. Entra
    /// writes dotted and URN-qualified names there (`"name.givenName": "y"`).
    fn everywhere(&mut self, op: Op, value: Value) -> Result<(), ScimError> {
        let Value::Object(map) = value else {
            return Err(ScimError::bad(
                ScimType::InvalidValue,
                "without a `path`, `value` must be an object",
            ));
        };
        for (name, value) in map {
            let extension =
                self.registry.extensions(self.kind).find(|schema| schema.id.eq_ignore_ascii_case(&name));
            match (extension.map(|schema| schema.id.clone()), value) {
                (Some(urn), Value::Object(map)) => {
                    for (name, value) in map {
                        self.at(op, &format!("{urn}:{name}"), value, true)?;
                    }
                }
                (Some(urn), Value::Null) => {
                    self.result.document.shift_remove(&urn);
                }
                (_, value) => self.at(op, &name, value, true)?,
            }
        }
        Ok(())
    }

    /// `echoed`: the place was named by a member of a value, where directories also
    /// repeat attributes they know they cannot change (Okta sends `id`).
    fn at(&mut self, op: Op, text: &str, value: Value, echoed: bool) -> Result<(), ScimError> {
        let path = parse_patch_path(text).map_err(|error| error.into_scim(ScimType::InvalidPath, text))?;
        if let Some(urn) = path.path.as_urn().and_then(|urn| self.registry.schema(&urn)).map(|s| s.id.clone())
        {
            return match (op, value) {
                (Op::Remove, _) | (_, Value::Null) => {
                    self.result.document.shift_remove(&urn);
                    Ok(())
                }
                (_, Value::Object(map)) => map
                    .into_iter()
                    .try_for_each(|(name, value)| self.at(op, &format!("{urn}:{name}"), value, true)),
                _ => Err(ScimError::bad(ScimType::InvalidValue, format!("`{text}` needs an object"))),
            };
        }
        let Some(found) = self.registry.resolve(self.kind, &path.path) else {
            if self.rules.strict || !echoed {
                let detail = format!("{} has no attribute `{}`", self.kind.name, path.path);
                return Err(ScimError::bad(ScimType::InvalidPath, detail));
            }
            return Ok(());
        };
        let sub = match &path.sub_attribute {
            None => found.sub,
            Some(name) => Some(found.attribute.sub(name).ok_or_else(|| {
                let detail = format!("`{}` has no sub-attribute `{name}`", found.attribute.name);
                ScimError::bad(ScimType::InvalidPath, detail)
            })?),
        };
        if found.attribute.name == "schemas" {
            return Ok(());
        }
        let read_only =
            [Some(found.attribute), sub].into_iter().flatten().any(|a| a.mutability == Mutability::ReadOnly);
        if read_only {
            if echoed && !self.rules.strict {
                return Ok(());
            }
            return Err(ScimError::bad(ScimType::Mutability, format!("`{text}` is read-only")));
        }
        if self.kind.name == "Group" && found.attribute.name == "members" {
            return self.members(op, &path, value);
        }
        let place = Place { text, attribute: found.attribute, sub, path: &path, rules: self.rules };
        let extension = found.extension.map(str::to_owned);
        let document = &mut self.result.document;
        match extension {
            None => place.change(op, document, value),
            Some(urn) => {
                let mut part = match document.remove(&urn) {
                    Some(Value::Object(map)) => map,
                    _ => Map::new(),
                };
                place.change(op, &mut part, value)?;
                if !part.is_empty() {
                    document.insert(urn, Value::Object(part));
                }
                Ok(())
            }
        }
    }

    fn members(&mut self, op: Op, path: &PatchPath, value: Value) -> Result<(), ScimError> {
        let given = ids(&value).map_err(|found| {
            ScimError::bad(
                ScimType::InvalidValue,
                format!("a member needs a `value`, the member's id; found {found}"),
            )
        })?;
        let changes = &mut self.result.members;
        match (op, &path.filter) {
            (Op::Add, None) => changes.push(MemberChange::Add(given)),
            (Op::Replace, None) => changes.extend([MemberChange::Clear, MemberChange::Add(given)]),
            // With a value, those and no others leave: read as "all", it would empty the group.
            (Op::Remove, None) if !given.is_empty() && !self.rules.strict => {
                changes.push(MemberChange::Remove(given))
            }
            (Op::Remove, None) if value.is_null() || self.rules.strict => changes.push(MemberChange::Clear),
            (Op::Remove, None) => {}
            (Op::Remove, Some(filter)) => {
                let mut named = Vec::new();
                if !named_members(filter, &mut named) {
                    let detail =
                        format!("`members[{filter}]` must name members by id: `members[value eq \"…\"]`");
                    return Err(ScimError::bad(ScimType::InvalidFilter, detail));
                }
                changes.push(MemberChange::Remove(named));
            }
            (_, Some(_)) => {
                let detail = "a membership cannot be changed in place; remove the member and add another";
                return Err(ScimError::bad(ScimType::Mutability, detail));
            }
        }
        Ok(())
    }
}

/// The ids that `value eq "a" or value eq "b"` names.
fn named_members(filter: &Filter, named: &mut Vec<String>) -> bool {
    match filter {
        Filter::Or(parts) => parts.iter().all(|part| named_members(part, named)),
        Filter::Compare { path, operator: Operator::Eq, value: Literal::String(id), .. }
            if path.attribute.eq_ignore_ascii_case("value") =>
        {
            named.push(id.clone());
            true
        }
        _ => false,
    }
}

fn ids(value: &Value) -> Result<Vec<String>, String> {
    let one = |value: &Value| match value {
        Value::String(id) => Ok(id.clone()),
        Value::Object(map) => {
            let found = map.iter().find(|(name, _)| name.eq_ignore_ascii_case("value"));
            found.and_then(|(_, id)| id.as_str()).map(str::to_owned).ok_or_else(|| format!("`{value}`"))
        }
        other => Err(format!("`{other}`")),
    };
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => items.iter().map(one).collect(),
        // `{"members": […]}` beside a path that already says so.
        Value::Object(map) if map.contains_key("members") => ids(map.get("members").unwrap_or(&Value::Null)),
        other => one(other).map(|id| vec![id]),
    }
}

/// One place in a document, and how to change it.
struct Place<'a> {
    text: &'a str,
    attribute: &'a Attribute,
    sub: Option<&'a Attribute>,
    path: &'a PatchPath,
    rules: Rules,
}

impl Place<'_> {
    fn change(&self, op: Op, owner: &mut Map<String, Value>, value: Value) -> Result<(), ScimError> {
        let name = &self.attribute.name;
        let mut present = owner.get(name).cloned();
        match &self.path.filter {
            Some(filter) => self.filtered(op, filter, &mut present, value)?,
            None => match self.sub {
                Some(sub) => self.sub_attribute(op, sub, &mut present, value)?,
                None => self.whole(op, &mut present, value)?,
            },
        }
        match present.filter(is_assigned) {
            // `insert` keeps an existing attribute in its place.
            Some(value) => {
                owner.insert(name.clone(), value);
            }
            None => {
                owner.shift_remove(name);
            }
        }
        Ok(())
    }

    /// The attribute itself.
    fn whole(&self, op: Op, present: &mut Option<Value>, value: Value) -> Result<(), ScimError> {
        let named_values =
            op == Op::Remove && !value.is_null() && self.attribute.multi_valued && !self.rules.strict;
        if op == Op::Remove && !named_values {
            *present = None;
            return Ok(());
        }
        let value = check_value(self.rules, self.text, self.attribute, value)?;
        match (op, value, present.as_mut()) {
            (Op::Remove, Some(Value::Array(gone)), Some(Value::Array(items))) => {
                items.retain(|item| !gone.iter().any(|gone| same_value(gone, item)));
            }
            (Op::Remove, ..) => {}
            (Op::Add, None, _) => {}
            (Op::Add, Some(Value::Array(more)), Some(Value::Array(items))) => {
                for item in more {
                    if items.contains(&item) {
                        continue;
                    }
                    if is_primary(&item) {
                        items.iter_mut().for_each(unset_primary);
                    }
                    items.push(item);
                }
            }
            // A complex value's sub-attributes are replaced one by one (RFC 7644 §3.5.2.3).
            (_, Some(Value::Object(map)), Some(Value::Object(old))) => old.extend(map),
            (_, value, _) => *present = value,
        }
        Ok(())
    }

    /// `name.givenName`; on a multi-valued attribute, every element's.
    fn sub_attribute(
        &self,
        op: Op,
        sub: &Attribute,
        present: &mut Option<Value>,
        value: Value,
    ) -> Result<(), ScimError> {
        let value = if op == Op::Remove { None } else { check_value(self.rules, self.text, sub, value)? };
        match present {
            Some(Value::Array(items)) => {
                for item in items.iter_mut() {
                    set_sub(item, sub, value.clone());
                }
            }
            Some(item) => set_sub(item, sub, value),
            None if value.is_none() => {}
            None => {
                let mut item = Value::Object(Map::new());
                set_sub(&mut item, sub, value);
                *present = Some(if self.attribute.multi_valued { Value::Array(vec![item]) } else { item });
            }
        }
        Ok(())
    }

    /// `emails[type eq "work"]`, alone or with a sub-attribute.
    fn filtered(
        &self,
        op: Op,
        filter: &Filter,
        present: &mut Option<Value>,
        value: Value,
    ) -> Result<(), ScimError> {
        let compiled = compile_element(filter, self.attribute)
            .map_err(|error| error.into_scim(ScimType::InvalidFilter, self.text))?;
        let compiled = std::slice::from_ref(&compiled);
        let mut items = match present.take() {
            None => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(one) => vec![one],
        };
        let found = items.iter().filter(|item| eval::element(compiled, item)).count();
        if op == Op::Remove {
            if found == 0 && self.rules.strict {
                return Err(self.no_target());
            }
            match self.sub {
                None => items.retain(|item| !eval::element(compiled, item)),
                Some(sub) => {
                    items
                        .iter_mut()
                        .filter(|item| eval::element(compiled, item))
                        .for_each(|item| set_sub(item, sub, None));
                    items.retain(is_assigned);
                }
            }
        } else {
            let element = Attribute { multi_valued: false, ..self.attribute.clone() };
            let value = check_value(self.rules, self.text, self.sub.unwrap_or(&element), value)?;
            if found == 0 && value.is_none() && !self.rules.strict {
                // Clearing what is not there; an element of a bare `type` would say nothing.
                *present = self.restored(items);
                return Ok(());
            }
            if found == 0 {
                // Entra expects the element to be made; RFC 7644 §3.5.2.3 asks for `noTarget`.
                // Both are kept apart by the filter: only a canonical value names a new element.
                items.push(self.new_element(op, filter).ok_or_else(|| self.no_target())?);
            }
            let makes_primary = self.sub.is_some_and(|sub| sub.name == "primary")
                && value == Some(Value::Bool(true))
                || value.as_ref().is_some_and(is_primary);
            for item in &mut items {
                if eval::element(compiled, item) {
                    match (self.sub, &value) {
                        (Some(sub), value) => set_sub(item, sub, value.clone()),
                        (None, Some(Value::Object(map))) => {
                            if let Value::Object(old) = item {
                                old.extend(map.clone());
                            }
                        }
                        (None, Some(value)) => *item = value.clone(),
                        (None, None) => *item = Value::Null,
                    }
                } else if makes_primary {
                    unset_primary(item);
                }
            }
            items.retain(is_assigned);
        }
        *present = self.restored(items);
        Ok(())
    }

    /// The elements in the form the attribute has: a list, or the one value.
    fn restored(&self, mut items: Vec<Value>) -> Option<Value> {
        if self.attribute.multi_valued { Some(Value::Array(items)) } else { items.pop() }
    }

    /// The element that `type eq "work"` describes.
    fn new_element(&self, op: Op, filter: &Filter) -> Option<Value> {
        if self.rules.strict && op == Op::Replace {
            return None;
        }
        let Filter::Compare { path, operator: Operator::Eq, value, .. } = filter else {
            return None;
        };
        let sub = self.attribute.sub(&path.attribute)?;
        let value = match (value, sub.kind) {
            (Literal::String(text), Type::Boolean) => Value::Bool(text.eq_ignore_ascii_case("true")),
            (Literal::Boolean(value), Type::Boolean) => Value::Bool(*value),
            (Literal::String(text), _) if sub.canonical_values.is_empty() || op == Op::Add => {
                Value::from(text.as_str())
            }
            (Literal::String(text), _) => {
                let known = sub.canonical_values.iter().find(|value| fold(value) == fold(text))?;
                Value::from(known.as_str())
            }
            _ => return None,
        };
        Some(Value::Object(Map::from_iter([(sub.name.clone(), value)])))
    }

    fn no_target(&self) -> ScimError {
        let detail = format!("no value matches `{}`; add one first", self.text);
        ScimError::bad(ScimType::NoTarget, detail)
    }
}

fn set_sub(item: &mut Value, sub: &Attribute, value: Option<Value>) {
    if let Value::Object(map) = item {
        match value {
            Some(value) => {
                map.insert(sub.name.clone(), value);
            }
            None => {
                map.shift_remove(&sub.name);
            }
        }
    }
}

/// Two elements are the same when their `value`s are, whatever else they carry.
fn same_value(a: &Value, b: &Value) -> bool {
    match (a.get("value"), b.get("value")) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

fn is_primary(item: &Value) -> bool {
    item.get("primary") == Some(&Value::Bool(true))
}

fn unset_primary(item: &mut Value) {
    if let Some(primary) = item.get_mut("primary") {
        *primary = Value::Bool(false);
    }
}

/// RFC 7643 §2.5: `null`, `[]` and an object without members are no value.
fn is_assigned(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    }
}
