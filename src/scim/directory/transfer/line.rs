//! What stands on a line.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::scim::directory::Settings;
use crate::scim::error::ScimError;

/// The form of the lines; a reader refuses every other.
pub const FORM: u64 = 1;
/// Longest document of a resource, in bytes: what one row of the object's storage may hold.
pub const MAX_DOCUMENT: usize = 2 * 1_048_576;
/// Longest line, in bytes: a document, and what stands around it.
pub const MAX_LINE: usize = 4 * 1_048_576;
/// Longest id.
pub(super) const MAX_ID: usize = 128;
/// How the last line begins.
pub const END: &str = "{\"end\":";

/// A line before the last.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Line {
    /// The first: form, settings and schemas.
    Export(Map<String, Value>),
    /// A resource as it is, in place of what an earlier line said of it.
    Resource(Resource),
    /// Members of a group, beside those of other lines.
    Members(Members),
    /// Forgets a resource, its memberships on both sides, its keys and its password.
    Delete(String),
}

/// A resource as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub struct Resource {
    /// The resource type's name.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u64,
    /// RFC 3339.
    pub created: String,
    /// RFC 3339.
    pub modified: String,
    /// The document without what is joined when it is read.
    pub document: Box<RawValue>,
    /// The hash of the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// Members of a group.
#[derive(Debug, Serialize, Deserialize)]
pub struct Members {
    /// The group's id.
    pub group: String,
    /// The members' ids.
    pub add: Vec<String>,
}

/// What the rows of a tenant add up to: a restored one must come to the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are the tables'")]
pub struct Sums {
    /// The journal's last number where the export was made.
    pub sequence: i64,
    pub resources: i64,
    pub versions: i64,
    pub members: i64,
    pub unique_keys: i64,
    pub passwords: i64,
}

/// The last line: what all rows add up to, and the SHA-256 of all lines before, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trailer {
    /// What the rows add up to.
    #[serde(flatten)]
    pub sums: Sums,
    /// The digest.
    #[serde(default)]
    pub sha256: String,
}

impl Trailer {
    /// Reads the last line; `None` for a line that does not begin as the last one does.
    ///
    /// # Errors
    /// 400 for one that begins so and is no trailer.
    pub fn read(line: &str) -> Option<Result<Self, ScimError>> {
        #[derive(Deserialize)]
        struct Last {
            end: Trailer,
        }
        line.starts_with(END).then(|| match serde_json::from_str::<Last>(line) {
            Ok(Last { end }) => Ok(end),
            Err(error) => {
                let detail =
                    format!("the last line is not an export's trailer ({error}); send the whole file");
                Err(ScimError::new(400, detail))
            }
        })
    }
}

/// The first line.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// The settings that the tenant had; `None` in a file without.
    pub settings: Option<Settings>,
    /// Its own schemas and resource types, as `{"Schemas": […], "ResourceTypes": […]}`.
    pub schemas: Option<Value>,
}

impl Head {
    /// Reads what the first line says.
    ///
    /// # Errors
    /// 400 for another form and for settings that are none.
    pub fn read(map: &Map<String, Value>) -> Result<Self, ScimError> {
        if map.get("form").and_then(Value::as_u64) != Some(FORM) {
            let found = map.get("form").cloned().unwrap_or_default();
            let detail = format!(
                "the export has the form `{found}` and this service reads form `{FORM}`; import it with the version \
                 of the service that wrote it"
            );
            return Err(ScimError::new(400, detail));
        }
        let given = |name: &str| map.get(name).filter(|value| !value.is_null());
        let settings = given("settings").map(|settings| serde_json::from_value(settings.clone())).transpose();
        let settings = settings.map_err(|error| ScimError::new(400, format!("`settings`: {error}")))?;
        Ok(Self { settings, schemas: given("schemas").cloned() })
    }
}

/// Reads the line with this number; the first one has number 1 and is the head, and no other is.
///
/// # Errors
/// 400 for what is no line of an export, or stands in the wrong place; 413 for one too long.
pub fn read(number: u64, text: &str) -> Result<Line, ScimError> {
    if text.len() > MAX_LINE {
        let detail = format!("it has {} bytes; a line may have {MAX_LINE}", text.len());
        return Err(ScimError::new(413, detail));
    }
    let line: Line = serde_json::from_str(text).map_err(|error| {
        // The position within the line; which line it is, the caller says.
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or_default();
        let detail =
            format!("it is not of an export ({why} at column {}); send what an export gave", error.column());
        ScimError::new(400, detail)
    })?;
    let wrong = |detail: &str| Err(ScimError::new(400, detail));
    match &line {
        Line::Export(_) if number != 1 => wrong(
            "it begins another export; send one file, of which the first line alone begins with `{\"export\":`",
        ),
        Line::Export(_) => Ok(line),
        _ if number == 1 => {
            wrong("the first line of an export begins with `{\"export\":`; send the whole file")
        }
        Line::Members(Members { group, .. }) if !is_id(group) => wrong("`group` is no id of a group here"),
        Line::Delete(id) if !is_id(id) => wrong("`delete` names no id of a resource here"),
        _ => Ok(line),
    }
}

/// A line as an export writes it.
pub fn shown(line: &Line) -> String {
    serde_json::to_string(line).unwrap_or_default()
}

/// What the reader of a file is told of a line that was refused.
pub fn refused(number: u64, mut error: ScimError) -> ScimError {
    error.detail = format!("line {number}: {}; nothing was kept", error.detail);
    error
}

/// Whether this may be the id of a resource: it stands in paths, in `Location` and in keys of the copy.
#[must_use]
pub fn is_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    (1..=MAX_ID).contains(&id.len()) && id.bytes().all(is_plain) && !matches!(id, "." | ".." | ".search")
}
