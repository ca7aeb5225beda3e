//! Answers one request: finds who answers, by the path in its normal form.

use std::borrow::Cow;

use super::refusal::{no_endpoint, not_allowed};
use super::reply::{MEDIA_TYPE, Reply};
use super::request::{Header, MAX_PAYLOAD, Request};
use super::{discovery, resource, search};
use crate::scim::directory::{self, Context, Searchable};
use crate::scim::effort::Exhausted;
use crate::scim::error::ScimError;
use crate::scim::uri::{decode, normal};

/// Steps of a byte of a body that is read, checked and written.
const WRITTEN: u64 = 16;

/// Answers one request. Never fails: every fault is a reply in RFC 7644 §3.12's form.
pub fn serve(store: &mut dyn Searchable, context: &mut Context<'_>, request: &Request) -> Reply {
    let reply = answer(store, context, request).unwrap_or_else(|error| Reply::error(&error));
    if request.method == "HEAD" { Reply { body: String::new(), ..reply } } else { reply }
}

fn answer(
    store: &mut dyn Searchable,
    context: &mut Context<'_>,
    request: &Request,
) -> Result<Reply, ScimError> {
    let mut request = Cow::Borrowed(request);
    if let Cow::Owned(path) = normal(&request.path)? {
        request.to_mut().path = path;
    }
    if request.method == "HEAD" {
        request.to_mut().method = "GET".into();
    }
    admit(context, &request)?;
    route(store, context, &request)
}

/// Sizes and media types (RFC 7644 §3.1, §3.8). Only a strict tenant refuses others' types.
fn admit(context: &Context<'_>, request: &Request) -> Result<(), ScimError> {
    if request.body.len() > MAX_PAYLOAD {
        let limit = if request.path == "/Bulk" { "`bulk.maxPayloadSize`" } else { "the limit" };
        let detail =
            format!("the body has {} bytes, which exceeds {limit} ({MAX_PAYLOAD})", request.body.len());
        return Err(ScimError::new(413, detail));
    }
    if !request.path.ends_with("/.search") {
        let steps = WRITTEN * request.body.len() as u64;
        context.effort.charge(steps).map_err(Exhausted::of_write)?;
    }
    if !context.settings.is_strict() {
        return Ok(());
    }
    let is_ours = |text: &str| {
        let name = text.split(';').next().unwrap_or_default().trim();
        [MEDIA_TYPE, "application/json"].iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    let any =
        |text: &str| matches!(text.split(';').next().map(str::trim), Some("*/*" | "application/*" | ""));
    match request.header(Header::ContentType) {
        Some(sent) if !request.body.is_empty() && !is_ours(sent) => {
            let detail = format!("`Content-Type` is `{sent}`; send `{MEDIA_TYPE}`");
            return Err(ScimError::new(415, detail));
        }
        _ => {}
    }
    match request.header(Header::Accept) {
        Some(wanted) if !wanted.split(',').any(|wanted| is_ours(wanted) || any(wanted)) => {
            let detail = format!("`Accept` is `{wanted}`; replies are `{MEDIA_TYPE}`");
            Err(ScimError::new(406, detail))
        }
        _ => Ok(()),
    }
}

fn route(
    store: &mut dyn Searchable,
    context: &mut Context<'_>,
    request: &Request,
) -> Result<Reply, ScimError> {
    let path = request.path.as_str();
    let segments: Vec<String> = path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = request.method.as_str();
    match segments.as_slice() {
        ["ServiceProviderConfig" | "Schemas" | "ResourceTypes", ..] => match method {
            "GET" => discovery::answer(context, request, &segments),
            _ => Ok(not_allowed(method, "GET")),
        },
        ["Bulk"] => match method {
            "POST" => Ok(Reply::json(200, &directory::bulk(store, context, &request.object()?)?)),
            _ => Ok(not_allowed(method, "POST")),
        },
        [".search"] => match method {
            "POST" => search::everywhere(store, context, request),
            _ => Ok(not_allowed(method, "POST")),
        },
        ["Me"] => resource::me(store, context, request),
        [endpoint, rest @ ..] => {
            let registry = context.registry;
            let kind = registry.at_endpoint(&format!("/{endpoint}")).ok_or_else(|| no_endpoint(path))?;
            match (rest, method) {
                ([], "GET") => search::listed(store, context, &[kind], request),
                ([], "POST") => resource::created(store, context, kind, request),
                ([], _) => Ok(not_allowed(method, "GET, POST")),
                ([".search"], "POST") => search::posted(store, context, kind, request),
                ([".search"], _) => Ok(not_allowed(method, "POST")),
                ([id], _) => resource::answer(store, context, kind, id, request),
                _ => Err(no_endpoint(path)),
            }
        }
        // The server root: everything that is here (§3.4.2.1).
        [] => match method {
            "GET" => {
                let kinds: Vec<_> = context.registry.resource_types.iter().collect();
                search::listed(store, context, &kinds, request)
            }
            _ => Ok(not_allowed(method, "GET")),
        },
    }
}
