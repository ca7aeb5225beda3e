//! From a filter to an index predicate that loses no match.
//!
//! The predicate is a superset: what it lets through is evaluated once more, unless it
//! is exact. Only an exact predicate may be negated; anything else lowers to "all rows".

use super::ast::Operator;
use super::compile::{Compiled, Operand, Target};
use crate::scim::directory::{Key, Predicate};

/// Attributes with an index, as [`Key::attribute`] writes them.
pub const INDEXED: [&str; 5] = ["username", "externalid", "displayname", "emails.value", "active"];

/// The predicate, and whether it lets through nothing that the filter would not.
pub fn lower(filter: &Compiled) -> (Predicate, bool) {
    match filter {
        Compiled::And(parts) => {
            let (parts, exact): (Vec<_>, Vec<_>) = parts.iter().map(lower).unzip();
            let mut parts: Vec<_> = parts.into_iter().filter(|part| *part != Predicate::All).collect();
            let predicate = match parts.len() {
                0 => Predicate::All,
                1 => parts.swap_remove(0),
                _ => Predicate::And(parts),
            };
            (predicate, exact.iter().all(|exact| *exact))
        }
        Compiled::Or(parts) => {
            let (parts, exact): (Vec<_>, Vec<_>) = parts.iter().map(lower).unzip();
            if parts.contains(&Predicate::All) {
                return (Predicate::All, false);
            }
            (Predicate::Or(parts), exact.iter().all(|exact| *exact))
        }
        Compiled::Not(inner) => match lower(inner) {
            (predicate, true) => (Predicate::Not(Box::new(predicate)), true),
            _ => (Predicate::All, false),
        },
        Compiled::Compare(target, Operator::Eq, operand) => equals(target, operand),
        Compiled::Element(target, all) => {
            // A comparison inside an element also holds outside it, though not the other way round.
            let inside = all.iter().find_map(|filter| inside(target, filter));
            (inside.unwrap_or(Predicate::All), false)
        }
        _ => (Predicate::All, false),
    }
}

/// An indexed comparison that every element that satisfies the filter satisfies.
fn inside(target: &Target, filter: &Compiled) -> Option<Predicate> {
    match filter {
        Compiled::And(parts) => parts.iter().find_map(|part| inside(target, part)),
        Compiled::Compare(inner, Operator::Eq, operand) => {
            let target = Target { sub_attribute: Some(inner.attribute.clone()), ..target.clone() };
            Some(equals(&target, operand).0).filter(|predicate| *predicate != Predicate::All)
        }
        _ => None,
    }
}

fn equals(target: &Target, operand: &Operand) -> (Predicate, bool) {
    if target.extension.is_some() {
        return (Predicate::All, false);
    }
    let attribute = match &target.sub_attribute {
        Some(sub) => format!("{}.{sub}", target.attribute).to_ascii_lowercase(),
        None => target.attribute.to_ascii_lowercase(),
    };
    let value = match operand {
        Operand::Text(text) => text.clone(),
        Operand::Boolean(value) => value.to_string(),
        _ => return (Predicate::All, false),
    };
    match attribute.as_str() {
        "id" => (Predicate::Id(value), true),
        "members.value" => (Predicate::HasMember(value), true),
        _ if INDEXED.contains(&attribute.as_str()) => (Predicate::Equals(Key { attribute, value }), true),
        _ => (Predicate::All, false),
    }
}
