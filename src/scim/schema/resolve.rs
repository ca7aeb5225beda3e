//! What a path names in the resources of a type.

use super::builtin::common;
use super::model::{Attribute, Registry, Resolved, ResourceType, Schema};
use crate::scim::name::AttributePath;

impl Registry {
    /// The attributes of a resource type's own schema, after the common ones of RFC 7643 §3.1.
    pub fn core_attributes<'a>(&'a self, kind: &ResourceType) -> impl Iterator<Item = &'a Attribute> {
        common().iter().chain(self.schema(&kind.schema).map_or(&[][..], |schema| &schema.attributes))
    }

    /// The extensions of a resource type that the registry knows.
    pub fn extensions<'a>(&'a self, kind: &'a ResourceType) -> impl Iterator<Item = &'a Schema> {
        kind.extensions.iter().filter_map(|(urn, _)| self.schema(urn))
    }

    /// What a path names in resources of this type. An unqualified name that only an
    /// extension has is found there too, as some directories leave the URN out.
    pub fn resolve<'a>(&'a self, kind: &'a ResourceType, path: &AttributePath) -> Option<Resolved<'a>> {
        let with_sub = |extension, attribute: &'a Attribute| match &path.sub_attribute {
            None => Some(Resolved { extension, attribute, sub: None }),
            Some(sub) => attribute.sub(sub).map(|sub| Resolved { extension, attribute, sub: Some(sub) }),
        };
        let core = || self.core_attributes(kind).find(|a| a.name.eq_ignore_ascii_case(&path.attribute));
        let extended = |wanted: Option<&str>| {
            self.extensions(kind)
                .filter(|schema| wanted.is_none_or(|urn| schema.id.eq_ignore_ascii_case(urn)))
                .find_map(|schema| schema.attribute(&path.attribute).map(|a| (Some(schema.id.as_str()), a)))
        };
        match &path.urn {
            Some(urn) if urn.eq_ignore_ascii_case(&kind.schema) => with_sub(None, core()?),
            Some(urn) => extended(Some(urn)).and_then(|(extension, a)| with_sub(extension, a)),
            None => match core() {
                Some(attribute) => with_sub(None, attribute),
                None => extended(None).and_then(|(extension, a)| with_sub(extension, a)),
            },
        }
    }
}
