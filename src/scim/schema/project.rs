//! Which attributes a reply shows: `returned`, `attributes`, `excludedAttributes`
//! (RFC 7643 §7, RFC 7644 §3.9).

use serde_json::{Map, Value};

use super::builtin::common;
use super::{Attribute, Mutability, Registry, ResourceType, Returned};
use crate::scim::name::AttributePath;
use crate::scim::span::Span;

/// What the client asked to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// `attributes`: only these, and what is always returned.
    pub only: Option<Vec<AttributePath>>,
    /// `excludedAttributes`: all but these.
    pub except: Vec<AttributePath>,
    /// What a write specified of that is shown on request alone: its reply shows it, unless
    /// `attributes` says otherwise (RFC 7643 §7, "request").
    pub specified: Vec<AttributePath>,
}

/// The attributes and sub-attributes of a document that are shown on request alone.
pub fn specified(
    registry: &Registry,
    kind: &ResourceType,
    document: &Map<String, Value>,
) -> Vec<AttributePath> {
    let mut found = Vec::new();
    let schemas = registry.schema(&kind.schema).into_iter().chain(registry.extensions(kind));
    for schema in schemas {
        let part = match document.get(&schema.id) {
            _ if schema.id == kind.schema => document,
            Some(Value::Object(part)) => part,
            _ => continue,
        };
        for attribute in &schema.attributes {
            let Some(value) = part.get(&attribute.name) else { continue };
            found.extend(specified_of(&schema.id, attribute, None, value));
        }
    }
    found
}

/// What a value of an attribute, or of one sub-attribute, writes of that is shown on request alone.
pub(crate) fn specified_of(
    urn: &str,
    attribute: &Attribute,
    sub: Option<&Attribute>,
    value: &Value,
) -> Vec<AttributePath> {
    let on_request = |attribute: &Attribute| attribute.returned == Returned::Request;
    let path = |sub: Option<&Attribute>| AttributePath {
        urn: Some(urn.to_owned()),
        attribute: attribute.name.clone(),
        sub_attribute: sub.map(|sub| sub.name.clone()),
        span: Span::default(),
    };
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let writes = |part: &&Attribute| {
        let named = |name: &String| name.eq_ignore_ascii_case(&part.name);
        sub.is_some_and(|sub| sub.name == part.name)
            || items.iter().filter_map(Value::as_object).any(|item| item.keys().any(named))
    };
    let whole = on_request(attribute).then(|| path(None));
    let parts = attribute.sub_attributes.iter().filter(|part| on_request(part)).filter(writes);
    whole.into_iter().chain(parts.map(|part| path(Some(part)))).collect()
}

impl Selection {
    /// Reads the two query parameters. Names that are none are ignored, as they select nothing.
    pub fn parse(attributes: Option<&str>, excluded: Option<&str>) -> Self {
        let list = |text: &str| {
            text.split(',').filter_map(|name| AttributePath::parse(name.trim(), 0).ok()).collect::<Vec<_>>()
        };
        Self {
            only: attributes.filter(|text| !text.trim().is_empty()).map(list),
            except: excluded.map(list).unwrap_or_default(),
            specified: Vec::new(),
        }
    }

    /// How many names it holds.
    #[must_use]
    pub fn names(&self) -> usize {
        self.only.as_ref().map_or(0, Vec::len) + self.except.len() + self.specified.len()
    }

    /// The same, but that an attribute of the core schema is not shown.
    #[must_use]
    pub fn without(mut self, attribute: &str) -> Self {
        match &mut self.only {
            Some(only) => only.retain(|path| !path.attribute.eq_ignore_ascii_case(attribute)),
            None => self.except.extend(AttributePath::parse(attribute, 0).ok()),
        }
        self
    }

    /// Whether a top-level attribute of the core schema will be shown at all.
    pub fn shows(&self, attribute: &str) -> bool {
        let names = |path: &AttributePath| path.attribute.eq_ignore_ascii_case(attribute);
        match &self.only {
            Some(only) => only.iter().any(names),
            None => !self.except.iter().any(|path| names(path) && path.sub_attribute.is_none()),
        }
    }

