//! Manager and members: source ids become the target's, by the first phase's links. What
//! has no target object yet but gets one stands as a placeholder; what gets none is missing.

use super::settlement::{Link, Settled, Settlement};
use crate::provision::configuration::Line;
use crate::provision::object_kind::ObjectKind;
use crate::provision::source::Source;
use crate::provision::target::{Document, Documents, Held, TargetPath};
use crate::provision::values::{Atom, Pool};
use hashbrown::HashSet;
use serde_json::Value;

/// A target object that a reference leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reference {
    /// By the target's id.
    Held(Atom),
    /// Not there yet: the source object that it will be made for.
    Created(Atom),
}

/// What a reference line resolves to.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    pub found: Vec<Reference>,
    /// Source ids without a target object.
    pub missing: Vec<Atom>,
}

/// What has to change about a reference.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The one object referred to; `None` clears.
    Set(Option<Reference>),
    /// Members to add and to remove.
    Members(Vec<Reference>, Vec<Atom>),
}

/// The world that references are resolved in.
#[derive(Clone, Copy)]
pub(crate) struct Resolver<'a> {
    pub pool: &'a Pool,
    pub source: &'a Source,
    pub held: &'a Held,
    pub settlement: &'a Settlement,
}

impl<'a> Resolver<'a> {
    /// What a line leads to, given what it yields.
    pub fn resolve(&self, settled: Settled, id: Atom, line: &Line, yielded: Atom) -> Resolved {
        let members = if line.reads_members {
            self.members(settled, id)
        } else if yielded.is_text() {
            std::slice::from_ref(&yielded)
        } else {
            self.pool.items(yielded)
        };
        let mut resolved = Resolved::default();
        if !line.mapping.definition.multivalued && members.len() > 1 {
            return resolved;
        }
        let mut seen = HashSet::new();
        for id in members.iter().filter(|id| !self.pool.text(**id).is_none_or(str::is_empty)) {
            match self.target_of(*id) {
                Some(target) if members.len() == 1 || seen.insert(target) => resolved.found.push(target),
                Some(_) => {}
                None => resolved.missing.push(*id),
            }
        }
        resolved
    }

    /// What has to change, given what the target holds there; `None` when nothing.
    pub fn change(
        &self,
        settled: Settled,
        id: Atom,
        line: &Line,
        resolved: &Resolved,
        held: &[Atom],
    ) -> Option<Change> {
        if line.mapping.definition.multivalued {
            let present: HashSet<Atom> = held.iter().copied().collect();
            let lacks = |found: &Reference| !matches!(found, Reference::Held(id) if present.contains(id));
            let add: Vec<Reference> = resolved.found.iter().filter(|found| lacks(found)).copied().collect();
            let members: HashSet<Atom> = self.members(settled, id).iter().copied().collect();
            let remove: Vec<Atom> = held.iter().filter(|id| self.strays(&members, **id)).copied().collect();
            return (!add.is_empty() || !remove.is_empty()).then_some(Change::Members(add, remove));
        }
        let wanted = resolved.found.first().copied();
        let held = held.first().copied();
        match wanted {
            Some(wanted) => (Some(wanted) != held.map(Reference::Held)).then_some(Change::Set(Some(wanted))),
            None => {
                let table = self.source.table(settled.kind);
                let known = line.program.attributes().iter().any(|name| table.has_column(name));
                (held.is_some() && known && resolved.missing.is_empty()).then_some(Change::Set(None))
            }
        }
    }

    fn members(&self, settled: Settled, id: Atom) -> &'a [Atom] {
        match settled.kind {
            ObjectKind::Group => self.source.members_of(id),
            ObjectKind::User => &[],
        }
    }

    /// The target object of a source object.
    fn target_of(&self, id: Atom) -> Option<Reference> {
        let at = *self.settlement.by_source.get(&id)?;
        let other = self.settlement.objects.get(at)?;
        match other.link {
            Link::Target(target) if other.standing.in_scope() => {
                self.held.object(target).map(|object| Reference::Held(object.id))
            }
            Link::Create if self.settlement.creates.get(at).copied().unwrap_or(false) => {
                Some(Reference::Created(id))
            }
            _ => None,
        }
    }

    /// Whether a target member is a known source object that is none of these members.
    fn strays(&self, members: &HashSet<Atom>, target: Atom) -> bool {
        let Some(at) = self.held.find(target) else { return false };
        let settled = self.settlement.by_target.get(&at).and_then(|at| self.settlement.objects.get(*at));
        let Some(settled) = settled else { return false };
        let entry = self.source.table(settled.kind).entry(settled.row);
        entry.is_some_and(|entry| !members.contains(&entry.id))
    }
}

/// The ids a reference in the target holds, by form: a text, an object's `value`, or a
/// list of either.
#[derive(Debug, Default)]
pub(crate) struct IdRoutes(Vec<Option<Vec<usize>>>);

impl IdRoutes {
    /// The ids in a resource.
    pub fn ids(
        &mut self,
        documents: &Documents,
        pool: &Pool,
        document: Document,
        path: &TargetPath,
    ) -> Vec<Atom> {
        let form = document.form();
        if self.0.len() <= form {
            self.0.resize(documents.forms().max(form + 1), None);
        }
        let Some(slot) = self.0.get_mut(form) else { return Vec::new() };
        let places = slot.get_or_insert_with(|| places(&documents.skeleton(pool, form), path));
        let ids = places.iter().map(|place| documents.atom(document, *place));
        ids.filter(|id| !pool.text(*id).is_none_or(str::is_empty)).collect()
    }
}

fn places(skeleton: &Value, path: &TargetPath) -> Vec<usize> {
    let one = |value: &Value| {
        let place = value.as_u64().or_else(|| value.get("value").and_then(Value::as_u64))?;
        usize::try_from(place).ok()
    };
    // Nobody filters references; were there a filter, its attribute is what is read.
    let whole = TargetPath { filter: None, ..path.clone() };
    match whole.read(skeleton) {
        None => Vec::new(),
        Some(Value::Array(items)) => items.iter().filter_map(one).collect(),
        Some(other) => one(other).into_iter().collect(),
    }
}
