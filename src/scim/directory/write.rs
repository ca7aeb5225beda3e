//! Create, replace, patch, delete (RFC 7644 §3.3, §3.5, §3.6): each computes one whole
//! [`ChangeSet`] and commits it once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::keys::keys;
use super::render::parse;
use super::version::require;
use super::{ChangeSet, Context, JournalEntry, Put, Record, Store};
use crate::scim::compat::{Flag, Profile, Reader, Reading};
use crate::scim::error::{ScimError, ScimType};
use crate::scim::patch::{self, MemberChange, Operations};
use crate::scim::schema::ResourceType;
use crate::scim::schema::check::{Rules, Write, check};

/// A resource as the client sent it.
pub type Body = Map<String, Value>;

/// What a write left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The record as it now is.
    pub record: Record,
    /// Whether anything changed; if not, nothing was committed.
    pub changed: bool,
    /// What of the request was read how, by the tenant's profile.
    pub readings: Vec<Reading>,
}

/// Creates a resource (RFC 7644 §3.3).
///
/// # Errors
/// `invalidValue`, `uniqueness`.
pub fn create(
    store: &mut dyn Store,
    context: &mut Context<'_>,
    kind: &ResourceType,
    body: Body,
) -> Result<Written, ScimError> {
    let id = (context.new_id)();
    create_as(store, context, kind, &id, body)
}

/// Creates a resource under an id given out ahead, as a bulk request does.
///
/// # Errors
/// As [`create`].
pub fn create_as(
    store: &mut dyn Store,
    context: &mut Context<'_>,
    kind: &ResourceType,
    id: &str,
    body: Body,
) -> Result<Written, ScimError> {
    let (mut document, members, readings) = read(context, kind, Write::Create, body)?;
    let mut change = ChangeSet::default();
    change.passwords.extend(password(context, id, &mut document));
    let record = Record {
        kind: kind.name.clone(),
        id: id.to_owned(),
        version: 1,
        created: context.now.to_owned(),
        modified: context.now.to_owned(),
        document: Value::Object(document.clone()).to_string(),
    };
    for member in members {
        let kind = member_kind(store, context, &member)?;
        change.add_members.push((id.to_owned(), member, kind));
    }
    let written = commit(store, context, kind, change, &document, record, "create", None)?;
    Ok(Written { readings, ..written })
}

/// Replaces a resource (RFC 7644 §3.5.1).
///
/// # Errors
/// 404, 412, `invalidValue`, `uniqueness`.
pub fn replace(
    store: &mut dyn Store,
    context: &mut Context<'_>,
    kind: &ResourceType,
    id: &str,
    if_match: Option<&str>,
    body: Body,
) -> Result<Written, ScimError> {
    let old = existing(store, kind, id, if_match)?;
    let before = parse(&old.document)?;
    let (document, members, readings) = read(context, kind, Write::Replace(&before), body)?;
    let changes = [MemberChange::Clear, MemberChange::Add(members)];
    let changes = if kind.name == "Group" { &changes[..] } else { &[] };
    let written = update(store, context, kind, old, document, changes, "replace")?;
    Ok(Written { readings, ..written })
}

/// Applies PATCH operations (RFC 7644 §3.5.2).
///
/// # Errors
/// 404, 412 and all that PATCH itself may answer.
pub fn patch(
    store: &mut dyn Store,
    context: &mut Context<'_>,
    kind: &ResourceType,
    id: &str,
    if_match: Option<&str>,
    operations: Operations,
) -> Result<Written, ScimError> {
    let old = existing(store, kind, id, if_match)?;
    let profile = context.settings.profile;
    let before = parse(&old.document)?;
    let patched = patch::apply(context.registry, kind, profile, before.clone(), operations)?;
    let document = check(context.registry, kind, rules(profile), Write::Patch(&before), patched.document)?;
    let written = update(store, context, kind, old, document, &patched.members, "patch")?;
    Ok(Written { readings: patched.readings, ..written })
}

/// Deletes a resource with all its memberships (RFC 7644 §3.6).
///
/// # Errors
/// 404, 412.
pub fn delete(
    store: &mut dyn Store,
    context: &mut Context<'_>,
    kind: &ResourceType,
    id: &str,
    if_match: Option<&str>,
) -> Result<(), ScimError> {
    let old = existing(store, kind, id, if_match)?;
    let change = ChangeSet {
        delete: vec![(kind.name.clone(), id.to_owned())],
        journal: vec![entry(context, "delete", &old, old.version, 0)],
        ..ChangeSet::default()
    };
    store.commit(&change)?;
    Ok(())
}

fn existing(
    store: &mut dyn Store,
    kind: &ResourceType,
    id: &str,
    if_match: Option<&str>,
) -> Result<Record, ScimError> {
    let record = store.get(&kind.name, id)?.ok_or_else(|| ScimError::not_found(&kind.name, id))?;
    require(&record, if_match)?;
    Ok(record)
}

