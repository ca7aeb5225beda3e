//! A SCIM request and its reply, without a network: what the edge, the page's replay
//! and the tests all call.

use super::directory::{Context, Store};

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
pub fn serve(_store: &mut dyn Store, _context: &mut Context<'_>, _request: &Request) -> Reply {
    Reply { status: 501, headers: Vec::new(), body: String::new() }
}
