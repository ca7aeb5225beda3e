//! Elements that a value filter names: `emails[type eq "work"]`, alone or with a sub-attribute.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::cost;
use super::op::Op;
use super::place::{Place, Work, is_assigned, is_primary};
use crate::scim::compat::{Flag, Reader};
use crate::scim::effort::{Effort, Exhausted};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::ast::{Filter, Literal, Operator};
use crate::scim::filter::compile::compile_element;
use crate::scim::filter::eval;
use crate::scim::name::fold;
use crate::scim::schema::check::check_value;
use crate::scim::schema::{Attribute, Type};

impl Place<'_> {
    /// Changes the elements that satisfy the filter.
    pub(super) fn filtered(
        &self,
        work: &mut Work<'_, '_>,
        op: Op,
        filter: &Filter,
        present: &mut Option<Value>,
        value: Value,
    ) -> Result<(), ScimError> {
        let mut items = match present.take() {
            None => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(one) => vec![one],
        };
        let mut chosen = self.chosen(work, filter, &items)?;
        let Work { reader, effort, .. } = work;
        let cleared = if self.sub.is_none() { self.unassigned(op, &value) } else { Vec::new() };
        let names_parts = self.sub.is_none() && op == Op::Replace && value.is_object();
        let value = match self.sub {
            Some(sub) => self.checked(op, sub, value)?,
            None if op == Op::Remove => None,
            None => {
                let element = Attribute { multi_valued: false, ..self.attribute.clone() };
                check_value(&self.text, &element, value)?
            }
        };
        if op == Op::Add && value.is_none() {
            *present = self.restored(items);
            return Ok(());
        }
        // Nothing that it could be is named: what is there stays (RFC 7644 §3.5.2.3).
        if names_parts && value.is_none() && cleared.is_empty() {
            let may_lack = chosen.contains(&true) || reader.profile.has(Flag::ReplaceCreates);
            *present = self.restored(items);
            return if may_lack { Ok(()) } else { Err(self.no_target(false)) };
        }
        let mut made_primary = false;
        if !chosen.contains(&true) {
            match self.unmatched(reader, op, filter, op == Op::Remove || value.is_none())? {
                Some(element) => {
                    made_primary = is_primary(&element);
                    items.push(element);
                    chosen.push(true);
                }
                None => {
                    *present = self.restored(items);
                    return Ok(());
                }
            }
        }
        let makes_primary = match self.sub {
            Some(sub) => op != Op::Remove && sub.name == "primary" && value == Some(Value::Bool(true)),
            None => value.as_ref().is_some_and(is_primary),
        } || made_primary;
        if makes_primary && chosen.iter().filter(|chosen| **chosen).count() > 1 {
            let detail = format!("`{}` matches several values, and only one can be primary", self.text);
            return Err(ScimError::bad(ScimType::InvalidValue, detail));
        }
        // A value that only unassigns some parts says nothing of the others.
        let value = value.or_else(|| (!cleared.is_empty()).then(|| Value::Object(Map::new())));
        let copies = chosen.iter().filter(|chosen| **chosen).count().saturating_sub(1);
        cost::copies(effort, copies, value.as_ref())?;
        let merges = op == Op::Add || self.merges(reader, &items, &chosen, value.as_ref());
        for (item, chosen) in items.iter_mut().zip(chosen) {
            if chosen {
                self.change_element(effort, op, item, value.clone(), merges.then_some(cleared.as_slice()))?;
            } else if makes_primary {
                unset_primary(item);
            }
        }
        items.retain(is_assigned);
        *present = self.restored(items);
        Ok(())
    }

    /// Which elements satisfy the filter.
    fn chosen(&self, work: &Work<'_, '_>, filter: &Filter, items: &[Value]) -> Result<Vec<bool>, ScimError> {
        if let Some(named) = Named::read(self.attribute, filter) {
            cost::compared(work.effort, items, named.0.len() as u64)?;
            return Ok(items.iter().map(|item| named.has(item)).collect());
        }
        let compiled = compile_element(filter, self.attribute, work.reader.profile)
            .map_err(|error| error.into_scim(ScimType::InvalidFilter, &self.text))?;
        cost::compared(work.effort, items, cost::terms(filter))?;
        let holds = |item| eval::element_within(std::slice::from_ref(&compiled), item, work.effort);
        items.iter().map(holds).collect::<Result<_, _>>().map_err(Exhausted::of_write)
    }

    /// Whether a `replace` keeps what the elements have and the value does not name.
    fn merges(
        &self,
        reader: &mut Reader<'_>,
        items: &[Value],
        chosen: &[bool],
        value: Option<&Value>,
    ) -> bool {
        let Some(value) = value.filter(|_| self.sub.is_none()) else { return true };
        let keeps = |item: &Value| {
            let names = item.as_object().into_iter().flat_map(Map::keys);
            names.into_iter().any(|name| value.get(name).is_none())
        };
        let kept = items.iter().zip(chosen).any(|(item, chosen)| *chosen && keeps(item));
        !kept || reader.reads(Flag::MergeElements, || self.text.clone(), value, || value.clone())
    }

    fn change_element(
        &self,
        effort: &Effort,
        op: Op,
        item: &mut Value,
        value: Option<Value>,
        merges: Option<&[&Attribute]>,
    ) -> Result<(), ScimError> {
        match (self.sub, value) {
            (Some(sub), value) => {
                let value = Self::joined(effort, op, sub, item, value)?;
                self.set(item, sub, value)?;
            }
            (None, Some(Value::Object(map))) => match merges {
                Some(cleared) if item.is_object() => self.merge(effort, op, item, map, cleared)?,
                _ => {
                    self.fixed(item, &map)?;
                    *item = Value::Object(map);
                }
            },
            (None, value) => *item = value.unwrap_or(Value::Null),
        }
        Ok(())
    }

    /// The element to make where none matches; `None` to leave all as it is.
    fn unmatched(
        &self,
        reader: &mut Reader<'_>,
        op: Op,
        filter: &Filter,
        clears: bool,
    ) -> Result<Option<Value>, ScimError> {
        let path = || self.text.clone();
        if clears {
            let quiet = self.optional
                || reader.reads(Flag::UnmatchedRemove, path, &self.text.as_str().into(), || Value::Null);
            return if quiet { Ok(None) } else { Err(self.no_target(true)) };
        }
        let element = described(self.attribute, filter, op).filter(|_| self.attribute.multi_valued);
        let Some(element) = element else { return Err(self.no_target(false)) };
        let to = || element.clone();
        if op == Op::Add || reader.reads(Flag::ReplaceCreates, path, &self.text.as_str().into(), to) {
            return Ok(Some(element));
        }
        Err(self.no_target(false))
    }

    /// The elements in the form the attribute has: a list, or the one value.
    fn restored(&self, mut items: Vec<Value>) -> Option<Value> {
        if self.attribute.multi_valued { Some(Value::Array(items)) } else { items.pop() }
    }

    fn no_target(&self, clears: bool) -> ScimError {
        let instead = if clears { "name one that is there" } else { "add one first" };
        let detail = format!("no value matches `{}`; {instead}", self.text);
        ScimError::bad(ScimType::NoTarget, detail)
    }
}