/// The checked document, a group's members apart from it, and what was read how.
fn read(
    context: &Context<'_>,
    kind: &ResourceType,
    write: Write<'_>,
    body: Body,
) -> Result<(Body, Vec<String>, Vec<Reading>), ScimError> {
    let profile = context.settings.profile;
    let mut reader = Reader::new(context.registry, kind, profile);
    let body = reader.resource(body);
    let mut document = check(context.registry, kind, rules(profile), write, body)?;
    document.shift_remove("schemas");
    let mut members = Vec::new();
    if kind.name == "Group"
        && let Some(Value::Array(items)) = document.shift_remove("members")
    {
        for item in items {
            match item.get("value").and_then(Value::as_str) {
                Some(id) => members.push(id.to_owned()),
                None => {
                    return Err(ScimError::bad(
                        ScimType::InvalidValue,
                        "`members.value` is required: the member's id",
                    ));
                }
            }
        }
    }
    Ok((document, members, reader.readings))
}

/// Takes the password out of a document: only its hash is ever kept.
fn password(context: &Context<'_>, id: &str, document: &mut Body) -> Option<(String, Option<String>)> {
    let given = document.shift_remove("password")?;
    let hash = context.hash_password?(given.as_str()?)?;
    Some((id.to_owned(), Some(hash)))
}

/// What the tenant's profile leaves open.
fn rules(profile: Profile) -> Rules {
    Rules { open_values: profile.has(Flag::OpenValues) }
}

fn update(
    store: &mut dyn Store,
    context: &mut Context<'_>,
    kind: &ResourceType,
    old: Record,
    mut document: Body,
    members: &[MemberChange],
    operation: &str,
) -> Result<Written, ScimError> {
    document.shift_remove("schemas");
    let mut change = ChangeSet::default();
    change.passwords.extend(password(context, &old.id, &mut document));
    member_deltas(store, context, &old.id, members, &mut change)?;
    let same_members = change.add_members.is_empty() && change.remove_members.is_empty();
    let previous = parse(&old.document)?;
    if same_members && change.passwords.is_empty() && previous == document {
        return Ok(Written { record: old, changed: false, readings: Vec::new() });
    }
    let record = Record {
        version: old.version + 1,
        modified: context.now.to_owned(),
        document: Value::Object(document.clone()).to_string(),
        ..old
    };
    commit(store, context, kind, change, &document, record, operation, Some(&previous))
}

/// Turns the changes into rows to add and rows to remove, looking only at the members
/// named, except where all are replaced.
fn member_deltas(
    store: &mut dyn Store,
    context: &Context<'_>,
    group: &str,
    changes: &[MemberChange],
    out: &mut ChangeSet,
) -> Result<(), ScimError> {
    let mut wanted: BTreeMap<String, bool> = BTreeMap::new();
    let mut cleared = false;
    for change in changes {
        match change {
            MemberChange::Clear => {
                cleared = true;
                wanted.clear();
            }
            MemberChange::Add(ids) => wanted.extend(ids.iter().map(|id| (id.clone(), true))),
            MemberChange::Remove(ids) => wanted.extend(ids.iter().map(|id| (id.clone(), false))),
        }
    }
    if cleared {
        let mut after: Option<String> = None;
        let mut present = BTreeSet::new();
        loop {
            let page = store.members(group, after.as_deref(), 1_000)?;
            let full = page.len() == 1_000;
            after = page.last().map(|member| member.id.clone());
            present.extend(page.into_iter().map(|member| member.id));
            if !full {
                break;
            }
        }
        for id in present {
            wanted.entry(id).or_insert(false);
        }
    }
    for (id, wanted) in wanted {
        match (wanted, store.is_member(group, &id)?) {
            (true, false) => {
                let kind = member_kind(store, context, &id)?;
                out.add_members.push((group.to_owned(), id, kind));
            }
            (false, true) => out.remove_members.push((group.to_owned(), id)),
            _ => {}
        }
    }
    Ok(())
}

/// The member's type; empty for one that is no resource here, where the tenant accepts those.
fn member_kind(store: &mut dyn Store, context: &Context<'_>, id: &str) -> Result<String, ScimError> {
    match store.kind_of(id)? {
        Some(kind) => Ok(kind),
        None if context.settings.accepts_unknown_members => Ok(String::new()),
        None => {
            let detail = format!("there is no user or group with id `{id}` to be a member");
            Err(ScimError::bad(ScimType::InvalidValue, detail))
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "the parts of one commit")]
fn commit(
    store: &mut dyn Store,
    context: &Context<'_>,
    kind: &ResourceType,
    mut change: ChangeSet,
    document: &Body,
    record: Record,
    operation: &str,
    previous: Option<&Body>,
) -> Result<Written, ScimError> {
    let unique_names = context.settings.profile.has(Flag::UniqueGroupNames);
    let (unique, index) = keys(context.registry, kind, document, unique_names);
    let keeps_keys = match previous {
        Some(previous) => {
            keys(context.registry, kind, previous, unique_names) == (unique.clone(), index.clone())
        }
        None => false,
    };
    change.journal.push(entry(context, operation, &record, record.version - 1, record.version));
    change.put.push(Put { record: record.clone(), unique, index, keeps_keys });
    store.commit(&change)?;
    Ok(Written { record, changed: true, readings: Vec::new() })
}

fn entry(context: &Context<'_>, operation: &str, record: &Record, before: u64, after: u64) -> JournalEntry {
    JournalEntry {
        at: context.now.to_owned(),
        actor: context.actor.to_owned(),
        operation: operation.to_owned(),
        kind: record.kind.clone(),
        id: record.id.clone(),
        before,
        after,
    }
}
