//! A stored record as the resource a client sees: with `schemas`, `id`, `meta`, and the
//! memberships joined.

use serde_json::{Map, Value, json};

use super::version::etag;
use super::{Context, Member, Record, Store, StoreError};
use crate::scim::error::ScimError;
use crate::scim::schema::ResourceType;
use crate::scim::schema::project::Selection;

/// Members read in one go.
pub(super) const MEMBERS_PAGE: usize = 1_000;

/// A resource ready to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The representation, as far as it was asked for.
    pub resource: Map<String, Value>,
    /// `W/"3"`.
    pub etag: String,
    /// The resource's URI.
    pub location: String,
}

/// Joins and projects one record.
///
/// # Errors
/// 500 when storage fails.
pub fn render(
    store: &mut dyn Store,
    context: &Context<'_>,
    kind: &ResourceType,
    record: &Record,
    selection: &Selection,
) -> Result<Shown, ScimError> {
    let resource = whole(store, context, kind, record, &|attribute| selection.shows(attribute))?;
    let location = location(context, kind, &record.id);
    Ok(Shown { resource: selection.project(context.registry, kind, resource), etag: etag(record), location })
}

/// Everything a record says; memberships only where `joins` wants the attribute.
pub(super) fn whole(
    store: &mut dyn Store,
    context: &Context<'_>,
    kind: &ResourceType,
    record: &Record,
    joins: &dyn Fn(&str) -> bool,
) -> Result<Map<String, Value>, ScimError> {
    let document = parse(&record.document)?;
    let extensions = kind.extensions.iter().map(|(urn, _)| urn).filter(|urn| document.contains_key(*urn));
    let schemas: Vec<_> = std::iter::once(&kind.schema).chain(extensions).cloned().collect();
    let mut resource = Map::from_iter([
        ("schemas".to_owned(), Value::from(schemas)),
        ("id".to_owned(), Value::from(record.id.as_str())),
    ]);
    resource.extend(document);
    if kind.name == "Group" && joins("members") {
        let members = members(store, context, &record.id)?;
        if !members.is_empty() {
            resource.insert("members".into(), Value::Array(members));
        }
    }
    if kind.name == "User" && joins("groups") {
        let groups = groups(store, context, &record.id)?;
        if !groups.is_empty() {
            resource.insert("groups".into(), Value::Array(groups));
        }
    }
    resource.insert(
        "meta".into(),
        json!({
            "resourceType": kind.name,
            "created": record.created,
            "lastModified": record.modified,
            "location": location(context, kind, &record.id),
            "version": etag(record),
        }),
    );
    Ok(resource)
}

pub(super) fn parse(document: &str) -> Result<Map<String, Value>, ScimError> {
    serde_json::from_str(document)
        .map_err(|_| ScimError::from(StoreError::Failed("a document is no JSON".into())))
}

/// A resource's URI.
pub fn location(context: &Context<'_>, kind: &ResourceType, id: &str) -> String {
    format!("{}{}/{id}", context.base, kind.endpoint)
}

fn reference(context: &Context<'_>, kind: &str, id: &str) -> String {
    let endpoint = context.registry.resource_type(kind).map_or("", |kind| kind.endpoint.as_str());
    format!("{}{endpoint}/{id}", context.base)
}

/// A membership as an element of `members`.
#[must_use]
pub fn member(context: &Context<'_>, row: Member) -> Value {
    let mut shown = Map::from_iter([("value".to_owned(), Value::from(row.id.as_str()))]);
    if !row.kind.is_empty() {
        shown.insert("$ref".into(), reference(context, &row.kind, &row.id).into());
        shown.insert("type".into(), row.kind.into());
    }
    if !row.display.is_empty() {
        shown.insert("display".into(), row.display.into());
    }
    Value::Object(shown)
}

fn members(store: &mut dyn Store, context: &Context<'_>, group: &str) -> Result<Vec<Value>, ScimError> {
    let mut all: Vec<Value> = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store.members(group, after.as_deref(), MEMBERS_PAGE)?;
        after = page.last().map(|member| member.id.clone());
        let full = page.len() == MEMBERS_PAGE;
        all.extend(page.into_iter().map(|row| member(context, row)));
        if !full {
            return Ok(all);
        }
    }
}

/// Direct groups, and those reached through other groups (RFC 7643 §4.1.2).
fn groups(store: &mut dyn Store, context: &Context<'_>, id: &str) -> Result<Vec<Value>, ScimError> {
    let mut shown: Vec<Value> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    let mut level = vec![id.to_owned()];
    let mut kind = "direct";
    while !level.is_empty() {
        let mut next = Vec::new();
        for member in &level {
            for (group, display) in store.groups_of(member)? {
                if seen.insert(group.clone()) {
                    let reference = reference(context, "Group", &group);
                    shown
                        .push(json!({ "value": group, "$ref": reference, "display": display, "type": kind }));
                    next.push(group);
                }
            }
        }
        level = next;
        kind = "indirect";
    }
    Ok(shown)
}
