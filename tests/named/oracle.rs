//! What an operation names, read naively from what it was meant to say: of each value that is there,
//! whether it may change and how. Nothing here asks the code under test.

use std::collections::BTreeMap;

use provisor::scim::compat::{Flag, Profile};
use provisor::scim::schema::{Attribute, Mutability, Type};
use serde_json::{Map, Value};

use crate::make::{Meant, Operation, World};

/// What may become of one value.
#[derive(Clone, Debug)]
enum Touch {
    /// It stays as it is.
    Keep,
    /// These parts take what is given, or go where nothing is; the others stay.
    Parts(BTreeMap<String, Option<Value>>),
    /// It is replaced.
    Replaced,
    /// It goes.
    Gone,
}

/// What a value says.
#[derive(Debug)]
enum Said {
    /// Nothing that the schema knows.
    Nothing,
    /// That there is to be none.
    Clear,
    /// These.
    Values(Vec<Value>),
}

/// What an operation names of one attribute.
#[derive(Debug)]
struct Named {
    /// Of each value that is there, in order.
    touched: Vec<Touch>,
    /// What new values may be made of; none may where this is none.
    source: Option<String>,
    /// Whether another value may lose its `primary`.
    makes_primary: bool,
}

/// Why what an operation left is not what it named; none where all is well.
pub fn fault(
    world: &World,
    profile: Profile,
    operation: &Operation,
    before: &Value,
    after: &Value,
) -> Option<String> {
    let mut names_any = false;
    // To the letter of the RFC a removal takes no value: its path names all of the extension.
    let clears = operation.op == "remove" && operation.on_extension && !profile.has(Flag::RemoveByValue);
    for (at, spot) in world.spots.iter().enumerate() {
        let (old, new) = (spot.of(before), spot.of(after));
        let all = Meant { spot: at, filter: None, sub: None, value: None, by_path: false };
        let meant = match &spot.extension {
            Some(_) if clears => Some(&all),
            _ => operation.meant.iter().find(|meant| meant.spot == at),
        };
        let named = meant.and_then(|meant| named(world, profile, operation.op, meant, old));
        let Some(named) = named else {
            if old != new {
                return Some(format!("`{}` is not named, and was {old:?}, is {new:?}", spot.path()));
            }
            continue;
        };
        names_any = true;
        let old: Vec<(Value, Touch)> = list(old).into_iter().zip(named.touched.clone()).collect();
        let new = list(new);
        let context =
            Context { attribute: &spot.attribute, op: operation.op, profile, named: &named, after: &new };
        if !context.fits(&old, &new) {
            return Some(format!("`{}` was {old:?}, is {new:?}, by {named:?}", spot.path()));
        }
        if let Some(lost) = meant.and_then(|meant| lost(world, operation.op, meant, &new)) {
            return Some(format!("`{}` was to have {lost}, is {new:?}", spot.path()));
        }
    }
    (!names_any && before != after).then(|| format!("names nothing, and {before} became {after}"))
}

fn list(value: Option<&Value>) -> Vec<Value> {
    match value {
        None => Vec::new(),
        Some(Value::Array(items)) => items.clone(),
        Some(one) => vec![one.clone()],
    }
}

