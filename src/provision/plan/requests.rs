//! The bytes that would be sent: the match query, POST, PATCH in Entra's two dialects and
//! in RFC 7644's own form (§3.5.2), DELETE.

use super::placeholder::{placeholder, placeholder_segment};
use super::report::{CreatedReference, PlannedRequest};
use crate::provision::configuration::{AddedRole, Edit, EditKind, Id};
use crate::provision::object_kind::ObjectKind;
use crate::provision::sort::sort;
use crate::provision::target::{Capabilities, Dialect, ManagerShape, MemberRemoval, TargetPath};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;

const CORE_USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const CORE_GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

impl Id {
    /// As people read it.
    pub fn shown(&self) -> String {
        match self {
            Self::Held(id) => id.clone(),
            Self::Created(source) => placeholder(source),
        }
    }
}

/// A part of a body, and the places in it that ids still to be given out are to take.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub value: Value,
    references: Vec<CreatedReference>,
}

impl From<Value> for Draft {
    fn from(value: Value) -> Self {
        Self { value, references: Vec::new() }
    }
}

impl From<&Id> for Draft {
    fn from(id: &Id) -> Self {
        let reference =
            |source: &String| CreatedReference { pointer: Some(String::new()), source: source.clone() };
        let references = match id {
            Id::Held(_) => Vec::new(),
            Id::Created(source) => vec![reference(source)],
        };
        Self { value: Value::String(id.shown()), references }
    }
}

impl Draft {
    /// Within something larger, where it stands at `pointer`.
    fn within(self, pointer: &str, larger: impl FnOnce(Value) -> Value) -> Self {
        let Self { value, mut references } = self;
        for own in references.iter_mut().filter_map(|reference| reference.pointer.as_mut()) {
            own.insert_str(0, pointer);
        }
        Self { value: larger(value), references }
    }

    /// As the elements of a list.
    fn list(drafts: impl IntoIterator<Item = Self>) -> Self {
        let mut references = Vec::new();
        let element = |(at, draft): (usize, Self)| {
            let mut draft = draft.within(&format!("/{at}"), |value| value);
            references.append(&mut draft.references);
            draft.value
        };
        let value = drafts.into_iter().enumerate().map(element).collect();
        Self { value, references }
    }
}

/// Which resource a request is about, or which endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    path: String,
    reference: Option<CreatedReference>,
}

impl Place {
    /// A path as it is sent.
    pub fn at(path: String) -> Self {
        Self { path, reference: None }
    }

    /// An object still to be created.
    pub fn created(kind: ObjectKind, source: &str) -> Self {
        Self {
            path: format!("{}/{}", kind.endpoint(), placeholder_segment(source)),
            reference: Some(CreatedReference { pointer: None, source: source.to_owned() }),
        }
    }
}

/// One request.
pub(crate) fn request(
    id: String,
    depends_on: Vec<String>,
    method: &str,
    place: Place,
    body: impl Into<Draft>,
) -> PlannedRequest {
    let Draft { value: body, references } = body.into();
    let references = place.reference.into_iter().chain(references).collect();
    let mut headers = BTreeMap::from([("Accept".to_owned(), "application/scim+json".to_owned())]);
    if !body.is_null() {
        headers.insert("Content-Type".to_owned(), "application/scim+json; charset=utf-8".to_owned());
    }
    PlannedRequest { id, depends_on, method: method.to_owned(), path: place.path, headers, body, references }
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
    sort(&mut entries, |(one, _), (other, _)| (rank(one), one).cmp(&(rank(other), other)));
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
            let rank = |key: &str| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
            sort(&mut entries, |(one, _), (other, _)| rank(one).cmp(&rank(other)));
            Value::Object(entries.into_iter().collect())
        }
        other => other,
    }
}

/// How requests are shaped: the dialect, and what the target can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    pub dialect: Dialect,
    pub manager: Option<ManagerShape>,
    pub target: Capabilities,
}

