//! Evaluation of a compiled filter over a resource's JSON.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::ast::Operator;
use super::compile::{Compiled, Operand, Target};
use crate::scim::name::fold;
use crate::scim::schema::instant;

/// Whether a resource satisfies the filter. Multi-valued attributes match when one of
/// their values does.
pub fn matches(filter: &Compiled, resource: &Map<String, Value>) -> bool {
    match filter {
        Compiled::And(parts) => parts.iter().all(|part| matches(part, resource)),
        Compiled::Or(parts) => parts.iter().any(|part| matches(part, resource)),
        Compiled::Not(inner) => !matches(inner, resource),
        Compiled::Present(target) => values(target, resource).any(is_present),
        Compiled::Compare(target, operator, operand) => {
            if matches!(operand, Operand::Null) {
                let present = values(target, resource).any(is_present);
                return present == (*operator == Operator::Ne);
            }
            if *operator == Operator::Ne {
                // `ne` is the opposite of `eq`, so a missing attribute is not equal.
                return !values(target, resource)
                    .any(|v| compare(v, Operator::Eq, operand, target.case_exact));
            }
            values(target, resource).any(|value| compare(value, *operator, operand, target.case_exact))
        }
        Compiled::Element(target, all) => values(target, resource).any(|value| element(all, value)),
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

/// All values at a target, arrays opened.
fn values<'a>(target: &'a Target, resource: &'a Map<String, Value>) -> impl Iterator<Item = &'a Value> {
    let owner = match &target.extension {
        Some(urn) => resource.get(urn).and_then(Value::as_object),
        None => Some(resource),
    };
    let attribute = owner.and_then(|owner| lookup(owner, &target.attribute));
    open(attribute).flat_map(move |value| match &target.sub_attribute {
        Some(sub) => open(value.as_object().and_then(|map| lookup(map, sub))),
        None => open(Some(value)),
    })
}

fn open(value: Option<&Value>) -> std::slice::Iter<'_, Value> {
    match value {
        Some(Value::Array(items)) => items.iter(),
        Some(value) => std::slice::from_ref(value).iter(),
        None => [].iter(),
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

fn compare(value: &Value, operator: Operator, operand: &Operand, case_exact: bool) -> bool {
    use Operator::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
    let ordering = match (value, operand) {
        (Value::String(text), Operand::Text(wanted)) => {
            return compare_text(text, operator, wanted, case_exact);
        }
        (Value::String(text), Operand::Instant(wanted)) => instant(text).map(|at| at.cmp(wanted)),
        (Value::Number(number), Operand::Number(wanted)) => {
            number.as_f64().and_then(|n| n.partial_cmp(wanted))
        }
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

/// `wanted` is folded already where case does not matter.
fn compare_text(text: &str, operator: Operator, wanted: &str, case_exact: bool) -> bool {
    use Operator::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
    if !case_exact && text.is_ascii() && !matches!(operator, Gt | Ge | Lt | Le) {
        // The common case, without a copy of the text.
        let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
        let same = |part: Option<&[u8]>| part.is_some_and(|part| part.eq_ignore_ascii_case(wanted));
        return match operator {
            Sw => same(text.get(..wanted.len())),
            Ew => same(text.len().checked_sub(wanted.len()).and_then(|start| text.get(start..))),
            Co => match wanted.split_first() {
                None => true,
                Some((first, _)) => text.windows(wanted.len()).any(|part| {
                    part.first().is_some_and(|b| b.eq_ignore_ascii_case(first)) && same(Some(part))
                }),
            },
            Ne => !same(Some(text)),
            _ => same(Some(text)),
        };
    }
    let text = if case_exact { Cow::Borrowed(text) } else { Cow::Owned(fold(text)) };
    match operator {
        Eq => text == wanted,
        Ne => text != wanted,
        Co => text.contains(wanted),
        Sw => text.starts_with(wanted),
        Ew => text.ends_with(wanted),
        Gt => *text > *wanted,
        Ge => *text >= *wanted,
        Lt => *text < *wanted,
        Le => *text <= *wanted,
    }
}

/// An attribute by name. Resources have few of them, so looking beats hashing.
fn lookup<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if map.len() > 24 {
        return map.get(name);
    }
    map.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
}
