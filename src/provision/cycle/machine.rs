//! What is asked and taken, step by step: from the source to the connection's test, to the objects, to
//! the end.

use super::clock::DAY;
use super::effect::{Effect, Exchange, Outcome, Purpose};
use super::job::{Job, Phase, Removals, Running, Tracked};
use super::reply::{self, Fault};
use super::settings::{Absent, Settings};
use super::state::{Cycle, Stage};
use super::turn;
use super::world::{Fnv, World};
use crate::provision::diagnostic::Diagnostic;
use crate::provision::source::InputError;
use crate::provision::target::Dialect;
use crate::provision::values::timestamp;
use serde_json::Value;
use std::collections::{BTreeSet, VecDeque};

/// Most members provisioned on demand with their group.
pub const MEMBERS_ON_DEMAND: usize = 5;

impl Cycle {
    /// Begins a cycle, or goes on with the one that the job is in the midst of (which then is
    /// not on demand, whatever `on_demand` says). `schema` is
    /// a `synchronizationSchema`, empty for the Clarizen One profile; `on_demand` names one
    /// user, or a group and at most five of its members; `probe` is a value that no target
    /// object has, for the test of the connection. The findings tell about the schema.
    #[must_use]
    pub fn new(
        mut job: Job,
        schema: &str,
        settings: Settings,
        on_demand: Vec<String>,
        probe: &str,
        now: i64,
    ) -> (Self, Vec<Diagnostic>) {
        let mut hash = Fnv::default();
        hash.text(schema);
        let configuration = hash.finish();
        // What was asked on demand and broken off is not gone on with by something else.
        let stale = |running: &Running| !running.on_demand.is_empty() && running.on_demand != on_demand;
        if job.head.running.as_ref().is_none_or(stale) {
            job.head.cycles += 1;
            let changed = job.head.configuration != configuration;
            let initial = on_demand.is_empty() && (job.head.watermark.is_none() || changed);
            job.head.running = Some(Running { initial, on_demand, began: now, ..Running::default() });
        }
        let mut planned = settings.job.clone();
        planned.now = Some(timestamp(now));
        if job.head.running.as_ref().is_some_and(|running| !running.on_demand.is_empty()) {
            // On-demand provisioning ignores the flag.
            planned.tenant_url = None;
            let strict = planned.dialect == Some(Dialect::Rfc);
            planned.dialect = Some(if strict { Dialect::Rfc } else { Dialect::Legacy });
        }
        let (world, findings) = World::new(schema, &planned);
        let broken = findings.iter().find(|finding| finding.rule == "schema");
        let broken = broken.map(|finding| finding.message.clone());
        let cycle = Self {
            job,
            settings,
            world,
            prints: Vec::new(),
            broken,
            configuration,
            probe: probe.to_owned(),
            stage: Stage::Source(0),
            queue: VecDeque::new(),
            turn: None,
            wait: None,
            silent: 0,
            touched: BTreeSet::new(),
            clock: now,
        };
        (cycle, findings)
    }

    /// The job as it is now: store it before the next effect is carried out.
    #[must_use]
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// The job, when the cycle is no longer wanted.
    #[must_use]
    pub fn into_job(self) -> Job {
        self.job
    }

