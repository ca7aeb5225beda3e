//! Create, replace, patch, delete (RFC 7644 §3.3, §3.5, §3.6): each computes one whole
//! [`ChangeSet`] and commits it once.

use serde_json::Value;

use super::bounds::{self, Measured};
use super::keys::{keys, spelled};
use super::membership::{member_deltas, member_kind};
use super::render::parse;
use super::version::require;
use super::{Body, ChangeSet, Context, JournalEntry, Key, Put, Record, Store, StoreError};
use crate::scim::compat::{Flag, Profile, Reader, Reading};
use crate::scim::effort::Exhausted;
use crate::scim::error::{ScimError, ScimType, shown};
use crate::scim::name::AttributePath;
use crate::scim::patch::{self, MemberChange, Operations};
use crate::scim::schema::ResourceType;
use crate::scim::schema::check::{Rules, Write, check};
use crate::scim::schema::project::specified;

/// What a write left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The record as it now is.
    pub record: Record,
    /// Whether anything changed; if not, nothing was committed.
    pub changed: bool,
    /// What of the request was read how, by the tenant's profile.
    pub readings: Vec<Reading>,
    /// What the client wrote of that is shown on request alone, so that the reply shows it.
    pub specified: Vec<AttributePath>,
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
    let specified = specified(context.registry, kind, &document);
    let mut change = ChangeSet::default();
    change.passwords.extend(password(context, id, &mut document)?);
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
    let readings = told(context, kind, readings);
    Ok(Written { readings, specified, ..written })
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
    let before = stored(context, &old)?;
    let (document, members, readings) = read(context, kind, Write::Replace(&before), body)?;
    let specified = specified(context.registry, kind, &document);
    let changes = [MemberChange::Clear, MemberChange::Add(members)];
    let changes = if kind.name == "Group" { &changes[..] } else { &[] };
    let written = update(store, context, kind, (old, &before), document, changes, false, "replace")?;
    let readings = told(context, kind, readings);
    Ok(Written { readings, specified, ..written })
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
    let before = stored(context, &old)?;
    let effort = &context.effort;
    let patched = patch::apply(context.registry, kind, profile, before.clone(), operations, effort)?;
    let document = check(context.registry, kind, rules(profile), Write::Patch(&before), patched.document)?;
    let forgets = patched.clears_password;
    let members = &patched.members;
    let written = update(store, context, kind, (old, &before), document, members, forgets, "patch")?;
    let readings = told(context, kind, patched.readings);
    Ok(Written { readings, specified: patched.specified, ..written })
}

/// Readings without what is never returned.
fn told(context: &Context<'_>, kind: &ResourceType, mut readings: Vec<Reading>) -> Vec<Reading> {
    for reading in readings.iter_mut().filter(|reading| context.registry.hides(kind, &reading.path)) {
        reading.path.truncate(reading.path.find('[').unwrap_or(reading.path.len()));
        (reading.from, reading.to) = (Value::Null, Value::Null);
    }
    readings
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

/// A stored document, charged for reading it and for writing one like it: what many operations
/// of one request change again and again costs its length each time.
fn stored(context: &Context<'_>, record: &Record) -> Result<Body, ScimError> {
    context.effort.charge(1 + record.document.len() as u64 / 2).map_err(Exhausted::of_write)?;
    parse(&record.document)
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
    if kind.name == "Group" {
        named_members(&body)?;
    }
    let mut document = check(context.registry, kind, rules(profile), write, body)?;
    document.shift_remove("schemas");
    let mut members = Vec::new();
    if kind.name == "Group"
        && let Some(Value::Array(items)) = document.shift_remove("members")
    {
        let ids = items.iter().filter_map(|item| item.get("value").and_then(Value::as_str));
        members.extend(ids.map(str::to_owned));
    }
    Ok((document, members, reader.readings))
}

/// Every member has an id: what else it says is for the service to say.
fn named_members(body: &Body) -> Result<(), ScimError> {
    let members = body.iter().find(|(name, _)| name.eq_ignore_ascii_case("members"));
    let Some((_, Value::Array(items))) = members else { return Ok(()) };
    let names =
        |(name, id): (&String, &Value)| name.eq_ignore_ascii_case("value") && !id.is_null() && *id != "";
    let is_named = |item: &Value| match item {
        Value::Object(item) => item.iter().any(names),
        // Of another type, for the schema to judge.
        other => !other.is_null(),
    };
    match items.iter().find(|item| !is_named(item)) {
        None => Ok(()),
        Some(item) => {
            let detail =
                format!("a member needs a `value`, the member's id; found `{}`", shown(&item.to_string()));
            Err(ScimError::bad(ScimType::InvalidValue, detail))
        }
    }
}

/// Takes the password out of a document: only its hash is ever kept.
fn password(context: &Context<'_>, id: &str, document: &mut Body) -> Result<Option<Hashed>, ScimError> {
    let given = document.shift_remove("password").filter(|given| !given.is_null());
    let (Some(given), Some(hash)) = (given, context.hash_password) else { return Ok(None) };
    match given.as_str().and_then(hash) {
        Some(hash) => Ok(Some((id.to_owned(), Some(hash)))),
        None => Err(ScimError::new(500, "the password could not be hashed; nothing was changed, try again")),
    }
}

/// A user's id, and the hash of the password to keep.
type Hashed = (String, Option<String>);

/// What the tenant's profile leaves open.
fn rules(profile: Profile) -> Rules {
    Rules { open_values: profile.has(Flag::OpenValues) }
}

#[allow(clippy::too_many_arguments, reason = "the parts of one change")]
fn update(
    store: &mut dyn Store,
    context: &mut Context<'_>,
    kind: &ResourceType,
    (old, previous): (Record, &Body),
    mut document: Body,
    members: &[MemberChange],
    forgets_password: bool,
    operation: &str,
) -> Result<Written, ScimError> {
    document.shift_remove("schemas");
    let mut change = ChangeSet::default();
    change.passwords.extend(password(context, &old.id, &mut document)?);
    if forgets_password && context.hash_password.is_some() {
        change.passwords.push((old.id.clone(), None));
    }
    member_deltas(store, context, kind, &old.id, members, &mut change)?;
    let same_members = change.add_members.is_empty() && change.remove_members.is_empty();
    if same_members && change.passwords.is_empty() && *previous == document {
        return Ok(Written { record: old, changed: false, readings: Vec::new(), specified: Vec::new() });
    }
    let there = Measured { document: previous, bytes: old.document.len() };
    let record = Record {
        version: old.version + 1,
        modified: context.now.to_owned(),
        document: Value::Object(document.clone()).to_string(),
        ..old
    };
    commit(store, context, kind, change, &document, record, operation, Some(there))
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
    previous: Option<Measured<'_>>,
) -> Result<Written, ScimError> {
    let now = Measured { document, bytes: record.document.len() };
    bounds::check(context.registry, kind, &change, previous, now)?;
    let previous = previous.map(|previous| previous.document);
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
    store.commit(&change).map_err(|error| match error {
        StoreError::Taken(key) => match spelled(context.registry, kind, document, &key) {
            Some((attribute, value)) => StoreError::Taken(Key { attribute, value }),
            None => StoreError::Taken(key),
        },
        other => other,
    })?;
    Ok(Written { record, changed: true, readings: Vec::new(), specified: Vec::new() })
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
