//! One object's evaluation: which target object it is, what the target holds, what is sent.

use super::effect::{Effect, Outcome, Purpose};
use super::escrow::Escrow;
use super::job::{Phase, Removals, Tracked};
use super::record::Trail;
use super::reply::{self, Fault};
use super::state::{Cycle, SILENCE};
use super::turn::{BUSY_TRIES, Step, Turn, get, unusable};
use super::world::{Query, Tie, World};
use crate::provision::plan::{Change, Operation, PlannedRequest};
use serde_json::Value;
use std::collections::VecDeque;

impl Cycle {
    /// Who is to be evaluated in a phase.
    pub(super) fn due(&mut self, phase: Phase) -> VecDeque<usize> {
        let running = self.running().clone();
        let number = self.job.head.cycles;
        let nobody = Tracked::default();
        let due = |at: &usize| {
            let Some(glance) = self.world.glance(*at) else { return false };
            if glance.group != (phase == Phase::Groups) {
                return false;
            }
            let tracked = self.job.objects.get(&glance.id).unwrap_or(&nobody);
            if tracked.cycle == number {
                return false;
            }
            if !running.on_demand.is_empty() {
                return running.on_demand.contains(&glance.id);
            }
            let changed = self.prints.get(*at).is_none_or(|print| *print != tracked.fingerprint);
            let retried = tracked.escrow.as_ref().is_some_and(|escrow| escrow.due <= self.clock);
            running.initial || changed || retried || !tracked.intents.is_empty()
        };
        (0..self.world.len()).filter(due).collect()
    }

    /// Whether an object's evaluation would disable or delete its target object.
    pub(super) fn is_removal(&self, at: usize) -> bool {
        let Some(glance) = self.world.glance(at) else { return false };
        let Some(tracked) = self.job.objects.get(&glance.id) else { return false };
        if glance.in_scope || tracked.target.is_none() {
            return false;
        }
        match self.world.operation(at).map(|operation| operation.verdict).as_deref() {
            Some("delete") => !tracked.unmanaged,
            Some("disable") => !tracked.disabled,
            _ => false,
        }
    }

    /// Begins an object's evaluation.
    pub(super) fn open(&mut self, at: usize) {
        let Some(glance) = self.world.glance(at) else { return };
        let tracked = self.job.objects.get(&glance.id).cloned().unwrap_or_default();
        let mut turn = Turn {
            at,
            began: self.clock,
            step: Step::Match(VecDeque::new(), false),
            request: get(Purpose::Match, &glance.id, String::new()),
            attempt: 0,
            trail: Trail::default(),
            glance,
        };
        turn.trail.imported(&turn.glance, tracked.target.is_some());
        if let Some(target) = tracked.target {
            return self.open_linked(turn, &target);
        }
        if !tracked.intents.is_empty() {
            let intents = tracked.intents.into_iter();
            let queries = intents.map(|path| Query { target: String::new(), value: String::new(), path });
            return self.ask(turn, queries.collect(), true);
        }
        self.match_anew(turn);
    }

    fn open_linked(&mut self, mut turn: Turn, target: &str) {
        if !turn.glance.in_scope {
            // Without a look at the target: whether it is deleted, or left alone.
            let Some(mut operation) = self.world.operation(turn.at) else { return };
            let tracked = self.job.objects.get(&turn.glance.id).cloned().unwrap_or_default();
            if operation.verdict == "delete" && tracked.unmanaged {
                let why = "it had left the scope before it was deleted, and is no longer managed";
                leave_alone(&mut operation, "X-NotManaged", why);
            } else if self.running().removals == Removals::Staged && self.is_removal(turn.at) {
                return self.stage(turn, operation);
            }
            if operation.verdict == "delete" || operation.verdict == "skipped" {
                return self.act(turn, operation);
            }
        }
        let Some(path) = World::resource(turn.glance.group, target) else {
            return self.fail(turn, None, &unusable(target));
        };
        // What is replaced as a whole must be known as a whole.
        let partly = turn.glance.group && !self.world.replaces();
        let members = if partly { "?excludedAttributes=members" } else { "" };
        turn.request = get(Purpose::ReadBack, &turn.glance.id, format!("{path}{members}"));
        turn.step = Step::Read(target.to_owned());
        self.turn = Some(turn);
    }

