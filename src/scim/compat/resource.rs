//! A whole resource, made strict: URNs, names and values.

use serde_json::{Map, Value};

use super::quirk::Flag;
use super::reader::Reader;
use super::value::At;
use crate::scim::name::AttributePath;
use crate::scim::schema::builtin::{ENTERPRISE, GROUP, USER};
use crate::scim::schema::{Resolved, ResourceType, Schema};

impl Reader<'_> {
    /// A resource as sent, made strict. What no quirk covers stays, for the schema to judge.
    pub fn resource(&mut self, body: Map<String, Value>) -> Map<String, Value> {
        read(self, body)
    }
}

fn read(reader: &mut Reader<'_>, body: Map<String, Value>) -> Map<String, Value> {
    let (registry, kind) = (reader.registry, reader.kind);
    let mut read = Map::with_capacity(body.len() + 1);
    let mut extensions: Vec<String> = Vec::new();
    for (name, value) in body {
        let at = At::new(&name);
        if name.eq_ignore_ascii_case("schemas") {
            read.insert("schemas".into(), schemas(reader, value));
        } else if let Some(attribute) =
            registry.core_attributes(kind).find(|attribute| attribute.name.eq_ignore_ascii_case(&name))
        {
            let value = reader.value(&at, attribute, value);
            join(&mut read, &name, value);
        } else if let Some(schema) = extension(reader, &name) {
            let value = match reader.object(&at, value) {
                Value::Object(map) => Value::Object(reader.members(&at, ':', &schema.attributes, map)),
                other => other,
            };
            // The same URN in another case is the same name twice, for the schema to judge.
            if extensions.iter().any(|other| other.eq_ignore_ascii_case(&name)) {
                let other = if name == schema.id { name.to_ascii_uppercase() } else { name };
                read.insert(other, value);
                continue;
            }
            extensions.push(name.clone());
            join(&mut read, &schema.id, value);
        } else if let Some(found) = elsewhere(reader, &name, &value) {
            let attribute = found.sub.unwrap_or(found.attribute);
            let value = reader.value(&at, attribute, value);
            place(&mut read, &found, value);
        } else if !reader.reads(Flag::UnknownAttributes, || name.clone(), &value, || Value::Null) {
            read.insert(name, value);
        }
    }
    own_schema(reader, &mut read);
    read
}

/// The list of URNs, each in SCIM 2.0's form.
fn schemas(reader: &mut Reader<'_>, value: Value) -> Value {
    let items = match value {
        Value::Array(items) => items,
        Value::String(_)
            if reader.reads(
                Flag::SingleAsArray,
                || "schemas".into(),
                &value,
                || Value::from(vec![value.clone()]),
            ) =>
        {
            vec![value]
        }
        other => return other,
    };
    let urns =
        items.into_iter().map(|item| match item.as_str().and_then(|urn| canonical_urn(urn, reader.kind)) {
            Some(urn) if reader.reads(Flag::Scim1Urns, || "schemas".into(), &item, || urn.into()) => {
                urn.into()
            }
            _ => item,
        });
    urns.collect()
}

/// The resource's own URN must be there.
fn own_schema(reader: &mut Reader<'_>, read: &mut Map<String, Value>) {
    let own = &reader.kind.schema;
    let given = read.get("schemas").cloned().unwrap_or(Value::Null);
    let mut urns = match &given {
        Value::Array(urns)
            if urns.iter().any(|urn| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(own))) =>
        {
            return;
        }
        Value::Array(urns) => urns.clone(),
        Value::Null => Vec::new(),
        _ => return,
    };
    urns.insert(0, own.as_str().into());
    if reader.reads(Flag::BareResource, || "schemas".into(), &given, || urns.clone().into()) {
        read.insert("schemas".into(), urns.into());
    }
}

fn extension<'a>(reader: &mut Reader<'a>, name: &str) -> Option<&'a Schema> {
    let find = |urn: &str| {
        reader.registry.extensions(reader.kind).find(|schema| schema.id.eq_ignore_ascii_case(urn))
    };
    if let Some(schema) = find(name) {
        return Some(schema);
    }
    let schema = canonical_urn(name, reader.kind).and_then(find)?;
    let (from, to) = (Value::from(name), || schema.id.as_str().into());
    reader.reads(Flag::Scim1Urns, || name.to_owned(), &from, to).then_some(schema)
}

