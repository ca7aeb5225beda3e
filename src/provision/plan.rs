//! Second phase, one object at a time: what changes, in which requests, under which of
//! Entra's names. References are resolved against the first phase's links; an id not yet
//! given out stands as `{{created:SOURCE}}`.

use super::diff::same;
use super::expression::Value as Held;
use super::held::{HeldObject, ObjectKind};
use super::mapping::{Compiled, Flow, Line, RoleList};
use super::matching::{Link, Scene, Settled, Settlement, Subject};
use super::report::{Change, Identity, Operation, PlannedRequest, Problem};
use super::requests::{Edit, EditKind, creation, match_path, patch, request};
use super::roles::Role;
use super::schema_json::FlowType;
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// The world in which one object is examined.
pub(crate) struct Planner<'a> {
    pub scene: Scene<'a>,
    pub users: Option<&'a Compiled>,
    pub groups: Option<&'a Compiled>,
    pub settlement: &'a Settlement,
    /// Which objects without a link get one; asked once for each of a manager's reports.
    pub created: RefCell<HashMap<usize, bool>>,
}

/// The object's side of the examination.
struct Case<'a> {
    settled: &'a Settled,
    id: &'a str,
    compiled: &'a Compiled,
    roles: Vec<&'a Role>,
    /// What each line's source yields, computed once.
    yields: Vec<Result<Held, String>>,
}

