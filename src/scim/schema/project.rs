//! Which attributes a reply shows: `returned`, `attributes`, `excludedAttributes`
//! (RFC 7643 §7, RFC 7644 §3.9).

use serde_json::{Map, Value};

use super::{Attribute, Registry, ResourceType, Returned};
use crate::scim::name::AttributePath;

/// What the client asked to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// `attributes`: only these, and what is always returned.
    pub only: Option<Vec<AttributePath>>,
    /// `excludedAttributes`: all but these.
    pub except: Vec<AttributePath>,
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
        }
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
        resource: Map<String, Value>,
    ) -> Map<String, Value> {
        let core: Vec<_> = registry.core_attributes(kind).collect();
        let mut shown = Map::new();
        for (name, value) in resource {
            if let Some(attribute) = core.iter().find(|a| a.name == name) {
                if let Some(value) = self.value(None, &kind.schema, attribute, value) {
                    shown.insert(name, value);
                }
            } else if let (Some(schema), Value::Object(map)) = (registry.schema(&name), value) {
                let urn = schema.id.as_str();
                let part: Map<_, _> = map
                    .into_iter()
                    .filter_map(|(name, value)| {
                        let attribute = schema.attribute(&name)?;
                        Some((name, self.value(Some(urn), urn, attribute, value)?))
                    })
                    .collect();
                if !part.is_empty() {
                    shown.insert(name, Value::Object(part));
                }
            }
        }
        shown
    }

    /// One attribute's value, as far as it may be shown.
    fn value(
        &self,
        extension: Option<&str>,
        urn: &str,
        attribute: &Attribute,
        value: Value,
    ) -> Option<Value> {
        let names = |path: &&AttributePath| {
            let whole =
                extension.is_some() && path.as_urn().is_some_and(|text| text.eq_ignore_ascii_case(urn));
            let here = path.urn.as_deref().is_none_or(|given| given.eq_ignore_ascii_case(urn))
                && path.attribute.eq_ignore_ascii_case(&attribute.name);
            whole || here
        };
        let whole = |path: &&AttributePath| path.sub_attribute.is_none();
        match attribute.returned {
            Returned::Always => return Some(value),
            Returned::Never => return None,
            Returned::Request if self.only.is_none() => return None,
            Returned::Request | Returned::Default => {}
        }
        if let Some(only) = &self.only {
            let asked: Vec<_> = only.iter().filter(names).collect();
            return match asked.is_empty() {
                true => None,
                false if asked.iter().any(&whole) => Some(value),
                false => Some(keep(value, &|sub| {
                    attribute.sub(sub).is_some_and(|a| a.returned == Returned::Always)
                        || asked.iter().any(|path| is_sub(path, sub))
                })),
            };
        }
        let left_out: Vec<_> = self.except.iter().filter(names).collect();
        if left_out.iter().any(whole) {
            return None;
        }
        if left_out.is_empty() {
            return Some(value);
        }
        Some(keep(value, &|sub| !left_out.iter().any(|path| is_sub(path, sub))))
    }
}

fn is_sub(path: &AttributePath, sub: &str) -> bool {
    path.sub_attribute.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(sub))
}

/// The value, or each of its elements, with only the sub-attributes that pass.
fn keep(value: Value, wanted: &dyn Fn(&str) -> bool) -> Value {
    match value {
        Value::Object(map) => Value::Object(map.into_iter().filter(|(name, _)| wanted(name)).collect()),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| keep(item, wanted)).collect()),
        other => other,
    }
}
