//! Schemas and resource types as the discovery endpoints show them (RFC 7643 §6, §7).

use serde_json::{Value, json};

use super::{Attribute, Registry, ResourceType, Schema};

impl Schema {
    /// The document at `/Schemas/{id}`.
    pub fn to_json(&self, base: &str) -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "attributes": self.attributes.iter().map(Attribute::to_json).collect::<Vec<_>>(),
            "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{}", self.id) },
        })
    }
}

impl ResourceType {
    /// The document at `/ResourceTypes/{id}`.
    pub fn to_json(&self, base: &str) -> Value {
        let extensions: Vec<_> = self
            .extensions
            .iter()
            .map(|(urn, required)| json!({ "schema": urn, "required": required }))
            .collect();
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "endpoint": self.endpoint,
            "schema": self.schema,
            "schemaExtensions": extensions,
            "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", self.id) },
        })
    }
}

impl Attribute {
    fn to_json(&self) -> Value {
        let mut document = json!({
            "name": self.name,
            "type": self.kind.as_str(),
            "multiValued": self.multi_valued,
            "description": self.description,
            "required": self.required,
            "caseExact": self.case_exact,
            "mutability": self.mutability.as_str(),
            "returned": self.returned.as_str(),
            "uniqueness": self.uniqueness.as_str(),
        });
        if let Value::Object(map) = &mut document {
            if !self.canonical_values.is_empty() {
                map.insert("canonicalValues".into(), self.canonical_values.clone().into());
            }
            if !self.reference_types.is_empty() {
                map.insert("referenceTypes".into(), self.reference_types.clone().into());
            }
            if !self.sub_attributes.is_empty() {
                map.insert("subAttributes".into(), self.sub_attributes.iter().map(Self::to_json).collect());
            }
        }
        document
    }
}

impl Registry {
    /// All schemas and all resource types as [`Registry::load`] reads them back.
    pub fn to_json(&self) -> (Value, Value) {
        let schemas = self.schemas.iter().map(|schema| schema.to_json("")).collect();
        (schemas, self.resource_types.iter().map(|kind| kind.to_json("")).collect())
    }
}
