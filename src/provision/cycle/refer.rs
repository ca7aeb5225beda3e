//! The second phase: managers and members, once everyone who can have a target id has one.

use super::effect::Purpose;
use super::escrow::{Escrow, NEVER};
use super::record::Trail;
use super::reply::{self, Fault};
use super::state::Cycle;
use super::turn::{Step, Turn, get, unusable};
use super::world::{Tie, World};
use crate::provision::plan::{Operation, PlannedRequest};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// A reference to an object that is out of scope; kept only when such are to be repaired.
pub(super) const OUT_OF_SCOPE: &str = "X-ReferentOutOfScope";
const UNRESOLVED: &str = "UnableToResolveReferenceAttributeValue";

impl Cycle {
    /// Whether an object just evaluated has references to look after.
    pub(super) fn owes(&self, turn: &Turn, operation: &Operation) -> bool {
        let linked = self.job.objects.get(&turn.glance.id).is_some_and(|tracked| tracked.target.is_some());
        if !turn.glance.in_scope
            || !linked
            || operation.status == "skipped" && operation.reason != "RedundantExport"
        {
            return false;
        }
        if turn.glance.group {
            return self.world.has_references(true);
        }
        let differs = operation.requests.iter().any(|request| request.id.starts_with("references:"));
        let unresolved = operation.problems.iter().any(|problem| problem.code == UNRESOLVED);
        let created = operation.verdict == "create" && !self.world.referents(turn.at).is_empty();
        differs || unresolved || created
    }

    /// Who owes references, users before groups.
    pub(super) fn owed(&mut self) -> VecDeque<usize> {
        let asked = self.running().on_demand.first().cloned();
        let owes = |at: &usize| {
            let Some(glance) = self.world.glance(*at) else { return false };
            let Some(tracked) = self.job.objects.get(&glance.id) else { return false };
            if !glance.in_scope || tracked.target.is_none() {
                return false;
            }
            if asked.as_ref().is_some_and(|asked| *asked != glance.id) {
                return false;
            }
            let again = tracked.references.iter().any(|(referent, escrow)| {
                escrow.due <= self.clock || self.world.find(referent).is_some_and(|at| self.is_referable(at))
            });
            tracked.owes.is_some() || again
        };
        (0..self.world.len()).filter(owes).collect()
    }

    /// Whether others may refer to an object.
    fn is_referable(&self, at: usize) -> bool {
        self.world.is_tied(at) && self.world.glance(at).is_some_and(|glance| glance.in_scope)
    }

    /// Begins an object's second phase.
    pub(super) fn open_references(&mut self, at: usize) {
        let Some(glance) = self.world.glance(at) else { return };
        let Some(target) = self.job.objects.get(&glance.id).and_then(|tracked| tracked.target.clone()) else {
            return;
        };
        let path = World::resource(glance.group, &target);
        let request = get(Purpose::ReadBack, &glance.id, path.clone().unwrap_or_default());
        let mut trail = Trail::default();
        trail.imported(&glance, true);
        let step = Step::ReadReferences(target.clone());
        let turn = Turn { at, glance, began: self.clock, step, request, attempt: 0, trail };
        if path.is_none() {
            return self.fail_references(turn, None, &unusable(&target));
        }
        self.turn = Some(turn);
    }

    pub(super) fn references_read(&mut self, mut turn: Turn, target: &str, read: Result<Value, Fault>) {
        turn.trail.read(target, read.as_ref().err());
        let mut body = match read {
            Ok(body) => body,
            Err(fault) => return self.fail_references(turn, None, &fault),
        };
        self.narrow_members(&mut body);
        if let Err(error) = self.world.tie(turn.at, &Tie::Target(target, &body)) {
            let fault = Fault::new(reply::INCOMPATIBLE, error.to_string());
            return self.fail_references(turn, None, &fault);
        }
        let Some(operation) = self.world.operation(turn.at) else { return };
        turn.trail.scoped(&operation.scope);
        let missing = self.missing(turn.at);
        if !missing.is_empty() {
            turn.trail.unresolved(&missing);
        }
        let replaces = self.world.replaces();
        let wanted = |request: &&PlannedRequest| {
            request.id.starts_with("references:")
                || request.id.starts_with("members:")
                || replaces && request.id.starts_with("update:")
        };
        let mut requests: VecDeque<PlannedRequest> =
            operation.requests.iter().filter(wanted).cloned().collect();
        match requests.pop_front() {
            Some(request) => {
                turn.send(Purpose::Refer, request);
                turn.step = Step::WriteReferences(Box::new(operation), requests);
                self.turn = Some(turn);
            }
            None => self.settle_references(turn, operation, false),
        }
    }

