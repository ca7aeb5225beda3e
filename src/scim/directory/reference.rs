//! `bulkId:` in a bulk request's paths and data (RFC 7644 §3.7.2): what it stands for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::password::names_password;
use crate::scim::error::{ScimError, ScimType};

const PREFIX: &str = "bulkId:";

/// The `bulkId`s of a request: which operation has each, and the id that was given out for it.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<String, (usize, String)>);

impl Names {
    /// Notes a name, or answers with the operation that had it first.
    pub fn declare(&mut self, name: &str, operation: usize, id: &str) -> Option<usize> {
        if let Some((first, _)) = self.0.get(name) {
            return Some(*first);
        }
        self.0.insert(name.to_owned(), (operation, id.to_owned()));
        None
    }
}

/// Replaces one operation's references and remembers them.
pub struct References<'a> {
    names: &'a Names,
    /// The operations referred to.
    pub found: BTreeSet<usize>,
    /// Every text that may be an id.
    pub mentions: BTreeSet<String>,
    unknown: BTreeSet<String>,
}

impl<'a> References<'a> {
    /// None found yet.
    pub const fn new(names: &'a Names) -> Self {
        Self { names, found: BTreeSet::new(), mentions: BTreeSet::new(), unknown: BTreeSet::new() }
    }

    /// Whether all were known.
    pub fn outcome(&self) -> Result<(), ScimError> {
        if self.unknown.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = self.unknown.iter().map(|name| format!("`{name}`")).collect();
        let detail = format!("no operation of this request has the `bulkId` {}", names.join(", "));
        Err(ScimError::bad(ScimType::InvalidValue, detail))
    }

    /// `/Users/bulkId:qwerty`
    pub fn in_path(&mut self, path: &str) -> String {
        let parts: Vec<String> = path.split('/').map(|part| self.whole(part)).collect();
        parts.join("/")
    }

    /// A value and all within it.
    pub fn in_value(&mut self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.whole(&text)),
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.in_value(item)).collect()),
            Value::Object(map) => Value::Object(self.in_object(map)),
            other => other,
        }
    }

    fn in_object(&mut self, map: Map<String, Value>) -> Map<String, Value> {
        let mut replaced = Map::new();
        let is_path = |name: &str| name.eq_ignore_ascii_case("path");
        let targets_password =
            map.iter().any(|(name, path)| is_path(name) && path.as_str().is_some_and(names_password));
        for (name, value) in map {
            let is_password = targets_password && name.eq_ignore_ascii_case("value");
            let value = match value {
                // A password is what it is, whatever it looks like.
                value if is_password || names_password(&name) => value,
                Value::String(text) if name == "$ref" => Value::String(self.in_path(&text)),
                // `members[value eq "bulkId:qwerty"]`
                Value::String(text) if is_path(&name) => Value::String(self.quoted(&text)),
                value => self.in_value(value),
            };
            replaced.insert(name, value);
        }
        replaced
    }

    fn quoted(&mut self, text: &str) -> String {
        let parts: Vec<String> = text.split('"').map(|part| self.whole(part)).collect();
        parts.join("\"")
    }

    fn whole(&mut self, text: &str) -> String {
        let id = match text.split_at_checked(PREFIX.len()) {
            Some((prefix, name)) if prefix.eq_ignore_ascii_case(PREFIX) => match self.names.0.get(name) {
                Some((operation, id)) => {
                    self.found.insert(*operation);
                    id.clone()
                }
                None => {
                    self.unknown.insert(name.to_owned());
                    text.to_owned()
                }
            },
            _ => text.to_owned(),
        };
        self.mentions.insert(id.clone());
        id
    }
}
