//! The steps, one after the other, on a copy of the document.

use serde_json::{Map, Value};

use super::dialect::{self, Place, Step};
use super::element::{is_assigned, is_primary, set_sub, unset_primary};
use super::members::{MemberChange, members};
use super::op::{Op, Operations};
use crate::scim::compat::{Profile, Reader, Reading};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::name::AttributePath;
use crate::scim::schema::check::check_value;
use crate::scim::schema::project::specified_of;
use crate::scim::schema::{Attribute, Mutability, Registry, ResourceType, is_repeated, is_same};

/// The outcome of a PATCH.
#[derive(Clone, Debug, PartialEq)]
pub struct Patched {
    /// The document after all operations.
    pub document: Map<String, Value>,
    /// What becomes of the members.
    pub members: Vec<MemberChange>,
    /// Whether the document is another than before. Members are for the store to compare.
    pub changed: bool,
    /// What was read how.
    pub readings: Vec<Reading>,
    /// What was written of that is shown on request alone.
    pub specified: Vec<AttributePath>,
    /// Whether the password is to be forgotten; a new one is in the document.
    pub clears_password: bool,
}

/// Applies all operations, or answers with the first one's fault and changes nothing.
///
/// # Errors
/// `invalidPath`, `noTarget`, `mutability`, `invalidValue` as RFC 7644 §3.5.2 has them.
pub fn apply(
    registry: &Registry,
    kind: &ResourceType,
    profile: Profile,
    document: Map<String, Value>,
    operations: Operations,
) -> Result<Patched, ScimError> {
    let mut reader = Reader::new(registry, kind, profile);
    reader.readings = operations.readings;
    let mut patch = Patch {
        document,
        before: Vec::new(),
        members: Vec::new(),
        specified: Vec::new(),
        clears_password: false,
    };
    let mut steps = Vec::new();
    for operation in operations.list {
        dialect::read(&mut reader, operation, &mut steps)?;
        steps.drain(..).try_for_each(|step| patch.step(&mut reader, step))?;
    }
    Ok(Patched {
        changed: patch.changed(),
        clears_password: patch.clears_password,
        specified: patch.specified,
        document: patch.document,
        members: patch.members,
        readings: reader.readings,
    })
}

struct Patch<'a> {
    document: Map<String, Value>,
    /// Each attribute touched, as it was at first.
    before: Vec<(Option<&'a str>, &'a str, Option<Value>)>,
    members: Vec<MemberChange>,
    specified: Vec<AttributePath>,
    clears_password: bool,
}

impl<'a> Patch<'a> {
    fn step(&mut self, reader: &mut Reader<'a>, step: Step<'a>) -> Result<(), ScimError> {
        match step {
            Step::Clear(urn) => {
                self.remember(None, urn);
                self.document.shift_remove(urn);
                Ok(())
            }
            Step::Change(place, op, value)
                if reader.kind.name == "Group" && place.attribute.name == "members" =>
            {
                self.members.extend(members(op, &place, &value, reader.profile)?);
                Ok(())
            }
            Step::Change(place, op, value) => self.change(reader, &place, op, value),
        }
    }

    fn change(
        &mut self,
        reader: &mut Reader<'a>,
        place: &Place<'a>,
        op: Op,
        value: Value,
    ) -> Result<(), ScimError> {
        self.remember(place.extension, &place.attribute.name);
        let urn = place.extension.unwrap_or(&reader.kind.schema);
        self.specified.extend(specified_of(urn, place.attribute, place.sub, &value));
        let Some(urn) = place.extension else {
            place.change(reader, op, &mut self.document, value)?;
            // A document never holds the present one, which only its shell knows.
            if place.attribute.name == "password" && op != Op::Add {
                self.clears_password = !self.document.contains_key("password");
            }
            return Ok(());
        };
        let mut part = match self.document.get_mut(urn).map(Value::take) {
            Some(Value::Object(part)) => part,
            _ => Map::new(),
        };
        place.change(reader, op, &mut part, value)?;
        if part.is_empty() {
            self.document.shift_remove(urn);
        } else {
            // `insert` keeps what is there in its place.
            self.document.insert(urn.to_owned(), Value::Object(part));
        }
        Ok(())
    }

    fn remember(&mut self, extension: Option<&'a str>, name: &'a str) {
        if !self.before.iter().any(|(urn, known, _)| *urn == extension && *known == name) {
            let before = find(&self.document, extension, name).cloned();
            self.before.push((extension, name, before));
        }
    }

