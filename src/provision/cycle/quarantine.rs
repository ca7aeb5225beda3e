//! When a job slows down, and when it stops: Entra's numbers, its reasons, the back-off of
//! cycles, four weeks to the end.

use super::escrow::{PATIENCE, rung};
use serde::{Deserialize, Serialize};

/// Why a job is in quarantine (Graph's `quarantineReason`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// More than 40 000 objects failed.
    EncounteredBaseEscrowThreshold,
    /// More than 60 000 objects and references failed.
    EncounteredTotalEscrowThreshold,
    /// 5 000 objects or more failed, and they are more than 40 % of all.
    EncounteredEscrowProportionThreshold,
    /// The target refused the credentials, or does not speak SCIM.
    EncounteredQuarantineException,
    /// The cycle would have disabled and deleted more than the threshold.
    TooManyDeletes,
    /// Anything else.
    #[default]
    Unknown,
}

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
        now.saturating_sub(self.series_began) >= PATIENCE
    }
}

/// Entra's numeric rule: `objects` and `references` failed, `successes` did not.
#[must_use]
pub fn threshold(objects: u64, references: u64, successes: u64) -> Option<Reason> {
    if objects + references > 60_000 {
        Some(Reason::EncounteredTotalEscrowThreshold)
    } else if objects < 5_000 {
        None
    } else if objects > 40_000 {
        Some(Reason::EncounteredBaseEscrowThreshold)
    } else if objects * 100 > (objects + successes) * 40 {
        Some(Reason::EncounteredEscrowProportionThreshold)
    } else {
        None
    }
}
