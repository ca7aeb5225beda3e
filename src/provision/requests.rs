//! The bytes that would be sent: the match query, POST, PATCH in Entra's two dialects and
//! in RFC 7644's own form (§3.5.2), DELETE.

use super::held::ObjectKind;
use super::mapping::RoleList;
use super::report::{Dialect, PlannedRequest};
use super::target_path::TargetPath;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const CORE_USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const CORE_GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// One attribute to change.
#[derive(Clone, Debug)]
pub(crate) struct Edit<'a> {
    pub path: &'a TargetPath,
    pub target: &'a str,
    /// The target holds something there now.
    pub held: bool,
    pub edit: EditKind,
}

/// What to do to it.
#[derive(Clone, Debug)]
pub(crate) enum EditKind {
    Set(Value),
    /// The referenced object's id, or a placeholder; `None` clears.
    Refer(Option<String>),
    /// Members to add and to remove, by id or placeholder.
    Members(Vec<String>, Vec<String>),
    Roles(RoleList, Vec<Value>),
}

/// One request.
pub(crate) fn request(
    id: String,
    depends_on: Vec<String>,
    method: &str,
    path: String,
    body: Value,
) -> PlannedRequest {
    let mut headers = BTreeMap::from([("Accept".to_owned(), "application/scim+json".to_owned())]);
    if !body.is_null() {
        headers.insert("Content-Type".to_owned(), "application/scim+json; charset=utf-8".to_owned());
    }
    PlannedRequest { id, depends_on, method: method.to_owned(), path, headers, body }
}

/// `GET /Users?filter=userName+eq+"a%40b.example"`, quotes encoded.
pub(crate) fn match_path(kind: ObjectKind, target: &str, value: &str) -> String {
    let filter = format!("{target} eq \"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
    let members = if kind == ObjectKind::Group { "excludedAttributes=members&" } else { "" };
    format!("{}?{members}filter={}", kind.endpoint(), encode(&filter))
}

fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                out.push(char::from(byte))
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// A POST's body from the mapped resource: Entra's order of properties and its extras.
pub(crate) fn creation(
    kind: ObjectKind,
    target: &str,
    mut mapped: Map<String, Value>,
    dialect: Dialect,
) -> Value {
    let core = if kind == ObjectKind::User { CORE_USER } else { CORE_GROUP };
    let mut schemas = vec![json!(core)];
    if dialect == Dialect::Rfc {
        schemas.extend(mapped.keys().filter(|key| key.starts_with("urn:")).map(|key| json!(key)));
    } else {
        if target.eq_ignore_ascii_case(ENTERPRISE_USER) {
            schemas.push(json!(ENTERPRISE_USER));
        }
        mapped.insert("meta".to_owned(), json!({"resourceType": kind.name()}));
        let list = if kind == ObjectKind::User { "roles" } else { "members" };
        mapped.entry(list.to_owned()).or_insert_with(|| json!([]));
    }
    mapped.insert("schemas".to_owned(), Value::Array(schemas));
    let mut entries: Vec<(String, Value)> = mapped.into_iter().collect();
    entries.sort_by_cached_key(|(key, _)| (rank(key), key.clone()));
    Value::Object(entries.into_iter().map(|(key, value)| (key, inner_order(value))).collect())
}

fn rank(key: &str) -> usize {
    const FIRST: [&str; 4] = ["schemas", "externalId", "userName", "active"];
    match FIRST.iter().position(|first| *first == key) {
        Some(at) => at,
        None if key.starts_with("urn:") => 9,
        None => 5,
    }
}

/// Inside `name`: formatted, familyName, givenName, as Entra writes them.
fn inner_order(value: Value) -> Value {
    match value {
        Value::Object(inner) if inner.contains_key("familyName") || inner.contains_key("givenName") => {
            const FIRST: [&str; 3] = ["formatted", "familyName", "givenName"];
            let mut entries: Vec<(String, Value)> = inner.into_iter().collect();
            entries
                .sort_by_key(|(key, _)| FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len()));
            Value::Object(entries.into_iter().collect())
        }
        other => other,
    }
}

/// How many requests carry these edits of references, each given by how many members it
/// adds and removes.
pub(crate) fn parts(edits: &[(usize, usize)], _: Dialect) -> usize {
    usize::from(!edits.is_empty())
}

