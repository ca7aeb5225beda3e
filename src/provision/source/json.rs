//! Graph JSON: pages (`value`), several pages one after another, bare arrays, one object
//! a line, delta answers; SCIM lists and resources. Each record tells by its own
//! properties what it is.

use super::directory::{AppRole, Assignment, RoleRef, Source, Tally};
use super::records::Found;
use super::{Cell, Deleted, names};
use crate::provision::message::told;
use crate::provision::values::{Atom, Pool};
use hashbrown::{HashMap, HashSet};
use serde_json::{Map, Value};

/// Reads what was cut from a file. `contexts` are the open pages' `@odata.context`.
pub(super) fn take(
    source: &mut Source,
    pool: &mut Pool,
    name: &str,
    contexts: &mut Vec<String>,
    tally: &mut Tally,
    found: &Found<'_>,
) -> Result<(), serde_json::Error> {
    match found {
        Found::Record(json) => match serde_json::from_slice(json)? {
            Value::Object(object) => {
                let context = contexts.last().map_or("", String::as_str);
                record(source, pool, name, &object, context, tally);
            }
            _ => tally.unknown += 1,
        },
        Found::Page(json) => {
            let page: Value = serde_json::from_slice(json)?;
            let outer = contexts.last().map_or("", String::as_str);
            let context = page.get("@odata.context").and_then(Value::as_str).unwrap_or(outer).to_owned();
            if context.contains("ppRoleAssigned") || context.contains("ppRoleAssignment") {
                source.has_assignments = true;
            }
            contexts.push(context);
        }
        Found::End(json) => {
            contexts.pop();
            let page: Value = serde_json::from_slice(json)?;
            if page.get("@odata.nextLink").is_some() {
                let note = told!("the page has an `@odata.nextLink`: there is more than this file holds");
                tally.notes.push(note.to_owned());
            }
        }
    }
    Ok(())
}

fn record(
    source: &mut Source,
    pool: &mut Pool,
    name: &str,
    object: &Map<String, Value>,
    context: &str,
    tally: &mut Tally,
) {
    let has = |key: &str| object.contains_key(key);
    if has("appRoleId") && has("principalId") {
        source.has_assignments = true;
        assignment(source, pool, object);
        tally.assignments += 1;
    } else if let Some(Value::Array(roles)) = object.get("appRoles") {
        for role in roles.iter().filter_map(Value::as_object) {
            app_role(source, role);
            tally.roles += 1;
        }
    } else if has("allowedMemberTypes") {
        app_role(source, object);
        tally.roles += 1;
    } else if is_group(name, object, context) {
        group(source, pool, object);
        tally.groups += 1;
    } else if has("userPrincipalName") || has("userName") || has("id") || has("objectId") {
        if source.has_room(tally) {
            user(source, pool, object);
            tally.users += 1;
        }
    } else {
        tally.unknown += 1;
    }
}

fn is_group(name: &str, object: &Map<String, Value>, context: &str) -> bool {
    if let Some(kind) = object.get("@odata.type").and_then(Value::as_str) {
        return kind.to_ascii_lowercase().ends_with(".group");
    }
    if let Some(Value::Array(schemas)) = object.get("schemas") {
        return schemas.iter().filter_map(Value::as_str).any(|urn| urn.ends_with(":Group"));
    }
    let marks =
        ["groupTypes", "securityEnabled", "mailEnabled", "members", "members@delta", "members@odata.context"];
    if marks.iter().any(|mark| object.contains_key(*mark)) {
        return true;
    }
    if object.contains_key("userPrincipalName") || object.contains_key("userName") {
        return false;
    }
    context.contains("#groups") || (context.is_empty() && name.to_ascii_lowercase().contains("group"))
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str)
}

fn assignment(source: &mut Source, pool: &mut Pool, object: &Map<String, Value>) {
    let principal = pool.intern(text(object, "principalId").unwrap_or_default());
    let role = RoleRef::Id(text(object, "appRoleId").unwrap_or_default().to_owned());
    source.assignments.push(Assignment { principal, role });
}

fn app_role(source: &mut Source, object: &Map<String, Value>) {
    source.roles.push(AppRole {
        id: text(object, "id").unwrap_or_default().to_owned(),
        value: text(object, "value").filter(|value| !value.is_empty()).map(str::to_owned),
        display_name: text(object, "displayName").unwrap_or_default().to_owned(),
    });
}

/// The object's id, and whether it is deleted.
fn standing(object: &Map<String, Value>) -> (String, Deleted) {
    let id = ["id", "objectId", "userPrincipalName", "userName"].iter().find_map(|key| text(object, key));
    let deleted =
        match object.get("@removed").and_then(|removed| removed.get("reason")).and_then(Value::as_str) {
            Some("deleted") => Deleted::Hard,
            Some(_) => Deleted::Soft,
            None if text(object, "deletedDateTime").is_some_and(|date| !date.is_empty()) => Deleted::Soft,
            None => Deleted::No,
        };
    (id.unwrap_or_default().to_owned(), deleted)
}

