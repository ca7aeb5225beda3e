//! Evaluation of a compiled filter over a resource's JSON, without a copy of it.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use super::ast::Operator;
use super::compile::{Compiled, Operand, Target};
use super::text;
use crate::scim::name::{Letters, prepared};
use crate::scim::schema::moment;

/// Whether a resource satisfies the filter. Multi-valued attributes match when one of
/// their values does.
pub fn matches(filter: &Compiled, resource: &Map<String, Value>) -> bool {
    match filter {
        Compiled::And(parts) => parts.iter().all(|part| matches(part, resource)),
        Compiled::Or(parts) => parts.iter().any(|part| matches(part, resource)),
        Compiled::Not(inner) => !matches(inner, resource),
        Compiled::Present(target) => any(target, resource, is_present),
        Compiled::Extended(urn) => resource.get(urn).is_some_and(is_present),
        Compiled::Compare(target, operator, Operand::Null) => {
            any(target, resource, is_present) == (*operator == Operator::Ne)
        }
        // `ne` is the opposite of `eq`, so a missing attribute is not equal.
        Compiled::Compare(target, Operator::Ne, operand) => {
            !any(target, resource, |value| compare(value, Operator::Eq, operand, target.letters))
        }
        Compiled::Compare(target, operator, operand) => {
            any(target, resource, |value| compare(value, *operator, operand, target.letters))
        }
        Compiled::Element(target, all) => any(target, resource, |value| element(all, value)),
    }
}

/// Whether one element of a multi-valued attribute satisfies all the filters.
pub fn element(filters: &[Compiled], value: &Value) -> bool {
    match value {
        Value::Object(map) => filters.iter().all(|filter| matches(filter, map)),
        Value::Null | Value::Array(_) => false,
        simple => {
            let wrapped = Map::from_iter([("value".to_owned(), simple.clone())]);
            filters.iter().all(|filter| matches(filter, &wrapped))
        }
    }
}

/// Whether one of the values at a target is such, arrays opened.
fn any(target: &Target, resource: &Map<String, Value>, is_such: impl Fn(&Value) -> bool + Copy) -> bool {
    let owner = match &target.extension {
        Some(urn) => match lookup(resource, urn) {
            Some(Value::Object(owner)) => owner,
            _ => return false,
        },
        None => resource,
    };
    let Some(attribute) = lookup(owner, &target.attribute) else { return false };
    open(attribute, |value| match (&target.sub_attribute, value) {
        (None, value) => is_such(value),
        (Some(sub), Value::Object(map)) => lookup(map, sub).is_some_and(|value| open(value, is_such)),
        (Some(_), _) => false,
    })
}

fn open(value: &Value, is_such: impl Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().any(is_such),
        value => is_such(value),
    }
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

fn compare(value: &Value, operator: Operator, operand: &Operand, letters: Letters) -> bool {
    use Operator::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
    let ordering = match (value, operand) {
        (Value::String(text), Operand::Text(wanted)) => {
            return match letters {
                Letters::Exact => text::exact(text, operator, wanted),
                Letters::Folded => text::folded(text, operator, wanted),
                Letters::Prepared => text::exact(&prepared(text), operator, wanted),
            };
        }
        (Value::String(text), Operand::Instant(wanted)) => moment(text).map(|at| at.cmp(wanted)),
        (Value::Number(number), Operand::Number(wanted)) => compare_numbers(number, wanted),
        (Value::Bool(value), Operand::Boolean(wanted)) => Some(value.cmp(wanted)),
        _ => None,
    };
    ordering.is_some_and(|ordering| match operator {
        Eq => ordering.is_eq(),
        Ne => ordering.is_ne(),
        Gt => ordering.is_gt(),
        Ge => ordering.is_ge(),
        Lt => ordering.is_lt(),
        Le => ordering.is_le(),
        Co | Sw | Ew => false,
    })
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
