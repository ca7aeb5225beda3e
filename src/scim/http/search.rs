//! Lists, by GET or by a posted search (RFC 7644 §3.4.2, §3.4.3; RFC 9865 for cursors).

use serde_json::{Map, Value, json};

use super::refusal::invalid;
use super::select::selection;
use super::{Reply, Request};
use crate::scim::compat::Reading;
use crate::scim::directory::{self, Context, Found, Query, Searchable};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::schema::ResourceType;

pub(super) const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// `GET /Users?…`, or `GET /?…` over all types.
pub(super) fn listed(
    store: &mut dyn Searchable,
    context: &Context<'_>,
    kinds: &[&ResourceType],
    request: &Request,
) -> Result<Reply, ScimError> {
    let cursor = request.sent("cursor");
    let (selection, readings) = request.selection(context.settings.profile)?;
    let count = request.number("count").map_err(|error| of_count(error, cursor.is_some()))?;
    let query = Query {
        filter: request.parameter("filter"),
        start_index: request.number("startIndex")?,
        count,
        cursor,
        sort_by: request.parameter("sortBy"),
        descending: is_descending(request.parameter("sortOrder").as_deref())?,
        selection,
    };
    found(store, context, kinds, request, (&query, readings))
}

/// `POST /Users/.search`
pub(super) fn posted(
    store: &mut dyn Searchable,
    context: &Context<'_>,
    kind: &ResourceType,
    request: &Request,
) -> Result<Reply, ScimError> {
    let (query, readings) = read(context, &request.object()?)?;
    found(store, context, &[kind], request, (&query, readings))
}

/// `POST /.search`
pub(super) fn everywhere(
    store: &mut dyn Searchable,
    context: &Context<'_>,
    request: &Request,
) -> Result<Reply, ScimError> {
    let kinds: Vec<_> = context.registry.resource_types.iter().collect();
    let (query, readings) = read(context, &request.object()?)?;
    found(store, context, &kinds, request, (&query, readings))
}

/// What a query finds, with what of it was read how.
fn found(
    store: &mut dyn Searchable,
    context: &Context<'_>,
    kinds: &[&ResourceType],
    request: &Request,
    (query, mut readings): (&Query, Vec<Reading>),
) -> Result<Reply, ScimError> {
    let mut found = directory::query(store, context, kinds, query)?;
    readings.append(&mut found.readings);
    Ok(shown(found).explained(request, &readings))
}

fn is_descending(order: Option<&str>) -> Result<bool, ScimError> {
    match order {
        None => Ok(false),
        Some(order) if order.eq_ignore_ascii_case("ascending") => Ok(false),
        Some(order) if order.eq_ignore_ascii_case("descending") => Ok(true),
        Some(other) => Err(invalid(format!("`sortOrder` is `{other}`; send `ascending` or `descending`"))),
    }
}

/// What is wrong with a count has a word of its own where cursors are used (RFC 9865 §2.1).
fn of_count(error: ScimError, with_cursor: bool) -> ScimError {
    if with_cursor { ScimError::bad(ScimType::InvalidCount, error.detail) } else { error }
}

/// The body of a `.search`.
fn read(context: &Context<'_>, body: &Map<String, Value>) -> Result<(Query, Vec<Reading>), ScimError> {
    let sent = |name: &str| {
        let same = || body.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        body.get(name).or_else(same).filter(|value| !value.is_null())
    };
    // As in a URI: what is empty is not there, but for a cursor.
    let is_empty = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
    let field = |name: &str| sent(name).filter(|value| name == "cursor" || !is_empty(value));
    if context.settings.is_strict() {
        let urns = field("schemas").and_then(Value::as_array);
        if !urns.is_some_and(|urns| urns.iter().any(|urn| urn == SEARCH)) {
            let detail = format!("`schemas` must hold `{SEARCH}`");
            return Err(ScimError::bad(ScimType::InvalidSyntax, detail));
        }
    }
    let text = |name: &str| match field(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(invalid(format!("`{name}` must be text, not `{other}`"))),
    };
    let number = |name: &str| match field(name) {
        None => Ok(None),
        Some(Value::String(text)) if !context.settings.is_strict() => text
            .trim()
            .parse()
            .map(Some)
            .map_err(|_| invalid(format!("`{name}` must be an integer, not `{text}`"))),
        Some(value) => value
            .as_i64()
            .map(Some)
            .ok_or_else(|| invalid(format!("`{name}` must be an integer, not `{value}`"))),
    };
    let names = |name: &str| match field(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Array(items)) if items.iter().all(Value::is_string) => {
            Ok(Some(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")))
        }
        Some(other) => Err(invalid(format!("`{name}` must be an array of attribute names, not `{other}`"))),
    };
    let cursor = text("cursor")?;
    let count = number("count").map_err(|error| of_count(error, cursor.is_some()))?;
    let (selection, readings) =
        selection(context.settings.profile, names("attributes")?, names("excludedAttributes")?)?;
    let query = Query {
        filter: text("filter")?,
        start_index: number("startIndex")?,
        count,
        cursor,
        sort_by: text("sortBy")?,
        descending: is_descending(text("sortOrder")?.as_deref())?,
        selection,
    };
    Ok((query, readings))
}

fn shown(found: Found) -> Reply {
    let mut body = Map::from_iter([
        ("schemas".to_owned(), json!([LIST])),
        ("totalResults".to_owned(), found.total.into()),
    ]);
    if let Some(start) = found.start_index {
        body.insert("startIndex".into(), start.into());
    }
    body.insert("itemsPerPage".into(), found.resources.len().into());
    for (name, cursor) in [("previousCursor", found.previous), ("nextCursor", found.next)] {
        if let Some(cursor) = cursor {
            body.insert(name.into(), cursor.into());
        }
    }
    // Each resource is text already.
    let mut text = Value::Object(body).to_string();
    text.pop();
    text.reserve_exact(found.resources.iter().map(|one| one.len() + 1).sum::<usize>() + 16);
    text.push_str(",\"Resources\":[");
    for (index, one) in found.resources.into_iter().enumerate() {
        text.push_str(if index > 0 { "," } else { "" });
        text.push_str(&one);
    }
    text.push_str("]}");
    Reply::json_text(200, text)
}