    fn changed(&self) -> bool {
        let differs = |(extension, name, before): &(Option<&str>, &str, Option<Value>)| {
            find(&self.document, *extension, name) != before.as_ref()
        };
        self.before.iter().any(differs)
    }
}

fn find<'v>(document: &'v Map<String, Value>, extension: Option<&str>, name: &str) -> Option<&'v Value> {
    match extension {
        None => document.get(name),
        Some(urn) => document.get(urn)?.get(name),
    }
}

impl Place<'_> {
    fn change(
        &self,
        reader: &mut Reader<'_>,
        op: Op,
        owner: &mut Map<String, Value>,
        value: Value,
    ) -> Result<(), ScimError> {
        let name = &self.attribute.name;
        let mut present = owner.get_mut(name).map(Value::take);
        let had = present.is_some();
        match (&self.filter, self.sub) {
            (Some(filter), _) => self.filtered(reader, op, filter, &mut present, value)?,
            (None, Some(sub)) => self.sub_attribute(op, sub, &mut present, value)?,
            (None, None) => self.whole(op, &mut present, value)?,
        }
        match present.filter(is_assigned) {
            Some(value) => {
                owner.insert(name.clone(), value);
            }
            None if had && self.attribute.required => {
                let detail = format!("`{}` is required and cannot be removed; replace it", self.text);
                return Err(ScimError::bad(ScimType::Mutability, detail));
            }
            None => {
                owner.shift_remove(name);
            }
        }
        Ok(())
    }

    /// The attribute itself.
    fn whole(&self, op: Op, present: &mut Option<Value>, value: Value) -> Result<(), ScimError> {
        if op == Op::Remove {
            self.immutable(self.attribute, present.as_ref(), None)?;
            *present = None;
            return Ok(());
        }
        let cleared = self.unassigned(op, &value);
        let value = check_value(&self.text, self.attribute, value)?;
        if !self.attribute.multi_valued || op == Op::Replace {
            self.immutable(self.attribute, present.as_ref(), value.as_ref())?;
        }
        match (op, value, present.as_mut()) {
            (Op::Add, None, _) => {}
            (Op::Add, Some(Value::Array(more)), Some(Value::Array(items))) => {
                more.into_iter().for_each(|item| add(self.attribute, items, item));
            }
            // A complex value's sub-attributes are replaced one by one (RFC 7644 §3.5.2.3).
            (_, Some(Value::Object(map)), Some(old @ Value::Object(_))) => {
                self.merge(op, old, map, &cleared)?;
            }
            (_, None, Some(old @ Value::Object(_))) if !cleared.is_empty() => {
                self.merge(op, old, Map::new(), &cleared)?;
            }
            (_, value, _) => *present = value,
        }
        Ok(())
    }

    /// The sub-attributes that a replacing value unassigns by name (RFC 7643 §2.5): only they go.
    pub(super) fn unassigned(&self, op: Op, value: &Value) -> Vec<&Attribute> {
        let Value::Object(map) = value else { return Vec::new() };
        let named = map.iter().filter(|(_, value)| op == Op::Replace && !is_assigned(value));
        let subs = named.filter_map(|(name, _)| self.attribute.sub(name));
        subs.filter(|sub| sub.mutability != Mutability::ReadOnly).collect()
    }

    /// Sets what the value names, and unassigns what it says to.
    pub(super) fn merge(
        &self,
        op: Op,
        old: &mut Value,
        mut map: Map<String, Value>,
        cleared: &[&Attribute],
    ) -> Result<(), ScimError> {
        self.fixed(old, &map)?;
        for sub in self.attribute.sub_attributes.iter().filter(|sub| op == Op::Add && sub.multi_valued) {
            if let Some(value) = map.get_mut(&sub.name) {
                *value = joined(op, sub, old, Some(value.take())).unwrap_or_default();
            }
        }
        if let Value::Object(old) = old {
            old.extend(map);
        }
        cleared.iter().try_for_each(|sub| self.set(old, sub, None))
    }

    /// No immutable part of the old value is another in the new one.
    pub(super) fn fixed(&self, old: &Value, new: &Map<String, Value>) -> Result<(), ScimError> {
        let named = |sub: &&Attribute| new.contains_key(&sub.name);
        let mut subs = self.attribute.sub_attributes.iter().filter(named);
        subs.try_for_each(|sub| self.immutable(sub, old.get(&sub.name), new.get(&sub.name)))
    }

    /// `name.givenName`; on a multi-valued attribute, every element's.
    fn sub_attribute(
        &self,
        op: Op,
        sub: &Attribute,
        present: &mut Option<Value>,
        value: Value,
    ) -> Result<(), ScimError> {
        let value = self.checked(op, sub, value)?;
        match present {
            Some(Value::Array(items)) => {
                if sub.name == "primary" && value == Some(Value::Bool(true)) && items.len() > 1 {
                    let detail =
                        format!("`{}` would make every value primary; name one with a filter", self.text);
                    return Err(ScimError::bad(ScimType::InvalidValue, detail));
                }
                for item in items.iter_mut() {
                    let value = joined(op, sub, item, value.clone());
                    self.set(item, sub, value)?;
                }
                items.retain(is_assigned);
            }
            Some(item) => {
                let value = joined(op, sub, item, value);
                self.set(item, sub, value)?;
            }
            None if value.is_none() => {}
            None => {
                let mut item = Value::Object(Map::new());
                set_sub(&mut item, sub, value);
                *present = Some(if self.attribute.multi_valued { Value::Array(vec![item]) } else { item });
            }
        }
        Ok(())
    }

    /// The value for a sub-attribute, of its type; none to remove it.
    pub(super) fn checked(&self, op: Op, sub: &Attribute, value: Value) -> Result<Option<Value>, ScimError> {
        if op == Op::Remove { Ok(None) } else { check_value(&self.text, sub, value) }
    }

    /// Sets one element's sub-attribute; a required one may not go, an immutable one not change.
    pub(super) fn set(
        &self,
        item: &mut Value,
        sub: &Attribute,
        value: Option<Value>,
    ) -> Result<(), ScimError> {
        self.immutable(sub, item.get(&sub.name), value.as_ref())?;
        if value.is_none() && sub.required && item.get(&sub.name).is_some() {
            let part = if self.sub.is_none() { format!(".{}", sub.name) } else { String::new() };
            let detail = format!("`{}{part}` is required and cannot be removed; replace it", self.text);
            return Err(ScimError::bad(ScimType::Mutability, detail));
        }
        set_sub(item, sub, value);
        Ok(())
    }

    /// An immutable attribute may be given a value once (RFC 7644 §3.5.2).
    pub(super) fn immutable(
        &self,
        attribute: &Attribute,
        old: Option<&Value>,
        new: Option<&Value>,
    ) -> Result<(), ScimError> {
        let Some(old) = old.filter(|_| attribute.mutability == Mutability::Immutable) else { return Ok(()) };
        if new.is_some_and(|new| is_same(attribute, old, new)) {
            return Ok(());
        }
        let detail = format!(
            "`{}`: `{}` is immutable and has a value already; leave it as it is",
            self.text, attribute.name
        );
        Err(ScimError::bad(ScimType::Mutability, detail))
    }
}