/// What is named of an attribute that has this value; none where that is nothing.
fn named(world: &World, profile: Profile, op: &str, meant: &Meant, old: Option<&Value>) -> Option<Named> {
    let attribute = &world.spots[meant.spot].attribute;
    let target = world.target(meant);
    if target.mutability == Mutability::ReadOnly {
        return None;
    }
    let old = list(old);
    let chosen: Vec<bool> = match &meant.filter {
        None => vec![true; old.len()],
        Some((sub, wanted)) => old.iter().map(|item| has(attribute, item, sub, wanted)).collect(),
    };
    let each = |touch: &dyn Fn(&Value) -> Touch| {
        let touch = |(item, chosen): (&Value, &bool)| if *chosen { touch(item) } else { Touch::Keep };
        old.iter().zip(&chosen).map(touch).collect::<Vec<_>>()
    };
    let only = |sub: &str, given: Option<Value>| Touch::Parts(BTreeMap::from([(sub.to_owned(), given)]));
    if op == "remove" {
        let touched = match (&meant.value, &meant.sub) {
            (Some(value), _) if !value.is_null() && profile.has(Flag::RemoveByValue) => {
                removed(profile, attribute, target, meant, value, &old, &chosen)?
            }
            (_, Some(sub)) => each(&|_| only(sub, None)),
            (_, None) => each(&|_| Touch::Gone),
        };
        return Some(Named { touched, source: None, makes_primary: false });
    }
    let value = meant.value.clone().unwrap_or_default();
    let text = format!("{value} {:?}", meant.filter).to_lowercase().replace('\\', "");
    let is_element = meant.filter.is_some() && meant.sub.is_none();
    let said = said(profile, target, &value, is_element);
    let makes_primary = text.contains("primary") || target.name == "primary";
    let clears = matches!(said, Said::Clear);
    let values = match said {
        Said::Nothing => return None,
        Said::Clear if op == "add" => return None,
        Said::Clear => Vec::new(),
        Said::Values(values) => values,
    };
    let is_new = !clears && (meant.filter.is_none() || !chosen.contains(&true));
    let first = values.first().cloned();
    let touched = match &meant.sub {
        Some(sub) => {
            let given = if target.multi_valued { Some(Value::Array(values)) } else { first };
            each(&|_| only(sub, if clears { None } else { given.clone() }))
        }
        None if clears => each(&|_| Touch::Gone),
        None if attribute.multi_valued && meant.filter.is_none() && op == "add" => {
            each(&|item| match values.iter().rfind(|value| is_same(attribute, item, value)) {
                Some(Value::Object(_)) => {
                    let same = values.iter().filter(|value| is_same(attribute, item, value));
                    let parts = same.filter_map(Value::as_object).flatten();
                    let parts = parts.filter(|(name, _)| !["value", "type"].contains(&name.as_str()));
                    Touch::Parts(parts.map(|(name, value)| (name.clone(), Some(value.clone()))).collect())
                }
                _ => Touch::Keep,
            })
        }
        None if attribute.kind != Type::Complex => each(&|_| Touch::Replaced),
        None if attribute.multi_valued && meant.filter.is_none() => each(&|_| Touch::Replaced),
        None if meant.filter.is_some() && op == "replace" && !profile.has(Flag::MergeElements) => {
            each(&|_| Touch::Replaced)
        }
        None => {
            let map = first.and_then(|first| first.as_object().cloned()).unwrap_or_default();
            let parts = map.into_iter().map(|(name, value)| (name, assigned(value)));
            let parts: BTreeMap<_, _> =
                parts.filter(|(_, value)| op == "replace" || value.is_some()).collect();
            each(&|_| Touch::Parts(parts.clone()))
        }
    };
    // A part that only unassigns makes nothing.
    Some(Named { touched, source: is_new.then_some(text), makes_primary })
}

/// What a removal by value names.
fn removed(
    profile: Profile,
    attribute: &Attribute,
    target: &Attribute,
    meant: &Meant,
    value: &Value,
    old: &[Value],
    chosen: &[bool],
) -> Option<Vec<Touch>> {
    let choose = |touch: &dyn Fn(&Value) -> Touch| {
        let touch = |(item, chosen): (&Value, &bool)| if *chosen { touch(item) } else { Touch::Keep };
        Some(old.iter().zip(chosen).map(touch).collect::<Vec<_>>())
    };
    if let Some(sub) = &meant.sub {
        if !target.multi_valued && !attribute.multi_valued && meant.by_path {
            return choose(&|_| Touch::Parts(BTreeMap::from([(sub.clone(), None)])));
        }
        let Said::Values(values) = said(profile, target, value, false) else { return None };
        let given = if target.multi_valued { Value::Array(values) } else { values.first()?.clone() };
        return choose(&|_| Touch::Parts(BTreeMap::from([(sub.clone(), Some(given.clone()))])));
    }
    // The filter, or the path to the one simple value, says which.
    let is_simple = attribute.kind == Type::Complex || attribute.multi_valued;
    if meant.filter.is_some() || (!is_simple && meant.by_path) {
        return choose(&|_| Touch::Gone);
    }
    if !attribute.multi_valued && attribute.kind == Type::Complex && value == "" && meant.by_path {
        return choose(&|_| Touch::Gone);
    }
    let Said::Values(values) = said(profile, attribute, value, false) else { return None };
    if !attribute.multi_valued && attribute.kind == Type::Complex && attribute.sub("value").is_none() {
        let map = values.first()?.as_object()?.clone();
        let parts =
            map.into_iter().filter_map(|(name, value)| Some((name, Some(assigned(value)?)))).collect();
        return choose(&|_| Touch::Parts(BTreeMap::clone(&parts)));
    }
    choose(&|item| {
        if values.iter().any(|value| means(attribute, value, item)) { Touch::Gone } else { Touch::Keep }
    })
}

