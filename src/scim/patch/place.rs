//! One strict operation on one place, and what a value there becomes together with what it was.

use std::collections::BTreeSet;

use serde_json::Value;

use super::cost;
use super::op::Op;
use crate::scim::compat::Reader;
use crate::scim::effort::Effort;
use crate::scim::error::ScimError;
use crate::scim::filter::ast::Filter;
use crate::scim::schema::{Attribute, Places, element_key, is_same};

/// One strict operation.
#[allow(clippy::large_enum_variant, reason = "the large one is the common one, and steps are few")]
pub(super) enum Step<'a> {
    /// Changes one place.
    Change(Place<'a>, Op, Value),
    /// Unassigns a whole extension.
    Clear(&'a str),
}

/// One place in a resource.
pub(super) struct Place<'a> {
    /// As it was written.
    pub text: String,
    pub extension: Option<&'a str>,
    pub attribute: &'a Attribute,
    pub filter: Option<Filter>,
    pub sub: Option<&'a Attribute>,
    /// That nothing matches is no fault: the client never wrote the filter.
    pub optional: bool,
}

/// What a change works with.
pub(super) struct Work<'w, 'a> {
    pub(super) reader: &'w mut Reader<'a>,
    pub(super) effort: &'w Effort,
    /// Where the list's values stand, if that is known; left behind where it still holds.
    pub(super) places: Option<Places>,
}

impl Place<'_> {
    /// What a `remove` leaves: of a list, the values that it does not name; else nothing, or the
    /// value where it names another.
    pub(super) fn left(attribute: &Attribute, old: Option<&Value>, named: &Value) -> Option<Value> {
        let old = old.filter(|_| !named.is_null())?;
        match (old, named) {
            (Value::Array(items), Value::Array(named)) => {
                let gone: BTreeSet<String> = named.iter().map(|item| element_key(attribute, item)).collect();
                let stays = |item: &&Value| !gone.contains(&element_key(attribute, item));
                let left: Vec<Value> = items.iter().filter(stays).cloned().collect();
                (!left.is_empty()).then_some(Value::Array(left))
            }
            (old, named) => (!is_same(attribute, old, named)).then(|| old.clone()),
        }
    }

    /// What a sub-attribute has after an operation: what it had and what was added, what is left
    /// of it, or the new value.
    pub(super) fn joined(
        effort: &Effort,
        op: Op,
        sub: &Attribute,
        item: &Value,
        value: Option<Value>,
    ) -> Result<Option<Value>, ScimError> {
        Ok(match (op, value) {
            (Op::Remove, Some(named)) => {
                cost::copies(effort, 1, item.get(&sub.name))?;
                Self::left(sub, item.get(&sub.name), &named)
            }
            (Op::Add, Some(Value::Array(more))) if sub.multi_valued => {
                let Some(Value::Array(old)) = item.get(&sub.name) else {
                    return Ok(Some(Value::Array(more)));
                };
                cost::copies(effort, 1, item.get(&sub.name))?;
                let mut items = old.clone();
                let mut places = places_of(effort, sub, &items)?;
                for value in more {
                    add(effort, sub, &mut places, &mut items, value)?;
                }
                Some(Value::Array(items))
            }
            (_, value) => value,
        })
    }
}

pub(super) fn places_of(
    effort: &Effort,
    attribute: &Attribute,
    items: &[Value],
) -> Result<Places, ScimError> {
    for item in items {
        cost::placed(effort, item)?;
    }
    Ok(Places::of(attribute, items))
}

/// Adds a value to a list; one with the same `value` and `type` is the same, and takes what
/// else the new one says (RFC 7643 §2.4: none is returned twice).
pub(super) fn add(
    effort: &Effort,
    attribute: &Attribute,
    places: &mut Places,
    items: &mut Vec<Value>,
    mut item: Value,
) -> Result<(), ScimError> {
    cost::placed(effort, &item)?;
    let place = places.find(attribute, &item);
    let known = place.and_then(|place| items.get(place));
    let becomes_primary = is_primary(&item) && !known.is_some_and(is_primary);
    if becomes_primary {
        places.unset_primary(attribute, items);
    }
    match (place.and_then(|place| Some((place, items.get_mut(place)?))), &mut item) {
        (Some((place, known @ Value::Object(_))), Value::Object(item)) => {
            // A part of several values keeps those that it has.
            for sub in attribute.sub_attributes.iter().filter(|sub| sub.multi_valued) {
                if let Some(value) = item.get_mut(&sub.name) {
                    let joined = Place::joined(effort, Op::Add, sub, known, Some(value.take()))?;
                    *value = joined.unwrap_or_default();
                }
            }
            if let Value::Object(known) = known {
                // What makes it the same stays as it is written.
                item.retain(|name, _| {
                    !["value", "type"].contains(&name.as_str()) || !known.contains_key(name)
                });
                known.append(item);
            }
            if becomes_primary {
                places.set_primary(place);
            }
        }
        (Some(_), _) => {}
        (None, _) => {
            places.note(attribute, &item, items.len());
            items.push(item);
        }
    }
    Ok(())
}

/// RFC 7643 §2.5: `null`, `[]` and an object without members are no value.
pub(super) fn is_assigned(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    }
}

pub(super) fn is_primary(item: &Value) -> bool {
    item.get("primary") == Some(&Value::Bool(true))
}
