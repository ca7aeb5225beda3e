//! A reply.

use serde_json::Value;

use super::Request;
use super::prefer::Returns;
use crate::scim::compat::Reading;
use crate::scim::error::ScimError;

/// The media type of every body (RFC 7644 §3.1).
pub const MEDIA_TYPE: &str = "application/scim+json";

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

/// Longest explanation, in bytes.
const MAX_EXPLANATION: usize = 8_000;

impl Reply {
    /// An error's reply.
    pub fn error(error: &ScimError) -> Self {
        Self::json(error.status, &error.to_json())
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::json_text(status, body.to_string())
    }

    /// A body that is JSON already.
    pub(super) fn json_text(status: u16, body: String) -> Self {
        Self { status, headers: vec![("Content-Type".into(), MEDIA_TYPE.into())], body }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// To a request with `Prefer: explain`: what of it the tenant's profile read how, as JSON
    /// in ASCII, the first ones as far as a header may hold them.
    pub(super) fn explained(self, request: &Request, readings: &[Reading]) -> Self {
        if readings.is_empty() || !request.wants_explanation() {
            return self;
        }
        let mut told = String::new();
        for reading in readings {
            let text = ascii(&serde_json::to_string(reading).unwrap_or_default());
            if told.len() + text.len() > MAX_EXPLANATION {
                break;
            }
            told.push_str(if told.is_empty() { "" } else { "," });
            told.push_str(&text);
        }
        self.header("Provisor-Read-As", format!("[{told}]"))
    }

    /// Says that the client's wish for what is returned was heard (RFC 7240 §3).
    pub(super) fn applied(self, returns: Option<Returns>) -> Self {
        match returns {
            Some(returns) => self.header("Preference-Applied", returns.applied()),
            None => self,
        }
    }

    /// A resource as JSON, with its ETag and its URI.
    pub(super) fn resource(status: u16, resource: String, etag: String, location: String) -> Self {
        Self::json_text(status, resource).header("ETag", etag).header("Location", location)
    }
}

/// JSON with nothing but ASCII in it.
fn ascii(json: &str) -> String {
    let escaped = |c: char| match c {
        ' '..='~' => c.to_string(),
        c => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    };
    json.chars().map(escaped).collect()
}