/// A PATCH's body; `None` when nothing is left to say.
pub(crate) fn patch(edits: &[Edit<'_>], dialect: Dialect) -> Option<Value> {
    let operations = match dialect {
        Dialect::Legacy => edits.iter().flat_map(legacy).collect(),
        Dialect::Flag => flagged(edits),
        Dialect::Rfc => pure(edits),
    };
    (!operations.is_empty()).then(|| json!({"schemas": [PATCH_OP], "Operations": operations}))
}

fn operation(op: &str, path: &str, value: Value) -> Value {
    json!({"op": op, "path": path, "value": value})
}

fn values(ids: &[String]) -> Value {
    Value::Array(ids.iter().map(|id| json!({"value": id})).collect())
}

/// One operation a path, title case, booleans as text, members by list.
fn legacy(edit: &Edit<'_>) -> Vec<Value> {
    let op = if edit.held { "Replace" } else { "Add" };
    match &edit.edit {
        EditKind::Set(Value::Bool(flag)) => {
            vec![operation(op, edit.target, json!(if *flag { "True" } else { "False" }))]
        }
        EditKind::Set(value) => vec![operation(op, edit.target, value.clone())],
        EditKind::Refer(Some(id)) => vec![operation(op, edit.target, json!([{"value": id}]))],
        EditKind::Refer(None) => vec![json!({"op": "Remove", "path": edit.target})],
        EditKind::Members(add, remove) => {
            let mut operations = Vec::new();
            if !add.is_empty() {
                operations.push(operation("Add", edit.target, values(add)));
            }
            if !remove.is_empty() {
                operations.push(operation("Remove", edit.target, values(remove)));
            }
            operations
        }
        EditKind::Roles(RoleList::Assertive, roles) => {
            vec![operation("replace", edit.target, Value::Array(roles.clone()))]
        }
        EditKind::Roles(RoleList::Adding, roles) => {
            let add = |role: &Value| operation("Add", edit.target, json!([{"value": role.to_string()}]));
            roles.iter().map(add).collect()
        }
    }
}

/// Lower case, real booleans; filtered paths one by one and before what is combined.
fn flagged(edits: &[Edit<'_>]) -> Vec<Value> {
    let mut apart = Vec::new();
    let mut combined = [("add", Vec::new()), ("replace", Vec::new())];
    for edit in edits {
        let op = if edit.held { "replace" } else { "add" };
        match &edit.edit {
            EditKind::Set(value) if edit.path.filter.is_some() => {
                apart.push(operation(op, edit.target, value.clone()))
            }
            EditKind::Set(value) => {
                if let Some((_, list)) = combined.iter_mut().find(|(name, _)| *name == op) {
                    list.push((edit.target, value.clone()));
                }
            }
            EditKind::Refer(Some(id)) => apart.push(operation(op, edit.target, json!(id))),
            EditKind::Refer(None) => apart.push(json!({"op": "remove", "path": edit.target})),
            EditKind::Members(add, remove) => apart.extend(members(edit.target, add, remove)),
            EditKind::Roles(RoleList::Assertive, roles) => {
                apart.push(operation("replace", edit.target, Value::Array(roles.clone())));
            }
            EditKind::Roles(RoleList::Adding, roles) => {
                apart.push(operation("add", edit.target, Value::Array(roles.clone())));
            }
        }
    }
    for (op, mut list) in combined {
        match list.len() {
            0 => {}
            1 => apart.extend(list.pop().map(|(target, value)| operation(op, target, value))),
            _ => {
                let value: Map<String, Value> =
                    list.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
                apart.push(json!({"op": op, "value": value}));
            }
        }
    }
    apart
}

fn members(target: &str, add: &[String], remove: &[String]) -> Vec<Value> {
    let mut operations = Vec::new();
    if !add.is_empty() {
        operations.push(operation("add", target, values(add)));
    }
    let gone = |id: &String| json!({"op": "remove", "path": format!("{target}[value eq \"{id}\"]")});
    operations.extend(remove.iter().map(gone));
    operations
}

/// RFC 7644 to the letter: a filter that selects nothing may not be a target (§3.5.2.3),
/// so a new element is added whole.
fn pure(edits: &[Edit<'_>]) -> Vec<Value> {
    let mut operations: Vec<Value> = Vec::new();
    let mut fresh: Vec<(String, Map<String, Value>)> = Vec::new();
    for edit in edits {
        let op = if edit.held { "replace" } else { "add" };
        match &edit.edit {
            EditKind::Set(value) if edit.path.filter.is_some() && !edit.held => {
                let urn = edit.path.urn.as_ref().map(|urn| format!("{urn}:")).unwrap_or_default();
                let attribute = format!("{urn}{}", edit.path.attribute);
                let at = fresh.iter().position(|(name, _)| *name == attribute).unwrap_or_else(|| {
                    fresh.push((attribute, Map::new()));
                    fresh.len() - 1
                });
                if let Some((_, resource)) = fresh.get_mut(at) {
                    TargetPath { urn: None, ..edit.path.clone() }.write(resource, value.clone());
                }
            }
            EditKind::Set(value) => operations.push(operation(op, &rfc_path(edit), value.clone())),
            EditKind::Refer(Some(id)) => operations.push(operation(op, edit.target, json!({"value": id}))),
            EditKind::Refer(None) => operations.push(json!({"op": "remove", "path": edit.target})),
            EditKind::Members(add, remove) => operations.extend(members(edit.target, add, remove)),
            EditKind::Roles(RoleList::Assertive, roles) => {
                operations.push(operation("replace", edit.target, Value::Array(roles.clone())));
            }
            EditKind::Roles(RoleList::Adding, roles) => {
                operations.push(operation("add", edit.target, Value::Array(roles.clone())));
            }
        }
    }
    for (attribute, resource) in fresh {
        let elements = resource.into_iter().map(|(_, elements)| elements);
        operations.extend(elements.map(|elements| operation("add", &attribute, elements)));
    }
    operations
}

/// The path with a boolean literal where Entra quotes one.
fn rfc_path(edit: &Edit<'_>) -> String {
    match &edit.path.filter {
        Some((name, wanted)) if name.eq_ignore_ascii_case("primary") => {
            let quoted = format!("[{name} eq \"{wanted}\"]");
            edit.target.replace(&quoted, &format!("[{name} eq {}]", wanted.to_ascii_lowercase()))
        }
        _ => edit.target.to_owned(),
    }
}
