//! Second phase, one object at a time: what changes, in which requests, under which of
//! Entra's names.

use super::column::Columns;
use super::reference::{Change as ReferenceChange, IdRoutes, Reference, Resolver};
use super::report::{Change, Identity, Operation, PlannedRequest, Problem};
use super::requests::{Place, creation, match_path, patches, replacement, request};
use super::rules::Rules;
use super::settlement::{Link, Settled, Settlement};
use super::side::{Side, side};
use super::standing::{UNDECIDED, steps};
use crate::provision::address::{UNUSABLE, is_usable, resource_path};
use crate::provision::configuration::{Compiled, Edit, EditKind, Flow, Id, Line};
use crate::provision::message::told;
use crate::provision::object_kind::ObjectKind;
use crate::provision::source::{Entitlements, Population, Role, Source};
use crate::provision::target::{Held, HeldObject, Update};
use crate::provision::values::{Atom, Pool};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// The world in which one object is examined.
#[derive(Clone, Copy)]
pub(crate) struct Planner<'a> {
    pub pool: &'a Pool,
    pub source: &'a Source,
    pub held: &'a Held,
    pub entitlements: &'a Entitlements,
    pub rules: &'a Rules,
    /// The mapping of users and that of groups.
    pub sides: &'a [Side; 2],
    pub settlement: &'a Settlement,
}

/// The object's side of the examination.
struct Case<'a> {
    settled: Settled,
    id: Atom,
    name: &'a str,
    compiled: &'a Compiled,
    roles: Vec<&'a Role>,
}

