//! Graph JSON: pages (`value`), several pages one after another, bare arrays, one object
//! a line, delta answers; SCIM lists and resources. Each record tells by its own
//! properties what it is.

use super::{AppRole, Assignment, Cell, Deleted, RoleRef, Source, Tally, names};
use crate::provision::report::InputError;
use serde_json::{Map, Value};

/// Reads all JSON values in the text.
pub(super) fn load(source: &mut Source, name: &str, text: &str, tally: &mut Tally) -> Result<(), InputError> {
    for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        let value = value.map_err(|error| {
            InputError::new(
                format!("not JSON: {error}"),
                "give Graph's answer as it came, or one object a line",
            )
            .at(error.line())
        })?;
        take(source, name, &value, "", tally);
    }
    Ok(())
}

/// Takes a page, an array or a record; `context` is the page's `@odata.context`.
fn take(source: &mut Source, name: &str, value: &Value, context: &str, tally: &mut Tally) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| take(source, name, item, context, tally)),
        Value::Object(object) => {
            let context = object.get("@odata.context").and_then(Value::as_str).unwrap_or(context);
            let page = object.get("value").or_else(|| object.get("Resources")).filter(|page| page.is_array());
            if let Some(page) = page {
                if context.contains("ppRoleAssigned") || context.contains("ppRoleAssignment") {
                    source.has_assignments = true;
                }
                take(source, name, page, context, tally);
                if object.contains_key("@odata.nextLink") {
                    tally.notes.push(
                        "the page has an `@odata.nextLink`: there is more than this file holds".to_owned(),
                    );
                }
            } else {
                record(source, name, object, context, tally);
            }
        }
        _ => tally.unknown += 1,
    }
}

fn record(source: &mut Source, name: &str, object: &Map<String, Value>, context: &str, tally: &mut Tally) {
    let has = |key: &str| object.contains_key(key);
    if has("appRoleId") && has("principalId") {
        source.has_assignments = true;
        assignment(source, object);
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
        group(source, object);
        tally.groups += 1;
    } else if has("userPrincipalName") || has("userName") || has("id") || has("objectId") {
        user(source, object);
        tally.users += 1;
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

fn assignment(source: &mut Source, object: &Map<String, Value>) {
    let principal = text(object, "principalId").unwrap_or_default().to_owned();
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

fn group(source: &mut Source, object: &Map<String, Value>) {
    let (id, deleted) = standing(object);
    if let Some(Value::Array(members)) = object.get("members") {
        let ids = members.iter().filter_map(member_id).map(str::to_owned).collect();
        source.members.insert(id.clone(), ids);
    }
    if let Some(Value::Array(changes)) = object.get("members@delta") {
        let held = source.members.entry(id.clone()).or_default();
        for change in changes {
            let Some(member) = member_id(change) else { continue };
            held.retain(|present| present != member);
            if change.get("@removed").is_none() {
                held.push(member.to_owned());
            }
        }
    }
    source.groups.put(&id, deleted, flatten(object));
}

fn member_id(member: &Value) -> Option<&str> {
    match member {
        Value::String(id) => Some(id),
        other => other.get("id").or_else(|| other.get("value")).and_then(Value::as_str),
    }
}

fn user(source: &mut Source, object: &Map<String, Value>) {
    let (id, deleted) = standing(object);
    let mut values = flatten(object);
    if let Some(upn) = text(object, "userPrincipalName") {
        values.push(("originalUserPrincipalName", Cell::text(upn)));
        if let Some(presented) = names::guest_name(upn)
            && let Some(slot) = values.iter_mut().find(|(name, _)| *name == "userPrincipalName")
        {
            slot.1 = Cell::text(&presented);
        }
    }
    source.users.put(&id, deleted, values);
}

/// The record's properties as named cells. Objects inside give their own properties.
fn flatten(object: &Map<String, Value>) -> Vec<(&str, Cell)> {
    let mut values = Vec::with_capacity(object.len());
    for (key, value) in object {
        match (key.as_str(), value) {
            ("members" | "members@delta" | "schemas" | "meta", _) => {}
            ("manager", Value::Object(manager)) => {
                let id = manager.get("id").or_else(|| manager.get("value")).and_then(Value::as_str);
                values.push(("manager", id.map_or(Cell::Null, Cell::text)));
            }
            ("businessPhones", Value::Array(phones)) => {
                if let Some(first) = phones.first().and_then(Value::as_str) {
                    values.push(("telephoneNumber", Cell::text(first)));
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

fn cell(value: &Value) -> Cell {
    match value {
        Value::Null | Value::Object(_) => Cell::Null,
        Value::Bool(true) => Cell::text("True"),
        Value::Bool(false) => Cell::text("False"),
        Value::Number(number) => Cell::Text(number.to_string().into_boxed_str()),
        Value::String(text) => Cell::text(text),
        Value::Array(items) => {
            let texts: Vec<Box<str>> = items.iter().filter_map(Value::as_str).map(Into::into).collect();
            if texts.is_empty() { Cell::Null } else { Cell::List(texts.into_boxed_slice()) }
        }
    }
}
