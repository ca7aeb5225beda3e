//! When so much fails that a job goes into quarantine: Entra's numbers and its reasons.

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
