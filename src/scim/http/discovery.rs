//! What this service offers (RFC 7644 §4, RFC 7643 §5 to §7): generated from what the code
//! does and what the tenant's settings allow.

use serde_json::{Value, json};

use super::refusal::no_endpoint;
use super::search::LIST;
use super::{MAX_PAYLOAD, Reply, Request};
use crate::scim::directory::{Context, MAX_BULK_OPERATIONS, MAX_CURSOR_SECONDS};
use crate::scim::error::ScimError;

/// `/ServiceProviderConfig`, and `/Schemas` and `/ResourceTypes`, whole or one.
pub(super) fn answer(
    context: &Context<'_>,
    request: &Request,
    segments: &[&str],
) -> Result<Reply, ScimError> {
    // One document is what it is; a list with a filter would seem to be what the filter finds (RFC 7644 §4).
    if request.parameter("filter").is_some() && matches!(segments, ["Schemas" | "ResourceTypes"]) {
        return Err(ScimError::new(403, "discovery endpoints take no `filter`; read the whole list"));
    }
    let registry = context.registry;
    let documents: Vec<(String, Value)> = match segments {
        ["ServiceProviderConfig"] => return Ok(Reply::json(200, &service_provider_config(context))),
        ["Schemas", ..] => {
            registry.schemas.iter().map(|schema| (schema.id.clone(), schema.to_json(context.base))).collect()
        }
        ["ResourceTypes", ..] => {
            registry.resource_types.iter().map(|kind| (kind.id.clone(), kind.to_json(context.base))).collect()
        }
        _ => return Err(no_endpoint(&request.path)),
    };
    match segments {
        [_] => {
            let resources: Vec<_> = documents.into_iter().map(|(_, document)| document).collect();
            let total = resources.len();
            let body = json!({
                "schemas": [LIST], "totalResults": total, "startIndex": 1, "itemsPerPage": total, "Resources": resources,
            });
            Ok(Reply::json(200, &body))
        }
        [list, id] => documents
            .into_iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(id))
            .map(|(_, document)| Reply::json(200, &document))
            .ok_or_else(|| ScimError::new(404, format!("`/{list}` has no `{id}`"))),
        _ => Err(no_endpoint(&request.path)),
    }
}

/// RFC 7643 §5 with RFC 9865 §4. Clients read sub-attributes without asking whether the
/// feature is supported, so all of them are there.
fn service_provider_config(context: &Context<'_>) -> Value {
    let most = context.settings.max_results;
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": {
            "supported": true,
            "maxOperations": MAX_BULK_OPERATIONS,
            "maxPayloadSize": MAX_PAYLOAD,
        },
        "filter": { "supported": true, "maxResults": most },
        "changePassword": { "supported": context.hash_password.is_some() },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": most,
            "maxPageSize": most,
            "cursorTimeout": MAX_CURSOR_SECONDS,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "a token made for this tenant, sent as `Authorization: Bearer …`",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{}/ServiceProviderConfig", context.base),
        },
    })
}