/// The PATCH bodies that carry these edits, in order; none when nothing is left to say.
pub(crate) fn patches(edits: &[Edit<'_>], shape: &Shape) -> Vec<Draft> {
    let most = shape.target.max_operations.unwrap_or(usize::MAX).max(1);
    let mut bodies: Vec<Vec<Draft>> = Vec::new();
    let edits = singled(edits, &shape.target);
    for edits in portions(&edits, shape.target.max_members) {
        let operations = match shape.dialect {
            Dialect::Legacy => edits.iter().flat_map(|edit| legacy(edit, shape)).collect::<Vec<_>>(),
            Dialect::Flag => flagged(&edits, shape),
            Dialect::Rfc => pure(&edits, shape),
        };
        bodies.extend(operations.chunks(most).map(<[Draft]>::to_vec));
    }
    let body = |operations: Vec<Draft>| {
        let whole = |operations: Value| json!({"schemas": [PATCH_OP], "Operations": operations});
        Draft::list(operations).within("/Operations", whole)
    };
    bodies.into_iter().map(body).collect()
}

/// Where the target keeps one element of an attribute, a new one takes the place of all.
fn singled<'e, 'a>(edits: &'e [Edit<'a>], target: &Capabilities) -> Cow<'e, [Edit<'a>]> {
    let displaces =
        |edit: &Edit<'_>| edit.path.filter.is_some() && !edit.there && target.keeps_one(&edit.path);
    if !edits.iter().any(displaces) {
        return edits.into();
    }
    let mut all = Vec::with_capacity(edits.len());
    let mut whole: Vec<(TargetPath, Map<String, Value>)> = Vec::new();
    for edit in edits {
        let EditKind::Set(value) = edit.edit.clone() else {
            all.push(edit.clone());
            continue;
        };
        if !displaces(edit) {
            all.push(edit.clone());
            continue;
        }
        let at = whole.iter().position(|(path, _)| path.beside(&edit.path)).unwrap_or_else(|| {
            let path = TargetPath { filter: None, sub: None, ..edit.path.clone().into_owned() };
            whole.push((path, Map::new()));
            whole.len() - 1
        });
        if let Some((_, resource)) = whole.get_mut(at) {
            edit.path.write(resource, value);
        }
    }
    for (path, resource) in whole {
        let Some(elements) = path.read_from(&resource).cloned() else { continue };
        let (target, edit) = (path.to_string().into(), EditKind::Set(elements));
        all.push(Edit { path: Cow::Owned(path), target, held: true, there: true, edit });
    }
    all.into()
}

/// The edits as they fit into requests of so many members.
fn portions<'e, 'a>(edits: &'e [Edit<'a>], most: Option<usize>) -> Vec<Cow<'e, [Edit<'a>]>> {
    let count = |edit: &Edit<'_>| match &edit.edit {
        EditKind::Members(add, remove) => add.len() + remove.len(),
        _ => 0,
    };
    let most = most.unwrap_or(usize::MAX).max(1);
    if edits.iter().map(count).sum::<usize>() <= most {
        return if edits.is_empty() { Vec::new() } else { vec![edits.into()] };
    }
    let mut portions = Vec::new();
    let rest: Vec<Edit<'a>> = edits.iter().filter(|edit| count(edit) == 0).cloned().collect();
    if !rest.is_empty() {
        portions.push(rest.into());
    }
    for edit in edits {
        let EditKind::Members(add, remove) = &edit.edit else { continue };
        let part = |add: &[Id], remove: &[String]| {
            vec![Edit { edit: EditKind::Members(add.to_vec(), remove.to_vec()), ..edit.clone() }].into()
        };
        portions.extend(add.chunks(most).map(|add| part(add, &[])));
        portions.extend(remove.chunks(most).map(|remove| part(&[], remove)));
    }
    portions
}

