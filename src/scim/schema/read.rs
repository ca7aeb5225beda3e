//! The documents of `/Schemas` and `/ResourceTypes` (RFC 7643 §6, §7): a list response, an array or one
//! document.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

use super::{Attribute, Mutability, Registry, ResourceType, Returned, Schema, Type, Uniqueness};
use crate::scim::name::{is_name, is_urn_byte};

/// Longest document, in bytes.
const MAX_TEXT: usize = 1_048_576;
/// Most schemas, and most resource types, of a tenant.
pub(super) const MAX_DOCUMENTS: usize = 100;
/// Most attributes of a schema, and most sub-attributes of an attribute.
const MAX_ATTRIBUTES: usize = 250;
/// Most canonical values, reference types or extensions in one list.
const MAX_LIST: usize = 500;
/// Longest name, URN, description or canonical value, in bytes.
const MAX_NAME: usize = 2_048;
/// Most faults told at once.
pub(super) const MAX_FAULTS: usize = 50;
/// Endpoints that the protocol itself uses.
const RESERVED: [&str; 6] =
    ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/Bulk", "/Me", "/.search"];

/// What is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadFault {
    /// `schemas` or `resourceTypes`.
    pub document: &'static str,
    /// A JSON pointer, or `line 3, column 7` where the text is no JSON.
    pub place: String,
    /// What is wrong and what to send instead.
    pub message: String,
}

impl fmt::Display for LoadFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}: {}", self.document, self.place, self.message)
    }
}

impl std::error::Error for LoadFault {}

impl Schema {
    pub(super) fn is(&self, id: &str) -> bool {
        self.id.eq_ignore_ascii_case(id)
    }
}

/// A schema of this crate's own data.
pub(super) fn built_in(text: &str) -> Option<Schema> {
    let value = serde_json::from_str(text).ok()?;
    let mut reader = Reader { own: true, ..Reader::new("schemas", &[], &[]) };
    let schema = reader.schema("", &value);
    schema.filter(|_| reader.faults.is_empty())
}

pub(super) struct Reader {
    document: &'static str,
    /// This crate's own data, which may define the common attributes.
    own: bool,
    /// The schemas that describe the service itself.
    service: &'static [&'static str],
    /// The attributes that every resource has.
    common: &'static [Attribute],
    pub(super) faults: Vec<LoadFault>,
}

