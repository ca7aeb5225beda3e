//! The schema model (RFC 7643 §2, §6, §7): attributes with every characteristic,
//! schemas, resource types and the registry a tenant uses.

mod before;
pub mod builtin;
mod characteristic;
pub mod check;
mod fault;
mod hidden;
mod index;
mod json;
mod load;
pub mod project;
mod read;
mod repeat;
mod time;
mod value;

pub(crate) use before::is_same;
pub use builtin::builtin;
pub use characteristic::{Mutability, Returned, Type, Uniqueness};
pub use fault::{Fault, Faults, Rule};
pub use index::{Indexes, MAX_INDEXES};
pub use read::LoadFault;
pub(crate) use repeat::{Places, key as element_key, number_key};
pub use time::{Moment, instant, moment, written};
pub(crate) use time::{date_of, days, days_of};

use std::borrow::Cow;

use crate::scim::name::{AttributePath, Letters, fold, prepared};

/// One attribute with its characteristics (RFC 7643 §7).
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names are the standard's own")]
pub struct Attribute {
    pub name: String,
    pub description: String,
    pub kind: Type,
    pub multi_valued: bool,
    pub required: bool,
    pub case_exact: bool,
    /// Compared as RFC 8265 compares user names; see [`Registry::with_prepared_names`].
    pub prepared: bool,
    pub mutability: Mutability,
    pub returned: Returned,
    pub uniqueness: Uniqueness,
    pub canonical_values: Vec<String>,
    pub reference_types: Vec<String>,
    pub sub_attributes: Vec<Attribute>,
}

impl Attribute {
    /// The sub-attribute of that name, without ASCII case.
    pub fn sub(&self, name: &str) -> Option<&Attribute> {
        self.sub_attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name))
    }

    /// A text as it is compared, looked up and kept unique: two texts with one key are one value.
    pub fn key<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.letters() {
            Letters::Exact => Cow::Borrowed(text),
            Letters::Folded => Cow::Owned(fold(text)),
            Letters::Prepared => Cow::Owned(prepared(text)),
        }
    }

    /// How its texts are compared.
    pub const fn letters(&self) -> Letters {
        match (self.prepared, self.case_exact) {
            (true, _) => Letters::Prepared,
            (false, true) => Letters::Exact,
            (false, false) => Letters::Folded,
        }
    }
}

/// A schema: a URN and its attributes.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names are the standard's own")]
pub struct Schema {
    pub id: String,
    pub name: String,
    pub description: String,
    pub attributes: Vec<Attribute>,
}

impl Schema {
    /// The attribute of that name, without ASCII case.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name))
    }
}

/// An endpoint and the schemas its resources have (RFC 7643 §6).
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the names are the standard's own")]
pub struct ResourceType {
    pub id: String,
    pub name: String,
    pub description: String,
    /// `/Users`
    pub endpoint: String,
    pub schema: String,
    /// Extension URNs, each with "required".
    pub extensions: Vec<(String, bool)>,
}

/// All schemas and resource types of one tenant.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the names are the standard's own")]
pub struct Registry {
    pub schemas: Vec<Schema>,
    pub resource_types: Vec<ResourceType>,
    /// The tenant's own indexes.
    pub indexes: Indexes,
}

/// What a path names.
#[derive(Clone, Copy, Debug)]
pub struct Resolved<'a> {
    /// The extension's URN, when the attribute stands in one.
    pub extension: Option<&'a str>,
    /// The attribute.
    pub attribute: &'a Attribute,
    /// The sub-attribute, when the path has one.
    pub sub: Option<&'a Attribute>,
}

impl Registry {
    /// The same, with `userName` compared and kept unique as RFC 7644 §5 asks (RFC 8265), and
    /// refused where that allows no such name. A tenant that turns this on must have its keys
    /// made anew.
    #[must_use]
    pub fn with_prepared_names(mut self) -> Self {
        let attributes = self.schemas.iter_mut().flat_map(|schema| &mut schema.attributes);
        attributes.filter(|a| a.name == "userName").for_each(|a| a.prepared = true);
        self
    }

    /// The schema with that URN, without case.
    pub fn schema(&self, urn: &str) -> Option<&Schema> {
        self.schemas.iter().find(|schema| schema.id.eq_ignore_ascii_case(urn))
    }

    /// The resource type of that name.
    pub fn resource_type(&self, name: &str) -> Option<&ResourceType> {
        self.resource_types.iter().find(|kind| kind.name.eq_ignore_ascii_case(name))
    }

    /// The resource type at an endpoint such as `/Users`.
    pub fn at_endpoint(&self, endpoint: &str) -> Option<&ResourceType> {
        self.resource_types.iter().find(|kind| kind.endpoint.eq_ignore_ascii_case(endpoint))
    }

    /// The attributes of a resource type's own schema, after the common ones of RFC 7643 §3.1.
    pub fn core_attributes<'a>(&'a self, kind: &ResourceType) -> impl Iterator<Item = &'a Attribute> {
        builtin::common().iter().chain(self.schema(&kind.schema).map_or(&[][..], |schema| &schema.attributes))
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
