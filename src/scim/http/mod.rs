//! A SCIM request and its reply, without a network: what the edge, the page's replay
//! and the tests all call.

mod bearer;
mod discovery;
mod prefer;
mod reply;
mod request;
mod resource;
mod search;
mod select;

pub use bearer::{Bearer, BearerForm, bearer};
pub use reply::Reply;
pub use request::{HEADERS, Header, Request};

pub use super::uri::{decode, normal};

use std::borrow::Cow;

use super::directory::{self, Context, Searchable};
use super::effort::Exhausted;
use super::error::{ScimError, ScimType};

/// The media type of every body (RFC 7644 §3.1).
pub const MEDIA_TYPE: &str = "application/scim+json";
/// Longest body, in bytes.
pub const MAX_PAYLOAD: usize = 1_048_576;

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

fn no_endpoint(path: &str) -> ScimError {
    ScimError::new(404, format!("there is no endpoint `{path}`; see `/ResourceTypes`"))
}

/// 405, with the methods that are allowed (RFC 9110 §15.5.6).
fn not_allowed(method: &str, allowed: &str) -> Reply {
    let allows_get = allowed.starts_with("GET");
    let header = if allows_get { allowed.replacen("GET", "GET, HEAD", 1) } else { allowed.to_owned() };
    let words = match allowed.rsplit_once(", ") {
        Some((first, last)) => format!("{first} or {last}"),
        None => allowed.to_owned(),
    };
    let error = ScimError::new(405, format!("`{method}` is not allowed here; use {words}"));
    Reply::error(&error).header("Allow", header)
}

fn invalid(detail: String) -> ScimError {
    ScimError::bad(ScimType::InvalidValue, detail)
}