/// What a value says, read as liberally as any client could mean it.
fn said(profile: Profile, attribute: &Attribute, value: &Value, is_element: bool) -> Said {
    let is_list = attribute.multi_valued && !is_element;
    let empties = profile.has(Flag::EmptyClears);
    let value = match unwrapped(attribute, value, is_list) {
        // A list of one is that value.
        Value::Array(items) if !is_list && items.len() == 1 => unwrapped(attribute, &items[0], false),
        other => other,
    };
    let clears = |value: &Value| match value {
        Value::String(text) => text.is_empty() && attribute.sub("value").is_some(),
        Value::Object(map) if attribute.sub("value").is_some() => match map.get("value") {
            Some(value) => value.is_null() || value == "",
            None => map.is_empty() && !attribute.multi_valued,
        },
        _ => false,
    };
    let is_fixed = attribute.sub("value").is_some_and(|sub| sub.mutability == Mutability::Immutable);
    if value.is_null() || (is_list && value.as_array().is_some_and(Vec::is_empty)) {
        return Said::Clear;
    }
    let items = match value {
        Value::Array(items) => items,
        one => vec![one],
    };
    if empties
        && items.iter().all(|item| clears(&unwrapped(attribute, item, false)))
        && !(is_fixed && is_list)
    {
        return Said::Clear;
    }
    if empties && is_list && items.as_slice() == [Value::from("")] && attribute.kind == Type::Complex {
        return Said::Clear;
    }
    if empties && is_list && items.len() == 1 && items[0] == "" {
        return Said::Clear;
    }
    let values: Vec<Value> = items.iter().filter_map(|item| one(attribute, item)).collect();
    if values.is_empty() { Said::Nothing } else { Said::Values(values) }
}

/// What stands in a text as JSON, and under the attribute's own name.
fn unwrapped(attribute: &Attribute, value: &Value, is_list: bool) -> Value {
    let mut value = value.clone();
    for _ in 0..4 {
        let inside = match &value {
            Value::String(text) if attribute.kind == Type::Complex || is_list => {
                let read = serde_json::from_str(text).ok();
                read.filter(|read: &Value| {
                    read.is_array() || (read.is_object() && attribute.kind == Type::Complex)
                })
            }
            Value::Object(map) if is_list && attribute.sub(&attribute.name).is_none() => {
                map.get(&attribute.name).cloned()
            }
            _ => None,
        };
        match inside {
            Some(inside) => value = inside,
            None => break,
        }
    }
    value
}

/// One value, with the parts alone that a client may write.
fn one(attribute: &Attribute, value: &Value) -> Option<Value> {
    let value = match unwrapped(attribute, value, false) {
        Value::Array(items) if items.len() == 1 => unwrapped(attribute, &items[0], false),
        other => other,
    };
    if attribute.kind != Type::Complex {
        return (!value.is_null() && !value.is_object() && !value.is_array()).then_some(value);
    }
    match value {
        Value::Object(map) => {
            let known = |(name, value): (String, Value)| {
                let sub = attribute.sub(&name).filter(|sub| sub.mutability != Mutability::ReadOnly)?;
                Some((sub.name.clone(), value))
            };
            let map: Map<String, Value> = map.into_iter().filter_map(known).collect();
            (!map.is_empty()).then_some(Value::Object(map))
        }
        Value::Null | Value::Array(_) => None,
        bare if bare == "" => None,
        bare => attribute.sub("value").map(|_| Value::Object(Map::from_iter([("value".to_owned(), bare)]))),
    }
}

/// A part's value, if it is one.
fn assigned(value: Value) -> Option<Value> {
    let is_none = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    (!is_none).then_some(value)
}

/// Texts as the attribute compares them; whatever else by how it is written.
fn same(attribute: Option<&Attribute>, a: &Value, b: &Value) -> bool {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let (a, b) = (text(a), text(b));
    a == b || (!attribute.is_some_and(|it| it.case_exact) && a.to_lowercase() == b.to_lowercase())
}

