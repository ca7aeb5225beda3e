//! A group's members are rows: operations on them become rows to add and rows to remove.

use serde_json::Value;

use super::op::Op;
use super::place::Place;
use crate::scim::compat::{Flag, Profile};
use crate::scim::error::{ScimError, ScimType, shown};
use crate::scim::filter::ast::{Filter, Literal, Operator};
use crate::scim::filter::compile::compile_element;
use crate::scim::schema::Registry;
use crate::scim::schema::check::{Rules, check_members};

/// What becomes of a group's members, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberChange {
    /// These join.
    Add(Vec<String>),
    /// These leave.
    Remove(Removal),
    /// All leave.
    Clear,
}

/// Members that leave.
#[derive(Clone, Debug, PartialEq)]
pub struct Removal {
    /// Who they are; it fits the schema.
    pub filter: Filter,
    /// The path as it was sent.
    pub path: String,
    /// That nobody is found is no fault.
    pub optional: bool,
}

impl Removal {
    /// Their ids, where the filter names nothing else: `value eq "a" or value eq "b"`.
    pub fn ids(&self) -> Option<Vec<&str>> {
        let mut named = Vec::new();
        named_members(&self.filter, &mut named).then_some(named)
    }
}

pub(super) fn members(
    op: Op,
    place: &Place<'_>,
    value: Value,
    (registry, profile): (&Registry, Profile),
) -> Result<Vec<MemberChange>, ScimError> {
    let in_place = place.sub.is_some() || (place.filter.is_some() && op != Op::Remove);
    if in_place {
        let detail = "a membership cannot be changed in place; remove the member and add another";
        return Err(ScimError::bad(ScimType::Mutability, detail));
    }
    let joining = |value: Value| {
        let ids = ids(&value)?;
        let rules = Rules { open_values: profile.has(Flag::OpenValues) };
        check_members(registry, rules, &place.text, place.attribute, value)?;
        Ok::<_, ScimError>(MemberChange::Add(ids))
    };
    Ok(match (op, &place.filter) {
        (Op::Add, _) => vec![joining(value)?],
        (Op::Replace, _) => vec![MemberChange::Clear, joining(value)?],
        (Op::Remove, None) => vec![MemberChange::Clear],
        (Op::Remove, Some(filter)) => {
            compile_element(filter, place.attribute, profile)
                .map_err(|error| error.into_scim(ScimType::InvalidFilter, &place.text))?;
            let (filter, path) = (filter.clone(), place.text.clone());
            vec![MemberChange::Remove(Removal { filter, path, optional: place.optional })]
        }
    })
}

/// The ids that a filter names, if it names nothing else.
fn named_members<'f>(filter: &'f Filter, named: &mut Vec<&'f str>) -> bool {
    match filter {
        Filter::Or(parts) => parts.iter().all(|part| named_members(part, named)),
        Filter::Compare { path, operator: Operator::Eq, value: Literal::String(id), .. }
            if path.attribute.eq_ignore_ascii_case("value") =>
        {
            named.push(id);
            true
        }
        _ => false,
    }
}

fn ids(value: &Value) -> Result<Vec<String>, ScimError> {
    let items = match value {
        Value::Null => &[][..],
        Value::Array(items) => items,
        _ => return Err(ScimError::bad(ScimType::InvalidValue, "`members` takes an array")),
    };
    let id = |item: &Value| {
        let named = item.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case("value"));
        named.and_then(|(_, id)| id.as_str()).filter(|id| !id.is_empty()).map(str::to_owned)
    };
    let found = |item: &Value| {
        id(item).ok_or_else(|| {
            let detail =
                format!("a member needs a `value`, the member's id; found `{}`", shown(&item.to_string()));
            ScimError::bad(ScimType::InvalidValue, detail)
        })
    };
    items.iter().map(found).collect()
}
