//! What the target holds: each resource kept as its text, read again when it is compared,
//! so that a hundred thousand of them fit. Links into it are found by folded values.

use super::report::{InputError, LoadReport};
use super::target_path::TargetPath;
use serde_json::Value;
use std::collections::HashMap;

/// `User` or `Group`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ObjectKind {
    User,
    Group,
}

impl ObjectKind {
    /// The name in Entra's configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// The SCIM endpoint.
    pub fn endpoint(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
        }
    }
}

/// One resource of the target.
#[derive(Clone, Debug)]
pub(crate) struct HeldObject {
    pub kind: ObjectKind,
    pub id: String,
    pub name: String,
    document: Box<str>,
}

impl HeldObject {
    /// The resource.
    pub fn document(&self) -> Value {
        serde_json::from_str(&self.document).unwrap_or(Value::Null)
    }
}

/// All resources of the target.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub objects: Vec<HeldObject>,
    by_id: HashMap<String, usize>,
}

impl Held {
    /// Adds a SCIM list, an array, NDJSON or pages one after another.
    pub fn load(&mut self, text: &str) -> Result<LoadReport, InputError> {
        let mut report = LoadReport { kind: "target".to_owned(), ..LoadReport::default() };
        let text = text.trim_start_matches('\u{feff}');
        for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
            let value = value.map_err(|error| {
                InputError::new(
                    format!("not JSON: {error}"),
                    "give a SCIM ListResponse or one resource a line",
                )
                .at(error.line())
            })?;
            self.take(&value, &mut report);
        }
        Ok(report)
    }

    fn take(&mut self, value: &Value, report: &mut LoadReport) {
        if let Value::Array(items) = value {
            items.iter().for_each(|item| self.take(item, report));
            return;
        }
        if let Some(resources) = value.get("Resources") {
            return self.take(resources, report);
        }
        let total = value.get("totalResults").and_then(Value::as_u64);
        match value.get("id").and_then(Value::as_str) {
            Some(id) => {
                self.put(id, value);
                report.rows += 1;
            }
            None if total == Some(0) => {}
            None => report.notes.push("a resource without `id` was left out".to_owned()),
        }
    }

    fn put(&mut self, id: &str, value: &Value) {
        let name = ["userName", "displayName"].iter().find_map(|key| value.get(*key)).and_then(Value::as_str);
        let object = HeldObject {
            kind: kind(value),
            id: id.to_owned(),
            name: name.unwrap_or_default().to_owned(),
            document: value.to_string().into_boxed_str(),
        };
        match self.by_id.get(id).and_then(|at| self.objects.get_mut(*at)) {
            Some(slot) => *slot = object,
            None => {
                self.by_id.insert(id.to_owned(), self.objects.len());
                self.objects.push(object);
            }
        }
    }

    /// The object at a place.
    pub fn object(&self, at: usize) -> Option<&HeldObject> {
        self.objects.get(at)
    }

    /// The place of an object.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// For each path, the folded values of all objects of a kind and where they are.
    pub fn index(&self, kind: ObjectKind, paths: &[(&TargetPath, bool)]) -> Vec<HashMap<String, Vec<usize>>> {
        let mut indexes = vec![HashMap::new(); paths.len()];
        if paths.is_empty() {
            return indexes;
        }
        for (at, object) in self.objects.iter().enumerate().filter(|(_, object)| object.kind == kind) {
            let document = object.document();
            for (index, (path, case_exact)) in indexes.iter_mut().zip(paths) {
                let Some(text) = path.read(&document).and_then(Value::as_str) else { continue };
                index.entry(fold(text, *case_exact)).or_insert_with(Vec::new).push(at);
            }
        }
        indexes
    }
}

/// A value as it is compared.
pub(crate) fn fold(text: &str, case_exact: bool) -> String {
    if case_exact { text.to_owned() } else { text.to_lowercase() }
}

fn kind(value: &Value) -> ObjectKind {
    let meta = value.get("meta").and_then(|meta| meta.get("resourceType")).and_then(Value::as_str);
    let schemas = value.get("schemas").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut urns = schemas.iter().filter_map(Value::as_str);
    let group = match meta {
        Some(meta) => meta.eq_ignore_ascii_case("Group"),
        None => urns.any(|urn| urn.ends_with(":Group")) || value.get("members").is_some_and(Value::is_array),
    };
    if group { ObjectKind::Group } else { ObjectKind::User }
}