/// The elements that a long filter names by their texts and nothing else, as a `remove` with values
/// does: `value eq "a" or value eq "b" and type eq "work"`. Looking an element up among them beats
/// comparing it with each.
struct Named<'a>(BTreeMap<Vec<Part<'a>>, BTreeSet<Vec<String>>>);

/// A sub-attribute by its name; the whole of an element that is simple.
#[derive(Clone, Copy)]
struct Part<'a>(&'a Attribute);

impl Ord for Part<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.name.cmp(&other.0.name)
    }
}

impl PartialOrd for Part<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Part<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Part<'_> {}

impl<'a> Named<'a> {
    /// Fewer terms than these are compared one by one.
    const SEVERAL: usize = 8;

    fn read(attribute: &'a Attribute, filter: &Filter) -> Option<Self> {
        let Filter::Or(elements) = filter else { return None };
        if elements.len() < Self::SEVERAL {
            return None;
        }
        let mut named: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for element in elements {
            let terms = match element {
                Filter::And(terms) => terms.as_slice(),
                term => std::slice::from_ref(term),
            };
            let mut parts = BTreeMap::new();
            for term in terms {
                let Filter::Compare { path, operator: Operator::Eq, value: Literal::String(text), .. } = term
                else {
                    return None;
                };
                let simple = attribute.sub_attributes.is_empty().then_some(attribute);
                let part = attribute.sub(&path.attribute).or(simple)?;
                let is_text = matches!(part.kind, Type::String | Type::Reference | Type::Binary);
                let once = parts.insert(Part(part), part.key(text).into_owned()).is_none();
                if !is_text || !once || (part.multi_valued && simple.is_none()) {
                    return None;
                }
            }
            let (parts, keys): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
            named.entry(parts).or_default().insert(keys);
        }
        Some(Self(named))
    }

    fn has(&self, item: &Value) -> bool {
        let key = |part: &Part<'_>| {
            let value = if item.is_object() { item.get(&part.0.name)? } else { item };
            Some(part.0.key(value.as_str()?).into_owned())
        };
        self.0.iter().any(|(parts, named)| {
            let keys: Option<Vec<String>> = parts.iter().map(key).collect();
            keys.is_some_and(|keys| named.contains(&keys))
        })
    }
}

/// The element that `type eq "work"`, or several such joined by `and`, describes. Where it
/// is to be replaced, one must be a canonical value: any other names nothing yet there.
fn described(attribute: &Attribute, filter: &Filter, op: Op) -> Option<Value> {
    let terms = match filter {
        Filter::And(terms) => terms.as_slice(),
        term => std::slice::from_ref(term),
    };
    let mut element = Map::new();
    let mut canonical = op == Op::Add;
    for term in terms {
        let Filter::Compare { path, operator: Operator::Eq, value, .. } = term else { return None };
        let sub = attribute.sub(&path.attribute)?;
        let value = match (value, sub.kind) {
            (Literal::String(text), Type::Boolean) => Value::Bool(text.eq_ignore_ascii_case("true")),
            (Literal::Boolean(value), Type::Boolean) => Value::Bool(*value),
            (Literal::Number(value), Type::Integer | Type::Decimal) => Value::Number(value.clone()),
            (Literal::String(text), _) => {
                let known = sub.canonical_values.iter().find(|value| fold(value) == fold(text));
                if known.is_none() && !sub.canonical_values.is_empty() && op == Op::Replace {
                    return None;
                }
                canonical |= known.is_some() || sub.canonical_values.is_empty();
                Value::from(known.unwrap_or(text).as_str())
            }
            _ => return None,
        };
        element.insert(sub.name.clone(), value);
    }
    (canonical || element.len() == 1).then_some(Value::Object(element))
}

pub(super) fn set_sub(item: &mut Value, sub: &Attribute, value: Option<Value>) {
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

pub(super) fn unset_primary(item: &mut Value) {
    if let Some(primary) = item.get_mut("primary") {
        *primary = Value::Bool(false);
    }
}
