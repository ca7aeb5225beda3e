//! One resource: create, get, replace, patch and delete it (RFC 7644 §3.3 to §3.6), under its
//! own path or as `/Me` (§3.11), on conditions (§3.14, RFC 9110 §13).

use super::prefer::Returns;
use super::refusal::not_allowed;
use super::{Header, Reply, Request};
use crate::scim::compat::Reading;
use crate::scim::directory::{
    self, Context, Searchable, Status, Stop, Written, etag, names_etag, names_version,
};
use crate::scim::effort::Effort;
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
    let selection = request.selection(context.settings.profile)?;
    let written = directory::create(store, context, kind, request.object()?)?;
    changed(store, context, kind, 201, written, request, selection)
}

pub(super) fn answer(
    store: &mut dyn Searchable,
    context: &mut Context<'_>,
    kind: &ResourceType,
    id: &str,
    request: &Request,
) -> Result<Reply, ScimError> {
    let if_match = request.header(Header::IfMatch);
    // What cannot be shown is refused before anything is changed.
    let selection = request.selection(context.settings.profile)?;
    match request.method.as_str() {
        "GET" => got(store, context, kind, id, request, selection),
        "PUT" => {
            unless_known(store, kind, id, request)?;
            let written = directory::replace(store, context, kind, id, if_match, request.object()?)?;
            changed(store, context, kind, 200, written, request, selection)
        }
        "PATCH" => {
            unless_known(store, kind, id, request)?;
            let operations = patch::decode(request.object()?, context.settings.profile)?;
            let written = directory::patch(store, context, kind, id, if_match, operations)?;
            changed(store, context, kind, 200, written, request, selection)
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
    (selection, readings): (Selection, Vec<Reading>),
) -> Result<Reply, ScimError> {
    let record = store.get(&kind.name, id)?.ok_or_else(|| ScimError::not_found(&kind.name, id))?;
    directory::require(&record, request.header(Header::IfMatch))?;
    let location = directory::location(context, kind, id);
    let tags = request.header(Header::IfNoneMatch);
    let known = |tag: &str| tags.is_some_and(|tags| names_etag(tags, tag));
    let unchanged =
        |tag: String| Ok(Reply::empty(304).header("ETag", tag).header("Location", location.clone()));
    // What is joined to a user is part of the tag, so that it is read before the tag is known.
    let is_joined = kind.name == "User" && selection.shows("groups");
    if !is_joined && known(&etag(&record)) {
        return unchanged(etag(&record));
    }
    let told = directory::told(store, context, kind, &record, &selection).map_err(Stop::of_read)?;
    if known(&told.etag) {
        return unchanged(told.etag);
    }
    Ok(Reply::resource(200, told.text, told.etag, location).explained(request, &readings))
}

/// `If-None-Match` before a change: it must not be at one of these versions (RFC 9110 §13.1.2).
fn unless_known(
    store: &mut dyn Searchable,
    kind: &ResourceType,
    id: &str,
    request: &Request,
) -> Result<(), ScimError> {
    let Some(tags) = request.header(Header::IfNoneMatch) else { return Ok(()) };
    match store.get(&kind.name, id)? {
        Some(record) if names_version(tags, &record) => {
            let detail = format!(
                "the resource is at version {}, which `If-None-Match: {tags}` excludes",
                etag(&record)
            );
            Err(ScimError::new(412, detail))
        }
        _ => Ok(()),
    }
}

/// The reply to a change.
fn changed(
    store: &mut dyn Searchable,
    context: &mut Context<'_>,
    kind: &ResourceType,
    status: u16,
    written: Written,
    request: &Request,
    (selection, mut readings): (Selection, Vec<Reading>),
) -> Result<Reply, ScimError> {
    let returns = request.returns();
    let Written { record, readings: of_body, specified, .. } = written;
    readings.extend(of_body);
    let location = directory::location(context, kind, &record.id);
    if returns.map_or_else(|| is_quiet(context, kind, request), |returns| returns == Returns::Minimal) {
        let reply = match status {
            201 => Reply::empty(201).header("Location", location),
            _ => Reply::empty(204),
        };
        return Ok(reply.header("ETag", etag(&record)).applied(returns).explained(request, &readings));
    }
    let selection = Selection { specified, ..selection };
    let record = &record;
    let shown = match directory::told(store, context, kind, record, &selection) {
        Err(Stop::Exhausted | Stop::Full) => {
            // The change is made, and is told so. What would be too much to join is left out.
            context.effort = Effort::unlimited();
            let selection = selection.without("members").without("groups");
            directory::told(store, context, kind, record, &selection)
        }
        shown => shown,
    };
    let shown = shown.map_err(Stop::of_read)?;
    let reply = Reply::resource(status, shown.text, shown.etag, location);
    Ok(reply.applied(returns).explained(request, &readings))
}

/// Whether a change is answered without a body where the client does not say what it would rather have.
fn is_quiet(context: &Context<'_>, kind: &ResourceType, request: &Request) -> bool {
    let is_quiet = context.settings.patch_reply.for_kind(&kind.name) == Status::Nothing;
    request.method == "PATCH" && is_quiet && request.parameter("attributes").is_none()
}
