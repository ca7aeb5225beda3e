//! Whether a resource is one (RFC 7643 §2, §3, §7).
//!
//! The result is the resource in the schema's own spelling, without what a client may
//! not write, without unassigned values (RFC 7643 §2.5: `null` and `[]` are absent). All
//! faults are collected, not the first alone. Values are changed where they stand: a
//! resource that is already as it should be costs no copy. What directories send beside the
//! schema is made strict before, by the tenant's profile (`compat`).

use std::fmt;

use serde_json::{Map, Value};

use super::builtin::common;
use super::fault::shown;
use super::{
    Attribute, Fault, Faults, Mutability, Registry, ResourceType, Returned, Rule, Type, repeat, value,
};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::name::is_user_name;

/// Most bytes of a password: more than anybody types, and hashed at once.
const MAX_PASSWORD: usize = 1_024;
/// Longest name that is compared with what RFC 8265 allows; whether a longer one is kept, its
/// length decides.
const MAX_PREPARED: usize = 1_024;

/// What the tenant leaves open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Take values beside the canonical ones, and references that lead elsewhere than the
    /// schema says; RFC 7643 §7 calls the former suggested.
    pub open_values: bool,
}

/// What is being done, and what was there before.
#[derive(Clone, Copy, Debug)]
pub enum Write<'a> {
    /// A new resource.
    Create,
    /// A resource in place of this one (RFC 7644 §3.5.1).
    Replace(&'a Map<String, Value>),
    /// What a PATCH left of this one (RFC 7644 §3.5.2).
    Patch(&'a Map<String, Value>),
    /// A resource as it was stored elsewhere: it names no schemas, and what no client may write
    /// was written by the service.
    Restore,
}

/// Checks a whole resource.
///
/// # Errors
/// Every fault, in the order of the document; what is missing comes last.
pub fn check(
    registry: &Registry,
    kind: &ResourceType,
    rules: Rules,
    write: Write<'_>,
    resource: Map<String, Value>,
) -> Result<Map<String, Value>, Faults> {
    let (resource, faults) = examine(registry, kind, rules, write, resource);
    if faults.0.is_empty() { Ok(resource) } else { Err(faults) }
}

/// A whole resource as [`check`] leaves it, and its faults: for those who go on in spite of some.
pub fn examine(
    registry: &Registry,
    kind: &ResourceType,
    rules: Rules,
    write: Write<'_>,
    mut resource: Map<String, Value>,
) -> (Map<String, Value>, Faults) {
    let mut checker = Checker { rules, registry: Some(registry), write, faults: Faults::default() };
    let own = registry.schema(&kind.schema).map_or(&[][..], |schema| &schema.attributes);
    let root = Place { parent: None, joint: '.', name: "" };
    if !matches!(write, Write::Restore) {
        checker.schemas(registry, kind, &mut resource);
    }
    let (before, patched) = match write {
        Write::Create | Write::Restore => (None, None),
        Write::Replace(before) => (Some(before), None),
        Write::Patch(before) => (Some(before), Some(before)),
    };
    checker.members(&root, &[common(), own], Some((registry, kind)), patched, &mut resource);
    checker.keep(&root, own, before, &mut resource);
    checker.required(&root, own, patched, &resource);
    for (urn, required) in &kind.extensions {
        let Some(schema) = registry.schema(urn) else { continue };
        let place = Place { parent: None, joint: ':', name: &schema.id };
        let (before, patched) = (part(before, &schema.id), part(patched, &schema.id));
        let mut now = match resource.get_mut(&schema.id) {
            Some(Value::Object(now)) => std::mem::take(now),
            _ => Map::new(),
        };
        checker.keep(&place, &schema.attributes, before, &mut now);
        if !now.is_empty() {
            checker.required(&place, &schema.attributes, patched, &now);
            resource.insert(schema.id.clone(), Value::Object(now));
        } else if *required && (patched.is_some() || !matches!(write, Write::Patch(_))) {
            let expected = "is required: every resource of this type has this extension";
            checker.missing(&place, expected, "RFC 7643 §6", patched.is_some());
        }
    }
    (resource, checker.faults)
}

/// An extension's part of a resource.
fn part<'a>(whole: Option<&'a Map<String, Value>>, urn: &str) -> Option<&'a Map<String, Value>> {
    whole?.get(urn)?.as_object()
}

