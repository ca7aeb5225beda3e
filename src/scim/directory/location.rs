//! Where a resource is: the URI that `meta.location` and `$ref` give.

use super::context::Context;
use crate::scim::schema::ResourceType;

/// A resource's URI.
pub fn location(context: &Context<'_>, kind: &ResourceType, id: &str) -> String {
    format!("{}{}/{id}", context.base, kind.endpoint)
}

/// The URI of what an id and its type name.
pub(super) fn reference(context: &Context<'_>, kind: &str, id: &str) -> String {
    let endpoint = context.registry.resource_type(kind).map_or("", |kind| kind.endpoint.as_str());
    format!("{}{endpoint}/{id}", context.base)
}
