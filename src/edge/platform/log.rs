//! The log: one line of JSON a request. A line tells the route, never the path, the query,
//! a body or a header, so that nobody's name and no secret can stand in it.

use std::cell::RefCell;

use serde_json::{Map, Value};
use worker::Request;

use super::clock::now;
use super::random::new_id;

/// The header that names a request, in both directions.
pub(super) const REQUEST_ID: &str = "X-Request-Id";

/// The client's own id for the request if it is a plain one, else a new one.
pub(in crate::edge) fn request_id(request: &Request) -> String {
    let given = request.headers().get(REQUEST_ID).ok().flatten();
    let is_plain = |text: &String| {
        (8..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    given.filter(is_plain).unwrap_or_else(new_id)
}

thread_local! {
    /// The request that an object is answering; no two are answered at once.
    static WITHIN: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Says which request is answered from here on; empty when that is done.
pub(in crate::edge) fn within(request: String) {
    WITHIN.replace(request);
}

/// Writes a line.
pub(in crate::edge) fn info(event: &str, fields: &[(&str, Value)]) {
    worker::console_log!("{}", line("info", event, fields));
}

/// Writes a line about a failure; `cause` must come from the platform, not from a request.
pub(in crate::edge) fn failure(event: &str, request: &str, cause: &dyn std::fmt::Display) {
    let fields = [
        ("requestId", Some(request).filter(|id| !id.is_empty()).into()),
        ("cause", cause.to_string().into()),
    ];
    worker::console_error!("{}", line("error", event, &fields));
}

fn line(level: &str, event: &str, fields: &[(&str, Value)]) -> Value {
    let mut line = Map::new();
    line.insert("at".into(), now().into());
    line.insert("level".into(), level.into());
    line.insert("event".into(), event.into());
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        line.insert((*name).into(), value.clone());
    }
    Value::Object(line)
}
