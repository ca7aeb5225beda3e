//! The seam to the planner: the source as this cycle read it, and one object at a time
//! examined against what the target is known to hold. Nothing else in a cycle touches the
//! planner's inside.

use super::job::Tracked;
use crate::provision::address::resource_path;
use crate::provision::configuration::{Compiled, JobSettings, Line};
use crate::provision::diagnostic::Diagnostic;
use crate::provision::object_kind::ObjectKind;
use crate::provision::plan::{Engine, Link, Operation, Planner, Settled, match_path};
use crate::provision::source::{Deleted, InputError, Table};
use crate::provision::target::{TargetPath, Update};
use crate::provision::values::Atom;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The source, the configuration and what is known of the target.
pub(super) struct World {
    engine: Engine,
}

/// One source object, at a glance.
#[derive(Clone, Debug)]
pub(super) struct Glance {
    pub id: String,
    pub group: bool,
    pub in_scope: bool,
    /// Not deleted and not disabled in the source.
    pub active: bool,
    /// Assigned, with a role that entitles.
    pub entitled: bool,
}

/// One question to the target: which object has this value?
#[derive(Clone, Debug)]
pub(super) struct Query {
    pub target: String,
    pub value: String,
    pub path: String,
}

/// Which target object a source object is.
#[derive(Clone, Debug)]
pub(super) enum Tie<'a> {
    /// None, and none is made.
    None,
    /// No value for any matching attribute.
    NoValue,
    /// None yet.
    Create,
    /// Several.
    Ambiguous(usize),
    /// One that this other source object already is.
    Duplicate(&'a str),
    /// This one, holding this.
    Target(&'a str, &'a Value),
}

impl World {
    /// A world with an empty source.
    pub fn new(schema: &str, settings: &JobSettings) -> (Self, Vec<Diagnostic>) {
        let mut engine = Engine::new();
        let findings = engine.configure_from(schema, &JobSettings { first_cycle: true, ..settings.clone() });
        (Self { engine }, findings)
    }

    /// Adds a page of the source.
    pub fn load(&mut self, name: &str, text: &str) -> Result<(), InputError> {
        self.engine.load_source(name, text).map(|_| ())
    }

    /// Adds what the source no longer shows: in the recycle bin, or gone for good.
    pub fn remove(&mut self, id: &str, group: bool, for_good: bool) -> Result<(), InputError> {
        let kind = if group { "#microsoft.graph.group" } else { "#microsoft.graph.user" };
        let reason = if for_good { "deleted" } else { "changed" };
        let record = json!({"@odata.type": kind, "id": id, "@removed": {"reason": reason}});
        self.load("removed", &record.to_string())
    }

    /// Decides everyone's scope and ties who is linked. Call it when all is loaded.
    pub fn prepare(&mut self, objects: &BTreeMap<String, Tracked>) -> Result<(), InputError> {
        for target in objects.values().filter_map(|tracked| tracked.target.as_deref()) {
            self.engine.load_target(&stub(target).to_string())?;
        }
        self.engine.settle();
        // Nobody is tied but by the job's links.
        let Engine { pool, source, held, settlement, .. } = &mut self.engine;
        settlement.by_target.clear();
        settlement.creates.clear();
        for (at, settled) in settlement.objects.iter_mut().enumerate() {
            let entry = source.table(settled.kind).entry(settled.row);
            let id = entry.and_then(|entry| pool.text(entry.id)).unwrap_or_default();
            let target = objects.get(id).and_then(|tracked| tracked.target.as_deref());
            let place = target.and_then(|target| held.find(pool.find(target)?));
            settled.link = place.map_or(Link::None, Link::Target);
            if let Some(place) = place {
                settlement.by_target.insert(place, at);
            }
        }
        Ok(())
    }

    /// How many objects there are, users before groups.
    pub fn len(&self) -> usize {
        self.engine.settlement.objects.len()
    }

    fn settled(&self, at: usize) -> Option<Settled> {
        self.engine.settlement.objects.get(at).copied()
    }

    fn table(&self, group: bool) -> &Table {
        self.engine.source.table(kind(group))
    }

    fn compiled(&self, group: bool) -> Option<&Compiled> {
        let [users, groups] = &self.engine.compiled;
        if group { groups.as_deref() } else { users.as_deref() }
    }

    fn text(&self, atom: Atom) -> &str {
        self.engine.pool.text(atom).unwrap_or_default()
    }

