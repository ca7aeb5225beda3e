//! Evaluation of a compiled filter over a resource's JSON, without a copy of it.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::slice::from_ref;

use serde_json::{Map, Number, Value};

use super::ast::Operator;
use super::compile::{Compiled, Operand, Target};
use super::text::{self, Needle};
use crate::scim::effort::{Effort, Exhausted};
use crate::scim::name::{Letters, fold, prepared};
use crate::scim::schema::moment;

/// Texts longer than this are folded once a resource, and not once a comparison.
const LONG: usize = 128;

/// Whether a resource satisfies the filter. Multi-valued attributes match when one of
/// their values does.
pub fn matches(filter: &Compiled, resource: &Map<String, Value>) -> bool {
    matches_within(filter, resource, &Effort::unlimited()).unwrap_or(false)
}

/// As [`matches`], within a request's effort.
///
/// # Errors
/// [`Exhausted`] when the comparisons cost more than is left.
pub fn matches_within(
    filter: &Compiled,
    resource: &Map<String, Value>,
    effort: &Effort,
) -> Result<bool, Exhausted> {
    Look::new(effort).matches(filter, Owner::Map(resource))
}

/// Whether one element of a multi-valued attribute satisfies all the filters, within a request's effort.
///
/// # Errors
/// As [`matches_within`].
pub fn element_within(filters: &[Compiled], value: &Value, effort: &Effort) -> Result<bool, Exhausted> {
    Look::new(effort).element(filters, value)
}

/// What has attributes: a resource, an extension's part of it, an element, or a simple value, whose one
/// attribute is `value`.
#[derive(Clone, Copy)]
enum Owner<'v> {
    Map(&'v Map<String, Value>),
    Simple(&'v Value),
}

impl<'v> Owner<'v> {
    fn get(self, name: &str) -> Option<&'v Value> {
        match self {
            Self::Map(map) => lookup(map, name),
            Self::Simple(value) => (name == "value").then_some(value),
        }
    }
}

/// A look at one resource.
struct Look<'e> {
    effort: &'e Effort,
    /// Long texts as they are compared, by their address: the resource stays where it is.
    texts: RefCell<BTreeMap<(usize, bool), String>>,
}

impl<'e> Look<'e> {
    const fn new(effort: &'e Effort) -> Self {
        Self { effort, texts: RefCell::new(BTreeMap::new()) }
    }

