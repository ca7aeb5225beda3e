//! The schemas and resource types of RFC 7643 §4 to §8.7, as data beside this file.
//!
//! They are as §8.7 prints them, but for what its own text corrects: identifiers, references
//! and binaries are case exact (§2.3.6, §2.3.7, §3.1), a group's `displayName` is required
//! (§4.2), the default sub-attributes of §2.4 and the parts of §5 that §8.7.2 forgot are there.

use std::sync::LazyLock;

use super::read::built_in;
use super::{Attribute, Indexes, Registry, ResourceType};

/// URN of the User schema.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// URN of the Group schema.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// URN of the enterprise extension.
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The schemas that describe the service itself; a tenant cannot change them.
pub const SERVICE: [&str; 3] = [
    "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
    "urn:ietf:params:scim:schemas:core:2.0:ResourceType",
    "urn:ietf:params:scim:schemas:core:2.0:Schema",
];

/// Users and groups with the enterprise extension, and the schemas of the service itself.
pub fn builtin() -> &'static Registry {
    static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry {
        schemas: [
            include_str!("user.json"),
            include_str!("group.json"),
            include_str!("enterprise.json"),
            include_str!("service_provider_config.json"),
            include_str!("resource_type.json"),
            include_str!("schema.json"),
        ]
        .into_iter()
        .filter_map(built_in)
        .collect(),
        indexes: Indexes::default(),
        resource_types: vec![
            kind("User", "/Users", "User Account", USER, &[(ENTERPRISE, false)]),
            kind("Group", "/Groups", "a group of users and groups", GROUP, &[]),
        ],
    });
    &REGISTRY
}

/// The attributes every resource has (RFC 7643 §3.1), and `schemas`.
pub fn common() -> &'static [Attribute] {
    static COMMON: LazyLock<Vec<Attribute>> = LazyLock::new(|| {
        built_in(include_str!("common.json")).map(|schema| schema.attributes).unwrap_or_default()
    });
    &COMMON
}

fn kind(
    name: &str,
    endpoint: &str,
    description: &str,
    schema: &str,
    extensions: &[(&str, bool)],
) -> ResourceType {
    ResourceType {
        id: name.to_owned(),
        name: name.to_owned(),
        description: description.to_owned(),
        endpoint: endpoint.to_owned(),
        schema: schema.to_owned(),
        extensions: extensions.iter().map(|(urn, required)| ((*urn).to_owned(), *required)).collect(),
    }
}
