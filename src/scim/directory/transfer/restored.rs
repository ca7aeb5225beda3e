//! What an import takes of a resource: what a request could have written, and nothing else.

use serde_json::{Map, Value};

use super::line::{MAX_DOCUMENT, MAX_ID, Resource, is_id};
use crate::scim::compat::Flag;
use crate::scim::directory::bounds::{self, Measured};
use crate::scim::directory::{ChangeSet, Key, Record, Settings, keys};
use crate::scim::error::ScimError;
use crate::scim::schema::check::{Rules, Write, examine};
use crate::scim::schema::{
    Fault, Faults, Mutability, Registry, ResourceType, Rule, builtin, instant, written,
};

/// Highest version: that of four million resources can be added up in a number of JavaScript.
const MAX_VERSION: u64 = 1 << 31;
/// Most rounds that a password's hash may say.
const MAX_ROUNDS: u32 = 10_000_000;
/// Longest part of a password's hash.
const MAX_PART: usize = 128;

/// A resource to be stored as it was elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The resource.
    pub record: Record,
    /// Its unique keys.
    pub unique: Vec<Key>,
    /// Its searchable keys.
    pub index: Vec<Key>,
    /// The hash of its password.
    pub password: Option<String>,
    /// What was left out of it, and what it has that no request could write any more.
    pub notes: Vec<String>,
}

/// Checks a resource as a request's is checked, but for what the service itself has written:
/// values of attributes that no client may write stay, and what newer rules would refuse is told.
///
/// # Errors
/// 400 for what no request could have written, 413 for a document too long to be stored.
pub fn restored(registry: &Registry, settings: &Settings, resource: Resource) -> Result<Restored, ScimError> {
    let Resource { kind, id, version, created, modified, document, password } = resource;
    let wrong = |detail: String| ScimError::new(400, detail);
    let kind = registry.resource_type(&kind).ok_or_else(|| {
        let known: Vec<&str> = registry.resource_types.iter().map(|kind| kind.name.as_str()).collect();
        wrong(format!("the tenant has no resource type `{kind}`; send one of `{}`", known.join("`, `")))
    })?;
    if !is_id(&id) {
        let shown: String = id.chars().take(60).collect();
        let detail = format!(
            "`id` is `{}`; send 1 to {MAX_ID} letters, digits, `.`, `_`, `~` or `-`, and neither `.`, `..` nor `.search`",
            shown.escape_debug()
        );
        return Err(wrong(detail));
    }
    if !(1..=MAX_VERSION).contains(&version) {
        return Err(wrong(format!("`version` is `{version}`; send 1 to {MAX_VERSION}")));
    }
    // Lists and filters compare times as texts, so all are written alike.
    let time = |name: &str, text: &str| {
        let refuse = || wrong(format!("`{name}` must be a dateTime such as `2026-01-31T08:00:00.000Z`"));
        instant(text).and_then(written).ok_or_else(refuse)
    };
    let (created, modified) = (time("created", &created)?, time("modified", &modified)?);
    if !password.as_deref().is_none_or(is_hash) {
        let detail = "`password` is no hash of this service; send `$pbkdf2-sha256$i=…$…$…` as an export has it, or leave it out";
        return Err(wrong(detail.into()));
    }
    if document.get().len() > MAX_DOCUMENT {
        let detail =
            format!("`document` has {} bytes; a resource may have {MAX_DOCUMENT}", document.get().len());
        return Err(ScimError::new(413, detail));
    }
    let body: Map<String, Value> =
        serde_json::from_str(document.get()).map_err(|_| wrong("`document` must be a JSON object".into()))?;
    let (body, mut notes) = without_own(registry, kind, body)?;
    let rules = Rules { open_values: true };
    let (body, Faults(faults)) = examine(registry, kind, rules, Write::Restore, body);
    let (told, faults): (Vec<_>, Vec<_>) = faults.into_iter().partition(|fault| is_forgiven(kind, fault));
    if !faults.is_empty() {
        return Err(Faults(faults).into());
    }
    notes.extend(told.iter().map(|fault| format!("{fault}; it stays as it is")));
    let text = serde_json::to_string(&body).unwrap_or_default();
    let now = Measured { document: &body, bytes: text.len() };
    if let Err(error) = bounds::check(registry, kind, &ChangeSet::default(), None, now) {
        notes.push(format!("{}; it stays as it is, and may only become shorter", error.detail));
    }
    let unique_names = settings.profile.has(Flag::UniqueGroupNames);
    let (unique, index) = keys(registry, kind, &body, unique_names);
    let record = Record { kind: kind.name.clone(), id, version, created, modified, document: text };
    Ok(Restored { record, unique, index, password, notes })
}

/// The document without what is not kept in it.
fn without_own(
    registry: &Registry,
    kind: &ResourceType,
    mut body: Map<String, Value>,
) -> Result<(Map<String, Value>, Vec<String>), ScimError> {
    let own = registry.schema(&kind.schema);
    let is_written = |name: &str| {
        own.and_then(|own| own.attribute(name))
            .is_some_and(|attribute| attribute.mutability != Mutability::ReadOnly)
    };
    let is_left_out = |name: &str| {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        is("id") || is("meta") || is("schemas") || is("password") || (is("groups") && !is_written("groups"))
    };
    if kind.name == "Group"
        && body.iter().any(|(name, value)| name.eq_ignore_ascii_case("members") && !value.is_null())
    {
        let detail = "`members` stand in lines of their own: `{\"members\": {\"group\": …, \"add\": […]}}`";
        return Err(ScimError::new(400, detail));
    }
    let left_out: Vec<String> = body.keys().filter(|name| is_left_out(name)).cloned().collect();
    body.retain(|name, _| !is_left_out(name));
    let note = |names: Vec<String>| {
        format!("`{}` of `document` was left out: the service itself gives it", names.join("`, `"))
    };
    Ok((body, (!left_out.is_empty()).then(|| note(left_out)).into_iter().collect()))
}

/// Whether a resource may have been stored with this fault: what is required or bounded may have
/// become so later, by a schema of the tenant or a newer version of the service.
fn is_forgiven(kind: &ResourceType, fault: &Fault) -> bool {
    let ever = || {
        let schema = builtin().schema(&kind.schema);
        schema.and_then(|schema| schema.attribute(&fault.path)).is_some_and(|attribute| attribute.required)
    };
    fault.rule == Rule::Required && !ever()
}

/// Whether this is a password's hash as the service writes it: `$pbkdf2-sha256$i=100000$<salt>$<hash>`.
fn is_hash(text: &str) -> bool {
    let mut parts = text.split('$');
    let mut next = || parts.next().unwrap_or_default();
    let (before, name, rounds, salt, hash) = (next(), next(), next(), next(), next());
    let is_base64 = |part: &str| {
        (1..=MAX_PART).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
    };
    let rounds = rounds.strip_prefix("i=").and_then(|rounds| rounds.parse::<u32>().ok());
    before.is_empty()
        && name == "pbkdf2-sha256"
        && rounds.is_some_and(|rounds| (1..=MAX_ROUNDS).contains(&rounds))
        && is_base64(salt)
        && is_base64(hash)
        && parts.next().is_none()
}
