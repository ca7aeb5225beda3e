//! Bounds on what is written anew. What is stored already stays: it is read, found, exported and
//! deleted as ever, and a change of it is taken as long as it makes nothing longer that is too
//! long. A group's members are rows of their own and count to none of this, but for their ids.

use serde_json::Value;

use super::keys::is_key;
use super::{Body, ChangeSet};
use crate::scim::error::{ScimError, ScimType, shown};
use crate::scim::schema::{Attribute, Registry, ResourceType};
use crate::scim::unicode::{MAX_MARKS, has_many_marks};

/// Most bytes of a resource as it is stored: a page of them, its export and its events stay within
/// what an isolate holds.
pub const MAX_RESOURCE: usize = 262_144;
/// Most bytes of a text that is unique, looked up or shown with other resources: it stands in
/// several rows, and in each group's list of members.
pub const MAX_TEXT: usize = 1_024;
/// Most values of one attribute.
pub const MAX_VALUES: usize = 10_000;

/// A document, and the bytes of its text.
#[derive(Clone, Copy)]
pub(super) struct Measured<'d> {
    pub document: &'d Body,
    pub bytes: usize,
}

/// Checks what a change writes against what was there.
///
/// # Errors
/// 400 `invalidValue` that names the attribute, the bound and what was sent; 413 for the whole.
pub(super) fn check(
    registry: &Registry,
    kind: &ResourceType,
    change: &ChangeSet,
    before: Option<Measured<'_>>,
    now: Measured<'_>,
) -> Result<(), ScimError> {
    if let Some((_, member, _)) = change.add_members.iter().find(|(_, member, _)| member.len() > MAX_TEXT) {
        return Err(too_long("members.value", member));
    }
    let core = registry.core_attributes(kind).map(|attribute| (None, attribute));
    let extended = registry
        .extensions(kind)
        .flat_map(|schema| schema.attributes.iter().map(|attribute| (Some(schema.id.as_str()), attribute)));
    for (urn, attribute) in core.chain(extended) {
        let Some(new) = value(now, urn, attribute) else { continue };
        let old = before.and_then(|before| value(before, urn, attribute));
        if old != Some(new) {
            let prefix = urn.map(|urn| format!("{urn}:")).unwrap_or_default();
            one(registry, &format!("{prefix}{}", attribute.name), attribute, items(old), items(Some(new)))?;
        }
    }
    let most = before.map_or(0, |before| before.bytes).max(MAX_RESOURCE);
    if now.bytes <= most {
        return Ok(());
    }
    let had = match before {
        Some(before) if before.bytes > MAX_RESOURCE => {
            format!("; it has {} already, and may only become shorter", before.bytes)
        }
        _ => "; keep what is so long elsewhere and send a reference to it".to_owned(),
    };
    let detail = format!(
        "the {} would have {} bytes, a group's members not counted, and at most {MAX_RESOURCE} are kept{had}",
        kind.name, now.bytes
    );
    Err(ScimError::new(413, detail))
}

fn value<'d>(body: Measured<'d>, urn: Option<&str>, attribute: &Attribute) -> Option<&'d Value> {
    let owner = match urn {
        None => body.document,
        Some(urn) => body.document.get(urn)?.as_object()?,
    };
    owner.get(&attribute.name)
}

fn items(value: Option<&Value>) -> &[Value] {
    match value {
        None => &[],
        Some(Value::Array(items)) => items,
        Some(one) => std::slice::from_ref(one),
    }
}

/// Checks one attribute's values.
fn one(
    registry: &Registry,
    path: &str,
    attribute: &Attribute,
    old: &[Value],
    new: &[Value],
) -> Result<(), ScimError> {
    if new.len() > old.len().max(MAX_VALUES) {
        let detail = format!("`{path}` has {} values; send at most {MAX_VALUES}", new.len());
        return Err(ScimError::bad(ScimType::InvalidValue, detail));
    }
    if attribute.sub_attributes.is_empty() {
        return texts(
            registry,
            path,
            attribute,
            &old.iter().collect::<Vec<_>>(),
            &new.iter().collect::<Vec<_>>(),
        );
    }
    attribute.sub_attributes.iter().try_for_each(|sub| {
        let path = format!("{path}.{}", sub.name);
        texts(registry, &path, sub, &parts(old, &sub.name), &parts(new, &sub.name))
    })
}

/// The values of a sub-attribute.
fn parts<'v>(items: &'v [Value], name: &str) -> Vec<&'v Value> {
    items.iter().filter_map(|item| item.get(name)).flat_map(|value| self::items(Some(value))).collect()
}

/// Of the texts that are too long, the longest must be no longer than the longest that was there,
/// the next no longer than the next, and so on.
fn texts(
    registry: &Registry,
    path: &str,
    attribute: &Attribute,
    old: &[&Value],
    new: &[&Value],
) -> Result<(), ScimError> {
    if !is_key(registry, &path.to_ascii_lowercase(), attribute) {
        return Ok(());
    }
    let there = long(old);
    for (at, text) in long(new).into_iter().enumerate() {
        if text.len() > there.get(at).map_or(MAX_TEXT, |there| there.len()) {
            return Err(too_long(path, if attribute.is_hidden() { "" } else { text }));
        }
    }
    let marked = |value: &&&Value| value.as_str().is_some_and(has_many_marks) && !old.contains(*value);
    if attribute.prepared
        && let Some(name) = new.iter().find(marked)
    {
        let name = shown(name.as_str().unwrap_or_default());
        let detail = format!(
            "`{path}` has more than {MAX_MARKS} marks in a row, which is no name (UAX #15 §13): `{name}`"
        );
        return Err(ScimError::bad(ScimType::InvalidValue, detail));
    }
    Ok(())
}

/// The texts that are too long, the longest first.
fn long<'v>(values: &[&'v Value]) -> Vec<&'v str> {
    let texts = values.iter().copied().filter_map(Value::as_str);
    let mut texts: Vec<&str> = texts.filter(|text| text.len() > MAX_TEXT).collect();
    texts.sort_unstable_by_key(|text| std::cmp::Reverse(text.len()));
    texts
}

fn too_long(path: &str, text: &str) -> ScimError {
    let found =
        if text.is_empty() { String::new() } else { format!(", not {}: `{}`", text.len(), shown(text)) };
    let detail = format!("`{path}` takes at most {MAX_TEXT} bytes{found}; send a shorter one");
    ScimError::bad(ScimType::InvalidValue, detail)
}