impl<'a> Planner<'a> {
    /// The compiled mapping of a kind.
    pub fn compiled(&self, kind: ObjectKind) -> Option<&'a Compiled> {
        side(self.sides, kind).compiled.as_deref()
    }

    /// The columns of a kind.
    pub fn columns(&self, kind: ObjectKind) -> &'a Columns {
        &side(self.sides, kind).columns
    }

    /// The objects of a kind.
    pub fn population(&self, kind: ObjectKind) -> Population<'a> {
        let Self { source, entitlements, .. } = self;
        Population { kind, source, entitlements, soft_deleted: &[] }
    }

    /// Resolves references.
    pub fn resolver(&self) -> Resolver<'a> {
        let Self { pool, source, held, settlement, .. } = *self;
        Resolver { pool, source, held, settlement }
    }

    /// What becomes of one object, whole.
    pub fn operation(&self, index: usize) -> Option<Operation> {
        let case = self.case(index)?;
        let (settled, compiled) = (case.settled, case.compiled);
        let mut operation = self.blank(&case);
        let standing = settled.standing;
        let population = self.population(settled.kind);
        operation.scope = steps(self.pool, population, self.rules, compiled, settled.row, standing);
        match settled.link {
            Link::None if standing.is_undecided() => {
                let why = told!("the scoping filter cannot be decided, so nothing is changed");
                skip(&mut operation, UNDECIDED, why);
            }
            Link::None => {
                let why = told!("not in scope and not linked: never created");
                skip(&mut operation, "NotEffectivelyEntitled", why);
            }
            Link::NoValue => {
                skip(&mut operation, "ImportSkipped", told!("no value for any matching attribute"));
            }
            Link::Ambiguous(count) => {
                let why = told!("{0} target objects have the matching value", count);
                fail(&mut operation, "DuplicateTargetEntries", &why);
            }
            Link::Duplicate(row) => {
                let other = self.source.table(settled.kind).entry(row).map(|entry| entry.id);
                let other = other.and_then(|id| self.pool.text(id)).unwrap_or_default();
                let why = told!("the source object `{0}` has the same matching value", other);
                fail(&mut operation, "DuplicateSourceEntries", &why);
            }
            Link::Lost(target) => {
                let target = self.pool.text(target).unwrap_or_default();
                let why = told!(
                    "linked to `{0}`, which the target no longer holds; a full restart would match anew",
                    target
                );
                fail(&mut operation, "InvalidAnchor", &why);
            }
            Link::Create => self.create(&case, &mut operation),
            Link::Target(at) if !self.is_usable(at) => {
                let id = self.held.object(at).and_then(|target| self.pool.text(target.id));
                let why = told!(
                    "no path can name the target's id `{0}`; give the object another id",
                    id.unwrap_or_default()
                );
                fail(&mut operation, UNUSABLE, &why);
            }
            Link::Target(at) => {
                let target = self.held.object(at)?;
                if standing.in_scope() {
                    self.update(&case, target, &mut operation);
                } else {
                    self.leave(&case, target, &mut operation);
                }
            }
        }
        Some(operation)
    }

    /// Whether a path can name a target object.
    pub fn is_usable(&self, at: usize) -> bool {
        self.held.object(at).and_then(|target| self.pool.text(target.id)).is_some_and(is_usable)
    }

    fn case(&self, index: usize) -> Option<Case<'a>> {
        let settled = *self.settlement.objects.get(index)?;
        let compiled = self.compiled(settled.kind)?;
        let id = self.source.table(settled.kind).entry(settled.row)?.id;
        let roles = self.entitlements.roles(id);
        Some(Case { settled, id, name: self.pool.text(id)?, compiled, roles })
    }

    /// What these lines alone make of one object's resource.
    pub fn part(&self, index: usize, wanted: impl Fn(&Line) -> bool) -> Option<Value> {
        Some(self.mapped(&self.case(index)?, &wanted, None))
    }

    fn blank(&self, case: &Case<'_>) -> Operation {
        let text = |atom: Atom| self.pool.text(atom).unwrap_or_default().to_owned();
        let target = match case.settled.link {
            Link::Target(at) => self.held.object(at).map(|target| Identity {
                id: text(target.id),
                display_name: text(target.name),
                identity_type: case.compiled.object.target_name.clone(),
            }),
            _ => None,
        };
        let mut problems = Vec::new();
        let result = self.mapped(case, &|_| true, Some(&mut problems));
        Operation {
            action: "other".to_owned(),
            verdict: "unchanged".to_owned(),
            object_type: case.settled.kind.name().to_owned(),
            source: Identity {
                id: case.name.to_owned(),
                display_name: self.name(case.settled).to_owned(),
                identity_type: case.settled.kind.name().to_owned(),
            },
            target,
            status: "success".to_owned(),
            reason: String::new(),
            explanation: String::new(),
            scope: Vec::new(),
            result,
            changes: Vec::new(),
            problems,
            requests: Vec::new(),
        }
    }

    /// What people call an object.
    pub fn name(&self, settled: Settled) -> &'a str {
        let table = self.source.table(settled.kind);
        let names: &[&str] = match settled.kind {
            ObjectKind::User => &["userPrincipalName", "displayName", "mail"],
            ObjectKind::Group => &["displayName", "mailNickname"],
        };
        let name = names.iter().find_map(|name| table.text(self.pool, settled.row, name));
        let id = || table.entry(settled.row).and_then(|entry| self.pool.text(entry.id));
        name.or_else(id).unwrap_or_default()
    }

    /// Its display name where that is not what [`Self::name`] says.
    pub fn display_name(&self, settled: Settled) -> &'a str {
        let table = self.source.table(settled.kind);
        let shown = table.text(self.pool, settled.row, "displayName").unwrap_or_default();
        if shown == self.name(settled) { "" } else { shown }
    }

    fn yielded(&self, case: &Case<'_>, line: &Line) -> Atom {
        let Settled { kind, row, .. } = case.settled;
        self.columns(kind).get(self.source.table(kind), line.index, row)
    }

    fn flow(&self, case: &Case<'_>, line: &Line, create: bool) -> Flow {
        line.flow(self.pool, self.yielded(case, line), &case.roles, create)
    }

    /// The resource as a create would make it, references included where they resolve.
    fn mapped(
        &self,
        case: &Case<'_>,
        wanted: &dyn Fn(&Line) -> bool,
        mut problems: Option<&mut Vec<Problem>>,
    ) -> Value {
        let mut resource = self.resource(case, wanted, problems.as_deref_mut());
        for line in case.compiled.lines.iter().filter(|line| line.is_reference() && wanted(line)) {
            let resolved = self.resolver().resolve(case.settled, case.id, line, self.yielded(case, line));
            if let Some(problems) = problems.as_deref_mut().filter(|_| case.settled.is_written()) {
                problems.extend(resolved.missing.iter().map(|id| self.unresolved(line, *id)));
            }
            let mut ids =
                resolved.found.iter().map(|found| json!({"value": self.reference_id(*found).shown()}));
            if line.mapping.definition.multivalued {
                line.path.write(&mut resource, Value::Array(ids.collect()));
            } else if let Some(id) = ids.next() {
                line.path.write(&mut resource, id);
            }
        }
        let target = &case.compiled.object.target_name;
        creation(case.settled.kind, target, resource, self.rules.shape.dialect)
    }

    /// The mapped resource without references.
    fn resource(
        &self,
        case: &Case<'_>,
        wanted: &dyn Fn(&Line) -> bool,
        mut problems: Option<&mut Vec<Problem>>,
    ) -> Map<String, Value> {
        let mut resource = Map::new();
        for line in case.compiled.lines.iter().filter(|line| !line.is_reference() && wanted(line)) {
            match self.flow(case, line, true) {
                Flow::Value(value)
                    if line.path.is_primary_role() && line.path.sub.as_deref() != Some("value") =>
                {
                    // The service sets a primary role's type and flag itself.
                    if !line.path.sub.as_deref().is_some_and(|sub| sub.eq_ignore_ascii_case("type")) {
                        line.path.write(&mut resource, value);
                    }
                }
                Flow::Value(value) => line.path.write(&mut resource, value),
                Flow::Wrong(code, message) => {
                    if let Some(problems) = problems.as_deref_mut() {
                        let (target, code) = (line.target.clone(), code.to_owned());
                        problems.push(Problem { target, code, message });
                    }
                }
                Flow::Silent | Flow::Null => {}
            }
        }
        resource
    }

    /// What keeps the object from being written at all.
    fn obstacle(&self, case: &Case<'_>, create: bool) -> Option<(bool, &'static str, String)> {
        for line in case.compiled.lines.iter().filter(|line| !line.is_reference()) {
            match self.flow(case, line, create) {
                Flow::Wrong(code @ "SchemaPropertyCanOnlyAcceptValue", message) => {
                    return Some((true, code, message));
                }
                Flow::Null | Flow::Silent | Flow::Wrong(..) if create && line.mapping.definition.required => {
                    let why = told!("the required attribute `{0}` has no value", line.target);
                    return Some((false, "AttributeValidationFailed", why));
                }
                _ => {}
            }
        }
        None
    }

    fn create(&self, case: &Case<'_>, operation: &mut Operation) {
        if !case.compiled.object.create {
            return skip(operation, "X-CreateDisabled", told!("the mapping does not create objects"));
        }
        if let Some((failure, code, why)) = self.obstacle(case, true) {
            return if failure { fail(operation, code, &why) } else { skip(operation, code, &why) };
        }
        verdict(operation, "create", told!("no target object has the matching value"));
        let kind = case.settled.kind;
        for (turn, line) in case.compiled.matching().iter().enumerate() {
            let value = self.pool.first(self.yielded(case, line)).filter(|value| !value.is_empty());
            if let Some(value) = value {
                let id = format!("match:{}:{}", case.name, turn + 1);
                let path = match_path(kind, &line.target, value);
                operation.requests.push(request(id, Vec::new(), "GET", Place::at(path), Value::Null));
            }
        }
        let resource = self.resource(case, &|_| true, None);
        for line in case.compiled.lines.iter().filter(|line| !line.is_reference()) {
            if let Flow::Value(new) = self.flow(case, line, true) {
                operation.changes.push(change(line, Value::Null, new));
            }
        }
        let body = creation(kind, &case.compiled.object.target_name, resource, self.rules.shape.dialect);
        let after = operation.requests.iter().map(|request| request.id.clone()).collect();
        let create = format!("create:{}", case.name);
        let endpoint = Place::at(kind.endpoint().to_owned());
        operation.requests.push(request(create, after, "POST", endpoint, body));
        let place = Place::created(kind, case.name);
        let (references, mut after) = self.references(case, None, operation);
        after.insert(0, format!("create:{}", case.name));
        // A target without PATCH is told the whole again, with the id it gave.
        let mut base = operation.result.clone();
        if self.rules.shape.target.update == Update::Put {
            for line in case.compiled.lines.iter().filter(|line| line.is_reference()) {
                base.as_object_mut().into_iter().for_each(|base| line.path.remove(base));
            }
        }
        self.write(self.referring(case), &references, &base, place, after, operation);
    }

    /// The id of the request that sets an object's references.
    fn referring(&self, case: &Case<'_>) -> String {
        let name = if case.settled.kind == ObjectKind::Group { "members" } else { "references" };
        format!("{name}:{}", case.name)
    }

    /// Adds the requests that make these edits, as the target can take them.
    fn write(
        &self,
        id: String,
        edits: &[Edit<'_>],
        base: &Value,
        place: Place,
        mut after: Vec<String>,
        operation: &mut Operation,
    ) {
        if edits.is_empty() {
            return;
        }
        if self.rules.shape.target.update == Update::Put {
            operation.requests.push(request(id, after, "PUT", place, replacement(base, edits)));
            return;
        }
        for (turn, body) in patches(edits, &self.rules.shape).into_iter().enumerate() {
            let id = if turn == 0 { id.clone() } else { format!("{id}:{}", turn + 1) };
            operation.requests.push(request(id.clone(), after, "PATCH", place.clone(), body));
            after = vec![id];
        }
    }

    fn update(&self, case: &Case<'_>, target: &HeldObject, operation: &mut Operation) {
        if let Some((_, code, why)) = self.obstacle(case, false) {
            return fail(operation, code, &why);
        }
        let document = self.held.documents.value(self.pool, target.document);
        let lines: Vec<&Line> = case.compiled.lines.iter().collect();
        let mut edits = self.edits(case, &lines, &document, operation);
        let place = self.place(case.settled.kind, target);
        let (references, after) = self.references(case, Some(target), operation);
        if self.rules.shape.target.update == Update::Put {
            edits.extend(references);
            self.write(format!("update:{}", case.name), &edits, &document, place, after, operation);
        } else {
            self.write(
                format!("update:{}", case.name),
                &edits,
                &document,
                place.clone(),
                Vec::new(),
                operation,
            );
            self.write(self.referring(case), &references, &document, place, after, operation);
        }
        if operation.requests.is_empty() {
            redundant(operation, told!("the target already holds all of it"));
        } else if case.compiled.object.update {
            verdict(operation, "update", told!("the target holds other values"));
        } else {
            skip(operation, "X-UpdateDisabled", told!("the mapping does not update objects"));
        }
    }

    /// Where a target object is, whose id is usable.
    fn place(&self, kind: ObjectKind, target: &HeldObject) -> Place {
        Place::at(resource_path(kind, self.pool.text(target.id).unwrap_or_default()).unwrap_or_default())
    }

    /// A linked object that has left the scope.
    fn leave(&self, case: &Case<'_>, target: &HeldObject, operation: &mut Operation) {
        let object = &case.compiled.object;
        let standing = case.settled.standing;
        let place = self.place(case.settled.kind, target);
        if let Some((reason, why)) = standing.left_alone(self.rules) {
            return skip(operation, reason, why);
        }
        let why = if standing.deleted_hard {
            told!("deleted for good in the source")
        } else if !standing.active {
            told!("no longer active in the source")
        } else if !standing.assigned {
            told!("no longer assigned")
        } else if !standing.entitled {
            told!("holds no role that entitles")
        } else {
            told!("the scoping filter no longer passes")
        };
        if object.deletes(case.settled.kind, standing) {
            if !object.delete {
                return skip(operation, "X-DeleteDisabled", told!("the mapping does not delete objects"));
            }
            verdict(operation, "delete", why);
            let id = format!("delete:{}", case.name);
            operation.requests.push(request(id, Vec::new(), "DELETE", place, Value::Null));
            return;
        }
        let lines: Vec<&Line> = case.compiled.lines.iter().filter(|line| line.disables).collect();
        if lines.is_empty() {
            let why = told!("no mapping reads `IsSoftDeleted`, so nothing is sent");
            return skip(operation, "X-IsSoftDeletedUnmapped", why);
        }
        if !object.update {
            return skip(operation, "X-UpdateDisabled", told!("the mapping does not update objects"));
        }
        let document = self.held.documents.value(self.pool, target.document);
        let edits = self.edits(case, &lines, &document, operation);
        self.write(format!("disable:{}", case.name), &edits, &document, place, Vec::new(), operation);
        if operation.requests.is_empty() {
            redundant(operation, &told!("{0}, and disabled in the target already", why));
        } else {
            verdict(operation, "disable", why);
        }
    }

    /// What an update sets, references apart.
    fn edits<'b>(
        &self,
        case: &Case<'_>,
        lines: &[&'b Line],
        document: &Value,
        operation: &mut Operation,
    ) -> Vec<Edit<'b>> {
        let mut edits = Vec::new();
        for line in lines {
            let old = line.path.read(document);
            let Some((edit, new)) = line.edit(self.pool, self.yielded(case, line), &case.roles, old) else {
                continue;
            };
            operation.changes.push(change(line, old.cloned().unwrap_or(Value::Null), new));
            let (path, target) = (Cow::Borrowed(&line.path), line.target.as_str().into());
            edits.push(Edit { path, target, held: old.is_some(), there: line.path.is_there(document), edit });
        }
        edits
    }

    /// The second phase: manager and members, by the target's ids, and the requests that
    /// must come before.
    fn references<'b>(
        &self,
        case: &Case<'b>,
        target: Option<&HeldObject>,
        operation: &mut Operation,
    ) -> (Vec<Edit<'b>>, Vec<String>) {
        let resolver = self.resolver();
        let mut edits = Vec::new();
        let mut depends_on: Vec<String> = Vec::new();
        for line in case.compiled.lines.iter().filter(|line| line.is_reference()) {
            if target.is_some() && line.create_only() {
                continue;
            }
            let resolved = resolver.resolve(case.settled, case.id, line, self.yielded(case, line));
            let held = target.map_or_else(Vec::new, |target| {
                IdRoutes::default().ids(&self.held.documents, self.pool, target.document, &line.path)
            });
            let Some(wanted) = resolver.change(case.settled, case.id, line, &resolved, &held) else {
                continue;
            };
            let text = |id: &Atom| self.pool.text(*id).unwrap_or_default().to_owned();
            let ids = |list: &[Reference]| list.iter().map(|found| self.reference_id(*found)).collect();
            let old: Vec<String> = held.iter().map(text).collect();
            let mut wait = |found: &Reference| {
                if let Reference::Created(source) = found {
                    let id = format!("create:{}", self.pool.text(*source).unwrap_or_default());
                    if !depends_on.contains(&id) {
                        depends_on.push(id);
                    }
                }
            };
            let edit = match wanted {
                ReferenceChange::Members(add, remove) => {
                    let new: Vec<Id> = ids(&resolved.found);
                    let new: Vec<String> = new.iter().map(Id::shown).collect();
                    operation.changes.push(change(line, json!(old), json!(new)));
                    add.iter().for_each(&mut wait);
                    EditKind::Members(ids(&add), remove.iter().map(text).collect())
                }
                ReferenceChange::Set(to) => {
                    to.iter().for_each(&mut wait);
                    let new = to.map(|found| self.reference_id(found));
                    let shown = new.as_ref().map(Id::shown);
                    operation.changes.push(change(line, json!(old.first()), json!(shown)));
                    EditKind::Refer(new)
                }
            };
            let (path, target, held) =
                (Cow::Borrowed(&line.path), line.target.as_str().into(), !held.is_empty());
            edits.push(Edit { path, target, held, there: held, edit });
        }
        (edits, depends_on)
    }

    fn reference_id(&self, found: Reference) -> Id {
        let text = |atom: Atom| self.pool.text(atom).unwrap_or_default().to_owned();
        match found {
            Reference::Held(id) => Id::Held(text(id)),
            Reference::Created(source) => Id::Created(text(source)),
        }
    }

    fn unresolved(&self, line: &Line, id: Atom) -> Problem {
        let id = self.pool.text(id).unwrap_or_default();
        Problem {
            target: line.target.clone(),
            code: "UnableToResolveReferenceAttributeValue".to_owned(),
            message: told!("the source object `{0}` has no object in the target", id),
        }
    }
}

fn change(line: &Line, old: Value, new: Value) -> Change {
    Change { target: line.target.clone(), old, new, mapping: line.shown.clone() }
}

fn verdict(operation: &mut Operation, name: &str, why: &str) {
    operation.action = name.to_owned();
    operation.verdict = name.to_owned();
    operation.explanation = why.to_owned();
}

fn redundant(operation: &mut Operation, why: &str) {
    operation.status = "skipped".to_owned();
    operation.reason = "RedundantExport".to_owned();
    operation.explanation = why.to_owned();
}

fn skip(operation: &mut Operation, reason: &str, why: &str) {
    end(operation, "skipped", reason, why);
    operation.verdict = "skipped".to_owned();
}

fn fail(operation: &mut Operation, reason: &str, why: &str) {
    end(operation, "failure", reason, why);
    operation.verdict = "failed".to_owned();
}

fn end(operation: &mut Operation, status: &str, reason: &str, why: &str) {
    operation.action = "other".to_owned();
    operation.status = status.to_owned();
    operation.reason = reason.to_owned();
    operation.explanation = why.to_owned();
    operation.changes = Vec::new();
    operation.requests = Vec::<PlannedRequest>::new();
}
