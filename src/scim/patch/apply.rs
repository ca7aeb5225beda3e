//! The steps, one after the other, on a copy of the document.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::cost;
use super::dialect;
use super::element::set_sub;
use super::members::{MemberChange, members};
use super::op::{Op, Operations};
use super::place::{Place, Step, Work, add, is_assigned, places_of};
use crate::scim::compat::{Profile, Reader, Reading};
use crate::scim::effort::Effort;
use crate::scim::error::{ScimError, ScimType};
use crate::scim::name::AttributePath;
use crate::scim::schema::check::check_value;
use crate::scim::schema::project::specified_of;
use crate::scim::schema::{Attribute, Mutability, Places, Registry, ResourceType, is_same};

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
/// `invalidPath`, `noTarget`, `mutability`, `invalidValue` as RFC 7644 §3.5.2 has them; 413 where
/// that would cost more than the effort allows.
pub fn apply(
    registry: &Registry,
    kind: &ResourceType,
    profile: Profile,
    document: Map<String, Value>,
    operations: Operations,
    effort: &Effort,
) -> Result<Patched, ScimError> {
    let mut reader = Reader::new(registry, kind, profile);
    reader.readings = operations.readings;
    let mut patch = Patch {
        document,
        before: Vec::new(),
        places: BTreeMap::new(),
        effort,
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
    /// Where the values stand of each list that values were added to, as long as nothing else
    /// touches it: ten operations that add one value cost what one costs that adds ten.
    places: BTreeMap<(Option<&'a str>, &'a str), Places>,
    effort: &'a Effort,
    members: Vec<MemberChange>,
    specified: Vec<AttributePath>,
    clears_password: bool,
}

impl<'a> Patch<'a> {
    fn step(&mut self, reader: &mut Reader<'a>, step: Step<'a>) -> Result<(), ScimError> {
        match step {
            Step::Clear(urn) => {
                self.remember(None, urn);
                self.places.retain(|(extension, _), _| *extension != Some(urn));
                self.document.shift_remove(urn);
                Ok(())
            }
            Step::Change(place, op, value)
                if reader.kind.name == "Group" && place.attribute.name == "members" =>
            {
                self.members.extend(members(op, &place, value, (reader.registry, reader.profile))?);
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
        let list = (place.extension, place.attribute.name.as_str());
        let known = self.places.remove(&list);
        let mut work = Work { reader, effort: self.effort, places: known };
        let Some(urn) = place.extension else {
            place.change(&mut work, op, &mut self.document, value)?;
            self.places.extend(work.places.map(|places| (list, places)));
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
        place.change(&mut work, op, &mut part, value)?;
        self.places.extend(work.places.map(|places| (list, places)));
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
        work: &mut Work<'_, '_>,
        op: Op,
        owner: &mut Map<String, Value>,
        value: Value,
    ) -> Result<(), ScimError> {
        let name = &self.attribute.name;
        let mut present = owner.get_mut(name).map(Value::take);
        let had = present.is_some();
        match (&self.filter, self.sub) {
            (Some(filter), _) => self.filtered(work, op, filter, &mut present, value)?,
            (None, Some(sub)) => self.sub_attribute(work, op, sub, &mut present, value)?,
            (None, None) => self.whole(work, op, &mut present, value)?,
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
    fn whole(
        &self,
        work: &mut Work<'_, '_>,
        op: Op,
        present: &mut Option<Value>,
        value: Value,
    ) -> Result<(), ScimError> {
        let known = work.places.take();
        if op == Op::Remove {
            let left = Self::left(self.attribute, present.as_ref(), &value);
            self.immutable(self.attribute, present.as_ref(), left.as_ref())?;
            *present = left;
            return Ok(());
        }
        let cleared = self.unassigned(op, &value);
        let names_parts = value.is_object();
        let value = check_value(&self.text, self.attribute, value)?;
        if names_parts && value.is_none() && cleared.is_empty() {
            // Nothing that it could be is named: what is there stays (RFC 7644 §3.5.2.3).
            work.places = known;
            return Ok(());
        }
        if !self.attribute.multi_valued || op == Op::Replace {
            self.immutable(self.attribute, present.as_ref(), value.as_ref())?;
        }
        match (op, value, present.as_mut()) {
            (Op::Add, None, _) => work.places = known,
            (Op::Add, Some(Value::Array(more)), Some(Value::Array(items))) => {
                let mut places = match known {
                    Some(places) => places,
                    None => places_of(work.effort, self.attribute, items)?,
                };
                for item in more {
                    add(work.effort, self.attribute, &mut places, items, item)?;
                }
                work.places = Some(places);
            }
            // A complex value's sub-attributes are replaced one by one (RFC 7644 §3.5.2.3).
            (_, Some(Value::Object(map)), Some(old @ Value::Object(_))) => {
                self.merge(work.effort, op, old, map, &cleared)?;
            }
            (_, None, Some(old @ Value::Object(_))) if !cleared.is_empty() => {
                self.merge(work.effort, op, old, Map::new(), &cleared)?;
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
        effort: &Effort,
        op: Op,
        old: &mut Value,
        mut map: Map<String, Value>,
        cleared: &[&Attribute],
    ) -> Result<(), ScimError> {
        self.fixed(old, &map)?;
        for sub in self.attribute.sub_attributes.iter().filter(|sub| op == Op::Add && sub.multi_valued) {
            if let Some(value) = map.get_mut(&sub.name) {
                *value = Self::joined(effort, op, sub, old, Some(value.take()))?.unwrap_or_default();
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
        work: &Work<'_, '_>,
        op: Op,
        sub: &Attribute,
        present: &mut Option<Value>,
        value: Value,
    ) -> Result<(), ScimError> {
        let value = self.checked(op, sub, value)?;
        if op == Op::Add && value.is_none() {
            // Nothing is added, and nothing taken.
            return Ok(());
        }
        match present {
            Some(Value::Array(items)) => {
                let is_set = op != Op::Remove && value == Some(Value::Bool(true));
                if sub.name == "primary" && is_set && items.len() > 1 {
                    let detail =
                        format!("`{}` would make every value primary; name one with a filter", self.text);
                    return Err(ScimError::bad(ScimType::InvalidValue, detail));
                }
                cost::copies(work.effort, items.len(), value.as_ref())?;
                for item in items.iter_mut() {
                    let value = Self::joined(work.effort, op, sub, item, value.clone())?;
                    self.set(item, sub, value)?;
                }
                items.retain(is_assigned);
            }
            Some(item) => {
                let value = Self::joined(work.effort, op, sub, item, value)?;
                self.set(item, sub, value)?;
            }
            None if value.is_none() || op == Op::Remove => {}
            None => {
                let mut item = Value::Object(Map::new());
                set_sub(&mut item, sub, value);
                *present = Some(if self.attribute.multi_valued { Value::Array(vec![item]) } else { item });
            }
        }
        Ok(())
    }

    /// The value for a sub-attribute, of its type; of a `remove`, what it is to be to go, none for
    /// whatever it is.
    pub(super) fn checked(&self, op: Op, sub: &Attribute, value: Value) -> Result<Option<Value>, ScimError> {
        if op == Op::Remove && !value.is_null() {
            return Ok(Some(value));
        }
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
