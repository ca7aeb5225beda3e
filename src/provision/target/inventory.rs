//! What the target holds: resources as [`Documents`], found by id and by folded values.

use super::document::{Document, Documents, Route, Spot};
use super::path::TargetPath;
use crate::provision::message::told;
use crate::provision::object_kind::ObjectKind;
use crate::provision::source::{Found, InputError, LoadReport, Records};
use crate::provision::values::{Atom, Pool};
use hashbrown::HashMap;
use serde_json::Value;

/// One resource of the target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeldObject {
    pub kind: ObjectKind,
    pub id: Atom,
    pub name: Atom,
    pub document: Document,
}

/// All resources of the target.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub objects: Vec<HeldObject>,
    pub documents: Documents,
    by_id: HashMap<Atom, usize>,
    /// For each form, where the properties stand that tell what a resource is.
    marks: Vec<Marks>,
}

/// Where a form has what tells one resource from another.
#[derive(Clone, Debug)]
struct Marks {
    id: Route,
    user_name: Route,
    display_name: Route,
    resource_type: Route,
    schemas: Vec<usize>,
    members: bool,
}

impl Held {
    /// Adds a SCIM list, an array, NDJSON or pages one after another.
    pub fn load(&mut self, pool: &mut Pool, text: &str) -> Result<LoadReport, InputError> {
        let mut report = LoadReport { kind: "target".to_owned(), ..LoadReport::default() };
        let mut records = Records::default();
        let text = text.trim_start_matches('\u{feff}');
        records.push(text.as_bytes(), &mut |found| self.take(pool, &found, &mut report))?;
        records.finish(&mut |found| self.take(pool, &found, &mut report))?;
        Ok(report)
    }

    /// Takes what was cut from a file.
    pub fn take(
        &mut self,
        pool: &mut Pool,
        found: &Found<'_>,
        report: &mut LoadReport,
    ) -> Result<(), serde_json::Error> {
        let Found::Record(json) = found else { return Ok(()) };
        let document = self.documents.put(pool, json)?;
        self.mark(pool);
        let Some(marks) = self.marks.get(document.form()) else { return Ok(()) };
        let text = |route: &Route| match self.documents.spot(pool, document, route, "") {
            Spot::Text(atom) => Some(atom),
            _ => None,
        };
        let Some(id) = text(&marks.id) else {
            // An empty list is no resource; anything else without an id is told.
            let empty = self.documents.value(pool, document);
            if empty.get("totalResults").and_then(Value::as_u64) != Some(0) {
                report.notes.push(told!("a resource without `id` was left out").to_owned());
            }
            return Ok(());
        };
        let schemas = || marks.schemas.iter().map(|place| self.documents.atom(document, *place));
        let group = match text(&marks.resource_type) {
            Some(kind) => pool.text(kind).is_some_and(|kind| kind.eq_ignore_ascii_case("Group")),
            None => {
                marks.members
                    || schemas().any(|urn| pool.text(urn).is_some_and(|urn| urn.ends_with(":Group")))
            }
        };
        let object = HeldObject {
            kind: if group { ObjectKind::Group } else { ObjectKind::User },
            id,
            name: text(&marks.user_name).or_else(|| text(&marks.display_name)).unwrap_or_default(),
            document,
        };
        report.rows += 1;
        match self.by_id.get(&id).and_then(|at| self.objects.get_mut(*at)) {
            Some(slot) => *slot = object,
            None => {
                self.by_id.insert(id, self.objects.len());
                self.objects.push(object);
            }
        }
        Ok(())
    }

    /// Looks at forms not seen before.
    fn mark(&mut self, pool: &Pool) {
        for form in self.marks.len()..self.documents.forms() {
            let skeleton = self.documents.skeleton(pool, form);
            let route = |text: &str| match TargetPath::parse(text) {
                Ok(path) => path.route(&skeleton),
                Err(_) => Route::Nothing,
            };
            let schemas = skeleton.get("schemas").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let places = schemas.iter().filter_map(Value::as_u64).filter_map(|at| usize::try_from(at).ok());
            self.marks.push(Marks {
                id: skeleton.get("id").map_or(Route::Nothing, |_| route("id")),
                user_name: route("userName"),
                display_name: route("displayName"),
                resource_type: route("meta.resourceType"),
                schemas: places.collect(),
                members: skeleton.get("members").is_some_and(Value::is_array),
            });
        }
    }

    /// The object at a place.
    pub fn object(&self, at: usize) -> Option<&HeldObject> {
        self.objects.get(at)
    }

    /// The place of an object.
    pub fn find(&self, id: Atom) -> Option<usize> {
        self.by_id.get(&id).copied()
    }
}

/// Which values an index has.
pub(crate) struct Indexed<'a> {
    pub kind: ObjectKind,
    pub path: &'a TargetPath,
    pub case_exact: bool,
}

/// Where each folded value is.
#[derive(Debug, Default)]
pub(crate) struct Index {
    first: HashMap<Atom, usize>,
    further: HashMap<Atom, usize>,
    routes: Routes,
    /// How many of the target's objects were looked at.
    seen: usize,
}

impl Index {
    /// Looks at up to `most` further objects; how many it were.
    pub fn step(&mut self, held: &Held, pool: &mut Pool, of: &Indexed<'_>, most: usize) -> usize {
        let from = self.seen;
        let objects = held.objects.get(from..).unwrap_or_default();
        for (at, object) in objects.iter().take(most).enumerate() {
            self.seen += 1;
            if object.kind != of.kind {
                continue;
            }
            let text = match self.routes.spot(held, pool, object.document, of.path) {
                Spot::Text(atom) => atom,
                Spot::Nothing | Spot::Flag(_) => continue,
                Spot::Tree => {
                    let document = held.documents.value(pool, object.document);
                    match of.path.read(&document).and_then(Value::as_str) {
                        Some(text) => pool.intern(text),
                        None => continue,
                    }
                }
            };
            let text = if of.case_exact { text } else { pool.folded(text) };
            match self.first.entry(text) {
                hashbrown::hash_map::Entry::Vacant(slot) => {
                    slot.insert(from + at);
                }
                hashbrown::hash_map::Entry::Occupied(_) => *self.further.entry(text).or_default() += 1,
            }
        }
        self.seen - from
    }

    /// Whether all objects were looked at.
    pub fn is_complete(&self, held: &Held) -> bool {
        self.seen >= held.objects.len()
    }

    /// The first object with the value, and how many have it.
    pub fn find(&self, value: Atom) -> Option<(usize, usize)> {
        let first = self.first.get(&value)?;
        Some((*first, 1 + self.further.get(&value).copied().unwrap_or(0)))
    }
}

/// A path's routes, one for each form, found when first needed.
#[derive(Debug, Default)]
pub(crate) struct Routes(Vec<Option<Route>>);

impl Routes {
    /// What the path finds in a resource.
    pub fn spot(&mut self, held: &Held, pool: &Pool, document: Document, path: &TargetPath) -> Spot {
        let form = document.form();
        if self.0.len() <= form {
            self.0.resize(held.documents.forms().max(form + 1), None);
        }
        let Some(slot) = self.0.get_mut(form) else { return Spot::Tree };
        let route = slot.get_or_insert_with(|| path.route(&held.documents.skeleton(pool, form)));
        held.documents.spot(pool, document, route, path.wanted())
    }
}
