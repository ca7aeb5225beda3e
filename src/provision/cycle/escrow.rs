//! What failed and is tried again. A failure that may pass by itself is tried in the next
//! cycle; any other after 6, 12 and 24 hours, then daily, until it is dropped after four
//! weeks (entra-provisioning, "Errors, escrow, retry").

use super::clock::{DAY, HOUR};
use serde::{Deserialize, Serialize};

/// After this long an escrow is dropped, and a job in quarantine is disabled, in milliseconds.
pub const LIFETIME: i64 = 28 * DAY;
/// A retry that only another object's success brings about.
pub const NEVER: i64 = i64::MAX;

/// Codes of failures that may pass by themselves.
const TRANSIENT: [&str; 5] =
    ["InternalServerError", "Timeout", "WebExceptionProtocolError", "InternalError", "TooManyRequests"];

/// One failure that waits for its next try.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Escrow {
    /// Entra's code for it.
    pub code: String,
    /// When it first failed, in milliseconds since 1970.
    pub since: i64,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again.
    pub due: i64,
}

impl Escrow {
    /// The same failure once more, or the first one.
    #[must_use]
    pub fn after(earlier: Option<&Self>, code: &str, now: i64) -> Self {
        let since = earlier.map_or(now, |earlier| earlier.since);
        let due = if is_transient(code) { now } else { rung(since, now) };
        let attempts = earlier.map_or(0, |earlier| earlier.attempts).saturating_add(1);
        Self { code: code.to_owned(), since, attempts, due }
    }

    /// Whether it has waited too long.
    #[must_use]
    pub fn is_spent(&self, now: i64) -> bool {
        now.saturating_sub(self.since) >= LIFETIME
    }
}

/// Whether a failure may pass by itself.
#[must_use]
pub fn is_transient(code: &str) -> bool {
    TRANSIENT.contains(&code)
}

/// The next rung of the ladder: 6, 12 and 24 hours after the first failure, then daily.
#[must_use]
pub fn rung(since: i64, now: i64) -> i64 {
    let waited = now.saturating_sub(since);
    let next = match waited {
        waited if waited < 6 * HOUR => 6 * HOUR,
        waited if waited < 12 * HOUR => 12 * HOUR,
        waited => (waited / DAY + 1) * DAY,
    };
    since.saturating_add(next)
}
