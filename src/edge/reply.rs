//! From the core's replies to the Worker's responses.

use worker::{Headers, Request, Response, ResponseBuilder, Result};

use crate::scim::error::ScimError;
use crate::scim::http::Reply;

/// A reply with its headers, and those that every answer carries.
pub(super) fn of_reply(reply: Reply) -> Result<Response> {
    let headers = Headers::new();
    for (name, value) in &reply.headers {
        headers.set(name, value)?;
    }
    headers.set("Cache-Control", "no-store")?;
    headers.set("X-Content-Type-Options", "nosniff")?;
    let builder = ResponseBuilder::new().with_status(reply.status).with_headers(headers);
    if reply.body.is_empty() { Ok(builder.empty()) } else { Ok(builder.fixed(reply.body.into_bytes())) }
}

/// An error in SCIM's form; a 401 says how to authenticate (RFC 6750 §3).
pub(super) fn of_error(error: &ScimError) -> Result<Response> {
    let mut reply = Reply::error(error);
    if error.status == 401 {
        reply.headers.push(("WWW-Authenticate".into(), "Bearer realm=\"scim\"".into()));
    }
    of_reply(reply)
}

/// `https://host` of a request, and its query without `?`.
pub(super) fn origin_and_query(request: &Request) -> (String, String) {
    let url = request.inner().url();
    let (address, query) = url.split_once('?').unwrap_or((&url, ""));
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    let (scheme, rest) = address.split_once("://").unwrap_or(("https", address));
    let host = rest.split_once('/').map_or(rest, |(host, _)| host);
    (format!("{scheme}://{host}"), query.to_owned())
}