impl<'a> Planner<'a> {
    /// The compiled mapping of a kind.
    pub fn compiled(&self, kind: ObjectKind) -> Option<&'a Compiled> {
        if kind == ObjectKind::User { self.users } else { self.groups }
    }

    /// What becomes of one object; `steps` asks for how its scope was decided.
    pub fn operation(&self, index: usize, steps: bool) -> Option<Operation> {
        let settled = self.settlement.objects.get(index)?;
        let compiled = self.compiled(settled.kind)?;
        let table = self.scene.table(settled.kind);
        let id = table.entry(settled.row)?.id.as_str();
        let case = self.case(settled, id, compiled);
        let mut operation = self.blank(&case, steps);
        if steps {
            self.scene.standing(settled.kind, settled.row, compiled, Some(&mut operation.scope));
        }
        let standing = settled.standing;
        match &settled.link {
            Link::None => {
                let why = "not in scope and not linked: never created";
                skip(&mut operation, "NotEffectivelyEntitled", why);
            }
            Link::NoValue => {
                skip(&mut operation, "ImportSkipped", "no value for any matching attribute");
            }
            Link::Ambiguous(count) => {
                let why = format!("{count} target objects have the matching value");
                fail(&mut operation, "DuplicateTargetEntries", &why);
            }
            Link::Duplicate(other) => {
                let why = format!("the source object `{other}` has the same matching value");
                fail(&mut operation, "DuplicateSourceEntries", &why);
            }
            Link::Create => self.create(&case, &mut operation),
            Link::Target(at) => {
                let target = self.scene.held.object(*at)?;
                if standing.in_scope() {
                    self.update(&case, target, &mut operation);
                } else {
                    self.leave(&case, target, &mut operation);
                }
            }
        }
        Some(operation)
    }

    fn case(&self, settled: &'a Settled, id: &'a str, compiled: &'a Compiled) -> Case<'a> {
        let roles = self.scene.entitlements.roles(id);
        let subject = Subject {
            table: self.scene.table(settled.kind),
            row: settled.row,
            soft_deleted: !settled.standing.in_scope(),
            roles: &roles,
            members: self.scene.members(settled.kind, id),
        };
        let around = &self.scene.rules.around;
        let yields = compiled.lines.iter().map(|line| line.run(&subject, around)).collect();
        Case { settled, id, compiled, roles, yields }
    }

    fn blank(&self, case: &Case<'_>, whole: bool) -> Operation {
        let target = match &case.settled.link {
            Link::Target(at) => self.scene.held.object(*at).map(|target| Identity {
                id: target.id.clone(),
                display_name: target.name.clone(),
                identity_type: case.compiled.object.target_name.clone(),
            }),
            _ => None,
        };
        let mut operation = Operation {
            action: "other".to_owned(),
            verdict: "unchanged".to_owned(),
            object_type: case.settled.kind.name().to_owned(),
            source: Identity {
                id: case.id.to_owned(),
                display_name: self.name(case.settled),
                identity_type: case.settled.kind.name().to_owned(),
            },
            target,
            status: "success".to_owned(),
            reason: String::new(),
            explanation: String::new(),
            scope: Vec::new(),
            result: Value::Null,
            changes: Vec::new(),
            problems: Vec::new(),
            requests: Vec::new(),
        };
        if whole {
            operation.result = self.mapped(case, &mut operation.problems);
        } else {
            self.problems(case, &mut operation.problems);
        }
        operation
    }

    /// What people call an object.
    pub fn name(&self, settled: &Settled) -> String {
        let table = self.scene.table(settled.kind);
        let names: &[&str] = match settled.kind {
            ObjectKind::User => &["userPrincipalName", "displayName", "mail"],
            ObjectKind::Group => &["displayName", "mailNickname"],
        };
        let name = names.iter().find_map(|name| table.text(settled.row, name));
        let id = table.entry(settled.row).map_or("", |entry| entry.id.as_str());
        name.unwrap_or(id).to_owned()
    }

    fn subject(&self, case: &'a Case<'_>) -> Subject<'a> {
        Subject {
            table: self.scene.table(case.settled.kind),
            row: case.settled.row,
            soft_deleted: !case.settled.standing.in_scope(),
            roles: &case.roles,
            members: self.scene.members(case.settled.kind, case.id),
        }
    }

    fn flow(&self, case: &Case<'_>, line: &Line, create: bool) -> Flow {
        case.yields.get(line.index).map_or(Flow::Null, |held| line.flow(held, &case.roles, create))
    }

    /// The problems that the mapped resource has, without the resource.
    fn problems(&self, case: &Case<'_>, problems: &mut Vec<Problem>) {
        for line in &case.compiled.lines {
            if line.is_reference() {
                let (_, missing) = self.references(case, line);
                problems.extend(missing.iter().map(|id| unresolved(line, id)));
            } else if let Flow::Wrong(code, message) = self.flow(case, line, true) {
                problems.push(Problem { target: line.target.clone(), code: code.to_owned(), message });
            }
        }
    }

    /// The resource as a create would make it, references included where they resolve.
    fn mapped(&self, case: &Case<'_>, problems: &mut Vec<Problem>) -> Value {
        let mut resource = self.resource(case, Some(problems));
        for line in case.compiled.lines.iter().filter(|line| line.is_reference()) {
            let (found, missing) = self.references(case, line);
            problems.extend(missing.iter().map(|id| unresolved(line, id)));
            if line.mapping.definition.multivalued {
                line.path.write(
                    &mut resource,
                    Value::Array(found.iter().map(|id| json!({"value": id})).collect()),
                );
            } else if let Some(id) = found.first() {
                line.path.write(&mut resource, json!({"value": id}));
            }
        }
        let target = &case.compiled.object.target_name;
        creation(case.settled.kind, target, resource, self.scene.rules.dialect)
    }

    /// The mapped resource without references.
    fn resource(&self, case: &Case<'_>, mut problems: Option<&mut Vec<Problem>>) -> Map<String, Value> {
        let mut resource = Map::new();
        for line in case.compiled.lines.iter().filter(|line| !line.is_reference()) {
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
                        problems.push(Problem {
                            target: line.target.clone(),
                            code: code.to_owned(),
                            message,
                        });
                    }
                }
                Flow::Silent | Flow::Null => {}
            }
        }
        resource
    }

    /// The ids a reference line resolves to, and the source ids that it cannot.
    fn references(&self, case: &Case<'_>, line: &Line) -> (Vec<String>, Vec<String>) {
        let ids = match self.flow(case, line, false) {
            Flow::Value(Value::Array(items)) => {
                items.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
            }
            Flow::Value(Value::String(id)) => vec![id],
            _ => Vec::new(),
        };
        let mut found = Vec::new();
        let mut missing = Vec::new();
        let mut seen = HashSet::new();
        for id in ids {
            match self.resolve(&id) {
                Some(target) => {
                    if seen.insert(target.clone()) {
                        found.push(target);
                    }
                }
                None => missing.push(id),
            }
        }
        (found, missing)
    }

    /// The target id of a source object, or its placeholder.
    fn resolve(&self, id: &str) -> Option<String> {
        let at = *self.settlement.by_source.get(id)?;
        let other = self.settlement.objects.get(at)?;
        match &other.link {
            Link::Target(at) if other.standing.in_scope() => {
                self.scene.held.object(*at).map(|object| object.id.clone())
            }
            Link::Create if self.creates(at, other) => Some(placeholder(id)),
            _ => None,
        }
    }

    /// Whether an object that has no link really gets one.
    fn creates(&self, at: usize, settled: &'a Settled) -> bool {
        if let Some(known) = self.created.borrow().get(&at) {
            return *known;
        }
        let creates = self.would_create(settled);
        self.created.borrow_mut().insert(at, creates);
        creates
    }

    fn would_create(&self, settled: &'a Settled) -> bool {
        let Some(compiled) = self.compiled(settled.kind) else { return false };
        let Some(entry) = self.scene.table(settled.kind).entry(settled.row) else { return false };
        let case = self.case(settled, &entry.id, compiled);
        compiled.object.create && self.obstacle(&case, true).is_none()
    }

    /// What keeps the object from being written at all.
    fn obstacle(&self, case: &Case<'_>, create: bool) -> Option<(bool, &'static str, String)> {
        for line in case.compiled.lines.iter().filter(|line| !line.is_reference()) {
            match self.flow(case, line, create) {
                Flow::Wrong(code @ "SchemaPropertyCanOnlyAcceptValue", message) => {
                    return Some((true, code, message));
                }
                Flow::Null | Flow::Silent | Flow::Wrong(..) if create && line.mapping.definition.required => {
                    let why = format!("the required attribute `{}` has no value", line.target);
                    return Some((false, "AttributeValidationFailed", why));
                }
                _ => {}
            }
        }
        None
    }

    fn create(&self, case: &Case<'_>, operation: &mut Operation) {
        if !case.compiled.object.create {
            return skip(operation, "X-CreateDisabled", "the mapping does not create objects");
        }
        if let Some((failure, code, why)) = self.obstacle(case, true) {
            return if failure { fail(operation, code, &why) } else { skip(operation, code, &why) };
        }
        verdict(operation, "create", "no target object has the matching value");
        let kind = case.settled.kind;
        let subject = self.subject(case);
        for (turn, line) in case.compiled.matching().iter().enumerate() {
            if let Some(value) = line.matching_value(&subject, &self.scene.rules.around) {
                let id = format!("match:{}:{}", case.id, turn + 1);
                operation.requests.push(request(
                    id,
                    Vec::new(),
                    "GET",
                    match_path(kind, &line.target, &value),
                    Value::Null,
                ));
            }
        }
        let resource = self.resource(case, None);
        for line in case.compiled.lines.iter().filter(|line| !line.is_reference()) {
            if let Flow::Value(new) = self.flow(case, line, true) {
                operation.changes.push(change(line, Value::Null, new));
            }
        }
        let body = creation(kind, &case.compiled.object.target_name, resource, self.scene.rules.dialect);
        let after = operation.requests.iter().map(|request| request.id.clone()).collect();
        let create = format!("create:{}", case.id);
        operation.requests.push(request(create, after, "POST", kind.endpoint().to_owned(), body));
        let path = format!("{}/{}", kind.endpoint(), placeholder(case.id));
        self.refer(case, &Value::Null, path, operation);
    }

    fn update(&self, case: &Case<'_>, target: &HeldObject, operation: &mut Operation) {
        if let Some((_, code, why)) = self.obstacle(case, false) {
            return fail(operation, code, &why);
        }
        let document = target.document();
        let lines: Vec<&Line> = case.compiled.lines.iter().collect();
        let edits = self.edits(case, &lines, &document, operation);
        let path = format!("{}/{}", case.settled.kind.endpoint(), target.id);
        if let Some(body) = patch(&edits, self.scene.rules.dialect) {
            operation.requests.push(request(
                format!("update:{}", case.id),
                Vec::new(),
                "PATCH",
                path.clone(),
                body,
            ));
        }
        self.refer(case, &document, path, operation);
        if operation.requests.is_empty() {
            operation.status = "skipped".to_owned();
            operation.reason = "RedundantExport".to_owned();
            operation.explanation = "the target already holds all of it".to_owned();
        } else if case.compiled.object.update {
            verdict(operation, "update", "the target holds other values");
        } else {
            skip(operation, "X-UpdateDisabled", "the mapping does not update objects");
        }
    }

    /// A linked object that has left the scope.
    fn leave(&self, case: &Case<'_>, target: &HeldObject, operation: &mut Operation) {
        let object = &case.compiled.object;
        let standing = case.settled.standing;
        let group = case.settled.kind == ObjectKind::Group;
        let path = format!("{}/{}", case.settled.kind.endpoint(), target.id);
        if standing.active && self.scene.rules.skip_out_of_scope {
            return skip(
                operation,
                "X-SkipOutOfScopeDeletions",
                "out of scope, and the job leaves such objects alone",
            );
        }
        let why = if standing.deleted_hard {
            "deleted for good in the source"
        } else if !standing.active {
            "no longer active in the source"
        } else if !standing.assigned {
            "no longer assigned"
        } else if !standing.entitled {
            "holds no role that entitles"
        } else {
            "the scoping filter no longer passes"
        };
        if standing.deleted_hard || group || !object.soft_delete {
            if !object.delete {
                return skip(operation, "X-DeleteDisabled", "the mapping does not delete objects");
            }
            verdict(operation, "delete", why);
            operation.requests.push(request(
                format!("delete:{}", case.id),
                Vec::new(),
                "DELETE",
                path,
                Value::Null,
            ));
            return;
        }
        let lines: Vec<&Line> = case.compiled.lines.iter().filter(|line| line.disables).collect();
        if lines.is_empty() {
            return skip(
                operation,
                "X-IsSoftDeletedUnmapped",
                "no mapping reads `IsSoftDeleted`, so nothing is sent",
            );
        }
        if !object.update {
            return skip(operation, "X-UpdateDisabled", "the mapping does not update objects");
        }
        let edits = self.edits(case, &lines, &target.document(), operation);
        match patch(&edits, self.scene.rules.dialect) {
            Some(body) => {
                verdict(operation, "disable", why);
                operation.requests.push(request(
                    format!("disable:{}", case.id),
                    Vec::new(),
                    "PATCH",
                    path,
                    body,
                ));
            }
            None => {
                operation.status = "skipped".to_owned();
                operation.reason = "RedundantExport".to_owned();
                operation.explanation = format!("{why}, and disabled in the target already");
            }
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
        for line in lines.iter().filter(|line| !line.is_reference() && !line.create_only()) {
            // The service types a primary role itself, so the mapping is never compared.
            if line.path.is_primary_role()
                && line.path.sub.as_deref().is_some_and(|sub| sub.eq_ignore_ascii_case("type"))
            {
                continue;
            }
            let old = line.path.read(document).cloned();
            let sourceless = matches!(line.program, super::program::Program::None);
            let flow = if sourceless && old.is_none() {
                self.flow(case, line, true)
            } else {
                self.flow(case, line, false)
            };
            let Flow::Value(new) = flow else { continue };
            let definition = &line.mapping.definition;
            let old_value = old.clone().unwrap_or(Value::Null);
            let edit = match (line.roles, &new) {
                (Some(RoleList::Adding), Value::Array(roles)) => {
                    let held = old_value.as_array().map_or(&[][..], Vec::as_slice);
                    let lacking: Vec<Value> = roles
                        .iter()
                        .filter(|role| !held.iter().any(|held| same(role, held, true)))
                        .cloned()
                        .collect();
                    if lacking.is_empty() {
                        continue;
                    }
                    EditKind::Roles(RoleList::Adding, lacking)
                }
                (Some(RoleList::Assertive), Value::Array(roles)) => {
                    let empty = roles.is_empty()
                        && old.as_ref().is_none_or(|old| old.as_array().is_some_and(Vec::is_empty));
                    if empty || same(&new, &old_value, true) {
                        continue;
                    }
                    EditKind::Roles(RoleList::Assertive, roles.clone())
                }
                _ if same(&new, &old_value, definition.case_exact) && !line.mapping.flow_always => continue,
                _ if line.mapping.flow_type == FlowType::AddValuesOnly
                    && old.is_some()
                    && !new.is_array() =>
                {
                    continue;
                }
                _ => EditKind::Set(new.clone()),
            };
            operation.changes.push(change(line, old_value, new));
            edits.push(Edit { path: &line.path, target: &line.target, held: old.is_some(), edit });
        }
        edits
    }

    /// The second phase: manager and members, by the target's ids.
    fn refer(&self, case: &Case<'_>, document: &Value, path: String, operation: &mut Operation) {
        let table = self.scene.table(case.settled.kind);
        let mut edits = Vec::new();
        let mut depends_on: Vec<String> = Vec::new();
        for line in case.compiled.lines.iter().filter(|line| line.is_reference() && !line.create_only()) {
            let (found, missing) = self.references(case, line);
            let old = line.path.read(document);
            let edit = if line.mapping.definition.multivalued {
                let held = ids(old);
                let present: HashSet<&String> = held.iter().collect();
                let members = self.scene.members(case.settled.kind, case.id).iter().collect();
                let add: Vec<String> = found.iter().filter(|id| !present.contains(id)).cloned().collect();
                let remove: Vec<String> =
                    held.iter().filter(|id| self.strays(&members, id)).cloned().collect();
                if add.is_empty() && remove.is_empty() {
                    continue;
                }
                operation.changes.push(change(line, json!(held), json!(found)));
                EditKind::Members(add, remove)
            } else {
                let held = ids(old).into_iter().next();
                let known = line.program.attributes().iter().any(|name| table.has_column(name));
                let wanted = found.into_iter().next();
                let cleared = wanted.is_none() && missing.is_empty() && known && held.is_some();
                if wanted == held || (wanted.is_none() && !cleared) {
                    continue;
                }
                operation.changes.push(change(line, json!(held), json!(wanted)));
                EditKind::Refer(wanted)
            };
            for id in created_in(&edit) {
                if !depends_on.contains(&id) {
                    depends_on.push(id);
                }
            }
            edits.push(Edit { path: &line.path, target: &line.target, held: old.is_some(), edit });
        }
        if path.contains("{{created:") {
            let own = format!("create:{}", case.id);
            if !depends_on.contains(&own) {
                depends_on.insert(0, own);
            }
        }
        let name = if case.settled.kind == ObjectKind::Group { "members" } else { "references" };
        if let Some(body) = patch(&edits, self.scene.rules.dialect) {
            operation.requests.push(request(format!("{name}:{}", case.id), depends_on, "PATCH", path, body));
        }
    }

    /// Whether a target member is a known source object that is none of these members.
    fn strays(&self, members: &HashSet<&String>, target: &str) -> bool {
        let Some(at) = self.scene.held.find(target) else { return false };
        let Some(object) = self.settlement.by_target.get(&at).and_then(|at| self.settlement.objects.get(*at))
        else {
            return false;
        };
        let Some(entry) = self.scene.table(object.kind).entry(object.row) else { return false };
        !members.contains(&entry.id)
    }
}