    /// On demand, only the members asked for are compared.
    fn narrow_members(&mut self, body: &mut Value) {
        let asked = self.running().on_demand.clone();
        if asked.is_empty() {
            return;
        }
        let targets: Vec<String> =
            asked.iter().filter_map(|id| self.job.objects.get(id)?.target.clone()).collect();
        if let Some(Value::Array(members)) = body.get_mut("members") {
            members.retain(|member| {
                let id = member.get("value").and_then(Value::as_str);
                id.is_some_and(|id| targets.iter().any(|target| target == id))
            });
        }
    }

    /// The source objects referred to that nobody can refer to now.
    fn missing(&self, at: usize) -> Vec<String> {
        let mut missing = self.world.referents(at);
        missing.retain(|id| !self.world.find(id).is_some_and(|at| self.is_referable(at)));
        missing
    }

    pub(super) fn references_written(
        &mut self,
        mut turn: Turn,
        operation: Operation,
        mut rest: VecDeque<PlannedRequest>,
        read: Result<Value, Fault>,
    ) {
        if read.is_ok()
            && let Some(request) = rest.pop_front()
        {
            turn.send(Purpose::Refer, request);
            turn.step = Step::WriteReferences(Box::new(operation), rest);
            self.turn = Some(turn);
            return;
        }
        let identifier = operation.source.display_name.clone();
        turn.trail.exported("update", true, &identifier, read.as_ref().err());
        match read {
            Ok(_) => self.settle_references(turn, operation, true),
            Err(fault) => self.fail_references(turn, Some(operation), &fault),
        }
    }

    /// The references are as they should be, as far as they resolve.
    fn settle_references(&mut self, mut turn: Turn, mut operation: Operation, sent: bool) {
        let mut waiting = BTreeMap::new();
        for id in self.missing(turn.at) {
            let in_scope =
                self.world.find(&id).and_then(|at| self.world.glance(at)).is_some_and(|g| g.in_scope);
            if !in_scope && !self.settings.repair_references {
                continue;
            }
            let known = self.job.objects.get(&turn.glance.id).and_then(|tracked| tracked.references.get(&id));
            let code = if in_scope { UNRESOLVED } else { OUT_OF_SCOPE };
            let escrow = Escrow { due: NEVER, ..Escrow::after(known, code, self.clock) };
            if !escrow.is_spent(self.clock) {
                waiting.insert(id, escrow);
            }
        }
        let tracked = self.tracked(&turn.glance.id, turn.glance.group);
        let unlogged = tracked.owes.take() == Some(true);
        tracked.references = waiting;
        self.world.untie(turn.at, true);
        self.running().completed += 1;
        if sent {
            self.running().counts.references += 1;
            operation.action = "update".to_owned();
            operation.status = "success".to_owned();
            self.log(&turn, &operation, true, None);
        } else if unlogged {
            self.running().counts.skipped += 1;
            operation.action = "other".to_owned();
            operation.status = "skipped".to_owned();
            if operation.reason.is_empty() {
                operation.reason = "RedundantExport".to_owned();
            }
            turn.trail.decided(&operation);
            self.log(&turn, &operation, true, None);
        }
    }

    /// The target refused them: they are tried again, and the object is not.
    fn fail_references(&mut self, turn: Turn, operation: Option<Operation>, fault: &Fault) {
        let operation = operation.or_else(|| self.world.operation(turn.at));
        let attribute = operation
            .iter()
            .flat_map(|operation| &operation.changes)
            .find(|change| self.world.is_reference(turn.glance.group, &change.target))
            .map_or_else(|| "references".to_owned(), |change| change.target.clone());
        let now = self.clock;
        let tracked = self.tracked(&turn.glance.id, turn.glance.group);
        tracked.owes = None;
        let known = tracked.references.get(&attribute).cloned();
        let spent = known.as_ref().is_some_and(|escrow| escrow.is_spent(now));
        if spent {
            tracked.references.remove(&attribute);
        } else {
            tracked.references.insert(attribute, Escrow::after(known.as_ref(), &fault.code, now));
        }
        self.world.untie(turn.at, true);
        self.running().completed += 1;
        self.running().counts.failed += 1;
        if let Some(mut operation) = operation {
            operation.action = "update".to_owned();
            operation.status = "failure".to_owned();
            self.log(&turn, &operation, true, Some(fault));
        }
    }
}