    /// The part of a resource that may be shown.
    pub fn project(
        &self,
        registry: &Registry,
        kind: &ResourceType,
        mut resource: Map<String, Value>,
    ) -> Map<String, Value> {
        let own = registry.schema(&kind.schema).map_or(&[][..], |schema| &schema.attributes);
        resource.retain(|name, value| {
            let mut core = common().iter().chain(own);
            if let Some(attribute) = core.find(|attribute| attribute.name == *name) {
                return self.keeps(None, &kind.schema, attribute, value);
            }
            let (Some(schema), Value::Object(part)) = (registry.schema(name), value) else { return false };
            part.retain(|name, value| {
                let attribute = schema.attributes.iter().find(|attribute| attribute.name == *name);
                attribute.is_some_and(|attribute| self.keeps(Some(name), &schema.id, attribute, value))
            });
            !part.is_empty()
        });
        resource
    }

    /// Whether one attribute's value may be shown; takes out of it what may not.
    fn keeps(&self, extension: Option<&str>, urn: &str, attribute: &Attribute, value: &mut Value) -> bool {
        let names = |path: &&AttributePath| {
            let whole = extension.is_some() && is_urn(path, urn);
            let here = path.urn.as_deref().is_none_or(|given| given.eq_ignore_ascii_case(urn))
                && path.attribute.eq_ignore_ascii_case(&attribute.name);
            whole || here
        };
        if attribute.returned == Returned::Never || attribute.mutability == Mutability::WriteOnly {
            return false;
        }
        let always = attribute.returned == Returned::Always;
        let parts = &attribute.sub_attributes;
        let Some(only) = &self.only else {
            let specified: Vec<_> = self.specified.iter().filter(names).collect();
            if attribute.returned == Returned::Request
                && !specified.iter().any(|path| path.sub_attribute.is_none())
            {
                return false;
            }
            let shown = |part: &Attribute| match part.returned {
                Returned::Always | Returned::Default => true,
                Returned::Never => false,
                Returned::Request => specified.iter().any(|path| is_sub(path, part)),
            };
            let mut left_out = self.except.iter().filter(names).peekable();
            if left_out.peek().is_some() && !always {
                let left_out: Vec<_> = left_out.collect();
                if left_out.iter().any(|path| path.sub_attribute.is_none() || is_urn(path, urn)) {
                    return false;
                }
                return keep(value, parts, &|part| {
                    part.returned == Returned::Always
                        || shown(part) && !left_out.iter().any(|path| is_sub(path, part))
                });
            }
            return keep(value, parts, &shown);
        };
        let asked: Vec<_> = only.iter().filter(names).collect();
        if asked.is_empty() && !always {
            return false;
        }
        let whole = always || asked.iter().any(|path| path.sub_attribute.is_none() || is_urn(path, urn));
        keep(value, parts, &|part| match part.returned {
            Returned::Always => true,
            Returned::Never => false,
            Returned::Default => whole || asked.iter().any(|path| is_sub(path, part)),
            Returned::Request => asked.iter().any(|path| is_sub(path, part)),
        })
    }
}

/// Whether a path, split as if its last part were an attribute, is this URN.
fn is_urn(path: &AttributePath, urn: &str) -> bool {
    path.as_urn().is_some_and(|text| text.eq_ignore_ascii_case(urn))
}

fn is_sub(path: &AttributePath, part: &Attribute) -> bool {
    path.sub_attribute.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(&part.name))
}

/// Leaves in a complex value, or in each of its elements, the parts that pass. A value that
/// has none of them left is not shown.
fn keep(value: &mut Value, parts: &[Attribute], wanted: &dyn Fn(&Attribute) -> bool) -> bool {
    if parts.is_empty() {
        return true;
    }
    let shows = |part: &Attribute| part.mutability != Mutability::WriteOnly && wanted(part);
    match value {
        Value::Object(map) => {
            map.retain(|name, _| parts.iter().find(|part| part.name == *name).is_some_and(shows));
            !map.is_empty()
        }
        Value::Array(items) => {
            items.retain_mut(|item| keep(item, parts, wanted));
            !items.is_empty()
        }
        _ => true,
    }
}