/// What a sub-attribute has after values were added to those that it has; else the new value.
pub(super) fn joined(op: Op, sub: &Attribute, item: &Value, value: Option<Value>) -> Option<Value> {
    match (item.get(&sub.name), value) {
        (Some(Value::Array(old)), Some(Value::Array(more))) if op == Op::Add => {
            let mut items = old.clone();
            more.into_iter().for_each(|value| add(sub, &mut items, value));
            Some(Value::Array(items))
        }
        (_, value) => value,
    }
}

/// Adds a value to a list; one with the same `value` and `type` is the same, and takes what
/// else the new one says (RFC 7643 §2.4: none is returned twice).
fn add(attribute: &Attribute, items: &mut Vec<Value>, mut item: Value) {
    let place = items.iter().position(|known| is_repeated(attribute, known, &item));
    let known = place.and_then(|place| items.get(place));
    if is_primary(&item) && !known.is_some_and(is_primary) {
        items.iter_mut().for_each(unset_primary);
    }
    match (place.and_then(|place| items.get_mut(place)), &mut item) {
        (Some(Value::Object(known)), Value::Object(item)) => {
            // What makes it the same stays as it is written.
            item.retain(|name, _| !["value", "type"].contains(&name.as_str()) || !known.contains_key(name));
            known.append(item);
        }
        (Some(_), _) => {}
        (None, _) => items.push(item),
    }
}
