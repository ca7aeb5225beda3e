//! The naive twin: documents in a list, members as pairs in another, everything looked for from
//! one end to the other.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::support::BASE;

/// One resource.
#[derive(Clone, Debug)]
struct Thing {
    kind: &'static str,
    id: String,
    version: u64,
    created: String,
    modified: String,
    body: Value,
}

/// All that the twin knows.
#[derive(Clone, Debug, Default)]
pub struct Twin {
    things: Vec<Thing>,
    /// (group, member)
    members: Vec<(String, String)>,
    /// When the last request came.
    pub now: String,
    /// How many changes were made.
    pub changes: usize,
}

/// One operation of a bulk request.
pub struct Bulk {
    pub endpoint: &'static str,
    pub body: Value,
    /// The group that a PATCH adds to.
    pub to: Option<String>,
    pub who: Vec<String>,
}

/// What is asked of a list.
pub enum Filter {
    All,
    Equals(&'static str, String),
    Exactly(&'static str, String),
    Contains(&'static str, String),
    Present(&'static str),
    Active(bool),
    InGroup(String),
    HasMember(String),
    Not(Box<Filter>),
}

impl Filter {
    pub fn text(&self) -> Option<String> {
        Some(match self {
            Self::All => return None,
            Self::Equals(name, value) | Self::Exactly(name, value) => format!("{name} eq \"{value}\""),
            Self::Contains(name, value) => format!("{name} co \"{value}\""),
            Self::Present(name) => format!("{name} pr"),
            Self::Active(value) => format!("active eq {value}"),
            Self::InGroup(id) => format!("groups.value eq \"{id}\""),
            Self::HasMember(id) => format!("members[value eq \"{id}\"]"),
            Self::Not(inner) => format!("not ({})", inner.text()?),
        })
    }
}

/// `members` and `groups` without an order of their own.
pub fn in_order(mut resource: Value) -> Value {
    for name in ["members", "groups"] {
        if let Some(list) = resource.get_mut(name).and_then(Value::as_array_mut) {
            list.sort_by_key(|one| one["value"].to_string());
        }
    }
    if let Some(version) = resource.pointer_mut("/meta/version") {
        *version = own(version.as_str().unwrap_or_default()).into();
    }
    resource
}

/// A tag without what it says of groups.
pub fn own(tag: &str) -> String {
    tag.split_once('-').map_or(tag.to_owned(), |(version, _)| format!("{version}\""))
}

fn kind_at(endpoint: &str) -> &'static str {
    if endpoint == "/Users" { "User" } else { "Group" }
}

fn name_of(body: &Value, kind: &str) -> String {
    let name = if kind == "User" { "userName" } else { "displayName" };
    body[name].as_str().unwrap_or_default().to_lowercase()
}

/// The members a body names, and the body without them.
fn apart(body: &Value) -> (Value, BTreeSet<String>) {
    let mut map = body.as_object().cloned().unwrap_or_default();
    map.remove("schemas");
    let members = map.remove("members");
    let ids = members.as_ref().and_then(Value::as_array).into_iter().flatten();
    (Value::Object(map), ids.map(|one| one["value"].as_str().unwrap().to_owned()).collect())
}

impl Twin {
    fn find(&self, id: &str) -> Option<&Thing> {
        self.things.iter().find(|thing| thing.id == id)
    }

    pub fn kind(&self, id: &str) -> Option<&'static str> {
        self.find(id).map(|thing| thing.kind)
    }

    pub fn version(&self, id: &str) -> Option<u64> {
        self.find(id).map(|thing| thing.version)
    }

    /// Whether a reply shows groups of it.
    pub fn shown_groups(&self, id: &str) -> bool {
        self.version(id).is_some() && self.shown(id).get("groups").is_some()
    }

    pub fn path(&self, id: &str) -> String {
        format!("/{}s/{id}", self.kind(id).unwrap_or("User"))
    }

    fn members_of(&self, group: &str) -> BTreeSet<String> {
        self.members.iter().filter(|(g, _)| g == group).map(|(_, member)| member.clone()).collect()
    }

    /// Whether the name is somebody else's.
    fn is_taken(&self, kind: &str, id: &str, body: &Value) -> bool {
        self.things.iter().any(|other| {
            other.kind == kind && other.id != id && name_of(&other.body, kind) == name_of(body, kind)
        })
    }

    pub fn create(&mut self, endpoint: &str, id: &str, body: &Value) -> u16 {
        self.create_among(endpoint, id, body, &[])
    }

    /// `promised`: ids that will be there in the end.
    fn create_among(&mut self, endpoint: &str, id: &str, body: &Value, promised: &[&str]) -> u16 {
        let kind = kind_at(endpoint);
        let (body, members) = apart(body);
        if members.iter().any(|one| self.find(one).is_none() && !promised.contains(&one.as_str())) {
            return 400;
        }
        if self.is_taken(kind, id, &body) {
            return 409;
        }
        self.members.extend(members.into_iter().map(|member| (id.to_owned(), member)));
        let (created, modified) = (self.now.clone(), self.now.clone());
        self.things.push(Thing { kind, id: id.to_owned(), version: 1, created, modified, body });
        self.changes += 1;
        201
    }

    fn refuses(&self, id: &str, if_match: Option<&str>) -> Option<u16> {
        let Some(version) = self.version(id) else { return Some(404) };
        match if_match {
            Some(tags) if tags != "*" && !tags.contains(&format!("W/\"{version}\"")) => Some(412),
            _ => None,
        }
    }

    /// Writes a body and a group's members, where either differs.
    fn write(&mut self, id: &str, body: Value, members: Option<BTreeSet<String>>) -> u16 {
        let (kind, old) = self.find(id).map(|thing| (thing.kind, thing.body.clone())).unwrap();
        let present = self.members_of(id);
        let members = members.unwrap_or_else(|| present.clone());
        if members.difference(&present).any(|one| self.find(one).is_none()) {
            return 400;
        }
        if body == old && members == present {
            return 200;
        }
        if self.is_taken(kind, id, &body) {
            return 409;
        }
        self.members.retain(|(group, _)| group != id);
        self.members.extend(members.into_iter().map(|member| (id.to_owned(), member)));
        let now = self.now.clone();
        let thing = self.things.iter_mut().find(|thing| thing.id == id).unwrap();
        thing.body = body;
        thing.version += 1;
        thing.modified = now;
        self.changes += 1;
        200
    }

    pub fn replace(&mut self, id: &str, body: &Value, if_match: Option<&str>) -> u16 {
        if let Some(status) = self.refuses(id, if_match) {
            return status;
        }
        let (body, members) = apart(body);
        let members = (self.kind(id) == Some("Group")).then_some(members);
        self.write(id, body, members)
    }

    pub fn set(&mut self, id: &str, name: &str, value: &Value, if_match: Option<&str>) -> u16 {
        if let Some(status) = self.refuses(id, if_match) {
            return status;
        }
        let mut body = self.find(id).unwrap().body.clone();
        if value.is_null() {
            body.as_object_mut().unwrap().remove(name);
        } else {
            body[name] = value.clone();
        }
        self.write(id, body, None)
    }

    /// Each change: whether all leave first, whether these leave, and who.
    pub fn members(&mut self, id: &str, changes: &[(bool, bool, Vec<String>)]) -> u16 {
        if let Some(status) = self.refuses(id, None) {
            return status;
        }
        let mut members = self.members_of(id);
        for (clear, leave, who) in changes {
            if *clear {
                members.clear();
            }
            for one in who {
                if *leave {
                    members.remove(one);
                } else {
                    members.insert(one.clone());
                }
            }
        }
        let body = self.find(id).unwrap().body.clone();
        match self.write(id, body, Some(members)) {
            200 => 204,
            other => other,
        }
    }

    pub fn delete(&mut self, id: &str, if_match: Option<&str>) -> u16 {
        if let Some(status) = self.refuses(id, if_match) {
            return status;
        }
        self.things.retain(|thing| thing.id != id);
        self.members.retain(|(group, member)| group != id && member != id);
        self.changes += 1;
        204
    }

    /// Direct and indirect groups of a user.
    fn groups(&self, id: &str) -> (BTreeSet<String>, BTreeSet<String>) {
        let above = |member: &str| -> BTreeSet<String> {
            self.members.iter().filter(|(_, m)| m == member).map(|(group, _)| group.clone()).collect()
        };
        let direct = above(id);
        let mut all = direct.clone();
        loop {
            let more: BTreeSet<String> = all.iter().flat_map(|group| above(group)).collect();
            let before = all.len();
            all.extend(more);
            if all.len() == before {
                return (direct.clone(), all.difference(&direct).cloned().collect());
            }
        }
    }

    /// The resource as it should be shown.
    pub fn shown(&self, id: &str) -> Value {
        let Some(thing) = self.find(id) else { return Value::Null };
        let location = |id: &str| format!("{BASE}{}", self.path(id));
        let extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let mut schemas = vec![format!("urn:ietf:params:scim:schemas:core:2.0:{}", thing.kind)];
        if thing.body.get(extension).is_some() {
            schemas.push(extension.to_owned());
        }
        let mut shown = Map::new();
        shown.insert("schemas".into(), json!(schemas));
        shown.insert("id".into(), json!(id));
        shown.extend(thing.body.as_object().cloned().unwrap_or_default());
        let reference = |other: &str| {
            let mut one = json!({ "value": other, "$ref": location(other) });
            if let Some(name) = self.find(other).and_then(|thing| thing.body["displayName"].as_str()) {
                one["display"] = json!(name);
            }
            one
        };
        if thing.kind == "Group" {
            let members: Vec<Value> = self
                .members_of(id)
                .iter()
                .map(|member| {
                    let mut one = reference(member);
                    one["type"] = json!(self.kind(member));
                    one
                })
                .collect();
            if !members.is_empty() {
                shown.insert("members".into(), json!(members));
            }
        } else {
            let (direct, indirect) = self.groups(id);
            let typed = |ids: BTreeSet<String>, kind: &str| -> Vec<Value> {
                ids.iter()
                    .map(|group| {
                        let mut one = reference(group);
                        one["type"] = json!(kind);
                        one
                    })
                    .collect()
            };
            let groups = [typed(direct, "direct"), typed(indirect, "indirect")].concat();
            if !groups.is_empty() {
                shown.insert("groups".into(), json!(groups));
            }
        }
        shown.insert(
            "meta".into(),
            json!({
                "resourceType": thing.kind, "created": thing.created, "lastModified": thing.modified,
                "location": location(id), "version": format!("W/\"{}\"", thing.version),
            }),
        );
        Value::Object(shown)
    }

    /// The ids of those that match, in order.
    pub fn list(&self, kind: &str, filter: &Filter, by: &str, descending: bool) -> Vec<String> {
        let mut all: Vec<&Thing> =
            self.things.iter().filter(|thing| thing.kind == kind && self.matches(thing, filter)).collect();
        all.sort_by_key(|thing| (thing.created.clone(), thing.id.clone()));
        if by.is_empty() {
            return all.into_iter().map(|thing| thing.id.clone()).collect();
        }
        let key = |thing: &Thing| match by {
            "id" => Some(thing.id.clone()),
            "meta.created" => Some(thing.created.clone()),
            "meta.lastModified" => Some(thing.modified.clone()),
            "externalId" => thing.body[by].as_str().map(str::to_owned),
            _ => thing.body[by].as_str().map(str::to_lowercase),
        };
        all.sort_by_key(|thing| (key(thing).is_none(), key(thing)));
        if descending {
            all.reverse();
        }
        all.into_iter().map(|thing| thing.id.clone()).collect()
    }

    fn matches(&self, thing: &Thing, filter: &Filter) -> bool {
        let text = |name: &str| thing.body[name].as_str().map(str::to_owned);
        match filter {
            Filter::All => true,
            Filter::Equals(name, value) => {
                text(name).is_some_and(|text| text.to_lowercase() == value.to_lowercase())
            }
            Filter::Exactly(name, value) => text(name).as_ref() == Some(value),
            Filter::Contains(name, value) => {
                text(name).is_some_and(|text| text.to_lowercase().contains(&value.to_lowercase()))
            }
            Filter::Present(name) => text(name).is_some_and(|text| !text.is_empty()),
            Filter::Active(value) => thing.body["active"] == *value,
            Filter::InGroup(id) => {
                let (direct, indirect) = self.groups(&thing.id);
                direct.contains(id) || indirect.contains(id)
            }
            Filter::HasMember(id) => self.members_of(&thing.id).contains(id),
            Filter::Not(inner) => !self.matches(thing, inner),
        }
    }

    /// The status of each operation. `ids`: what the service gave out for those that it made.
    pub fn bulk(&mut self, operations: &[Bulk], ids: &[Option<String>]) -> Vec<u16> {
        let n = operations.len();
        let name = |text: &str| text.strip_prefix("bulkId:b").map(|number| number.parse::<usize>().unwrap());
        let makes = |index: usize| operations.get(index).is_some_and(|operation| operation.to.is_none());
        // What each names, and whether all of it will be made by somebody.
        let mut needs: Vec<BTreeSet<usize>> = Vec::new();
        let mut unknown = Vec::new();
        for operation in operations {
            let mut named: BTreeSet<usize> =
                texts(&operation.body).iter().filter_map(|text| name(text)).collect();
            named.extend(operation.who.iter().filter_map(|text| name(text)));
            named.extend(operation.to.as_ref().and_then(|to| name(&format!("bulkId:{to}"))));
            unknown.push(named.iter().any(|index| !makes(*index)));
            named.retain(|index| makes(*index));
            needs.push(named);
        }
        for later in 0..n {
            let same = |earlier: &usize| {
                operations[*earlier].to.is_some()
                    && operations[*earlier].to == operations[later].to
                    && operations[*earlier]
                        .to
                        .as_ref()
                        .and_then(|to| name(&format!("bulkId:{to}")))
                        .is_some_and(makes)
            };
            if let Some(earlier) = (0..later).rev().find(same) {
                needs[later].insert(earlier);
            }
        }
        let references = needs.clone();
        let mut reach = needs.clone();
        for _ in 0..n {
            for from in 0..n {
                let beyond: BTreeSet<usize> = reach[from].iter().flat_map(|to| reach[*to].clone()).collect();
                reach[from].extend(beyond);
            }
        }
        let together = |a: usize, b: usize| a == b || (reach[a].contains(&b) && reach[b].contains(&a));
        let mut statuses: Vec<Option<u16>> = vec![None; n];
        while let Some(first) = (0..n).find(|index| {
            let circle: Vec<usize> = (0..n).filter(|other| together(*index, *other)).collect();
            statuses[*index].is_none()
                && circle.iter().all(|one| {
                    needs[*one].iter().all(|need| circle.contains(need) || statuses[*need].is_some())
                })
        }) {
            let circle: Vec<usize> = (0..n).filter(|other| together(first, *other)).collect();
            let mut trial = self.clone();
            let promised: Vec<&str> =
                circle.iter().filter(|one| makes(**one)).filter_map(|one| ids[*one].as_deref()).collect();
            let mut outcome = Vec::new();
            for index in &circle {
                let lacks = references[*index].iter().any(|need| {
                    makes(*need)
                        && !circle.contains(need)
                        && statuses[*need].is_some_and(|status| status >= 300)
                });
                let status = match &operations[*index].to {
                    _ if unknown[*index] => 400,
                    _ if lacks => 409,
                    None => {
                        let body = filled(&operations[*index].body, ids);
                        // Who was not made has no id here: any will do to find out what is wrong.
                        let id = ids[*index].clone().unwrap_or_else(|| format!("unmade{index}"));
                        let mut promised = promised.clone();
                        let unmade: Vec<String> = circle.iter().map(|one| format!("unmade{one}")).collect();
                        promised.extend(unmade.iter().map(String::as_str));
                        trial.create_among(operations[*index].endpoint, &id, &body, &promised)
                    }
                    Some(to) => {
                        let group = name(&format!("bulkId:{to}"))
                            .and_then(|one| ids[one].clone())
                            .unwrap_or_default();
                        let who: Vec<String> = operations[*index]
                            .who
                            .iter()
                            .filter_map(|one| name(one).and_then(|one| ids[one].clone()))
                            .collect();
                        // A user has no members to add to, but is found at no group's path either.
                        if trial.kind(&group) == Some("Group") {
                            match trial.members(&group, &[(false, false, who)]) {
                                204 => 200,
                                other => other,
                            }
                        } else {
                            404
                        }
                    }
                };
                outcome.push((*index, status));
                if status >= 300 {
                    break;
                }
            }
            let failed = outcome.iter().find(|(_, status)| *status >= 300).copied();
            match failed {
                None => {
                    *self = trial;
                    for (index, status) in outcome {
                        statuses[index] = Some(status);
                    }
                }
                Some((culprit, status)) => {
                    for index in circle {
                        statuses[index] = Some(if index == culprit { status } else { 409 });
                    }
                }
            }
        }
        statuses.into_iter().map(|status| status.unwrap_or(0)).collect()
    }
}

/// All texts in a value.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(map) => map.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// The body with ids in place of `bulkId`s.
fn filled(value: &Value, ids: &[Option<String>]) -> Value {
    let mut text = value.to_string();
    for (index, id) in ids.iter().enumerate() {
        let id = id.clone().unwrap_or_else(|| format!("unmade{index}"));
        text = text.replace(&format!("\"bulkId:b{index}\""), &format!("\"{id}\""));
    }
    serde_json::from_str(&text).unwrap()
}
