//! A SCIM request and its reply, without a network: what the edge, the page's replay
//! and the tests all call.

use serde_json::{Map, Value, json};

use super::directory::{self, Context, Query, Searchable, Shown, Written};
use super::error::{ScimError, ScimType};
use super::patch;
use super::schema::ResourceType;
use super::schema::project::Selection;

/// The media type of every body (RFC 7644 §3.1).
pub const MEDIA_TYPE: &str = "application/scim+json";
/// Longest body, in bytes.
pub const MAX_PAYLOAD: usize = 1_048_576;

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// A request as it reached the SCIM base, already authenticated.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// The path below the base, percent-encoded as received: `/Users/2819c223`.
    pub path: String,
    /// The query without `?`, as received.
    pub query: String,
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body's text; empty when there is none.
    pub body: String,
}

/// What to send back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Header names as they should be sent, with their values.
    pub headers: Vec<(String, String)>,
    /// The body's text; empty when there is none.
    pub body: String,
}

/// Answers one request. Never fails: every fault is a reply in RFC 7644 §3.12's form.
pub fn serve(store: &mut dyn Searchable, context: &mut Context<'_>, request: &Request) -> Reply {
    route(store, context, request).unwrap_or_else(|error| Reply::error(&error))
}

impl Reply {
    /// An error's reply.
    pub fn error(error: &ScimError) -> Self {
        Self::json(error.status, &error.to_json())
    }

    fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: vec![("Content-Type".into(), MEDIA_TYPE.into())], body: body.to_string() }
    }

    fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// To a request with `Prefer: explain`: what of it the tenant's profile read how, as JSON
    /// in ASCII.
    fn explained(self, request: &Request, written: &Written) -> Self {
        let asked = request.header("prefer").is_some_and(|text| {
            text.split(',').any(|preference| preference.trim().eq_ignore_ascii_case("explain"))
        });
        match serde_json::to_string(&written.readings) {
            Ok(text) if asked && !written.readings.is_empty() => {
                let ascii = |c: char| match c {
                    ' '..='~' => c.to_string(),
                    c => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
                };
                self.header("Provisor-Read-As", text.chars().map(ascii).collect::<String>())
            }
            _ => self,
        }
    }

    fn resource(status: u16, shown: Shown) -> Self {
        Self::json(status, &Value::Object(shown.resource))
            .header("ETag", shown.etag)
            .header("Location", shown.location)
    }
}

impl Request {
    /// A header's value; names in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A query parameter, decoded; `+` is a space. Parameters that mean nothing here, such
    /// as Entra's `aadOptscim062020`, are simply never asked for.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            decode(key).eq_ignore_ascii_case(name).then(|| decode(&value.replace('+', " ")))
        })
    }

    fn number(&self, name: &str) -> Result<Option<i64>, ScimError> {
        match self.parameter(name) {
            None => Ok(None),
            Some(text) => text.trim().parse().map(Some).map_err(|_| {
                ScimError::bad(ScimType::InvalidValue, format!("`{name}` must be an integer, not `{text}`"))
            }),
        }
    }

    fn selection(&self) -> Selection {
        Selection::parse(
            self.parameter("attributes").as_deref(),
            self.parameter("excludedAttributes").as_deref(),
        )
    }

    fn object(&self) -> Result<Map<String, Value>, ScimError> {
        let syntax = |detail: String| ScimError::bad(ScimType::InvalidSyntax, detail);
        match serde_json::from_str(self.body.trim_start_matches('\u{feff}')) {
            Ok(Value::Object(map)) => Ok(map),
            Ok(_) => Err(syntax("the body must be a JSON object".into())),
            Err(error) => Err(syntax(format!("the body is no JSON: {error}"))),
        }
    }
}

