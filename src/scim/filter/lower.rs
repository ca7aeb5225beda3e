//! From a filter to an index predicate that loses no match.
//!
//! The predicate is a superset: what it lets through is evaluated once more, unless it
//! is exact. Only an exact predicate may be negated; anything else lowers to "all rows".

use super::ast::Operator;
use super::compile::{Compiled, Operand, Target};
use crate::scim::directory::{Key, Predicate};

/// Attributes with an index unless a tenant says otherwise, as [`Key::attribute`] writes them.
/// `id` and `members.value` need none.
pub const INDEXED: [&str; 5] = ["username", "externalid", "displayname", "emails.value", "active"];

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
            (Predicate::Or(parts), exact.iter().all(|exact| *exact))
        }
        Compiled::Not(inner) => negated(lower(inner, indexed)),
        Compiled::Compare(target, Operator::Eq, operand) => equals(target, operand, indexed),
        Compiled::Compare(target, Operator::Ne, operand) => negated(equals(target, operand, indexed)),
        Compiled::Element(target, parts) => {
            // A comparison inside an element also holds outside it, though not the other way
            // round: two of them may hold of two elements.
            let alone = matches!(parts.as_slice(), [Compiled::Compare(_, Operator::Eq, _)]);
            let inside: Vec<_> = parts.iter().map(|part| inside(target, part, indexed)).collect();
            let predicate = all(inside);
            let exact = alone && predicate != Predicate::All;
            (predicate, exact)
        }
        Compiled::Compare(..) | Compiled::Present(_) | Compiled::Extended(_) => (Predicate::All, false),
    }
}

/// All of them; "all rows" adds nothing.
fn all(mut parts: Vec<Predicate>) -> Predicate {
    parts.retain(|part| *part != Predicate::All);
    match parts.len() {
        0 => Predicate::All,
        1 => parts.swap_remove(0),
        _ => Predicate::And(parts),
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
        Compiled::Compare(inner, Operator::Eq, operand) => {
            let target = Target { sub_attribute: Some(inner.attribute.clone()), ..target.clone() };
            equals(&target, operand, indexed).0
        }
        _ => Predicate::All,
    }
}

fn equals<S: AsRef<str>>(target: &Target, operand: &Operand, indexed: &[S]) -> (Predicate, bool) {
    let attribute = key(target);
    let value = match operand {
        Operand::Text(text) => text.clone(),
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