/// Whether an element has a part of this value.
fn has(attribute: &Attribute, item: &Value, sub: &str, wanted: &Value) -> bool {
    if attribute.sub_attributes.is_empty() {
        return same(Some(attribute), item, wanted);
    }
    let found = item.get(sub).map(|found| list(Some(found))).unwrap_or_default();
    found.iter().any(|found| same(attribute.sub(sub), found, wanted))
}

/// RFC 7643 §2.4: the same `value` and `type`.
fn is_same(attribute: &Attribute, a: &Value, b: &Value) -> bool {
    if attribute.sub_attributes.is_empty() {
        return same(Some(attribute), a, b);
    }
    if a.get("value").is_none() || b.get("value").is_none() {
        return a == b;
    }
    ["value", "type"].iter().all(|name| match (a.get(name), b.get(name)) {
        (Some(a), Some(b)) => same(attribute.sub(name), a, b),
        (a, b) => a.is_none() && b.is_none(),
    })
}

/// Whether a value that is to go means this one: by its `value` and `type`, else by all that it says.
fn means(attribute: &Attribute, value: &Value, item: &Value) -> bool {
    let Value::Object(map) = value else { return same(Some(attribute), value, item) };
    let is_member = attribute.sub("value").is_some_and(|sub| sub.mutability == Mutability::Immutable);
    let has_value = map.get("value").is_some_and(|value| !value.is_null() && value != "");
    map.iter().all(|(name, value)| {
        let counts = !has_value || name == "value" || (name == "type" && !is_member);
        let values = list(Some(value));
        !counts
            || value.is_null()
            || value == ""
            || values.iter().all(|value| has(attribute, item, name, value))
    })
}

/// What the operation was to give and what is not there: of values that are as they should be.
fn lost(world: &World, op: &str, meant: &Meant, after: &[Value]) -> Option<Value> {
    let attribute = world.target(meant);
    if op == "remove" || meant.filter.is_some() || attribute.multi_valued != meant.value.as_ref()?.is_array()
    {
        return None;
    }
    let is_right = |value: &Value| match (attribute.kind, value) {
        (Type::Complex, Value::Object(map)) => {
            !map.is_empty()
                && map
                    .iter()
                    .all(|(name, value)| attribute.sub(name).is_some() && !value.is_null() && value != "")
        }
        (Type::Complex, _) => false,
        (Type::Boolean, value) => value.is_boolean(),
        (Type::Integer, value) => value.is_i64(),
        (_, value) => value.as_str().is_some_and(|text| !text.is_empty() && !text.starts_with(['[', '{'])),
    };
    let given = list(meant.value.as_ref());
    let there = |given: &Value| {
        let at = |item: &Value| meant.sub.as_ref().map_or(Some(item.clone()), |sub| item.get(sub).cloned());
        let values: Vec<Value> = after.iter().filter_map(at).flat_map(|value| list(Some(&value))).collect();
        let parts = given.as_object().cloned().unwrap_or_default();
        values.iter().any(|found| match attribute.kind {
            Type::Complex => ["value", "type", "given", "givenName"].iter().all(|name| {
                let part = parts.get(*name).filter(|part| part.is_string() && **part != "");
                let sub = attribute.sub(name).filter(|sub| sub.mutability != Mutability::ReadOnly);
                let Some((part, sub)) = part.zip(sub) else { return true };
                found.get(name).is_some_and(|found| same(Some(sub), found, part))
                    // Of what stands twice the first counts.
                    || !["value", "type"].contains(name)
            }),
            _ => same(Some(attribute), found, given),
        })
    };
    given.into_iter().filter(is_right).find(|given| !there(given))
}

struct Context<'a> {
    attribute: &'a Attribute,
    op: &'a str,
    profile: Profile,
    named: &'a Named,
    after: &'a [Value],
}

