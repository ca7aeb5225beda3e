//! A stored record as the resource a client sees: with `schemas`, `id`, `meta`, and the
//! memberships joined.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::page::is_last;
use super::version::etag;
use super::{Context, Member, Record, Store, StoreError};
use crate::scim::error::ScimError;
use crate::scim::schema::ResourceType;
use crate::scim::schema::project::Selection;

/// Memberships read in one go.
const GROUPS_PAGE: usize = 10_000;

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
    let shows = |attribute: &str| selection.shows(attribute);
    let groups = Groups::of(store, &[(kind, record)], &shows)?;
    show(store, context, kind, record, selection, &groups)
}

/// Joins and projects a page; the users' groups are read together.
///
/// # Errors
/// 500 when storage fails.
pub fn render_page(
    store: &mut dyn Store,
    context: &Context<'_>,
    page: &[(&ResourceType, &Record)],
    selection: &Selection,
) -> Result<Vec<Shown>, ScimError> {
    let groups = Groups::of(store, page, &|attribute| selection.shows(attribute))?;
    page.iter().map(|(kind, record)| show(store, context, kind, record, selection, &groups)).collect()
}

fn show(
    store: &mut dyn Store,
    context: &Context<'_>,
    kind: &ResourceType,
    record: &Record,
    selection: &Selection,
    groups: &Groups,
) -> Result<Shown, ScimError> {
    let shows = |attribute: &str| selection.shows(attribute);
    let resource = whole(store, context, kind, record, &shows, groups)?;
    let location = location(context, kind, &record.id);
    Ok(Shown { resource: selection.project(context.registry, kind, resource), etag: etag(record), location })
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
    let groups = groups.show(context, &record.id);
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
    store.each_page(group, &mut |page| all.extend(page.into_iter().map(|row| member(context, row))))?;
    Ok(all)
}

/// The groups of some users, and those that these are in.
#[derive(Default)]
pub(super) struct Groups {
    users: BTreeSet<String>,
    /// The groups that a resource is a direct member of, with their names.
    direct: BTreeMap<String, Vec<(String, String)>>,
}

impl Groups {
    /// Reads them where `joins` wants `groups`: a level of nesting at a time, whatever the users' number.
    pub fn of(
        store: &mut dyn Store,
        records: &[(&ResourceType, &Record)],
        joins: &dyn Fn(&str) -> bool,
    ) -> Result<Self, StoreError> {
        let users = records.iter().filter(|(kind, _)| kind.name == "User" && joins("groups"));
        let users: BTreeSet<String> = users.map(|(_, record)| record.id.clone()).collect();
        let mut seen = users.clone();
        let mut level = users.clone();
        let mut direct = BTreeMap::<_, Vec<_>>::new();
        while !level.is_empty() {
            let members: Vec<&str> = level.iter().map(String::as_str).collect();
            let mut next = BTreeSet::new();
            let mut last = (String::new(), String::new());
            loop {
                let found = store.groups_of(&members, (&last.0, &last.1), GROUPS_PAGE)?;
                let is_last = is_last(&found, GROUPS_PAGE);
                last = found.last().map_or(last, |one| (one.member.clone(), one.group.clone()));
                next.extend(found.iter().map(|one| one.group.clone()).filter(|id| seen.insert(id.clone())));
                for one in found {
                    direct.entry(one.member).or_default().push((one.group, one.display));
                }
                if is_last {
                    break;
                }
            }
            level = next;
        }
        Ok(Self { users, direct })
    }

    /// A user's `groups`: the direct ones, then those reached through other groups (RFC 7643 §4.1.2).
    fn show(&self, context: &Context<'_>, user: &str) -> Vec<Value> {
        let mut shown = Vec::new();
        let mut seen = BTreeSet::new();
        let mut level: Vec<&str> = self.users.get(user).map(String::as_str).into_iter().collect();
        let mut kind = "direct";
        while !level.is_empty() {
            let found = level.iter().filter_map(|member| self.direct.get(*member)).flatten();
            let new: Vec<_> = found.filter(|(group, _)| seen.insert(group.as_str())).collect();
            shown.extend(new.iter().map(|(group, display)| {
                let reference = reference(context, "Group", group);
                json!({ "value": group, "$ref": reference, "display": display, "type": kind })
            }));
            level = new.iter().map(|(group, _)| group.as_str()).collect();
            kind = "indirect";
        }
        shown
    }
}
