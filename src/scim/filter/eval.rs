//! Evaluation of a compiled filter over a resource's JSON.

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
    let attribute = owner.and_then(|owner| owner.get(&target.attribute));
    open(attribute).flat_map(move |value| match &target.sub_attribute {
        Some(sub) => open(value.as_object().and_then(|map| map.get(sub))),
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
            let folded;
            let text = if case_exact {
                text.as_str()
            } else {
                folded = fold(text);
                folded.as_str()
            };
            match operator {
                Co => return text.contains(wanted.as_str()),
                Sw => return text.starts_with(wanted.as_str()),
                Ew => return text.ends_with(wanted.as_str()),
                _ => Some(text.cmp(wanted.as_str())),
            }
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
