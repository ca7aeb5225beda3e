//! The guard against an empty source. An export that failed or a permission that was revoked looks
//! like a directory that everybody has left; nobody is disabled or deleted for that.

use super::job::Tracked;
use super::reply::Fault;
use super::state::Cycle;

/// The code of a cycle that ends because its source shows nothing.
pub(super) const SOURCE_EMPTY: &str = "X-SourceEmpty";

impl Cycle {
    /// Refuses a source without any object of a kind of which there were some in the last cycle.
    pub(super) fn guard_kinds(&mut self) -> Result<(), Fault> {
        for (group, kind) in [(false, "user"), (true, "group")] {
            let there = |tracked: &&Tracked| tracked.group == group && is_there(tracked);
            let known = self.job.objects.values().filter(there).count();
            if known > 0 && self.world.shown(group) == 0 {
                self.refuse_empty(&format!("no {kind}, and {known} of them were provisioned"))?;
            }
        }
        Ok(())
    }

    /// Refuses a source without any assignment where only the assigned are provisioned.
    pub(super) fn guard_assignments(&mut self) -> Result<(), Fault> {
        let enabled = |tracked: &&Tracked| is_there(tracked) && !tracked.disabled && !tracked.unmanaged;
        let known = self.job.objects.values().filter(enabled).count();
        if known > 0 && self.world.lacks_assignments() {
            self.refuse_empty(&format!("no assignment, and {known} users and groups were provisioned"))?;
        }
        Ok(())
    }

    fn refuse_empty(&mut self, what: &str) -> Result<(), Fault> {
        if self.settings.allow_empty_source {
            return Ok(());
        }
        let message = format!(
            "the source shows {what}; nothing was disabled or deleted; correct the source, or set `allowEmptySource` (`--allow-empty-source`) if that is meant"
        );
        let last = self.job.head.last_execution.as_ref().and_then(|execution| execution.error.as_ref());
        if last.is_none_or(|(code, _)| code != SOURCE_EMPTY) {
            self.notify(SOURCE_EMPTY, message.clone());
        }
        Err(Fault::new(SOURCE_EMPTY, message))
    }
}

/// Whether an object is linked, and the source showed it in the last cycle.
fn is_there(tracked: &Tracked) -> bool {
    tracked.target.is_some() && tracked.absent_since.is_none()
}