    /// Asks which target object it is, by what the source says now.
    fn match_anew(&mut self, turn: Turn) {
        if !turn.glance.in_scope {
            return self.tie_and_act(turn, &Tie::None);
        }
        let queries: VecDeque<Query> = self.world.queries(turn.at).into();
        if queries.is_empty() {
            return self.tie_and_act(turn, &Tie::NoValue);
        }
        self.ask(turn, queries, false);
    }

    fn ask(&mut self, mut turn: Turn, queries: VecDeque<Query>, intent: bool) {
        match queries.front() {
            Some(query) => {
                turn.request = get(Purpose::Match, &turn.glance.id, query.path.clone());
                turn.step = Step::Match(queries, intent);
                turn.attempt = 0;
                self.turn = Some(turn);
            }
            None if intent => {
                self.tracked(&turn.glance.id, turn.glance.group).intents.clear();
                self.match_anew(turn);
            }
            None => self.tie_and_act(turn, &Tie::Create),
        }
    }

    fn tie_and_act(&mut self, turn: Turn, tie: &Tie<'_>) {
        if let Err(error) = self.world.tie(turn.at, tie) {
            return self.fail(turn, None, &Fault::new(reply::INCOMPATIBLE, error.to_string()));
        }
        let Some(operation) = self.world.operation(turn.at) else { return };
        self.act(turn, operation);
    }

    /// Sends what the operation asks for in this phase, or notes that it asks for nothing.
    fn act(&mut self, mut turn: Turn, operation: Operation) {
        turn.trail.scoped(&operation.scope);
        if operation.status == "failure" {
            let fault = Fault::new(&operation.reason, operation.explanation.clone());
            return self.fail(turn, Some(operation), &fault);
        }
        let own = ["create:", "update:", "disable:", "delete:"];
        let wanted = |request: &&PlannedRequest| own.iter().any(|name| request.id.starts_with(name));
        let mut requests: VecDeque<PlannedRequest> =
            operation.requests.iter().filter(wanted).cloned().collect();
        let Some(request) = requests.pop_front() else {
            return self.succeed(turn, operation);
        };
        turn.trail.decided(&operation);
        let purpose = match operation.verdict.as_str() {
            "create" => Purpose::Create,
            "disable" => Purpose::Disable,
            "delete" => Purpose::Delete,
            _ => Purpose::Update,
        };
        turn.send(purpose, request);
        if purpose == Purpose::Create {
            // Known before it is sent: if the reply is lost, this finds what was made.
            let intents = self.world.queries(turn.at).into_iter().map(|query| query.path).collect();
            self.tracked(&turn.glance.id, turn.glance.group).intents = intents;
        }
        if purpose == Purpose::Delete {
            self.tracked(&turn.glance.id, turn.glance.group).deleting = true;
        }
        turn.step = Step::Write(Box::new(operation), requests);
        self.turn = Some(turn);
    }

    /// Takes the reply to the request under way.
    pub(super) fn take_reply(&mut self, outcome: &Outcome) {
        let Some(mut turn) = self.turn.take() else { return };
        if turn.attempt < BUSY_TRIES
            && let Some(until) = reply::retry_at(outcome, turn.attempt, self.clock)
        {
            turn.attempt += 1;
            self.turn = Some(turn);
            self.wait = Some(until);
            return;
        }
        let read = reply::read(turn.request.purpose, outcome);
        self.silent = match &read {
            Err(fault) if fault.silent => self.silent + 1,
            _ => 0,
        };
        if let Err(fault) = &read
            && (fault.fatal || self.silent >= SILENCE)
        {
            let fault = fault.clone();
            return self.abort(&fault);
        }
        match turn.step.clone() {
            Step::Match(queries, intent) => {
                match read.and_then(|body| reply::listed(&body)) {
                    Ok((count, first)) => self.matched(turn, queries, intent, count, first),
                    Err(fault) => self.fail(turn, None, &fault),
                };
            }
            Step::Read(target) => {
                turn.trail.read(&target, read.as_ref().err());
                let tracked = self.tracked(&turn.glance.id, turn.glance.group);
                let gone = read.as_ref().is_err_and(|fault| fault.code == "InvalidAnchor");
                // Until the target answers for sure, the question stays open.
                let deleting = tracked.deleting && gone;
                tracked.deleting &= read.is_err() && !gone;
                match read {
                    // A DELETE whose reply was lost had been carried out.
                    Err(_) if deleting => {
                        tracked.target = None;
                        self.world.untie(turn.at, false);
                        self.match_anew(turn);
                    }
                    Ok(body) => self.tie_and_act(turn, &Tie::Target(&target, &body)),
                    Err(fault) => self.fail(turn, None, &fault),
                }
            }
            Step::Write(operation, rest) => self.written(turn, *operation, rest, read),
            Step::ReadReferences(target) => self.references_read(turn, &target, read),
            Step::WriteReferences(operation, rest) => {
                self.references_written(turn, *operation, rest, read);
            }
        }
    }