    /// Where a source object is.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.engine.settlement.by_source.get(&self.engine.pool.find(id)?).copied()
    }

    /// Whether the source shows an object, in whatever state.
    pub fn shows(&self, id: &str, group: bool) -> bool {
        self.engine.pool.find(id).is_some_and(|id| self.table(group).find(id).is_some())
    }

    /// Where a target object is; `None` where no path can name it.
    pub fn resource(group: bool, target: &str) -> Option<String> {
        resource_path(kind(group), target)
    }

    /// How many objects of a kind the source shows, in whatever state.
    pub fn shown(&self, group: bool) -> usize {
        self.table(group).len()
    }

    /// Whether who is in scope depends on assignments, and the source shows none. Call it when
    /// all is prepared.
    pub fn lacks_assignments(&self) -> bool {
        !self.engine.rules.sync_all && self.engine.source.assignments.is_empty()
    }

    /// By which attribute a kind of object is matched first; `None` when it is not provisioned.
    pub fn first_match(&self, group: bool) -> Option<String> {
        self.compiled(group)?.matching().first().map(|line| line.target.clone())
    }

    /// One object.
    pub fn glance(&self, at: usize) -> Option<Glance> {
        let settled = self.settled(at)?;
        let entry = self.engine.source.table(settled.kind).entry(settled.row)?;
        let standing = settled.standing;
        Some(Glance {
            id: self.text(entry.id).to_owned(),
            group: settled.kind == ObjectKind::Group,
            in_scope: standing.in_scope(),
            active: standing.active,
            entitled: standing.assigned && standing.entitled,
        })
    }

    /// A hash of all that the source says of an object; the rules of scope are no part of it.
    pub fn fingerprint(&self, at: usize) -> String {
        let mut hash = Fnv::default();
        let Some(settled) = self.settled(at) else { return String::new() };
        let Planner { pool, source, entitlements, .. } = self.engine.planner();
        let table = source.table(settled.kind);
        let Some(entry) = table.entry(settled.row) else { return String::new() };
        hash.text(match entry.deleted {
            Deleted::No => "present",
            Deleted::Soft => "soft",
            Deleted::Hard => "hard",
        });
        for name in table.column_names() {
            let cell = table.cell(settled.row, &name);
            let items = if cell.is_text() { std::slice::from_ref(&cell) } else { pool.items(cell) };
            if !items.is_empty() {
                hash.text(&name);
                items.iter().for_each(|item| hash.text(self.text(*item)));
            }
        }
        hash.text(if entitlements.assigned(entry.id).is_some() { "assigned" } else { "" });
        for role in entitlements.roles(entry.id) {
            hash.text(&role.id);
            hash.text(&role.value);
        }
        if settled.kind == ObjectKind::Group {
            hash.text("members");
            source.members_of(entry.id).iter().for_each(|member| hash.text(self.text(*member)));
        }
        hash.finish()
    }

    /// The questions that find an object's target object, first precedence first.
    pub fn queries(&self, at: usize) -> Vec<Query> {
        let Some(settled) = self.settled(at) else { return Vec::new() };
        let planner = self.engine.planner();
        let Some(compiled) = planner.compiled(settled.kind) else { return Vec::new() };
        let table = planner.source.table(settled.kind);
        let query = |line: &&Line| {
            let yielded = planner.columns(settled.kind).get(table, line.index, settled.row);
            let value = planner.pool.first(yielded).filter(|value| !value.is_empty())?;
            let path = match_path(settled.kind, &line.target, value);
            Some(Query { target: line.target.clone(), value: value.to_owned(), path })
        };
        compiled.matching().iter().filter_map(query).collect()
    }

    /// A query for a value that nobody has.
    pub fn probe(group: bool, target: &str, value: &str) -> String {
        match_path(kind(group), target, value)
    }

    /// Whether a kind of object refers to others at all.
    pub fn has_references(&self, group: bool) -> bool {
        let refers = |compiled: &Compiled| compiled.lines.iter().any(|line| line.is_reference());
        self.compiled(group).is_some_and(refers)
    }

    /// Whether the target is told a resource as a whole (PUT), members included.
    pub fn replaces(&self) -> bool {
        self.engine.rules.shape.target.update == Update::Put
    }

    /// Whether a found resource has the value it was asked for, as far as it shows it.
    pub fn answers(&self, query: &Query, resource: &Value) -> bool {
        let Ok(path) = TargetPath::parse(&query.target) else { return false };
        let held = path.read(resource).and_then(Value::as_str);
        held.is_none_or(|held| held.to_lowercase() == query.value.to_lowercase())
    }

    /// Which source object a target object is linked to.
    pub fn owner(&self, target: &str) -> Option<String> {
        let place = self.engine.held.find(self.engine.pool.find(target)?)?;
        let at = self.engine.settlement.by_target.get(&place)?;
        self.glance(*at).map(|glance| glance.id)
    }

    /// Ties an object for its examination; a tie to a target object stays.
    pub fn tie(&mut self, at: usize, tie: &Tie<'_>) -> Result<(), InputError> {
        let link = match tie {
            Tie::None => Link::None,
            Tie::NoValue => Link::NoValue,
            Tie::Create => Link::Create,
            Tie::Ambiguous(count) => Link::Ambiguous(*count),
            Tie::Duplicate(other) => {
                let row = self.find(other).and_then(|at| self.settled(at)).map(|settled| settled.row);
                Link::Duplicate(row.unwrap_or_default())
            }
            Tie::Target(id, document) => {
                let mut document = (*document).clone();
                if let Some(object) = document.as_object_mut() {
                    object.insert("id".to_owned(), json!(id));
                }
                match self.hold(id, &document)? {
                    Some(place) => {
                        self.engine.settlement.by_target.insert(place, at);
                        Link::Target(place)
                    }
                    None => Link::None,
                }
            }
        };
        if let Some(settled) = self.engine.settlement.objects.get_mut(at) {
            settled.link = link;
        }
        Ok(())
    }

    /// Takes what a target object holds; answers its place.
    fn hold(&mut self, id: &str, document: &Value) -> Result<Option<usize>, InputError> {
        let Engine { pool, held, .. } = &mut self.engine;
        held.load(pool, &document.to_string())?;
        Ok(pool.find(id).and_then(|id| held.find(id)))
    }

    /// Ends an object's examination: only its link stays, or not even that.
    pub fn untie(&mut self, at: usize, keep: bool) {
        let Some(Settled { link, .. }) = self.settled(at) else { return };
        if let Link::Target(place) = link {
            let id = self.engine.held.object(place).map(|object| self.text(object.id).to_owned());
            let id = id.unwrap_or_default();
            // A stub always loads.
            let _ = self.hold(&id, &stub(&id));
            if keep {
                return;
            }
            self.engine.settlement.by_target.remove(&place);
        }
        if let Some(settled) = self.engine.settlement.objects.get_mut(at) {
            settled.link = Link::None;
        }
    }

    /// Whether an object is tied to a target object.
    pub fn is_tied(&self, at: usize) -> bool {
        self.settled(at).is_some_and(|settled| matches!(settled.link, Link::Target(_)))
    }

    /// What becomes of an object as it is tied now.
    pub fn operation(&self, at: usize) -> Option<Operation> {
        self.engine.planner().operation(at)
    }

    /// Whether a target attribute is a reference.
    pub fn is_reference(&self, group: bool, target: &str) -> bool {
        self.compiled(group).is_some_and(|compiled| {
            compiled.lines.iter().any(|line| line.is_reference() && line.target == target)
        })
    }

    /// The source objects that an object refers to.
    pub fn referents(&self, at: usize) -> Vec<String> {
        let Some(settled) = self.settled(at) else { return Vec::new() };
        let planner = self.engine.planner();
        let table = planner.source.table(settled.kind);
        let (Some(entry), Some(compiled)) = (table.entry(settled.row), planner.compiled(settled.kind)) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for line in compiled.lines.iter().filter(|line| line.is_reference()) {
            let yielded = planner.columns(settled.kind).get(table, line.index, settled.row);
            let ids = match () {
                () if line.reads_members => planner.source.members_of(entry.id),
                () if yielded.is_text() => std::slice::from_ref(&yielded),
                () => planner.pool.items(yielded),
            };
            found.extend(ids.iter().map(|id| self.text(*id).to_owned()).filter(|id| !id.is_empty()));
        }
        found
    }

    /// Narrows a group to the members that were asked for.
    pub fn narrow(&mut self, group: &str, members: &[String]) {
        let Engine { pool, source, .. } = &mut self.engine;
        if let Some(held) = pool.find(group).and_then(|group| source.members.get_mut(&group)) {
            held.retain(|member| members.iter().any(|asked| pool.text(*member) == Some(asked)));
        }
    }
}

fn kind(group: bool) -> ObjectKind {
    if group { ObjectKind::Group } else { ObjectKind::User }
}

fn stub(target: &str) -> Value {
    json!({"id": target, "meta": {}})
}

/// FNV-1a, 64 bits: the same on every machine, which the standard library's hash is not.
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Takes a text, and that it ends here.
    pub fn text(&mut self, text: &str) {
        for byte in text.bytes().chain([0xff]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// The hash as text.
    pub fn finish(&self) -> String {
        format!("{:016x}", self.0)
    }
}
