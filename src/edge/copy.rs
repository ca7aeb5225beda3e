//! Reading the copy: what an app at the edge asks most, with no hop to the object.

use serde_json::{Map, Value, json};
use worker::{Env, Request};

use super::publish::{Published, copy_key};
use super::reply::origin_and_query;
use super::token::Token;
use crate::scim::error::{ScimError, ScimType};
use crate::scim::filter::{self, Filter, Literal, Operator};
use crate::scim::http::Request as ScimRequest;
use crate::scim::http::{MEDIA_TYPE, Reply, decode};
use crate::scim::name::fold;

/// How long a location may keep a copy, in seconds; the shortest that KV allows.
const CACHE_SECONDS: u64 = 30;

/// Answers `GET /Users/{id}`, `GET /Groups/{id}` and `GET /Users?filter=userName eq "…"`.
pub(super) async fn read(
    env: &Env,
    token: &Token,
    request: &Request,
    path: &str,
) -> Result<Reply, ScimError> {
    let unavailable = |error: String| {
        worker::console_error!("the copy could not be read: {error}");
        ScimError::new(503, "the copy could not be read; try again")
    };
    let kv = env.kv("DIRECTORY").map_err(|error| unavailable(error.to_string()))?;
    let known = kv
        .get(&token_key(&token.hash))
        .cache_ttl(60)
        .text()
        .await
        .map_err(|error| unavailable(error.to_string()))?;
    if known.as_deref() != Some(token.tenant.as_str()) {
        return Err(ScimError::new(401, "the token is not valid or was revoked"));
    }
    let (_, query) = origin_and_query(request);
    let asked = Asked::read(request.method().as_ref(), path, query)?;
    let key = copy_key(&token.tenant, asked.kind, asked.attribute, &asked.value);
    let (document, published) = kv
        .get(&key)
        .cache_ttl(CACHE_SECONDS)
        .text_with_metadata::<Published>()
        .await
        .map_err(|error| unavailable(error.to_string()))?;
    let document = document.filter(|text| !text.is_empty()).filter(|text| asked.is_answered_by(text));
    let sequence = published.as_ref().map_or(0, |published| published.seq);
    let mut headers = vec![
        ("Content-Type".to_owned(), MEDIA_TYPE.to_owned()),
        ("Provisor-Source".to_owned(), "copy".to_owned()),
        ("Provisor-Sequence".to_owned(), sequence.to_string()),
    ];
    if asked.attribute.is_empty() {
        let document = document.ok_or_else(|| ScimError::not_found(asked.kind, &asked.value))?;
        let etag = published.map(|published| published.etag).unwrap_or_default();
        headers.push(("ETag".to_owned(), etag.clone()));
        let seen = request.headers().get("if-none-match").ok().flatten();
        if seen.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == etag)) {
            return Ok(Reply { status: 304, headers, body: String::new() });
        }
        return Ok(Reply { status: 200, headers, body: document });
    }
    let resources: Vec<Value> =
        document.and_then(|text| serde_json::from_str(&text).ok()).into_iter().collect();
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": resources.len(),
        "startIndex": 1,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    Ok(Reply { status: 200, headers, body: body.to_string() })
}

/// Where KV keeps that an edge-reader token is valid.
pub(super) fn token_key(hash: &str) -> String {
    format!("token/{hash}")
}

/// One of the few questions that the copy can answer.
struct Asked {
    kind: &'static str,
    attribute: &'static str,
    value: String,
}

impl Asked {
    fn read(method: &str, path: &str, query: String) -> Result<Self, ScimError> {
        let refused = || {
            let detail = "an edge-read token reads `/Users/{id}`, `/Groups/{id}` and `/Users?filter=userName eq \"…\"`; \
                          use a provisioning token for anything else";
            ScimError::new(403, detail)
        };
        if method != "GET" {
            return Err(refused());
        }
        match path.trim_end_matches('/').split('/').skip(1).collect::<Vec<_>>().as_slice() {
            ["Users", id] => Ok(Self { kind: "User", attribute: "", value: decode(id) }),
            ["Groups", id] => Ok(Self { kind: "Group", attribute: "", value: decode(id) }),
            ["Users"] => {
                let request = ScimRequest { query, ..ScimRequest::default() };
                let text = request.parameter("filter").ok_or_else(refused)?;
                let filter =
                    filter::parse(&text).map_err(|error| error.into_scim(ScimType::InvalidFilter, &text))?;
                match filter {
                    Filter::Compare {
                        path, operator: Operator::Eq, value: Literal::String(name), ..
                    } if path.attribute.eq_ignore_ascii_case("userName") && path.sub_attribute.is_none() => {
                        Ok(Self { kind: "User", attribute: "username", value: fold(&name) })
                    }
                    _ => Err(refused()),
                }
            }
            _ => Err(refused()),
        }
    }

    /// A copy found by name must still bear it: it may be older than a rename.
    fn is_answered_by(&self, document: &str) -> bool {
        if self.attribute.is_empty() {
            return true;
        }
        let document: Option<Map<String, Value>> = serde_json::from_str(document).ok();
        let name = document.as_ref().and_then(|document| document.get("userName")).and_then(Value::as_str);
        name.is_some_and(|name| fold(name) == self.value)
    }
}