    fn matched(
        &mut self,
        mut turn: Turn,
        mut queries: VecDeque<Query>,
        intent: bool,
        count: usize,
        first: Option<Value>,
    ) {
        let Some(query) = queries.pop_front() else { return };
        if !intent {
            turn.trail.matched(&query, count);
        }
        let first = match (count, first) {
            (0, _) => return self.ask(turn, queries, intent),
            (1, Some(first)) => first,
            // What was made once and made again by somebody else is for people to clear up.
            _ => return self.tie_and_act(turn, &Tie::Ambiguous(count)),
        };
        if !intent && !self.world.answers(&query, &first) {
            let message = format!(
                "a query for `{}` equal to `{}` was answered with a resource that has another",
                query.target, query.value
            );
            return self.fail(turn, None, &Fault::new(reply::INCOMPATIBLE, message));
        }
        let target = match reply::identified(&first) {
            Ok(target) => target,
            Err(fault) => return self.fail(turn, None, &fault),
        };
        match self.world.owner(&target) {
            // The lost create was of another object after all.
            Some(_) if intent => self.ask(turn, queries, intent),
            Some(other) => self.tie_and_act(turn, &Tie::Duplicate(&other)),
            None => {
                let tracked = self.tracked(&turn.glance.id, turn.glance.group);
                tracked.target = Some(target.clone());
                tracked.intents.clear();
                let found = Tie::Target(&target, &first);
                if turn.glance.in_scope && !self.world.replaces() {
                    self.tie_and_act(turn, &found);
                } else if let Err(error) = self.world.tie(turn.at, &found) {
                    self.fail(turn, None, &Fault::new(reply::INCOMPATIBLE, error.to_string()));
                } else {
                    self.open_linked(turn, &target);
                }
            }
        }
    }

    fn written(
        &mut self,
        mut turn: Turn,
        operation: Operation,
        mut rest: VecDeque<PlannedRequest>,
        read: Result<Value, Fault>,
    ) {
        if read.is_ok()
            && let Some(request) = rest.pop_front()
        {
            turn.send(turn.request.purpose, request);
            turn.step = Step::Write(Box::new(operation), rest);
            self.turn = Some(turn);
            return;
        }
        let create = turn.request.purpose == Purpose::Create;
        let made = read.and_then(|body| if create { reply::identified(&body).map(Some) } else { Ok(None) });
        let identifier = operation.source.display_name.clone();
        turn.trail.exported(&operation.action, false, &identifier, made.as_ref().err());
        match made {
            Ok(made) => {
                if let Some(target) = made {
                    let tracked = self.tracked(&turn.glance.id, turn.glance.group);
                    tracked.target = Some(target.clone());
                    tracked.intents.clear();
                    // The body is not needed: references are read before they are written.
                    let _ = self.world.tie(turn.at, &Tie::Target(&target, &serde_json::json!({})));
                }
                self.succeed(turn, operation);
            }
            Err(fault) => {
                let refused = create && !fault.silent && !super::escrow::is_transient(&fault.code);
                if refused && fault.code != reply::INCOMPATIBLE {
                    self.tracked(&turn.glance.id, turn.glance.group).intents.clear();
                }
                self.fail(turn, Some(operation), &fault);
            }
        }
    }

    /// Holds a removal back.
    fn stage(&mut self, mut turn: Turn, mut operation: Operation) {
        turn.trail.scoped(&operation.scope);
        let why = "this cycle would disable and delete more than the threshold allows";
        leave_alone(&mut operation, "TooManyDeletes", why);
        operation.action = "stageddelete".to_owned();
        turn.trail.decided(&operation);
        let number = self.job.head.cycles;
        self.tracked(&turn.glance.id, turn.glance.group).cycle = number;
        self.running().counts.staged += 1;
        self.running().counts.imported += 1;
        self.running().completed += 1;
        self.log(&turn, &operation, false, None);
    }

