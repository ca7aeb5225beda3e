//! The error a SCIM client sees (RFC 7644 §3.12).

use std::borrow::Cow;
use std::fmt;

use serde_json::{Value, json};

/// Longest detail of a reply, in bytes as JSON writes them.
pub const MAX_DETAIL: usize = 1_800;
/// Bytes that are kept of a longer one's beginning.
const HEAD: usize = 1_200;
/// And of its end, where it says what to send instead.
const TAIL: usize = 500;
/// Most bytes of a client's text that an error repeats.
const SHOWN: usize = 256;

/// A client's text as an error repeats it: an excerpt where it is long.
pub fn shown(text: &str) -> Cow<'_, str> {
    excerpt(text, 0, SHOWN)
}

/// A text, or what stands around a place in it if it is longer than this many bytes.
pub fn excerpt(text: &str, at: usize, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return text.into();
    }
    let from = text.floor_char_boundary(at.saturating_sub(most / 2).min(text.len() - most));
    let to = text.floor_char_boundary(from + most);
    let [before, after] = [from > 0, to < text.len()].map(|cut| if cut { "…" } else { "" });
    format!("{before}{}{after}", text.get(from..to).unwrap_or_default()).into()
}

/// A detail as a reply carries it: whatever stands in it, it is no longer than [`MAX_DETAIL`].
fn bounded(detail: &str) -> Cow<'_, str> {
    // As JSON escapes them.
    let width = |letter: char| match letter {
        '"' | '\\' => 2,
        letter if letter < ' ' => 6,
        letter => letter.len_utf8(),
    };
    if detail.chars().map(width).sum::<usize>() <= MAX_DETAIL {
        return detail.into();
    }
    let within = |most: usize| {
        let mut left = most;
        move |letter: &char| {
            let fits = width(*letter) <= left;
            left = left.saturating_sub(width(*letter));
            fits
        }
    };
    let head: String = detail.chars().take_while(within(HEAD)).collect();
    let tail: Vec<char> = detail.chars().rev().take_while(within(TAIL)).collect();
    format!("{head}…{}", tail.into_iter().rev().collect::<String>()).into()
}

/// `scimType` of RFC 7644 §3.12 table 9, and of RFC 9865 §2.1 for cursors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the standard's own")]
pub enum ScimType {
    InvalidFilter,
    TooMany,
    Uniqueness,
    Mutability,
    InvalidSyntax,
    InvalidPath,
    NoTarget,
    InvalidValue,
    InvalidVers,
    Sensitive,
    InvalidCursor,
    ExpiredCursor,
    InvalidCount,
}

impl ScimType {
    /// The word as it stands in the JSON body.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
            Self::InvalidCursor => "invalidCursor",
            Self::ExpiredCursor => "expiredCursor",
            Self::InvalidCount => "invalidCount",
        }
    }
}

/// What went wrong, and what to send instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScimError {
    /// HTTP status.
    pub status: u16,
    /// The machine-readable reason, where the standard has one.
    pub scim_type: Option<ScimType>,
    /// One sentence for people: lower case, no full stop, the user's words in backticks.
    pub detail: String,
}

impl fmt::Display for ScimError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.status, self.detail)
    }
}

impl std::error::Error for ScimError {}

impl ScimError {
    /// An error without a `scimType`.
    pub fn new(status: u16, detail: impl Into<String>) -> Self {
        Self { status, scim_type: None, detail: detail.into() }
    }

    /// A 400 with a `scimType`.
    pub fn bad(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self { status: 400, scim_type: Some(scim_type), detail: detail.into() }
    }

    /// 409 `uniqueness`.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self { status: 409, scim_type: Some(ScimType::Uniqueness), detail: detail.into() }
    }

    /// 404 for a resource.
    pub fn not_found(kind: &str, id: &str) -> Self {
        Self::new(404, format!("there is no {kind} with id `{}`; look for it with a `filter`", shown(id)))
    }

    /// The body of RFC 7644 §3.12; `status` is a string there.
    pub fn to_json(&self) -> Value {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": self.status.to_string(),
        });
        if let Value::Object(map) = &mut body {
            if let Some(kind) = self.scim_type {
                map.insert("scimType".into(), kind.as_str().into());
            }
            map.insert("detail".into(), bounded(&self.detail).into());
        }
        body
    }
}