/// Checks one value for an attribute, as a PATCH operation carries it: what is required is
/// asked for, and what the tenant leaves open is judged, when the operations are done.
///
/// # Errors
/// 400 `invalidValue` that names every fault.
pub fn check_value(path: &str, attribute: &Attribute, value: Value) -> Result<Option<Value>, ScimError> {
    checked(None, Rules { open_values: true }, path, attribute, value)
}

/// Checks a group's members, which stand in no document that would be judged later.
///
/// # Errors
/// As [`check_value`].
pub fn check_members(
    registry: &Registry,
    rules: Rules,
    path: &str,
    attribute: &Attribute,
    members: Value,
) -> Result<(), ScimError> {
    checked(Some(registry), rules, path, attribute, members).map(drop)
}

fn checked(
    registry: Option<&Registry>,
    rules: Rules,
    path: &str,
    attribute: &Attribute,
    mut value: Value,
) -> Result<Option<Value>, ScimError> {
    let nothing = Map::new();
    let mut checker = Checker { rules, registry, write: Write::Patch(&nothing), faults: Faults::default() };
    let place = Place { parent: None, joint: '.', name: path };
    let kept = checker.attribute(&place, attribute, &mut value);
    if checker.faults.0.is_empty() { Ok(kept.then_some(value)) } else { Err(checker.faults.into()) }
}

/// Where in the resource; told only when there is a fault.
pub(super) struct Place<'a> {
    pub(super) parent: Option<&'a Place<'a>>,
    /// Between this and what stands in it.
    pub(super) joint: char,
    pub(super) name: &'a str,
}

impl<'a> Place<'a> {
    pub(super) const fn sub(&'a self, name: &'a str) -> Self {
        Place { parent: Some(self), joint: '.', name }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent.filter(|parent| !parent.name.is_empty()) {
            write!(out, "{parent}{}", parent.joint)?;
        }
        out.write_str(self.name)
    }
}

pub(super) struct Checker<'a> {
    pub(super) rules: Rules,
    /// Absent where one value is checked by itself.
    registry: Option<&'a Registry>,
    pub(super) write: Write<'a>,
    faults: Faults,
}