    /// The object is as it should be, references apart.
    fn succeed(&mut self, mut turn: Turn, operation: Operation) {
        let (id, group) = (turn.glance.id.clone(), turn.glance.group);
        let number = self.job.head.cycles;
        let print = self.prints.get(turn.at).cloned().unwrap_or_default();
        let sent = turn.request.purpose.writes();
        let verdict = operation.verdict.clone();
        let owes = self.owes(&turn, &operation);
        let tracked = self.tracked(&id, group);
        tracked.fingerprint = print;
        tracked.cycle = number;
        tracked.escrow = None;
        tracked.owes = owes.then_some(!sent);
        if turn.glance.in_scope {
            (tracked.disabled, tracked.unmanaged) = (false, false);
        } else {
            tracked.references.clear();
            let redundant = operation.reason == "RedundantExport";
            if verdict == "disable" || redundant {
                tracked.disabled = true;
                tracked.unmanaged |= turn.glance.active && !turn.glance.entitled;
            }
        }
        let absent = tracked.absent_since.is_some();
        let deleted = verdict == "delete";
        if deleted {
            tracked.target = None;
            (tracked.disabled, tracked.unmanaged, tracked.deleting) = (false, false, false);
        }
        if deleted && absent {
            self.job.objects.remove(&id);
        }
        self.world.untie(turn.at, !deleted);
        let counts = &mut self.running().counts;
        counts.imported += 1;
        counts.entitled += u64::from(turn.glance.in_scope);
        match verdict.as_str() {
            "create" => counts.created += 1,
            "update" if sent => counts.updated += 1,
            "disable" => counts.disabled += 1,
            "delete" => counts.deleted += 1,
            "update" => {}
            _ if owes => {}
            _ => counts.skipped += 1,
        }
        self.running().completed += 1;
        if sent {
            self.log(&turn, &operation, false, None);
        } else if !owes {
            turn.trail.decided(&operation);
            self.log(&turn, &operation, false, None);
        }
    }

    /// The object could not be provisioned: it goes into escrow.
    pub(super) fn fail(&mut self, turn: Turn, operation: Option<Operation>, fault: &Fault) {
        let (id, group) = (turn.glance.id.clone(), turn.glance.group);
        // Before anything was decided: what would have been is not told.
        let undecided = || {
            let operation = self.world.operation(turn.at)?;
            Some(Operation { action: "other".to_owned(), changes: Vec::new(), ..operation })
        };
        let operation = operation.or_else(undecided);
        let number = self.job.head.cycles;
        let print = self.prints.get(turn.at).cloned().unwrap_or_default();
        let now = self.clock;
        let tracked = self.tracked(&id, group);
        let spent = tracked.escrow.as_ref().is_some_and(|escrow| escrow.is_spent(now));
        let escrow = Escrow::after(tracked.escrow.as_ref(), &fault.code, now);
        tracked.escrow = (!spent).then_some(escrow);
        tracked.fingerprint = print;
        tracked.cycle = number;
        let linked = tracked.target.is_some();
        self.world.untie(turn.at, linked);
        let counts = &mut self.running().counts;
        counts.imported += 1;
        counts.entitled += u64::from(turn.glance.in_scope);
        counts.failed += 1;
        self.running().completed += 1;
        if let Some(mut operation) = operation {
            operation.status = "failure".to_owned();
            self.log(&turn, &operation, false, Some(fault));
        }
    }

    /// Writes a log record of a turn.
    pub(super) fn log(
        &mut self,
        turn: &Turn,
        operation: &Operation,
        references: bool,
        fault: Option<&Fault>,
    ) {
        self.job.head.records += 1;
        let group = turn.glance.group;
        let changes: Vec<&Change> = operation
            .changes
            .iter()
            .filter(|change| self.world.is_reference(group, &change.target) == references)
            .collect();
        let target = self.job.objects.get(&turn.glance.id).and_then(|tracked| tracked.target.clone());
        let before = operation.target.as_ref().map(|target| target.id.clone());
        let place = super::record::Place {
            job: &self.job.head.id,
            cycle: self.job.head.cycles,
            number: self.job.head.records,
            began: turn.began,
            now: self.clock,
            target_name: &self.settings.application,
        };
        let target = target.or(before);
        let record =
            super::record::record(&place, operation, &changes, fault, target.as_deref(), turn.trail.clone());
        self.job.head.outbox.push(Effect::Record { record });
    }
}

fn leave_alone(operation: &mut Operation, reason: &str, why: &str) {
    operation.action = "other".to_owned();
    operation.verdict = "skipped".to_owned();
    operation.status = "skipped".to_owned();
    operation.reason = reason.to_owned();
    operation.explanation = why.to_owned();
    operation.changes.clear();
    operation.requests.clear();
}
