//! A request, and what its query, headers and body say.

use serde_json::{Map, Value};

use crate::scim::error::{ScimError, ScimType};
use crate::scim::schema::project::Selection;

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

impl Request {
    /// A header's value; names in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A query parameter, decoded; `+` is a space. Parameters that mean nothing here, such
    /// as Entra's `aadOptscim062020`, are simply never asked for.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            decode(key).eq_ignore_ascii_case(name).then(|| decode(&value.replace('+', " ")))
        })
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, ScimError> {
        match self.parameter(name) {
            None => Ok(None),
            Some(text) => text.trim().parse().map(Some).map_err(|_| {
                ScimError::bad(ScimType::InvalidValue, format!("`{name}` must be an integer, not `{text}`"))
            }),
        }
    }

    pub(super) fn selection(&self) -> Result<Selection, ScimError> {
        selection(self.parameter("attributes"), self.parameter("excludedAttributes"))
    }

    pub(super) fn object(&self) -> Result<Map<String, Value>, ScimError> {
        let syntax = |detail: String| ScimError::bad(ScimType::InvalidSyntax, detail);
        let body = self.body.trim_start_matches('\u{feff}');
        match serde_json::from_str(body) {
            Ok(Value::Object(map)) => Ok(map),
            Ok(_) => Err(syntax("the body must be a JSON object".into())),
            Err(_) if body.trim().is_empty() => Err(syntax("the body is empty; send a JSON object".into())),
            Err(error) if error.is_eof() => {
                let (line, column) = (error.line(), error.column());
                Err(syntax(format!("the body is no JSON: it ends too soon, at line {line} column {column}")))
            }
            Err(error) => Err(syntax(format!("the body is no JSON: {error}"))),
        }
    }
}

/// Most names in `attributes`, and in `excludedAttributes`.
const MAX_NAMES: usize = 256;

/// What a client asked to see.
pub(super) fn selection(
    attributes: Option<String>,
    excluded: Option<String>,
) -> Result<Selection, ScimError> {
    for (name, list) in [("attributes", &attributes), ("excludedAttributes", &excluded)] {
        let number = list.as_ref().map_or(0, |list| 1 + list.matches(',').count());
        if number > MAX_NAMES {
            let detail = format!("`{name}` has {number} names, more than {MAX_NAMES}; leave some out");
            return Err(ScimError::bad(ScimType::InvalidValue, detail));
        }
    }
    Ok(Selection::parse(attributes.as_deref(), excluded.as_deref()))
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
