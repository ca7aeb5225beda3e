//! A request, and what its query, headers and body say.

use serde_json::{Map, Value};

use super::select::selection;
use crate::scim::compat::{Profile, Reading};
use crate::scim::directory::{self, MAX_BULK_OPERATIONS, MAX_PASSWORDS};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::schema::project::Selection;
use crate::scim::uri::decode;

/// Longest body, in bytes.
pub const MAX_PAYLOAD: usize = 1_048_576;

/// A header that the protocol reads. A shell forwards all of [`HEADERS`], and the core asks for no
/// other, as [`Request::header`] takes nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the standard's own")]
pub enum Header {
    Accept,
    ContentType,
    IfMatch,
    IfNoneMatch,
    Prefer,
}

/// Every header that the protocol reads, with its name in lower case.
pub const HEADERS: [(Header, &str); 5] = [
    (Header::Accept, "accept"),
    (Header::ContentType, "content-type"),
    (Header::IfMatch, "if-match"),
    (Header::IfNoneMatch, "if-none-match"),
    (Header::Prefer, "prefer"),
];

/// A request as it reached the SCIM base, already authenticated.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// The path below the base, percent-encoded: `/Users/2819c223`. [`super::serve`] brings it into its
    /// normal form; who decides by it before must do so too ([`super::normal`]).
    pub path: String,
    /// The query without `?`, as received.
    pub query: String,
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body's text; empty when there is none.
    pub body: String,
}

impl Request {
    /// A header's value.
    pub fn header(&self, header: Header) -> Option<&str> {
        let (_, name) = HEADERS.iter().find(|(known, _)| *known == header)?;
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether it only reads: by its method, or as a posted search.
    pub fn reads(&self) -> bool {
        let is_search = self.path.rsplit('/').next() == Some(".search");
        matches!(self.method.as_str(), "GET" | "HEAD") || (self.method == "POST" && is_search)
    }

    /// Every text in the body that may have to be hashed ([`directory::passwords`]); nothing where the
    /// body is no JSON, which the core will say.
    ///
    /// # Errors
    /// 413 for more than [`MAX_PASSWORDS`].
    pub fn passwords(&self) -> Result<Vec<String>, ScimError> {
        if self.reads() || self.method == "DELETE" || !may_name_password(&self.body) {
            return Ok(Vec::new());
        }
        let body = serde_json::from_str(self.body.trim_start_matches('\u{feff}')).unwrap_or_default();
        let found = directory::passwords(&body);
        if found.len() > MAX_PASSWORDS {
            let detail =
                format!("{} passwords in one request; send at most {MAX_PASSWORDS} at a time", found.len());
            return Err(ScimError::new(413, detail));
        }
        Ok(found)
    }

    /// How many requests it counts as: a bulk request as many as it has operations.
    pub fn operations(&self) -> usize {
        if self.path != "/Bulk" {
            return 1;
        }
        let body = self.object().unwrap_or_default();
        let items = body.iter().find(|(name, _)| name.eq_ignore_ascii_case("Operations"));
        let items = items.and_then(|(_, items)| items.as_array()).map_or(1, Vec::len);
        // What is too long is refused before anything is done.
        if items > MAX_BULK_OPERATIONS { 1 } else { items.max(1) }
    }

    /// Whether it can mean the token's own user: as `/Me`, or in a bulk request.
    pub fn may_mean_me(&self) -> bool {
        matches!(self.path.split('/').nth(1), Some("Me" | "Bulk"))
    }

    /// A query parameter, decoded; `+` is a space. One without a value is as if it were not there.
    /// Parameters that mean nothing here, such as Entra's `aadOptscim062020`, are simply never asked for.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.sent(name).filter(|text| !text.trim().is_empty())
    }

    /// A query parameter for which "none" is a value of its own: an empty `cursor` begins the list
    /// (RFC 9865 §2.1).
    pub(super) fn sent(&self, name: &str) -> Option<String> {
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

    /// What the client asked to see, and what of that was read how.
    pub(super) fn selection(&self, profile: Profile) -> Result<(Selection, Vec<Reading>), ScimError> {
        selection(profile, self.parameter("attributes"), self.parameter("excludedAttributes"))
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

/// Whether a body can name a password at all, so that most need no second look: the word stands in it,
/// or an escape that may spell it.
fn may_name_password(body: &str) -> bool {
    let word = b"password";
    body.contains("\\u") || body.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}
