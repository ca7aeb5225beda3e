//! Schemas and resource types of a tenant, beside the built-in ones.

use std::collections::BTreeSet;

use super::builtin::{SERVICE, builtin, common};
use super::read::{LoadFault, MAX_DOCUMENTS, MAX_FAULTS, Reader};
use super::{Registry, ResourceType, Schema};

impl Registry {
    /// The built-in schemas and resource types with a tenant's own: a document with the id of
    /// a built-in one takes its place. Empty text adds nothing.
    ///
    /// The common attributes of RFC 7643 §3.1 are the same everywhere; a schema that lists
    /// them too is read without them.
    ///
    /// # Errors
    /// Every fault that was found, up to fifty.
    pub fn load(schemas: &str, resource_types: &str) -> Result<Self, Vec<LoadFault>> {
        let mut registry = builtin().clone();
        let mut reader = Reader::new("schemas", &SERVICE, common());
        let mut seen = BTreeSet::new();
        for (place, value) in reader.documents(schemas) {
            let Some(schema) = reader.schema(&place, &value) else { continue };
            if !seen.insert(schema.id.to_ascii_lowercase()) {
                reader.fault(&place, format!("`{}` is defined twice; leave one out", schema.id));
            } else if let Some(own) = registry.schemas.iter_mut().find(|own| own.is(&schema.id)) {
                if own.is_service() && *own != schema {
                    reader.fault(&place, format!("`{}` is fixed; leave it out", schema.id));
                }
                *own = schema;
            } else {
                registry.schemas.push(schema);
            }
        }
        let mut faults = reader.faults;
        let mut reader = Reader::new("resourceTypes", &SERVICE, common());
        let mut seen = BTreeSet::new();
        for (place, value) in reader.documents(resource_types) {
            let Some(kind) = reader.resource_type(&place, &value, &registry) else { continue };
            if !seen.insert(kind.name.to_ascii_lowercase()) {
                reader.fault(&place, format!("`{}` is defined twice; leave one out", kind.name));
                continue;
            }
            let same = |own: &ResourceType| own.name.eq_ignore_ascii_case(&kind.name);
            let clash = registry.at_endpoint(&kind.endpoint).filter(|own| !same(own));
            if let Some(own) = clash {
                let message = format!("`{}` is the endpoint of `{}`; name another", kind.endpoint, own.name);
                reader.fault(&format!("{place}/endpoint"), message);
            } else if let Some(own) = registry.resource_types.iter_mut().find(|own| same(own)) {
                *own = kind;
            } else {
                registry.resource_types.push(kind);
            }
        }
        faults.extend(reader.faults);
        faults.extend(registry.dangling_references());
        if registry.schemas.len() > MAX_DOCUMENTS || registry.resource_types.len() > MAX_DOCUMENTS {
            let message = format!("send at most {MAX_DOCUMENTS} schemas and as many resource types");
            faults.push(LoadFault { document: "schemas", place: String::new(), message });
        }
        faults.truncate(MAX_FAULTS);
        if faults.is_empty() { Ok(registry) } else { Err(faults) }
    }

    /// `referenceTypes` that name no resource type.
    fn dangling_references(&self) -> Vec<LoadFault> {
        let mut faults = Vec::new();
        let known = |name: &&String| {
            ["external", "uri"].contains(&name.as_str()) || self.resource_type(name).is_some()
        };
        for schema in &self.schemas {
            let attributes = schema.attributes.iter();
            for attribute in attributes.flat_map(|a| std::iter::once(a).chain(&a.sub_attributes)) {
                faults.extend(attribute.reference_types.iter().filter(|name| !known(name)).map(|name| {
                    let message = format!(
                        "`{}` of `{}` refers to `{name}`, which is no resource type; load one or use `external` or `uri`",
                        attribute.name, schema.id
                    );
                    LoadFault { document: "schemas", place: "referenceTypes".into(), message }
                }));
            }
        }
        faults
    }
}

impl Schema {
    fn is_service(&self) -> bool {
        SERVICE.iter().any(|id| self.is(id))
    }
}