    fn matches(&self, filter: &Compiled, owner: Owner<'_>) -> Result<bool, Exhausted> {
        match filter {
            Compiled::And(parts) => {
                for part in parts {
                    if !self.matches(part, owner)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Compiled::Or(parts) => {
                for part in parts {
                    if self.matches(part, owner)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Compiled::Not(inner) => Ok(!self.matches(inner, owner)?),
            Compiled::Present(target) => self.any(target, owner, &|value| Ok(is_present(value))),
            Compiled::Extended(urn) => {
                self.effort.charge(1)?;
                Ok(owner.get(urn).is_some_and(is_present))
            }
            Compiled::Compare(target, operator, Operand::Null) => {
                let is_there = self.any(target, owner, &|value| Ok(is_present(value)))?;
                Ok(is_there == (*operator == Operator::Ne))
            }
            // `ne` is the opposite of `eq`, so a missing attribute is not equal.
            Compiled::Compare(target, Operator::Ne, operand) => {
                let is_equal = |value: &Value| self.compare(value, Operator::Eq, operand, target.letters);
                Ok(!self.any(target, owner, &is_equal)?)
            }
            Compiled::Compare(target, operator, operand) => {
                self.any(target, owner, &|value| self.compare(value, *operator, operand, target.letters))
            }
            Compiled::Element(target, all) => self.any(target, owner, &|value| self.element(all, value)),
        }
    }

    fn element(&self, filters: &[Compiled], value: &Value) -> Result<bool, Exhausted> {
        let owner = match value {
            Value::Object(map) => Owner::Map(map),
            Value::Null | Value::Array(_) => return Ok(false),
            simple => Owner::Simple(simple),
        };
        for filter in filters {
            if !self.matches(filter, owner)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether one of the values at a target is such, arrays opened.
    fn any(
        &self,
        target: &Target,
        owner: Owner<'_>,
        is_such: &dyn Fn(&Value) -> Result<bool, Exhausted>,
    ) -> Result<bool, Exhausted> {
        self.effort.charge(2)?;
        let owner = match &target.extension {
            Some(urn) => match owner.get(urn) {
                Some(Value::Object(owner)) => Owner::Map(owner),
                _ => return Ok(false),
            },
            None => owner,
        };
        let Some(attribute) = owner.get(&target.attribute) else { return Ok(false) };
        let Some(sub) = &target.sub_attribute else { return self.open(attribute, is_such) };
        for value in opened(attribute) {
            if let Value::Object(map) = value {
                self.effort.charge(1)?;
                if let Some(value) = lookup(map, sub)
                    && self.open(value, is_such)?
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn open(
        &self,
        value: &Value,
        is_such: &dyn Fn(&Value) -> Result<bool, Exhausted>,
    ) -> Result<bool, Exhausted> {
        for value in opened(value) {
            self.effort.charge(1)?;
            if is_such(value)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn compare(
        &self,
        value: &Value,
        operator: Operator,
        operand: &Operand,
        letters: Letters,
    ) -> Result<bool, Exhausted> {
        use Operator::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
        let ordering = match (value, operand) {
            (Value::String(text), Operand::Text(wanted)) => {
                return self.compare_text(text, operator, wanted, letters);
            }
            (Value::String(text), Operand::Instant(wanted)) => {
                self.effort.charge_json(text.len())?;
                moment(text).map(|at| at.cmp(wanted))
            }
            (Value::Number(number), Operand::Number(wanted)) => compare_numbers(number, wanted),
            (Value::Bool(value), Operand::Boolean(wanted)) => Some(value.cmp(wanted)),
            _ => None,
        };
        Ok(ordering.is_some_and(|ordering| match operator {
            Eq => ordering.is_eq(),
            Ne => ordering.is_ne(),
            Gt => ordering.is_gt(),
            Ge => ordering.is_ge(),
            Lt => ordering.is_lt(),
            Le => ordering.is_le(),
            Co | Sw | Ew => false,
        }))
    }

    fn compare_text(
        &self,
        text: &str,
        operator: Operator,
        wanted: &Needle,
        letters: Letters,
    ) -> Result<bool, Exhausted> {
        let looked_at = |text: &str| match operator {
            // A search looks at all of the text, any other comparison at no more than the literal's length.
            Operator::Co => text.len() as u64 / 32,
            _ => text.len().min(wanted.as_str().len()) as u64 / 64,
        };
        match letters {
            Letters::Exact => {
                self.effort.charge(looked_at(text))?;
                return Ok(text::exact(text, operator, wanted));
            }
            Letters::Folded if text.len() <= LONG => {
                // Other letters than ASCII are folded one by one.
                let is_ascii = text.is_ascii();
                self.effort.charge(if is_ascii { text.len() as u64 / 16 } else { text.len() as u64 })?;
                return Ok(if is_ascii {
                    text::folded(text, operator, wanted)
                } else {
                    text::exact(&fold(text), operator, wanted)
                });
            }
            Letters::Folded | Letters::Prepared => {}
        }
        let mut texts = self.texts.borrow_mut();
        let folded = match texts.entry((text.as_ptr().addr(), letters == Letters::Prepared)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                self.effort.charge(folding(text))?;
                place.insert(if letters == Letters::Prepared { prepared(text) } else { fold(text) })
            }
        };
        self.effort.charge(looked_at(folded))?;
        Ok(text::exact(folded, operator, wanted))
    }
}

/// The steps that folding a text costs: ASCII is copied, any other letter is looked up.
fn folding(text: &str) -> u64 {
    let others = text.bytes().filter(|byte| !byte.is_ascii()).count() as u64;
    let letters = text.len() as u64;
    2 + if others == 0 { letters / 32 } else { letters / 4 + others }
}

/// The elements of an array, or the value itself.
fn opened(value: &Value) -> &[Value] {
    value.as_array().map_or(from_ref(value), Vec::as_slice)
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    }
}

/// Exactly, also where a whole number meets a decimal that has no room for all its digits.
fn compare_numbers(number: &Number, wanted: &Number) -> Option<Ordering> {
    let whole = |number: &Number| number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    match (whole(number), whole(wanted)) {
        (Some(number), Some(wanted)) => Some(number.cmp(&wanted)),
        (Some(number), None) => beside(number, wanted.as_f64()?),
        (None, Some(wanted)) => beside(wanted, number.as_f64()?).map(Ordering::reverse),
        (None, None) => number.as_f64()?.partial_cmp(&wanted.as_f64()?),
    }
}

/// Where a whole number stands beside a decimal: by the whole parts, then by what is left.
#[allow(clippy::cast_possible_truncation, reason = "it saturates, far beyond any whole number of JSON")]
fn beside(whole: i128, decimal: f64) -> Option<Ordering> {
    let rest = 0.0.partial_cmp(&decimal.fract())?;
    Some(whole.cmp(&(decimal.trunc() as i128)).then(rest))
}

/// An attribute by name. Resources have few of them, so looking beats hashing.
fn lookup<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if map.len() > 24 {
        return map.get(name);
    }
    map.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
}