fn group(source: &mut Source, pool: &mut Pool, object: &Map<String, Value>) {
    let (id, deleted) = standing(object);
    let key = pool.intern(&id);
    if let Some(Value::Array(members)) = object.get("members") {
        let ids = members.iter().filter_map(member_id).map(|id| pool.intern(id)).collect();
        source.members.insert(key, ids);
    }
    if let Some(Value::Array(changes)) = object.get("members@delta") {
        let held = source.members.entry(key).or_default();
        let changed: HashSet<Atom> = changes.iter().filter_map(member_id).map(|id| pool.intern(id)).collect();
        held.retain(|present| !changed.contains(present));
        // The last word on each member counts.
        let mut last: Vec<(Atom, bool)> = Vec::new();
        let mut place: HashMap<Atom, usize> = HashMap::new();
        for change in changes {
            let Some(member) = member_id(change).map(|id| pool.intern(id)) else { continue };
            let stays = change.get("@removed").is_none();
            match place.get(&member).and_then(|at| last.get_mut(*at)) {
                Some(slot) => slot.1 = stays,
                None => {
                    place.insert(member, last.len());
                    last.push((member, stays));
                }
            }
        }
        held.extend(last.into_iter().filter(|(_, stays)| *stays).map(|(member, _)| member));
    }
    source.groups.put(pool, &id, deleted, flatten(object));
}

fn member_id(member: &Value) -> Option<&str> {
    match member {
        Value::String(id) => Some(id),
        other => other.get("id").or_else(|| other.get("value")).and_then(Value::as_str),
    }
}

fn user(source: &mut Source, pool: &mut Pool, object: &Map<String, Value>) {
    let (id, deleted) = standing(object);
    let mut values = flatten(object);
    if let Some(upn) = text(object, "userPrincipalName") {
        values.push(("originalUserPrincipalName", Cell::Text(upn)));
        if let Some(presented) = names::guest_name(upn)
            && let Some(slot) = values.iter_mut().find(|(name, _)| *name == "userPrincipalName")
        {
            slot.1 = Cell::Made(presented);
        }
    }
    source.users.put(pool, &id, deleted, values);
}

/// The record's properties as named cells. Objects inside give their own properties.
fn flatten(object: &Map<String, Value>) -> Vec<(&str, Cell<'_>)> {
    let mut values = Vec::with_capacity(object.len());
    for (key, value) in object {
        match (key.as_str(), value) {
            ("members" | "members@delta" | "schemas" | "meta", _) => {}
            ("manager", Value::Object(manager)) => {
                let id = manager.get("id").or_else(|| manager.get("value")).and_then(Value::as_str);
                values.push(("manager", id.map_or(Cell::Null, Cell::Text)));
            }
            ("businessPhones", Value::Array(phones)) => {
                if let Some(first) = phones.first().and_then(Value::as_str) {
                    values.push(("telephoneNumber", Cell::Text(first)));
                }
                values.push(("businessPhones", cell(value)));
            }
            ("onPremisesExtensionAttributes", Value::Object(inner)) => {
                values.extend(inner.iter().map(|(key, value)| (key.as_str(), cell(value))));
            }
            ("employeeOrgData", Value::Object(inner)) => {
                values.extend(inner.iter().map(|(key, value)| (key.as_str(), cell(value))));
            }
            ("name", Value::Object(inner)) => {
                let names = [("givenName", "givenName"), ("familyName", "surname")];
                for (scim, vocabulary) in names {
                    values.push((vocabulary, inner.get(scim).map_or(Cell::Null, cell)));
                }
            }
            ("emails", Value::Array(emails)) => {
                let mail = emails.iter().find_map(|email| email.get("value")).map_or(Cell::Null, cell);
                values.push(("mail", mail));
            }
            ("userName", value) => values.push(("userPrincipalName", cell(value))),
            ("active", value) => values.push(("accountEnabled", cell(value))),
            ("title", value) => values.push(("jobTitle", cell(value))),
            (urn, Value::Object(inner)) if urn.starts_with("urn:") => {
                for (key, value) in inner {
                    match (key.as_str(), value) {
                        ("manager", Value::Object(_)) => {
                            values.push(("manager", value.get("value").map_or(Cell::Null, cell)));
                        }
                        ("employeeNumber", value) => values.push(("employeeId", cell(value))),
                        (key, value) => values.push((key, cell(value))),
                    }
                }
            }
            (key, _) if key.starts_with('@') || key.contains("@odata") => {}
            (key, value) => values.push((key, cell(value))),
        }
    }
    values
}

fn cell(value: &Value) -> Cell<'_> {
    match value {
        Value::Null | Value::Object(_) => Cell::Null,
        Value::Bool(true) => Cell::Text("True"),
        Value::Bool(false) => Cell::Text("False"),
        Value::Number(number) => Cell::Made(number.to_string()),
        Value::String(text) => Cell::Text(text),
        Value::Array(items) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            if texts.is_empty() { Cell::Null } else { Cell::List(texts) }
        }
    }
}
