//! When a job slows down, and when it stops: the back-off of cycles, four weeks to the end.

use super::escrow::{LIFETIME, rung};
use crate::provision::plan::quarantine_rule::Reason;
use serde::{Deserialize, Serialize};

/// The state of being in quarantine (Graph's `synchronizationQuarantine`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Quarantine {
    /// Why.
    pub reason: Reason,
    /// When it last began, in milliseconds since 1970.
    pub current_began: i64,
    /// When the series of quarantines that this is part of began.
    pub series_began: i64,
    /// How many cycles of the series ended in quarantine.
    pub series_count: u32,
    /// When the next cycle is run.
    pub next_attempt: i64,
    /// The error's code and words.
    pub error: (String, String),
}

impl Quarantine {
    /// One more cycle that ended in quarantine, or the first one.
    #[must_use]
    pub fn after(earlier: Option<&Self>, reason: Reason, error: (String, String), now: i64) -> Self {
        let series_began = earlier.map_or(now, |earlier| earlier.series_began);
        Self {
            reason,
            current_began: earlier.map_or(now, |earlier| earlier.current_began),
            series_began,
            series_count: earlier.map_or(0, |earlier| earlier.series_count).saturating_add(1),
            next_attempt: rung(series_began, now),
            error,
        }
    }

    /// Whether the job is to be disabled.
    #[must_use]
    pub fn is_spent(&self, now: i64) -> bool {
        now.saturating_sub(self.series_began) >= LIFETIME
    }
}
