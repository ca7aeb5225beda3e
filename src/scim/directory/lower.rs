//! From a filter to an index predicate that loses no match.
//!
//! The predicate is a superset: what it lets through is evaluated once more, unless it
//! is exact. Only an exact predicate may be negated; anything else lowers to "all rows".

use std::ops::RangeInclusive;

use super::store::{Key, Predicate};
use crate::scim::filter::compile::{Operand, Target};
use crate::scim::filter::{Compiled, Operator};
use crate::scim::schema::Moment;

/// The predicate, and whether it lets through nothing that the filter would not. `indexed`
/// are the attributes of which every value of every resource has its key: paths in lower case,
/// an extension's with its URN and a colon before it.
pub fn lower<S: AsRef<str>>(filter: &Compiled, indexed: &[S]) -> (Predicate, bool) {
    match filter {
        Compiled::And(parts) => {
            let (parts, exact): (Vec<_>, Vec<_>) = parts.iter().map(|part| lower(part, indexed)).unzip();
            (all(parts), exact.iter().all(|exact| *exact))
        }
        Compiled::Or(parts) => {
            let (parts, exact): (Vec<_>, Vec<_>) = parts.iter().map(|part| lower(part, indexed)).unzip();
            if parts.contains(&Predicate::All) {
                return (Predicate::All, false);
            }
            (any(parts), exact.iter().all(|exact| *exact))
        }
        Compiled::Not(inner) => negated(lower(inner, indexed)),
        Compiled::Compare(target, operator, operand) => compare(target, *operator, operand, indexed),
        Compiled::Element(target, parts) => {
            // A comparison inside an element also holds outside it, though not the other way
            // round: two of them may hold of two elements, and one negated needs an element.
            let alone = matches!(parts.as_slice(), [Compiled::Compare(..)]);
            let inside: Vec<_> = parts.iter().map(|part| inside(target, part, indexed)).collect();
            let predicate = all(inside);
            let exact = alone && predicate != Predicate::All;
            (predicate, exact)
        }
        Compiled::Present(_) | Compiled::Extended(_) => (Predicate::All, false),
    }
}

/// All of them; "all rows" adds nothing, and two ranges are one.
fn all(parts: Vec<Predicate>) -> Predicate {
    let mut kept: Vec<Predicate> = Vec::with_capacity(parts.len());
    let mut range: Option<RangeInclusive<i64>> = None;
    for part in parts {
        match part {
            Predicate::All => {}
            Predicate::Modified(other) => {
                range = Some(match range {
                    None => other,
                    Some(range) => *range.start().max(other.start())..=*range.end().min(other.end()),
                });
            }
            part => kept.push(part),
        }
    }
    kept.extend(range.map(Predicate::Modified));
    match kept.len() {
        0 => Predicate::All,
        1 => kept.swap_remove(0),
        _ => Predicate::And(kept),
    }
}

/// One of them; "no row" adds nothing.
fn any(mut parts: Vec<Predicate>) -> Predicate {
    parts.retain(|part| *part != Predicate::None);
    match parts.len() {
        0 => Predicate::None,
        1 => parts.swap_remove(0),
        _ => Predicate::Or(parts),
    }
}

fn negated(lowered: (Predicate, bool)) -> (Predicate, bool) {
    match lowered {
        (predicate, true) => (Predicate::Not(Box::new(predicate)), true),
        _ => (Predicate::All, false),
    }
}

/// A predicate that every resource with an element that satisfies the filter satisfies.
fn inside<S: AsRef<str>>(target: &Target, filter: &Compiled, indexed: &[S]) -> Predicate {
    match filter {
        Compiled::And(parts) => all(parts.iter().map(|part| inside(target, part, indexed)).collect()),
        Compiled::Or(parts) => {
            let parts: Vec<_> = parts.iter().map(|part| inside(target, part, indexed)).collect();
            if parts.contains(&Predicate::All) { Predicate::All } else { Predicate::Or(parts) }
        }
        // An element without the value is also one that does not have it.
        Compiled::Compare(_, Operator::Ne, _) => Predicate::All,
        Compiled::Compare(inner, operator, operand) => {
            let target = Target { sub_attribute: Some(inner.attribute.clone()), ..target.clone() };
            compare(&target, *operator, operand, indexed).0
        }
        _ => Predicate::All,
    }
}

fn compare<S: AsRef<str>>(
    target: &Target,
    operator: Operator,
    operand: &Operand,
    indexed: &[S],
) -> (Predicate, bool) {
    let attribute = key(target);
    if operator == Operator::Ne {
        return negated(compare(target, Operator::Eq, operand, indexed));
    }
    // Every resource has the time of its last change, so that a range of it is exact.
    if let ("meta.lastmodified", Operand::Instant(at)) = (attribute.as_str(), operand) {
        return modified(operator, *at).map_or((Predicate::All, false), |predicate| (predicate, true));
    }
    let value = match operand {
        _ if operator != Operator::Eq => return (Predicate::All, false),
        Operand::Text(text) => text.as_str().to_owned(),
        Operand::Boolean(value) => value.to_string(),
        _ => return (Predicate::All, false),
    };
    match attribute.as_str() {
        "id" => (Predicate::Id(value), true),
        "members.value" => (Predicate::HasMember(value), true),
        name if indexed.iter().any(|known| known.as_ref() == name) => {
            (Predicate::Equals(Key { attribute, value }), true)
        }
        _ => (Predicate::All, false),
    }
}

/// The range of whole milliseconds, which is what a resource's time is kept in. A bound
/// between two of them begins at the next, or ends at the one before.
fn modified(operator: Operator, at: Moment) -> Option<Predicate> {
    let (millis, is_between) = (at.millis, at.picos > 0);
    let range = match operator {
        Operator::Eq if is_between => return Some(Predicate::None),
        Operator::Eq => millis..=millis,
        Operator::Ge if !is_between => millis..=i64::MAX,
        Operator::Gt | Operator::Ge => millis.checked_add(1)?..=i64::MAX,
        Operator::Lt if !is_between => i64::MIN..=millis.checked_sub(1)?,
        Operator::Lt | Operator::Le => i64::MIN..=millis,
        _ => return None,
    };
    Some(Predicate::Modified(range))
}

/// The attribute as [`Key::attribute`] writes it.
fn key(target: &Target) -> String {
    let mut key = target.extension.as_ref().map(|urn| format!("{urn}:")).unwrap_or_default();
    key.push_str(&target.attribute);
    if let Some(sub) = &target.sub_attribute {
        key.push('.');
        key.push_str(sub);
    }
    key.make_ascii_lowercase();
    key
}