fn placeholder(id: &str) -> String {
    format!("{{{{created:{id}}}}}")
}

/// The create requests that an edit's placeholders wait for.
fn created_in(edit: &EditKind) -> Vec<String> {
    let ids: Vec<&String> = match edit {
        EditKind::Members(add, _) => add.iter().collect(),
        EditKind::Refer(Some(id)) => vec![id],
        _ => Vec::new(),
    };
    let source = |id: &&String| id.strip_prefix("{{").and_then(|id| id.strip_suffix("}}")).map(str::to_owned);
    ids.iter().filter_map(source).map(|text| text.replacen("created:", "create:", 1)).collect()
}

/// The ids a reference in the target holds, in any of its shapes.
fn ids(held: Option<&Value>) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(id) => Some(id.clone()),
        other => other.get("value").and_then(Value::as_str).map(str::to_owned),
    };
    let found: Vec<String> = match held {
        None => Vec::new(),
        Some(Value::Array(items)) => items.iter().filter_map(one).collect(),
        Some(other) => one(other).into_iter().collect(),
    };
    found.into_iter().filter(|id| !id.is_empty()).collect()
}

fn change(line: &Line, old: Value, new: Value) -> Change {
    Change { target: line.target.clone(), old, new, mapping: line.shown.clone() }
}

fn unresolved(line: &Line, id: &str) -> Problem {
    Problem {
        target: line.target.clone(),
        code: "UnableToResolveReferenceAttributeValue".to_owned(),
        message: format!("the source object `{id}` has no object in the target"),
    }
}

fn verdict(operation: &mut Operation, name: &str, why: &str) {
    operation.action = name.to_owned();
    operation.verdict = name.to_owned();
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