/// Percent-decoding; what is no valid escape stays as it is.
pub fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let digits = (byte == b'%').then(|| (hex(ahead.next()), hex(ahead.next())));
        match digits {
            Some((Some(high), Some(low))) => {
                bytes.push(high * 16 + low);
                rest = ahead;
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(byte: Option<u8>) -> Option<u8> {
    char::from(byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn route(
    store: &mut dyn Searchable,
    context: &mut Context<'_>,
    request: &Request,
) -> Result<Reply, ScimError> {
    if request.body.len() > MAX_PAYLOAD {
        let detail = format!("the body has {} bytes; send at most {MAX_PAYLOAD}", request.body.len());
        return Err(ScimError::new(413, detail));
    }
    let path = request.path.trim_end_matches('/');
    let segments: Vec<String> = path.split('/').skip(1).map(decode).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = request.method.as_str();
    match segments.as_slice() {
        ["ServiceProviderConfig"] if method == "GET" => {
            Ok(Reply::json(200, &service_provider_config(context)))
        }
        ["Schemas" | "ResourceTypes", ..] if method == "GET" => discovery(context, request, &segments),
        [".search"] if method == "POST" => {
            let found = directory::query_all(store, context, &read_search(request)?)?;
            Ok(list_reply(found))
        }
        [".search"] => Err(not_allowed(method, "POST")),
        ["Me"] => {
            let detail =
                "`/Me` is not offered: a token belongs to a tenant, not to a user; use `/Users/{id}`";
            Err(ScimError::new(501, detail))
        }
        ["ServiceProviderConfig"] | ["Schemas" | "ResourceTypes", ..] => Err(not_allowed(method, "GET")),
        [endpoint, rest @ ..] => {
            let endpoint = format!("/{endpoint}");
            let registry = context.registry;
            let kind = registry.at_endpoint(&endpoint).ok_or_else(|| no_endpoint(path))?;
            match rest {
                [] => collection(store, context, kind, request),
                [".search"] if method == "POST" => list(store, context, kind, &read_search(request)?),
                [".search"] => Err(not_allowed(method, "POST")),
                [id] => resource(store, context, kind, id, request),
                _ => Err(no_endpoint(path)),
            }
        }
        [] => Err(no_endpoint(path)),
    }
}

fn no_endpoint(path: &str) -> ScimError {
    ScimError::new(404, format!("there is no endpoint `{path}`; see `/ResourceTypes`"))
}

fn not_allowed(method: &str, allowed: &str) -> ScimError {
    ScimError::new(405, format!("`{method}` is not allowed here; use {allowed}"))
}

fn collection(
    store: &mut dyn Searchable,
    context: &mut Context<'_>,
    kind: &ResourceType,
    request: &Request,
) -> Result<Reply, ScimError> {
    match request.method.as_str() {
        "GET" => {
            let query = Query {
                filter: request.parameter("filter").filter(|text| !text.trim().is_empty()),
                start_index: request.number("startIndex")?,
                count: request.number("count")?,
                sort_by: request.parameter("sortBy"),
                descending: is_descending(request.parameter("sortOrder").as_deref())?,
                selection: request.selection(),
            };
            list(store, context, kind, &query)
        }
        "POST" => {
            let written = directory::create(store, context, kind, request.object()?)?;
            let shown = directory::render(store, context, kind, &written.record, &request.selection())?;
            Ok(Reply::resource(201, shown).explained(request, &written))
        }
        method => Err(not_allowed(method, "GET or POST")),
    }
}

fn is_descending(order: Option<&str>) -> Result<bool, ScimError> {
    match order {
        None | Some("ascending" | "") => Ok(false),
        Some("descending") => Ok(true),
        Some(other) => {
            let detail = format!("`sortOrder` is `{other}`; send `ascending` or `descending`");
            Err(ScimError::bad(ScimType::InvalidValue, detail))
        }
    }
}

/// The body of a `.search` (RFC 7644 §3.4.3).
fn read_search(request: &Request) -> Result<Query, ScimError> {
    let body = request.object()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let names = |name: &str| {
        let items = body.get(name).and_then(Value::as_array)?;
        Some(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","))
    };
    Ok(Query {
        filter: text("filter"),
        start_index: body.get("startIndex").and_then(Value::as_i64),
        count: body.get("count").and_then(Value::as_i64),
        sort_by: text("sortBy"),
        descending: is_descending(text("sortOrder").as_deref())?,
        selection: Selection::parse(names("attributes").as_deref(), names("excludedAttributes").as_deref()),
    })
}

fn list(
    store: &mut dyn Searchable,
    context: &mut Context<'_>,
    kind: &ResourceType,
    query: &Query,
) -> Result<Reply, ScimError> {
    directory::query(store, context, kind, query).map(list_reply)
}

fn list_reply(found: directory::Found) -> Reply {
    let resources: Vec<_> = found.resources.into_iter().map(|shown| Value::Object(shown.resource)).collect();
    Reply::json(
        200,
        &json!({
            "schemas": [LIST],
            "totalResults": found.total,
            "startIndex": found.start_index,
            "itemsPerPage": resources.len(),
            "Resources": resources,
        }),
    )
}

fn resource(
    store: &mut dyn Searchable,
    context: &mut Context<'_>,
    kind: &ResourceType,
    id: &str,
    request: &Request,
) -> Result<Reply, ScimError> {
    let if_match = request.header("if-match");
    let selection = request.selection();
    match request.method.as_str() {
        "GET" => {
            let record = store.get(&kind.name, id)?.ok_or_else(|| ScimError::not_found(&kind.name, id))?;
            let shown = directory::render(store, context, kind, &record, &selection)?;
            let known = request
                .header("if-none-match")
                .is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == shown.etag));
            if known {
                return Ok(Reply::empty(304).header("ETag", shown.etag));
            }
            Ok(Reply::resource(200, shown))
        }
        "PUT" => {
            let written = directory::replace(store, context, kind, id, if_match, request.object()?)?;
            Ok(changed(store, context, kind, &written, &selection)?.explained(request, &written))
        }
        "PATCH" => {
            let operations = patch::decode(request.object()?, context.settings.profile)?;
            let written = directory::patch(store, context, kind, id, if_match, operations)?;
            // Entra wants 204 for groups; a body that lists every member would be wasted.
            let quiet = kind.name == "Group"
                && !context.settings.group_patch_returns_body
                && request.parameter("attributes").is_none();
            if quiet {
                let etag = format!("W/\"{}\"", written.record.version);
                return Ok(Reply::empty(204).header("ETag", etag).explained(request, &written));
            }
            Ok(changed(store, context, kind, &written, &selection)?.explained(request, &written))
        }
        "DELETE" => {
            directory::delete(store, context, kind, id, if_match)?;
            Ok(Reply::empty(204))
        }
        method => Err(not_allowed(method, "GET, PUT, PATCH or DELETE")),
    }
}

fn changed(
    store: &mut dyn Searchable,
    context: &Context<'_>,
    kind: &ResourceType,
    written: &Written,
    selection: &Selection,
) -> Result<Reply, ScimError> {
    Ok(Reply::resource(200, directory::render(store, context, kind, &written.record, selection)?))
}

/// `/Schemas` and `/ResourceTypes`, whole or one; no filter there (RFC 7644 §4).
fn discovery(context: &Context<'_>, request: &Request, segments: &[&str]) -> Result<Reply, ScimError> {
    if request.parameter("filter").is_some() {
        return Err(ScimError::new(403, "discovery endpoints take no `filter`; read the whole list"));
    }
    let registry = context.registry;
    let documents: Vec<(String, Value)> = match segments.first() {
        Some(&"Schemas") => {
            registry.schemas.iter().map(|schema| (schema.id.clone(), schema.to_json(context.base))).collect()
        }
        _ => {
            registry.resource_types.iter().map(|kind| (kind.id.clone(), kind.to_json(context.base))).collect()
        }
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

/// RFC 7643 §5: what is supported, and nothing more.
fn service_provider_config(context: &Context<'_>) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": context.settings.max_results },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
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