impl Checker<'_> {
    const fn restores(&self) -> bool {
        matches!(self.write, Write::Restore)
    }

    pub(super) fn fault(
        &mut self,
        place: &Place<'_>,
        rule: Rule,
        section: &'static str,
        expected: impl Into<String>,
        found: Option<&Value>,
    ) {
        self.faults.push(Fault {
            path: place.to_string(),
            rule,
            section,
            found: found.map(shown).unwrap_or_default(),
            expected: expected.into(),
            scim_type: if rule == Rule::Mutability { ScimType::Mutability } else { ScimType::InvalidValue },
        });
    }

    /// A required value that a PATCH took away is the one case where RFC 7644 §3.5.2.2 has
    /// `mutability` for it.
    pub(super) fn missing(
        &mut self,
        place: &Place<'_>,
        expected: &str,
        section: &'static str,
        removed: bool,
    ) {
        self.fault(place, Rule::Required, section, expected, None);
        if let Some(fault) = self.faults.0.last_mut().filter(|_| removed) {
            fault.scim_type = ScimType::Mutability;
        }
    }

    /// `schemas` (RFC 7643 §3): it names the type's own schema and, unless values are open, none
    /// but its extensions. What is kept of it is what the resource really has.
    fn schemas(&mut self, registry: &Registry, kind: &ResourceType, resource: &mut Map<String, Value>) {
        let place = Place { parent: None, joint: '.', name: "schemas" };
        let name = resource.keys().find(|name| name.eq_ignore_ascii_case("schemas")).cloned();
        let given = name.and_then(|name| resource.get_mut(&name));
        let is = |urn: &Value, id: &str| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(id));
        match given {
            None if !matches!(self.write, Write::Patch(_)) => {
                self.fault(
                    &place,
                    Rule::Schemas,
                    "RFC 7643 §3",
                    format!("must hold `{}`", kind.schema),
                    None,
                );
            }
            None => {}
            Some(Value::Array(urns)) => {
                if !urns.iter().any(|urn| is(urn, &kind.schema)) {
                    let expected = format!("must hold `{}`", kind.schema);
                    self.fault(&place, Rule::Schemas, "RFC 7643 §3", expected, None);
                }
                let known =
                    |urn: &&Value| is(urn, &kind.schema) || kind.extensions.iter().any(|(id, _)| is(urn, id));
                if !self.rules.open_values
                    && let Some(urn) = urns.iter().find(|urn| !known(urn))
                {
                    let expected = format!("must name schemas of {}", kind.name);
                    self.fault(&place, Rule::Schemas, "RFC 7643 §3", expected, Some(urn));
                }
                let present = registry.extensions(kind).filter(|schema| {
                    resource.iter().any(|(name, value)| {
                        name.eq_ignore_ascii_case(&schema.id)
                            && value.as_object().is_some_and(|m| !m.is_empty())
                    })
                });
                let held: Vec<_> =
                    std::iter::once(kind.schema.as_str()).chain(present.map(|s| s.id.as_str())).collect();
                let held = Value::from(held);
                let name = resource.keys().find(|name| name.eq_ignore_ascii_case("schemas")).cloned();
                if let Some(urns) = name.and_then(|name| resource.get_mut(&name)) {
                    *urns = held;
                }
            }
            Some(other) => {
                let other = std::mem::take(other);
                self.fault(&place, Rule::Schemas, "RFC 7643 §3", "must be an array of URNs", Some(&other));
                if let Some(fault) = self.faults.0.last_mut() {
                    fault.scim_type = ScimType::InvalidSyntax;
                }
            }
        }
    }

    /// Reads the members of a resource or of a complex value. `root`: extensions may stand here.
    /// `before`: what a PATCH found; what it did not touch is not judged again.
    fn members(
        &mut self,
        place: &Place<'_>,
        attributes: &[&[Attribute]],
        root: Option<(&Registry, &ResourceType)>,
        before: Option<&Map<String, Value>>,
        map: &mut Map<String, Value>,
    ) {
        let mut spelled = true;
        // Most members stand where they stood, so that looking beside beats looking up.
        let mut beside = before.map(Map::iter);
        map.retain(|name, value| {
            let old = match beside.as_mut().and_then(Iterator::next) {
                Some((same, old)) if same == name => Some(old),
                _ => before.and_then(|before| before.get(name)),
            };
            if old == Some(&*value) {
                return true;
            }
            if let Some(attribute) = find(attributes, name) {
                spelled &= attribute.name == *name;
                return self.attribute(&place.sub(&attribute.name), attribute, value);
            }
            let extension = root.and_then(|(registry, kind)| {
                registry.extensions(kind).find(|schema| schema.id.eq_ignore_ascii_case(name))
            });
            let Some(schema) = extension else {
                self.fault(&place.sub(name), Rule::Unknown, "RFC 7643 §2.1", "is not in the schema", None);
                return false;
            };
            spelled &= schema.id == *name;
            let place = Place { parent: None, joint: ':', name: &schema.id };
            match value {
                Value::Object(part) => {
                    let old = old.and_then(Value::as_object);
                    self.members(&place, &[&schema.attributes], None, old, part);
                    !part.is_empty()
                }
                Value::Null => false,
                _ => {
                    self.fault(&place, Rule::Type, "RFC 7643 §3.3", "must be an object", Some(value));
                    false
                }
            }
        });
        if !spelled {
            for (name, value) in std::mem::take(map) {
                let extension = root.and_then(|(registry, _)| registry.schema(&name));
                let own = find(attributes, &name).map(|attribute| &attribute.name);
                let name = own.or(extension.map(|schema| &schema.id)).cloned().unwrap_or(name);
                if map.contains_key(&name) {
                    let expected = "stands twice, in names of different case; send it once";
                    self.fault(&place.sub(&name), Rule::Repeated, "RFC 7643 §2.1", expected, None);
                }
                map.insert(name, value);
            }
        }
    }

    /// Whether the value is to be kept: not when it is unassigned, not writable or faulty.
    fn attribute(&mut self, place: &Place<'_>, attribute: &Attribute, value: &mut Value) -> bool {
        let is_kept = attribute.mutability != Mutability::ReadOnly || self.restores();
        if !is_kept || value.is_null() {
            return false;
        }
        match (attribute.multi_valued, value) {
            (false, Value::Array(_)) => {
                let expected = "takes one value, not an array";
                self.fault(place, Rule::MultiValued, "RFC 7643 §2.4", expected, None);
                false
            }
            (false, value) => self.single(place, attribute, value),
            (true, Value::Array(items)) => self.several(place, attribute, items),
            (true, value) => {
                let found = told(attribute, value);
                self.fault(place, Rule::MultiValued, "RFC 7643 §2.4", "takes an array", found);
                false
            }
        }
    }

    fn several(&mut self, place: &Place<'_>, attribute: &Attribute, items: &mut Vec<Value>) -> bool {
        let (given, faults) = (!items.is_empty(), self.faults.0.len());
        items.retain_mut(|item| self.single(place, attribute, item));
        // Only an empty list says that there is no value (RFC 7643 §2.5).
        if given && !self.restores() && items.is_empty() && faults == self.faults.0.len() {
            let expected = "holds no value that the schema knows; send one, or `[]` for none";
            self.fault(place, Rule::Type, "RFC 7643 §2.5", expected, None);
        }
        if !self.restores() {
            repeat::drop_repeated(attribute, items);
        }
        let primaries = items.iter().filter(|item| item.get("primary") == Some(&Value::Bool(true))).count();
        if primaries > 1 {
            let expected = "has more than one primary value; mark one";
            self.fault(place, Rule::Primary, "RFC 7643 §2.4", expected, None);
        }
        !items.is_empty()
    }

    fn single(&mut self, place: &Place<'_>, attribute: &Attribute, value: &mut Value) -> bool {
        match value {
            Value::Null => return false,
            Value::Object(map) if attribute.kind == Type::Complex => {
                self.members(place, &[&attribute.sub_attributes], None, None, map);
                return !map.is_empty();
            }
            _ => {}
        }
        if let Err((expected, section)) = value::check(attribute.kind, value) {
            self.fault(place, Rule::Type, section, expected, told(attribute, value));
            return false;
        }
        let Value::String(text) = value else { return true };
        if attribute.prepared
            && (1..=MAX_PREPARED).contains(&text.len())
            && !is_user_name(&attribute.key(text))
        {
            let expected = "must be letters, digits and ASCII marks, without spaces";
            self.fault(place, Rule::Prepared, "RFC 8265 §3.3", expected, told(attribute, value));
            return false;
        }
        if attribute.name == "password" && text.len() > MAX_PASSWORD {
            let expected = format!("takes at most {MAX_PASSWORD} bytes");
            self.fault(place, Rule::Type, "RFC 7643 §4.1.1", expected, None);
            return false;
        }
        match value::canonical(attribute, text) {
            Some(known) if known != text.as_str() && !self.restores() => *value = known.into(),
            None if !self.rules.open_values => {
                let expected = format!("must be one of `{}`", attribute.canonical_values.join("`, `"));
                self.fault(place, Rule::CanonicalValues, "RFC 7643 §7", expected, told(attribute, value));
                return false;
            }
            _ => {}
        }
        if attribute.kind == Type::Reference
            && !self.rules.open_values
            && let Value::String(text) = value
            && let Err((expected, section)) = value::refers(attribute, text, self.registry)
        {
            self.fault(place, Rule::ReferenceTypes, section, expected, told(attribute, value));
            return false;
        }
        true
    }
}

/// The value as a fault may show it: no secret.
pub(super) fn told<'v>(attribute: &Attribute, value: &'v Value) -> Option<&'v Value> {
    let secret = attribute.returned == Returned::Never || attribute.mutability == Mutability::WriteOnly;
    (!secret).then_some(value)
}

fn find<'a>(attributes: &[&'a [Attribute]], name: &str) -> Option<&'a Attribute> {
    let all = || attributes.iter().copied().flatten();
    all().find(|a| a.name == *name).or_else(|| all().find(|a| a.name.eq_ignore_ascii_case(name)))
}