impl Reader {
    pub(super) const fn new(
        document: &'static str,
        service: &'static [&'static str],
        common: &'static [Attribute],
    ) -> Self {
        Self { document, own: false, service, common, faults: Vec::new() }
    }

    pub(super) fn fault(&mut self, place: &str, message: impl Into<String>) {
        if self.faults.len() < MAX_FAULTS {
            let place = if place.is_empty() { "/" } else { place };
            let fault =
                LoadFault { document: self.document, place: place.to_owned(), message: message.into() };
            self.faults.push(fault);
        }
    }

    /// The documents of a text, each with its JSON pointer.
    pub(super) fn documents(&mut self, text: &str) -> Vec<(String, Value)> {
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            return Vec::new();
        }
        if text.len() > MAX_TEXT {
            self.fault("", format!("the document has {} bytes; send at most {MAX_TEXT}", text.len()));
            return Vec::new();
        }
        let value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) => {
                let place = format!("line {}, column {}", error.line(), error.column());
                let message = error.to_string();
                let what = message.split(" at line ").next().unwrap_or_default();
                self.fault(&place, format!("the document is no JSON: {what}"));
                return Vec::new();
            }
        };
        let (base, items) = match value {
            Value::Array(items) => ("", items),
            Value::Object(mut map) => match map.remove("Resources") {
                Some(Value::Array(items)) => ("/Resources", items),
                Some(_) => {
                    self.fault("/Resources", "must be an array of documents");
                    return Vec::new();
                }
                None if map.get("totalResults").is_some() => return Vec::new(),
                None => return vec![(String::new(), Value::Object(map))],
            },
            _ => {
                self.fault("", "must be a list response, an array or one document");
                return Vec::new();
            }
        };
        if items.len() > MAX_DOCUMENTS {
            self.fault(base, format!("has {} documents; send at most {MAX_DOCUMENTS}", items.len()));
            return Vec::new();
        }
        items.into_iter().enumerate().map(|(at, item)| (format!("{base}/{at}"), item)).collect()
    }

    fn object<'a>(&mut self, place: &str, value: &'a Value) -> Option<&'a Map<String, Value>> {
        if !value.is_object() {
            self.fault(place, "must be an object");
        }
        value.as_object()
    }

    /// A text member; `None` when it is absent, after a fault where it is none.
    fn text(&mut self, place: &str, map: &Map<String, Value>, name: &str) -> Option<String> {
        match map.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.len() <= MAX_NAME => Some(text.clone()),
            Some(Value::String(_)) => {
                self.fault(&format!("{place}/{name}"), format!("must have at most {MAX_NAME} bytes"));
                None
            }
            Some(_) => {
                self.fault(&format!("{place}/{name}"), "must be text");
                None
            }
        }
    }

    fn needed(&mut self, place: &str, map: &Map<String, Value>, name: &str) -> Option<String> {
        let before = self.faults.len();
        let text = self.text(place, map, name).filter(|text| !text.is_empty());
        if text.is_none() && self.faults.len() == before {
            self.fault(place, format!("needs `{name}`"));
        }
        text
    }

    fn flag(&mut self, place: &str, map: &Map<String, Value>, name: &str) -> bool {
        match map.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(value)) => *value,
            Some(_) => {
                self.fault(&format!("{place}/{name}"), "must be `true` or `false`");
                false
            }
        }
    }

    fn list<'a>(&mut self, place: &str, map: &'a Map<String, Value>, name: &str, most: usize) -> &'a [Value] {
        match map.get(name) {
            None | Some(Value::Null) => &[],
            Some(Value::Array(items)) if items.len() <= most => items,
            Some(Value::Array(items)) => {
                self.fault(
                    &format!("{place}/{name}"),
                    format!("has {} entries; send at most {most}", items.len()),
                );
                &[]
            }
            Some(_) => {
                self.fault(&format!("{place}/{name}"), "must be an array");
                &[]
            }
        }
    }

    fn texts(&mut self, place: &str, map: &Map<String, Value>, name: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for (at, item) in self.list(place, map, name, MAX_LIST).iter().enumerate() {
            match item.as_str().filter(|text| text.len() <= MAX_NAME) {
                Some(text) => texts.push(text.to_owned()),
                None => self.fault(&format!("{place}/{name}/{at}"), "must be text"),
            }
        }
        texts
    }

    /// One of a characteristic's words.
    fn word<T: Copy>(
        &mut self,
        place: &str,
        map: &Map<String, Value>,
        name: &str,
        parse: fn(&str) -> Option<T>,
        words: &[&str],
        otherwise: T,
    ) -> T {
        let Some(text) = self.text(place, map, name) else { return otherwise };
        parse(&text).unwrap_or_else(|| {
            let message = format!("`{text}` is none of `{}`", words.join("`, `"));
            self.fault(&format!("{place}/{name}"), message);
            otherwise
        })
    }

    pub(super) fn schema(&mut self, place: &str, value: &Value) -> Option<Schema> {
        let map = self.object(place, value)?;
        let id = self.needed(place, map, "id")?;
        if !is_urn(&id) {
            self.fault(
                &format!("{place}/id"),
                format!("`{id}` is no URN such as `urn:example:schemas:1.0:Badge`"),
            );
        }
        let name = self.text(place, map, "name").unwrap_or_else(|| last_part(&id));
        let description = self.text(place, map, "description").unwrap_or_default();
        let own = self.own || self.service.iter().any(|service| id.eq_ignore_ascii_case(service));
        let mut attributes = self.attributes(place, map, "attributes", if own { 2 } else { 1 });
        if !own {
            attributes.retain(|attribute| {
                !self.common.iter().any(|common| common.name.eq_ignore_ascii_case(&attribute.name))
            });
        }
        Some(Schema { id, name, description, attributes })
    }

    /// `depth`: how many further levels of sub-attributes there may be.
    fn attributes(
        &mut self,
        place: &str,
        map: &Map<String, Value>,
        name: &str,
        depth: usize,
    ) -> Vec<Attribute> {
        let mut seen = BTreeSet::new();
        let mut attributes = Vec::new();
        for (at, item) in self.list(place, map, name, MAX_ATTRIBUTES).iter().enumerate() {
            let place = format!("{place}/{name}/{at}");
            let Some(attribute) = self.attribute(&place, item, depth) else { continue };
            if seen.insert(attribute.name.to_ascii_lowercase()) {
                attributes.push(attribute);
            } else {
                self.fault(&format!("{place}/name"), format!("`{}` is defined twice", attribute.name));
            }
        }
        attributes
    }

    fn attribute(&mut self, place: &str, value: &Value, depth: usize) -> Option<Attribute> {
        let map = self.object(place, value)?;
        let name = self.needed(place, map, "name")?;
        if !is_name(&name) {
            let message =
                format!("`{name}` is no name: a letter, then letters, digits, `-` and `_` (RFC 7643 §2.1)");
            self.fault(&format!("{place}/name"), message);
            return None;
        }
        let kind = self.word(place, map, "type", Type::parse, Type::WORDS, Type::String);
        let given =
            map.get("subAttributes").is_some_and(|subs| subs.as_array().is_none_or(|s| !s.is_empty()));
        let sub_attributes = match (kind == Type::Complex, depth) {
            (true, 0) => {
                self.fault(
                    &format!("{place}/type"),
                    "a sub-attribute must not be `complex` itself (RFC 7643 §2.3.8)",
                );
                Vec::new()
            }
            (true, _) if given => self.attributes(place, map, "subAttributes", depth - 1),
            (true, _) => {
                self.fault(place, format!("`{name}` is `complex` and needs `subAttributes`"));
                Vec::new()
            }
            (false, _) => {
                if given {
                    self.fault(
                        &format!("{place}/subAttributes"),
                        format!("`{name}` has sub-attributes; its `type` must be `complex`"),
                    );
                }
                Vec::new()
            }
        };
        let reference_types = self.texts(place, map, "referenceTypes");
        if !reference_types.is_empty() && kind != Type::Reference {
            self.fault(
                &format!("{place}/referenceTypes"),
                format!("`{name}` has reference types; its `type` must be `reference`"),
            );
        }
        Some(Attribute {
            description: self.text(place, map, "description").unwrap_or_default(),
            multi_valued: self.flag(place, map, "multiValued"),
            required: self.flag(place, map, "required"),
            // Whatever the definition says: RFC 7643 §2.3.6 and §2.3.7.
            case_exact: self.flag(place, map, "caseExact") || matches!(kind, Type::Binary | Type::Reference),
            prepared: false,
            mutability: self.word(
                place,
                map,
                "mutability",
                Mutability::parse,
                Mutability::WORDS,
                Mutability::ReadWrite,
            ),
            returned: self.word(place, map, "returned", Returned::parse, Returned::WORDS, Returned::Default),
            uniqueness: self.word(
                place,
                map,
                "uniqueness",
                Uniqueness::parse,
                Uniqueness::WORDS,
                Uniqueness::None,
            ),
            canonical_values: self.texts(place, map, "canonicalValues"),
            reference_types,
            sub_attributes,
            kind,
            name,
        })
    }

    pub(super) fn resource_type(
        &mut self,
        place: &str,
        value: &Value,
        registry: &Registry,
    ) -> Option<ResourceType> {
        let map = self.object(place, value)?;
        let (name, endpoint, schema) = (
            self.needed(place, map, "name"),
            self.needed(place, map, "endpoint"),
            self.needed(place, map, "schema"),
        );
        let (name, endpoint, schema) = (name?, endpoint?, schema?);
        if !is_name(&name) {
            self.fault(&format!("{place}/name"), format!("`{name}` is no name such as `Device`"));
        }
        let endpoint = format!("/{}", endpoint.trim_matches('/'));
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
        let reserved = RESERVED.iter().any(|own| own.eq_ignore_ascii_case(&endpoint));
        if reserved || endpoint.len() < 2 || !endpoint.chars().skip(1).all(plain) {
            let message = match reserved {
                true => format!("`{endpoint}` belongs to the protocol; name another"),
                false => format!("`{endpoint}` is no endpoint such as `/Devices`"),
            };
            self.fault(&format!("{place}/endpoint"), message);
        }
        let known = |reader: &mut Self, place: &str, urn: &str| match registry.schema(urn) {
            Some(schema) if !reader.service.iter().any(|id| schema.is(id)) => Some(schema.id.clone()),
            _ => {
                reader.fault(place, format!("`{urn}` is no schema here; load it too"));
                None
            }
        };
        let schema = known(self, &format!("{place}/schema"), &schema)?;
        let mut extensions: Vec<(String, bool)> = Vec::new();
        for (at, item) in self.list(place, map, "schemaExtensions", MAX_DOCUMENTS).iter().enumerate() {
            let place = format!("{place}/schemaExtensions/{at}");
            let Some(entry) = self.object(&place, item) else { continue };
            let Some(urn) = self.needed(&place, entry, "schema") else { continue };
            let Some(urn) = known(self, &format!("{place}/schema"), &urn) else { continue };
            if urn == schema || extensions.iter().any(|(own, _)| *own == urn) {
                self.fault(&place, format!("`{urn}` is there already"));
                continue;
            }
            extensions.push((urn, self.flag(&place, entry, "required")));
        }
        Some(ResourceType {
            id: self.text(place, map, "id").unwrap_or_else(|| name.clone()),
            description: self.text(place, map, "description").unwrap_or_default(),
            name,
            endpoint,
            schema,
            extensions,
        })
    }
}

/// `urn:` NID `:` NSS (RFC 8141), of what a path may hold.
fn is_urn(text: &str) -> bool {
    let mut parts = text.splitn(3, ':');
    let scheme = parts.next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("urn"));
    let space = parts
        .next()
        .is_some_and(|nid| nid.len() >= 2 && nid.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
    let name = parts.next().is_some_and(|name| !name.is_empty() && name.bytes().all(is_urn_byte));
    scheme && space && name
}

fn last_part(urn: &str) -> String {
    urn.rsplit(':').next().unwrap_or_default().to_owned()
}