/// What a dotted, a URN-qualified or an extension's unqualified name means.
fn elsewhere<'a>(reader: &mut Reader<'a>, name: &str, value: &Value) -> Option<Resolved<'a>> {
    let resolve = |name: &str| {
        let path = AttributePath::parse(name, 0).ok()?;
        Some((reader.registry.resolve(reader.kind, &path)?, path))
    };
    if resolve(name).is_none()
        && let Some(meant) = with_colon(reader, name)
        && let Some((found, _)) = resolve(&meant)
    {
        let to = || meant.as_str().into();
        return reader.reads(Flag::DottedUrns, || name.to_owned(), &name.into(), to).then_some(found);
    }
    let (found, path) = resolve(name)?;
    let plain = path.urn.is_none() && path.sub_attribute.is_none();
    let flag = if plain { Flag::UnqualifiedExtension } else { Flag::DottedNames };
    let to = || {
        let mut whole = Map::new();
        place(&mut whole, &found, value.clone());
        Value::Object(whole)
    };
    reader.reads(flag, || name.to_owned(), value, to).then_some(found)
}

/// Puts a value where it belongs, beside what is there.
fn place(resource: &mut Map<String, Value>, found: &Resolved<'_>, value: Value) {
    let value = match found.sub {
        None => value,
        Some(sub) => Value::Object(Map::from_iter([(sub.name.clone(), value)])),
    };
    match found.extension {
        None => join(resource, &found.attribute.name, value),
        Some(urn) => {
            let part = Value::Object(Map::from_iter([(found.attribute.name.clone(), value)]));
            join(resource, urn, part);
        }
    }
}

fn join(map: &mut Map<String, Value>, name: &str, value: Value) {
    match (map.get_mut(name), value) {
        (Some(Value::Object(old)), Value::Object(new)) => {
            for (name, value) in new {
                join(old, &name, value);
            }
        }
        (_, value) => {
            map.insert(name.to_owned(), value);
        }
    }
}

/// `urn:…:User:manager` for `urn:…:User.manager`: the longest of the type's URNs that stands
/// before a dot and a name.
pub(crate) fn with_colon(reader: &Reader<'_>, text: &str) -> Option<String> {
    let own = reader.registry.schema(&reader.kind.schema).into_iter();
    let after = |schema: &Schema| {
        let (urn, rest) = text.split_at_checked(schema.id.len())?;
        let name =
            rest.strip_prefix('.').filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))?;
        urn.eq_ignore_ascii_case(&schema.id).then(|| (schema.id.len(), format!("{}:{name}", schema.id)))
    };
    own.chain(reader.registry.extensions(reader.kind)).filter_map(after).max().map(|(_, meant)| meant)
}

/// The SCIM 2.0 URN that an older one, or one written in that manner, stands for.
pub(crate) fn canonical_urn(urn: &str, kind: &ResourceType) -> Option<&'static str> {
    let urn = urn.to_ascii_lowercase();
    let rest = urn
        .strip_prefix("urn:scim:schemas:")
        .or_else(|| urn.strip_prefix("urn:ietf:params:scim:schemas:"))?;
    match rest {
        "core:1.0" | "core:2.0" if kind.schema == USER => Some(USER),
        "core:1.0" | "core:2.0" if kind.schema == GROUP => Some(GROUP),
        "core:1.0:user" | "core:2.0:user" if urn.starts_with("urn:scim:") => Some(USER),
        "core:1.0:group" | "core:2.0:group" if urn.starts_with("urn:scim:") => Some(GROUP),
        "extension:enterprise:1.0" | "extension:enterprise:2.0" | "extension:enterprise:1.0:user" => {
            Some(ENTERPRISE)
        }
        "extension:enterprise:2.0:user" if urn.starts_with("urn:scim:") => Some(ENTERPRISE),
        _ => None,
    }
}