    /// Which objects of the job changed since this was last asked: a shell that stores
    /// objects apart need not store the others.
    pub fn touched(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.touched)
    }

    /// What is to be done next; asked again without an answer, the same.
    pub fn next(&mut self, now: i64) -> Effect {
        self.clock = now;
        loop {
            if let Some(first) = self.job.head.outbox.first() {
                return first.clone();
            }
            if let Some(until) = self.wait {
                return Effect::Wait { until };
            }
            if let Some(why) = self.broken.take() {
                self.abort(&Fault::new("X-SchemaUnusable", why));
                continue;
            }
            match self.stage {
                Stage::Source(page) => {
                    return Effect::ReadSource { page, watermark: self.job.head.watermark.clone() };
                }
                Stage::Test { group } => match self.test(group) {
                    Some(request) => return Effect::Send { request },
                    None => self.tested(group),
                },
                Stage::Objects => match &self.turn {
                    Some(turn) => return Effect::Send { request: turn.request.clone() },
                    None => self.advance(),
                },
                Stage::Done => return Effect::Done,
            }
        }
    }

    /// Takes what came of the effect that [`Cycle::next`] gave.
    pub fn take(&mut self, outcome: &Outcome, now: i64) {
        self.clock = now;
        if !self.job.head.outbox.is_empty() {
            self.job.head.outbox.remove(0);
            return;
        }
        if let Some(until) = self.wait {
            if now >= until {
                self.wait = None;
            }
            return;
        }
        match self.stage {
            Stage::Source(page) => self.take_page(page, outcome),
            Stage::Test { group } => self.take_test(group, outcome),
            Stage::Objects => self.take_reply(outcome),
            Stage::Done => {}
        }
    }

    fn take_page(&mut self, page: usize, outcome: &Outcome) {
        match outcome {
            Outcome::Page { name, text, last, watermark } => {
                if let Err(error) = self.world.load(name, text) {
                    let message = format!("`{name}`: {error}");
                    return self.abort(&Fault::new("X-SourceUnreadable", message));
                }
                if !*last {
                    self.stage = Stage::Source(page + 1);
                    return;
                }
                self.running().watermark.clone_from(watermark);
                match self.prepare() {
                    Ok(()) => self.stage = Stage::Test { group: false },
                    Err(fault) => self.abort(&fault),
                }
            }
            Outcome::NoSource { message } => {
                self.abort(&Fault::new("X-SourceUnreadable", message.clone()));
            }
            _ => {
                let message = "a page of the source was wanted and something else came";
                self.abort(&Fault::new("InternalError", message));
            }
        }
    }

    /// The source is whole: who is gone, who is whom, who is to be evaluated.
    fn prepare(&mut self) -> Result<(), Fault> {
        let unreadable = |error: InputError| Fault::new("X-SourceUnreadable", error.to_string());
        let asked = self.running().on_demand.clone();
        if let Some((first, members)) = asked.split_first() {
            let group = self.world.shows(first, true);
            if !group && !self.world.shows(first, false) {
                let message = format!("the source shows no object `{first}`");
                return Err(Fault::new("X-NotInSource", message));
            }
            if !group && !members.is_empty() || members.len() > MEMBERS_ON_DEMAND {
                let message = "on demand goes one user, or one group with at most five of its members";
                return Err(Fault::new("X-TooManySubjects", message));
            }
            self.world.narrow(first, members);
        } else if self.settings.absent != Absent::Unknown {
            self.guard_kinds()?;
            self.remove_absent().map_err(unreadable)?;
        }
        self.world.prepare(&self.job.objects).map_err(unreadable)?;
        self.guard_assignments()?;
        self.prints = (0..self.world.len()).map(|at| self.world.fingerprint(at)).collect();
        Ok(())
    }

    /// What was seen before and is not shown now.
    fn remove_absent(&mut self) -> Result<(), InputError> {
        let known: Vec<(String, Tracked)> =
            self.job.objects.iter().map(|(id, tracked)| (id.clone(), tracked.clone())).collect();
        for (id, tracked) in known {
            if self.world.shows(&id, tracked.group) {
                if tracked.absent_since.is_some() {
                    self.tracked(&id, tracked.group).absent_since = None;
                }
                continue;
            }
            if tracked.target.is_none() && tracked.intents.is_empty() {
                self.job.objects.remove(&id);
                self.touched.insert(id);
                continue;
            }
            let since = tracked.absent_since.unwrap_or(self.clock);
            if tracked.absent_since.is_none() {
                self.tracked(&id, tracked.group).absent_since = Some(since);
            }
            let for_good = self.settings.absent == Absent::HardDeleted || self.clock - since >= 30 * DAY;
            self.world.remove(&id, tracked.group, for_good)?;
        }
        Ok(())
    }

    /// The query that tests the connection; none for a kind that is not provisioned.
    fn test(&self, group: bool) -> Option<Exchange> {
        let target = self.world.first_match(group)?;
        let path = World::probe(group, &target, &self.probe);
        let purpose = Purpose::Test;
        Some(Exchange { purpose, source: String::new(), method: "GET".to_owned(), path, body: Value::Null })
    }

    fn take_test(&mut self, group: bool, outcome: &Outcome) {
        if let Some(until) = reply::retry_at(outcome, self.silent, self.clock)
            && self.silent < turn::BUSY_TRIES
        {
            self.silent += 1;
            self.wait = Some(until);
            return;
        }
        self.silent = 0;
        let found = reply::read(Purpose::Test, outcome).and_then(|body| reply::listed(&body));
        match found {
            Ok((0, _)) => self.tested(group),
            Ok(_) => {
                let message = "a query for a value that nobody has was answered with resources";
                let mut fault = Fault::new(reply::INCOMPATIBLE, message);
                fault.fatal = true;
                self.abort(&fault);
            }
            Err(fault) => self.abort(&fault),
        }
    }

    fn tested(&mut self, group: bool) {
        if !group {
            self.stage = Stage::Test { group: true };
            return;
        }
        self.stage = Stage::Objects;
        self.enter();
    }

    /// Enters the phase that the job is in, or the first.
    fn enter(&mut self) {
        let fresh = self.running().phase == Phase::Preparing;
        if fresh {
            self.running().phase = Phase::Users;
        }
        let (users, groups) = (self.due(Phase::Users), self.due(Phase::Groups));
        if fresh {
            self.running().total = (users.len() + groups.len()) as u64;
        }
        if self.running().removals == Removals::Undecided {
            self.decide_removals(users.iter().chain(&groups).copied().collect());
        }
        self.queue = match self.running().phase {
            Phase::Preparing | Phase::Users => users,
            Phase::Groups => groups,
            Phase::References => self.owed(),
        };
    }

    /// Counts who would be disabled and deleted, before any is.
    fn decide_removals(&mut self, due: Vec<usize>) {
        let threshold = self.settings.job.deletion_threshold;
        let staged = match threshold {
            Some(threshold) if !self.job.head.force_deletes && !self.is_on_demand() => {
                due.into_iter().filter(|at| self.is_removal(*at)).count() > threshold
            }
            _ => false,
        };
        self.running().removals = if staged { Removals::Staged } else { Removals::Allowed };
    }

    /// Opens the next object, enters the next phase, or ends.
    fn advance(&mut self) {
        if let Some(at) = self.queue.pop_front() {
            if self.running().phase == Phase::References {
                self.open_references(at);
            } else {
                self.open(at);
            }
            return;
        }
        match self.running().phase {
            Phase::Preparing | Phase::Users => {
                self.running().phase = Phase::Groups;
                self.queue = self.due(Phase::Groups);
            }
            Phase::Groups => {
                self.running().phase = Phase::References;
                self.queue = self.owed();
                self.running().total += self.queue.len() as u64;
            }
            Phase::References => self.finish(),
        }
    }
}
