//! One resource: create, get, replace, patch and delete it (RFC 7644 §3.3 to §3.6), under its
//! own path or as `/Me` (§3.11), on conditions (§3.14, RFC 9110 §13).

use super::{Reply, Request, not_allowed};
use crate::scim::directory::{self, Context, Searchable, Written, etag, names_etag};
use crate::scim::error::ScimError;
use crate::scim::patch;
use crate::scim::schema::ResourceType;
use crate::scim::schema::project::Selection;

pub(super) fn created(
    store: &mut dyn Searchable,
    context: &mut Context<'_>,
    kind: &ResourceType,
    request: &Request,
) -> Result<Reply, ScimError> {
    // A resource to be made has no version yet, so that no condition can fail here.
    let written = directory::create(store, context, kind, request.object()?)?;
    let shown = directory::render(store, context, kind, &written.record, &selection(request, &written))?;
    Ok(Reply::resource(201, shown).explained(request, &written))
}

pub(super) fn answer(
    store: &mut dyn Searchable,
    context: &mut Context<'_>,
    kind: &ResourceType,
    id: &str,
    request: &Request,
) -> Result<Reply, ScimError> {
    let if_match = request.header("if-match");
    match request.method.as_str() {
        "GET" => got(store, context, kind, id, request),
        "PUT" => {
            unless_known(store, kind, id, request)?;
            let written = directory::replace(store, context, kind, id, if_match, request.object()?)?;
            changed(store, context, kind, &written, request)
        }
        "PATCH" => {
            unless_known(store, kind, id, request)?;
            let operations = patch::decode(request.object()?, context.settings.profile)?;
            let written = directory::patch(store, context, kind, id, if_match, operations)?;
            // Entra wants 204 for groups; a body that lists every member would be wasted.
            let quiet = kind.name == "Group"
                && !context.settings.group_patch_returns_body
                && request.parameter("attributes").is_none();
            if quiet {
                let reply = Reply::empty(204).header("ETag", etag(&written.record));
                return Ok(reply.explained(request, &written));
            }
            changed(store, context, kind, &written, request)
        }
        "DELETE" => {
            unless_known(store, kind, id, request)?;
            directory::delete(store, context, kind, id, if_match)?;
            Ok(Reply::empty(204))
        }
        method => Ok(not_allowed(method, "GET, PUT, PATCH, DELETE")),
    }
}

/// The user that the credential stands for, under its own location.
pub(super) fn me(
    store: &mut dyn Searchable,
    context: &mut Context<'_>,
    request: &Request,
) -> Result<Reply, ScimError> {
    let (Some(id), Some(kind)) = (context.me, context.registry.resource_type("User")) else {
        let detail =
            "`/Me` is the user that a token stands for, and this one stands for none; use `/Users/{id}`";
        return Err(ScimError::new(501, detail));
    };
    if request.method == "POST" {
        return Ok(not_allowed("POST", "GET, PUT, PATCH, DELETE"));
    }
    let reply = answer(store, context, kind, id, request)?;
    let is_located = reply.headers.iter().any(|(name, _)| name == "Location");
    let location = directory::location(context, kind, id);
    Ok(if is_located { reply } else { reply.header("Location", location) })
}

fn got(
    store: &mut dyn Searchable,
    context: &Context<'_>,
    kind: &ResourceType,
    id: &str,
    request: &Request,
) -> Result<Reply, ScimError> {
    let record = store.get(&kind.name, id)?.ok_or_else(|| ScimError::not_found(&kind.name, id))?;
    directory::require(&record, request.header("if-match"))?;
    let (tag, location) = (etag(&record), directory::location(context, kind, id));
    if request.header("if-none-match").is_some_and(|tags| names_etag(tags, &tag)) {
        return Ok(Reply::empty(304).header("ETag", tag).header("Location", location));
    }
    let mut body = String::new();
    directory::stream(store, context, kind, &record, &request.selection(), &mut |part| body.push_str(part))?;
    Ok(Reply::json_text(200, body).header("ETag", tag).header("Location", location))
}

/// `If-None-Match` before a change: it must not be at one of these versions (RFC 9110 §13.1.2).
fn unless_known(
    store: &mut dyn Searchable,
    kind: &ResourceType,
    id: &str,
    request: &Request,
) -> Result<(), ScimError> {
    let Some(tags) = request.header("if-none-match") else { return Ok(()) };
    match store.get(&kind.name, id)? {
        Some(record) if names_etag(tags, &etag(&record)) => {
            let detail = format!(
                "the resource is at version {}, which `If-None-Match: {tags}` excludes",
                etag(&record)
            );
            Err(ScimError::new(412, detail))
        }
        _ => Ok(()),
    }
}

/// What the reply to a write shows.
fn selection(request: &Request, written: &Written) -> Selection {
    Selection { specified: written.specified.clone(), ..request.selection() }
}

fn changed(
    store: &mut dyn Searchable,
    context: &Context<'_>,
    kind: &ResourceType,
    written: &Written,
    request: &Request,
) -> Result<Reply, ScimError> {
    let shown = directory::render(store, context, kind, &written.record, &selection(request, written))?;
    Ok(Reply::resource(200, shown).explained(request, written))
}
