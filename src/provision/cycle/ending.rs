//! How a cycle ends: what it leaves in the job, whether the job goes into quarantine, comes
//! out of it, or stops.

use super::clock::{HOUR, MINUTE};
use super::effect::Effect;
use super::job::{Ending, Execution, Removals, Running, Schedule};
use super::quarantine::Quarantine;
use super::reply::Fault;
use super::state::{Cycle, Stage};
use crate::provision::plan::quarantine_rule::{Reason, threshold};

impl Cycle {
    /// The cycle came to its end.
    pub(super) fn finish(&mut self) {
        let running = self.job.head.running.take().unwrap_or_default();
        self.stage = Stage::Done;
        let (objects, references) = self.job.escrowed();
        let failed = running.counts.failed > 0;
        let state = if failed { Ending::EntryLevelErrors } else { Ending::Succeeded };
        let staged = running.removals == Removals::Staged;
        let execution = self.execution(&running, state, objects + references, None);
        if !running.on_demand.is_empty() {
            self.job.head.last_execution = Some(execution);
            return;
        }
        self.job.head.watermark = Some(running.watermark.clone().unwrap_or_default());
        self.job.head.configuration.clone_from(&self.configuration);
        self.job.head.force_deletes = false;
        self.job.head.count_successive_complete_failures = 0;
        self.job.head.steady_state_first_achieved_time.get_or_insert(self.clock);
        self.job.head.steady_state_last_achieved_time = Some(self.clock);
        if running.counts.exported() > 0 {
            self.job.head.last_successful_execution_with_exports = Some(execution.clone());
        }
        self.job.head.last_successful_execution = Some(execution.clone());
        self.job.head.last_execution = Some(execution);
        self.job.head.next = self.clock + i64::from(self.settings.interval) * MINUTE;
        let (users, groups) = self.job.synchronized();
        let successes = (users + groups).saturating_sub(objects);
        match threshold(objects, references, successes) {
            Some(_) if running.initial => {
                for (id, _) in self
                    .job
                    .objects
                    .iter()
                    .filter(|(_, tracked)| tracked.escrow.is_some() || !tracked.references.is_empty())
                {
                    self.touched.insert(id.clone());
                }
                self.job.prune();
                self.job.head.escrows_pruned = true;
                self.job.pause();
                let message = format!(
                    "{objects} objects and {references} references failed in the initial cycle; they were dropped and the job is paused"
                );
                self.notify("EscrowsPruned", message);
            }
            Some(reason) => {
                let message =
                    format!("{objects} objects and {references} references failed, {successes} did not");
                self.quarantine(reason, (format!("{reason:?}"), message));
            }
            None if staged => {
                let count = running.counts.staged;
                let limit = self.settings.job.deletion_threshold.unwrap_or(0);
                let message = format!(
                    "{count} disables and deletes were held back, {limit} are allowed; restart with `ForceDeletes` to send them, or correct the source"
                );
                self.quarantine(Reason::TooManyDeletes, ("TooManyDeletes".to_owned(), message));
            }
            None => {
                self.job.head.quarantine = None;
                self.job.head.escrows_pruned &= !running.initial;
            }
        }
    }

    /// The cycle cannot be run to its end.
    pub(super) fn abort(&mut self, fault: &Fault) {
        let running = self.job.head.running.take().unwrap_or_default();
        self.stage = Stage::Done;
        self.turn = None;
        self.wait = None;
        let (objects, references) = self.job.escrowed();
        let error = (fault.code.clone(), fault.message.clone());
        let execution = self.execution(&running, Ending::Failed, objects + references, Some(error.clone()));
        self.job.head.last_execution = Some(execution);
        if !running.on_demand.is_empty() {
            return;
        }
        self.job.head.count_successive_complete_failures += 1;
        self.job.head.next = self.clock + i64::from(self.settings.interval) * MINUTE;
        // What only happens once is tried again at the next cycle's time.
        if fault.fatal || self.job.head.count_successive_complete_failures > 3 {
            self.quarantine(Reason::EncounteredQuarantineException, error);
        } else if let Some(quarantine) = &self.job.head.quarantine {
            let (reason, error) = (quarantine.reason, quarantine.error.clone());
            self.quarantine(reason, error);
        }
    }

    fn quarantine(&mut self, reason: Reason, error: (String, String)) {
        let earlier = self.job.head.quarantine.take();
        let news = earlier.as_ref().is_none_or(|earlier| earlier.reason != reason);
        let quarantine = Quarantine::after(earlier.as_ref(), reason, error, self.clock);
        self.job.head.next = quarantine.next_attempt;
        let hours = (quarantine.next_attempt - self.clock) / HOUR;
        let spent = quarantine.is_spent(self.clock);
        let message = format!("in quarantine: {}; tried again in about {hours} hours", quarantine.error.1);
        self.job.head.quarantine = Some(quarantine);
        if spent {
            self.job.head.schedule = Schedule::Disabled;
            self.notify(
                "Disabled",
                "four weeks in quarantine: the job is disabled; start it again when the cause is gone"
                    .to_owned(),
            );
        } else if news {
            self.notify(&format!("{reason:?}"), message);
        }
    }

    pub(super) fn notify(&mut self, code: &str, message: String) {
        self.job.head.outbox.push(Effect::Notify { code: code.to_owned(), message });
    }

    fn execution(
        &self,
        running: &Running,
        state: Ending,
        escrowed: u64,
        error: Option<(String, String)>,
    ) -> Execution {
        Execution {
            activity_identifier: format!("{}.c{}", self.job.head.id, self.job.head.cycles),
            state,
            counts: running.counts.clone(),
            escrowed,
            time_began: running.began,
            time_ended: self.clock,
            error,
        }
    }
}
