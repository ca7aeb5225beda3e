//! From the core's replies to the Worker's responses, and from requests to their text.

use futures_util::{Stream, StreamExt, stream};
use worker::{Headers, Request, Response, ResponseBuilder, Result};

use super::log;
use crate::scim::error::{ScimError, ScimType};
use crate::scim::http::Reply;

/// Longest body that is sent in one piece, in bytes.
const WHOLE: usize = 1_048_576;
/// Bytes of a longer one that are sent at once.
const PART: usize = 262_144;

/// What every response carries: nothing is kept, sniffed, framed or fetched over plain HTTP.
const HEADERS: [(&str, &str); 6] = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
];

/// Why a request was not answered as it wished.
#[derive(Debug)]
pub(in crate::edge) enum Fault {
    /// What the client is told.
    Said(ScimError),
    /// What the platform did: for the log alone.
    Broken(worker::Error),
}

/// A response, or why there is none.
pub(in crate::edge) type Answer = std::result::Result<Response, Fault>;

impl From<ScimError> for Fault {
    fn from(error: ScimError) -> Self {
        Self::Said(error)
    }
}

impl From<worker::Error> for Fault {
    fn from(error: worker::Error) -> Self {
        Self::Broken(error)
    }
}

impl From<worker::kv::KvError> for Fault {
    fn from(error: worker::kv::KvError) -> Self {
        Self::Broken(worker::Error::RustError(error.to_string()))
    }
}

impl Fault {
    /// What the client is told; the rest goes to the log.
    pub fn told(self, request: &str) -> ScimError {
        match self {
            Self::Said(error) => error,
            Self::Broken(error) => {
                log::failure("platform", request, &error);
                ScimError::new(503, "the service could not answer; try again")
            }
        }
    }
}

/// A reply with its headers.
pub(in crate::edge) fn of_reply(reply: Reply) -> Result<Response> {
    let headers = Headers::new();
    for (name, value) in &reply.headers {
        headers.set(name, value)?;
    }
    let builder = ResponseBuilder::new().with_status(reply.status).with_headers(headers);
    match reply.body.len() {
        0 => Ok(builder.empty()),
        long if long > WHOLE => builder.from_stream(parts(reply.body.into_bytes())),
        _ => Ok(builder.fixed(reply.body.into_bytes())),
    }
}

/// A body's parts, each copied when it is sent, so that JavaScript never holds a long one twice.
fn parts(body: Vec<u8>) -> impl Stream<Item = Result<Vec<u8>>> {
    stream::unfold((body, 0), |(body, at)| async move {
        let part = body.get(at..body.len().min(at + PART)).filter(|part| !part.is_empty())?.to_vec();
        Some((Ok(part), (body, at + PART)))
    })
}

/// An error in SCIM's form; a 401 says how to authenticate (RFC 6750 §3).
pub(in crate::edge) fn of_error(error: &ScimError) -> Result<Response> {
    of_reply(reply_of(error))
}

/// The same, as a reply.
pub(in crate::edge) fn reply_of(error: &ScimError) -> Reply {
    let mut reply = Reply::error(error);
    if error.status == 401 {
        reply.headers.push(("WWW-Authenticate".into(), "Bearer realm=\"scim\"".into()));
    }
    reply
}

/// A response with the headers that every one carries.
pub(in crate::edge) fn secure(response: Response, request_id: &str) -> Result<Response> {
    // What another object answered cannot be changed in place.
    let (builder, body) = response.into_parts();
    let response = builder.body(body);
    let headers = Headers::from_iter(response.headers().entries());
    for (name, value) in HEADERS {
        headers.set(name, value)?;
    }
    headers.set(log::REQUEST_ID, request_id)?;
    Ok(response.with_headers(headers))
}

/// Headers that name a media type.
pub(in crate::edge) fn content_type(media_type: &str) -> Result<Headers> {
    let headers = Headers::new();
    headers.set("Content-Type", media_type)?;
    Ok(headers)
}

/// A request's body as text, read no further than `limit` bytes.
pub(in crate::edge) async fn body_text(
    request: &mut Request,
    limit: usize,
) -> std::result::Result<String, Fault> {
    let too_long = || ScimError::new(413, format!("the body is too long; send at most {limit} bytes"));
    let coding = request.headers().get("content-encoding")?.unwrap_or_default();
    if !matches!(coding.as_str(), "" | "identity") {
        let detail = format!("the body is compressed by `{coding}`; send it as it is");
        return Err(ScimError::new(415, detail).into());
    }
    let declared = request.headers().get("content-length")?.and_then(|text| text.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(too_long().into());
    }
    if request.inner().body().is_none() {
        return Ok(String::new());
    }
    let bytes = if declared.is_some() {
        // It can be no longer than it says.
        request.bytes().await?
    } else {
        let mut stream = request.stream()?;
        let mut bytes = Vec::new();
        while let Some(chunk) = stream.next().await {
            bytes.extend(chunk?);
            if bytes.len() > limit {
                return Err(too_long().into());
            }
        }
        bytes
    };
    String::from_utf8(bytes)
        .map_err(|_| ScimError::bad(ScimType::InvalidSyntax, "the body is not UTF-8").into())
}

/// `https://host` of a request, and its query without `?`.
pub(in crate::edge) fn origin_and_query(request: &Request) -> (String, String) {
    let url = request.inner().url();
    let (address, query) = url.split_once('?').unwrap_or((&url, ""));
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    let (scheme, rest) = address.split_once("://").unwrap_or(("https", address));
    let host = rest.split_once('/').map_or(rest, |(host, _)| host);
    (format!("{scheme}://{host}"), query.to_owned())
}

impl Reply {
    /// With the headers that every response carries, so that the Worker can pass on what an object says as
    /// it came.
    pub(in crate::edge) fn secured(mut self, request_id: &str) -> Self {
        let named = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        self.headers.extend(HEADERS.into_iter().map(named));
        self.headers.push((log::REQUEST_ID.to_owned(), request_id.to_owned()));
        self
    }

    /// A reply of the Worker itself, in plain JSON.
    pub(in crate::edge) fn plain(status: u16, body: &serde_json::Value) -> Self {
        Self::text(status, "application/json", body.to_string())
    }

    /// A reply of another media type.
    pub(in crate::edge) fn text(status: u16, media_type: &str, body: String) -> Self {
        Self { status, headers: vec![("Content-Type".into(), media_type.into())], body }
    }
}