/// The whole resource with the edits made, for a target without PATCH. `base` is what it
/// holds now.
pub(crate) fn replacement(base: &Value, edits: &[Edit<'_>]) -> Draft {
    let mut resource = base.as_object().cloned().unwrap_or_default();
    let mut references = Vec::new();
    for edit in edits {
        let mut refer = |resource: &Map<String, Value>, within: &str, id: &Id| {
            if let (Id::Created(source), Some(pointer)) = (id, edit.path.pointer(resource)) {
                let pointer = Some(format!("{pointer}{within}/value"));
                references.push(CreatedReference { pointer, source: source.clone() });
            }
        };
        match &edit.edit {
            EditKind::Set(value) => edit.path.write(&mut resource, value.clone()),
            EditKind::Refer(Some(id)) => {
                edit.path.write(&mut resource, json!({"value": id.shown()}));
                refer(&resource, "", id);
            }
            EditKind::Refer(None) => edit.path.remove(&mut resource),
            EditKind::SetRoles(roles) => {
                edit.path.write(&mut resource, Value::Array(roles.clone()));
            }
            EditKind::AddRoles(more) => {
                let mut roles = list_at(&resource, &edit.path);
                roles.extend(more.iter().map(|role| role.element.clone()));
                edit.path.write(&mut resource, Value::Array(roles));
            }
            EditKind::Members(add, remove) => {
                let mut members = list_at(&resource, &edit.path);
                let gone = |member: &Value| {
                    let id = member.get("value").and_then(Value::as_str);
                    id.is_some_and(|id| remove.iter().any(|gone| gone == id))
                };
                members.retain(|member| !gone(member));
                let first = members.len();
                members.extend(add.iter().map(|id| json!({"value": id.shown()})));
                edit.path.write(&mut resource, Value::Array(members));
                for (at, id) in add.iter().enumerate() {
                    refer(&resource, &format!("/{}", first + at), id);
                }
            }
        }
    }
    name_extensions(&mut resource);
    resource.values_mut().for_each(keep_one_primary);
    let value = Value::Object(resource);
    // A later edit may have put something else there.
    references.retain(|reference| {
        let held = reference.pointer.as_ref().and_then(|pointer| value.pointer(pointer));
        held.and_then(Value::as_str) == Some(&placeholder(&reference.source))
    });
    Draft { value, references }
}

/// An extension that got its first value belongs among the schemas (RFC 7643 §3).
fn name_extensions(resource: &mut Map<String, Value>) {
    let urns: Vec<String> = resource.keys().filter(|key| key.starts_with("urn:")).cloned().collect();
    let Some(schemas) = resource.get_mut("schemas").and_then(Value::as_array_mut) else { return };
    for urn in urns {
        if !schemas.iter().filter_map(Value::as_str).any(|known| known.eq_ignore_ascii_case(&urn)) {
            schemas.push(Value::String(urn));
        }
    }
}

/// Of several elements one may be primary (RFC 7643 §2.4): the one that was there first.
fn keep_one_primary(value: &mut Value) {
    let elements = value.as_array_mut().map_or(&mut [][..], Vec::as_mut_slice);
    let mut elements: Vec<&mut Map<String, Value>> =
        elements.iter_mut().filter_map(Value::as_object_mut).collect();
    elements.retain(|element| element.get("primary") == Some(&Value::Bool(true)));
    for element in elements.into_iter().skip(1) {
        element.remove("primary");
    }
}

fn list_at(resource: &Map<String, Value>, path: &TargetPath) -> Vec<Value> {
    let held = path.read_from(resource).and_then(Value::as_array);
    held.cloned().unwrap_or_default()
}

/// A manager as it is written.
fn manager(id: &Id, shape: ManagerShape) -> Draft {
    match shape {
        ManagerShape::List => Draft::list([element(id)]),
        ManagerShape::Text => id.into(),
        ManagerShape::Object => element(id),
    }
}

fn element(id: &Id) -> Draft {
    Draft::from(id).within("/value", |id| json!({"value": id}))
}

fn operation(op: &str, path: &str, value: impl Into<Draft>) -> Draft {
    value.into().within("/value", |value| json!({"op": op, "path": path, "value": value}))
}

fn removal(op: &str, path: &str) -> Draft {
    json!({"op": op, "path": path}).into()
}

fn values(ids: &[String]) -> Value {
    Value::Array(ids.iter().map(|id| json!({"value": id})).collect())
}

fn elements(roles: &[AddedRole]) -> Value {
    roles.iter().map(|role| role.element.clone()).collect()
}

/// One operation a path, title case, booleans as text, members by list.
fn legacy(edit: &Edit<'_>, shape: &Shape) -> Vec<Draft> {
    let op = if edit.held { "Replace" } else { "Add" };
    let target = &*edit.target;
    match &edit.edit {
        EditKind::Set(Value::Bool(flag)) => {
            vec![operation(op, target, json!(if *flag { "True" } else { "False" }))]
        }
        EditKind::Set(value) => vec![operation(op, target, value.clone())],
        EditKind::Refer(Some(id)) => {
            vec![operation(op, target, manager(id, shape.manager.unwrap_or(ManagerShape::List)))]
        }
        EditKind::Refer(None) => vec![removal("Remove", target)],
        EditKind::Members(add, remove) => {
            let mut operations = Vec::new();
            if !add.is_empty() {
                operations.push(operation("Add", target, Draft::list(add.iter().map(element))));
            }
            if shape.target.member_removal == Some(MemberRemoval::Filter) {
                let gone = |id: &String| removal("Remove", &one_member(target, id));
                operations.extend(remove.iter().map(gone));
            } else if !remove.is_empty() {
                operations.push(operation("Remove", target, values(remove)));
            }
            operations
        }
        EditKind::SetRoles(roles) => {
            vec![operation("replace", target, Value::Array(roles.clone()))]
        }
        EditKind::AddRoles(roles) => {
            let add = |role: &AddedRole| operation("Add", target, json!([{"value": role.text}]));
            roles.iter().map(add).collect()
        }
    }
}

/// Lower case, real booleans; filtered paths one by one and before what is combined.
fn flagged(edits: &[Edit<'_>], shape: &Shape) -> Vec<Draft> {
    let path_less = shape.target.path_less.unwrap_or(true);
    let mut apart = Vec::new();
    let mut combined = [("add", Vec::new()), ("replace", Vec::new())];
    for edit in edits {
        let op = if edit.held { "replace" } else { "add" };
        let target = &*edit.target;
        match &edit.edit {
            EditKind::Set(value) if edit.path.filter.is_some() || !path_less => {
                apart.push(operation(op, target, value.clone()))
            }
            EditKind::Set(value) => {
                if let Some((_, list)) = combined.iter_mut().find(|(name, _)| *name == op) {
                    list.push((target, value.clone()));
                }
            }
            EditKind::Refer(Some(id)) => {
                let shape = shape.manager.unwrap_or(ManagerShape::Text);
                apart.push(operation(op, target, manager(id, shape)));
            }
            EditKind::Refer(None) => apart.push(removal("remove", target)),
            EditKind::Members(add, remove) => apart.extend(members(target, add, remove, shape)),
            EditKind::SetRoles(roles) => {
                apart.push(operation("replace", target, Value::Array(roles.clone())));
            }
            EditKind::AddRoles(roles) => apart.push(operation("add", target, elements(roles))),
        }
    }
    for (op, mut list) in combined {
        match list.len() {
            0 => {}
            1 => apart.extend(list.pop().map(|(target, value)| operation(op, target, value))),
            _ => {
                let value: Map<String, Value> =
                    list.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
                apart.push(json!({"op": op, "value": value}).into());
            }
        }
    }
    apart
}

/// The path of one member. An id is JSON text there (RFC 7644 §3.4.2.2), so that none ends it.
fn one_member(target: &str, id: &str) -> String {
    format!("{target}[value eq {}]", Value::from(id))
}

fn members(target: &str, add: &[Id], remove: &[String], shape: &Shape) -> Vec<Draft> {
    let mut operations = Vec::new();
    if !add.is_empty() {
        operations.push(operation("add", target, Draft::list(add.iter().map(element))));
    }
    if shape.target.member_removal == Some(MemberRemoval::List) && !remove.is_empty() {
        operations.push(operation("remove", target, values(remove)));
        return operations;
    }
    let gone = |id: &String| removal("remove", &one_member(target, id));
    operations.extend(remove.iter().map(gone));
    operations
}

/// RFC 7644 to the letter: a filter that selects nothing may not be a target (§3.5.2.3),
/// so a new element is added whole.
fn pure(edits: &[Edit<'_>], shape: &Shape) -> Vec<Draft> {
    let mut operations: Vec<Draft> = Vec::new();
    let mut fresh: Vec<(String, Map<String, Value>)> = Vec::new();
    for edit in edits {
        let op = if edit.held { "replace" } else { "add" };
        let target = &*edit.target;
        match &edit.edit {
            EditKind::Set(value) if edit.path.filter.is_some() && !edit.there => {
                let urn = edit.path.urn.as_ref().map(|urn| format!("{urn}:")).unwrap_or_default();
                let attribute = format!("{urn}{}", edit.path.attribute);
                let at = fresh.iter().position(|(name, _)| *name == attribute).unwrap_or_else(|| {
                    fresh.push((attribute, Map::new()));
                    fresh.len() - 1
                });
                if let Some((_, resource)) = fresh.get_mut(at) {
                    TargetPath { urn: None, ..edit.path.clone().into_owned() }.write(resource, value.clone());
                }
            }
            EditKind::Set(value) => operations.push(operation(op, &rfc_path(edit), value.clone())),
            EditKind::Refer(Some(id)) => {
                let shape = shape.manager.unwrap_or(ManagerShape::Object);
                operations.push(operation(op, target, manager(id, shape)));
            }
            EditKind::Refer(None) => operations.push(removal("remove", target)),
            EditKind::Members(add, remove) => operations.extend(members(target, add, remove, shape)),
            EditKind::SetRoles(roles) => {
                operations.push(operation("replace", target, Value::Array(roles.clone())));
            }
            EditKind::AddRoles(roles) => operations.push(operation("add", target, elements(roles))),
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
        _ => edit.target.clone().into_owned(),
    }
}