impl Context<'_> {
    /// Whether these became those, in order, each as it may.
    fn fits(&self, old: &[(Value, Touch)], new: &[Value]) -> bool {
        let Some(((item, touch), rest)) = old.split_first() else {
            return new.iter().all(|new| self.may_be_new(new));
        };
        let pairs = new.split_first().is_some_and(|(first, others)| {
            (self.may_become(item, touch, first) && self.fits(rest, others))
                || (self.may_be_new(first) && self.fits(old, others))
        });
        pairs || (self.may_go(item, touch) && self.fits(rest, new))
    }

    /// What is new is made of what was sent.
    fn may_be_new(&self, new: &Value) -> bool {
        let Some(source) = &self.named.source else { return false };
        match new {
            Value::Object(map) => map.iter().all(|(name, value)| name == "primary" || self.may_be_new(value)),
            Value::Array(items) => items.iter().all(|item| self.may_be_new(item)),
            Value::String(text) => source.contains(&text.to_lowercase()),
            other => source.contains(&other.to_string()),
        }
    }

    fn may_become(&self, old: &Value, touch: &Touch, new: &Value) -> bool {
        match touch {
            Touch::Gone => false,
            Touch::Replaced => {
                let parts =
                    Named { touched: Vec::new(), source: self.named.source.clone(), makes_primary: true };
                parts.source.is_none() || self.may_be_new(new)
            }
            Touch::Keep => self.is_kept(old, new, &BTreeMap::new()),
            Touch::Parts(parts) => self.is_kept(old, new, parts),
        }
    }

    /// Whether all but these parts is as it was, and these are as given.
    fn is_kept(&self, old: &Value, new: &Value, parts: &BTreeMap<String, Option<Value>>) -> bool {
        let (Value::Object(before), Value::Object(after)) = (old, new) else { return old == new };
        let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
        names.dedup();
        names.into_iter().all(|name| {
            let (before, after) = (before.get(name), after.get(name));
            match parts.get(name) {
                Some(given) => self.part(name, given.as_ref(), before, after),
                None => {
                    let unset = name == "primary" && self.named.makes_primary;
                    before == after
                        || (unset && before == Some(&true.into()) && after == Some(&false.into()))
                        // The first of two takes the other's `primary` (RFC 7643 §2.4).
                        || (unset && after == Some(&true.into()))
                }
            }
        })
    }

    fn part(&self, name: &str, given: Option<&Value>, before: Option<&Value>, after: Option<&Value>) -> bool {
        let Some(sub) = self.attribute.sub(name) else { return before == after };
        let (old, new) = (list(before), list(after));
        let within =
            |few: &[Value], many: &[Value]| few.iter().all(|a| many.iter().any(|b| same(Some(sub), a, b)));
        match (self.op, given) {
            ("remove", None) => after.is_none(),
            ("remove", Some(given)) => {
                let Said::Values(gone) = said(self.profile, sub, given, false) else {
                    return before == after;
                };
                let stays = |value: &&Value| !gone.iter().any(|gone| same(Some(sub), gone, value));
                old.iter().filter(stays).cloned().collect::<Vec<_>>() == new
            }
            ("add", Some(_)) if sub.multi_valued => within(&old, &new),
            (_, None) => after.is_none() || before == after,
            (_, Some(given)) => match said(self.profile, sub, given, false) {
                Said::Clear => true,
                Said::Nothing => before == after,
                Said::Values(_) => after.is_some(),
            },
        }
    }

    fn may_go(&self, old: &Value, touch: &Touch) -> bool {
        match touch {
            Touch::Gone | Touch::Replaced => true,
            Touch::Keep => self.is_repeated(old, &BTreeMap::new()),
            Touch::Parts(parts) => {
                let left = old.as_object().is_some_and(|old| old.keys().all(|name| parts.contains_key(name)));
                let clears = parts.iter().all(|(name, given)| {
                    let before = old.get(name);
                    before.is_none() || self.part(name, given.as_ref(), before, None)
                });
                (left && clears) || self.is_repeated(old, parts)
            }
        }
    }

    /// Whether another became the same, of which one is kept (RFC 7643 §2.4).
    fn is_repeated(&self, old: &Value, parts: &BTreeMap<String, Option<Value>>) -> bool {
        let without = |value: &Value| {
            let mut value = value.clone();
            if let Value::Object(map) = &mut value {
                map.retain(|name, _| !parts.contains_key(name));
            }
            value
        };
        let changed: Value = match old {
            Value::Object(map) => {
                let set = parts.iter().filter_map(|(name, given)| Some((name.clone(), given.clone()?)));
                map.clone().into_iter().chain(set).collect()
            }
            other => other.clone(),
        };
        let repeats = |new: &Value| {
            is_same(self.attribute, &changed, new) || is_same(self.attribute, &without(old), &without(new))
        };
        let changes = self.named.touched.iter().any(|touch| !matches!(touch, Touch::Keep));
        changes && self.after.iter().any(repeats)
    }
}
