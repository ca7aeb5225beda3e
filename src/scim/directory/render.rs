//! A stored record as the resource a client sees: with `schemas`, `id`, `meta`, and the
//! memberships joined.

use serde_json::{Map, Value, json};

use super::groups::{Groups, JOINED};
use super::location::{location, reference};
use super::page::is_last;
use super::stop::Stop;
use super::store::QUESTION;
use super::version::{etag, etag_with};
use super::{Context, Member, Record, Store, StoreError};
use crate::scim::error::ScimError;
use crate::scim::schema::ResourceType;
use crate::scim::schema::project::Selection;

/// Members read in one go.
const MEMBERS_PAGE: usize = 1_000;

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
/// 500 when storage fails, 413 when what is joined exceeds the request's effort.
pub fn render(
    store: &mut dyn Store,
    context: &Context<'_>,
    kind: &ResourceType,
    record: &Record,
    selection: &Selection,
) -> Result<Shown, ScimError> {
    let (resource, etag) = joined(store, context, kind, record, selection).map_err(Stop::of_read)?;
    Ok(Shown { resource, etag, location: location(context, kind, &record.id) })
}

fn joined(
    store: &mut dyn Store,
    context: &Context<'_>,
    kind: &ResourceType,
    record: &Record,
    selection: &Selection,
) -> Result<(Map<String, Value>, String), Stop> {
    let shows = |attribute: &str| selection.shows(attribute);
    let groups = Groups::of(store, context, &[(kind, record)], &shows)?;
    let mut resource = whole(store, context, kind, record, &shows, &groups)?;
    groups.release(context);
    let etag = tagged(record, &mut resource);
    Ok((selection.project(context.registry, kind, resource), etag))
}

/// Gives a resource the tag of its representation, with the groups that were joined; answers with it.
pub(super) fn tagged(record: &Record, resource: &mut Map<String, Value>) -> String {
    let groups = resource.get("groups").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let etag = etag_with(record, groups);
    if !groups.is_empty()
        && let Some(Value::Object(meta)) = resource.get_mut("meta")
    {
        meta.insert("version".into(), etag.as_str().into());
    }
    etag
}

/// Everything a record says; memberships only where `joins` wants the attribute, those of users as `groups`
/// has them.
pub(super) fn whole(
    store: &mut dyn Store,
    context: &Context<'_>,
    kind: &ResourceType,
    record: &Record,
    joins: &dyn Fn(&str) -> bool,
    groups: &Groups,
) -> Result<Map<String, Value>, Stop> {
    context.effort.charge_json(record.document.len())?;
    let document = parse(&record.document)?;
    let extensions = kind.extensions.iter().map(|(urn, _)| urn).filter(|urn| document.contains_key(*urn));
    let schemas: Vec<_> = std::iter::once(&kind.schema).chain(extensions).cloned().collect();
    let mut resource = Map::from_iter([
        ("schemas".to_owned(), Value::from(schemas)),
        ("id".to_owned(), Value::from(record.id.as_str())),
    ]);
    resource.extend(document);
    if kind.name == "Group" && joins("members") {
        let mut all: Vec<Value> = Vec::new();
        each_members(store, context, &record.id, &mut |page| {
            all.extend(page.into_iter().map(|row| member(context, row)));
            Ok(())
        })?;
        if !all.is_empty() {
            resource.insert("members".into(), Value::Array(all));
        }
    }
    let groups = groups.show(context, &record.id)?;
    if !groups.is_empty() {
        resource.insert("groups".into(), Value::Array(groups));
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

/// Shows a group's members a page at a time; each is charged before it is shown.
pub(super) fn each_members(
    store: &mut dyn Store,
    context: &Context<'_>,
    group: &str,
    visit: &mut dyn FnMut(Vec<Member>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut after: Option<String> = None;
    loop {
        context.effort.charge(QUESTION)?;
        let page = store.members(group, after.as_deref(), MEMBERS_PAGE)?;
        for row in &page {
            context.effort.charge(JOINED + (row.id.len() + row.display.len()) as u64 / 4)?;
        }
        let is_end = is_last(&page, MEMBERS_PAGE);
        after = page.last().map(|member| member.id.clone());
        visit(page)?;
        if is_end {
            return Ok(());
        }
    }
}
