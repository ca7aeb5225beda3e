//! The order of a stream's events: which one is sent next, and what an outcome leaves behind.
//!
//! The journal is the queue. A stream's cursor is the number up to which every entry is told, or has a
//! row of its own that says when it is sent again or that it was given up. Three laws follow, whatever
//! a receiver answers (`tests/delivery.rs`): each event is told once, those of one resource in the order
//! of their numbers, and none is lost. A cursor moves in the same step that settles its entry.

/// How often an event is sent before it is given up; with the longest pause about a day.
pub const ATTEMPTS: i64 = 30;
/// How often in a row a receiver may fail before the whole stream pauses.
pub const PAUSES_AFTER: i64 = 3;
/// Longest pause, in milliseconds.
const LONGEST: i64 = 3_600_000;

/// How a stream stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Up to this number all is told, or has a row of its own.
    pub cursor: i64,
    /// How often in a row the receiver failed.
    pub failures: i64,
    /// Nothing is sent before this time, in milliseconds since 1970.
    pub due: i64,
    /// Why the last event was not taken; empty since the last one that was.
    pub error: String,
}

/// The earliest event of a resource that waits to be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number in the journal.
    pub seq: i64,
    /// How often it was sent.
    pub attempts: i64,
    /// Not before this time, in milliseconds since 1970.
    pub due: i64,
}

/// An entry of the journal behind the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upcoming<'a> {
    /// Its number.
    pub seq: i64,
    /// The resource that it is of.
    pub resource: &'a str,
    /// Whether the stream tells of such resources.
    pub is_covered: bool,
    /// Whether an earlier event of the resource waits to be sent again.
    pub waits: bool,
    /// Whether it has a row of its own already.
    pub has_row: bool,
}

/// What a stream does next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Where the cursor stands before anything is sent.
    pub cursor: i64,
    /// Entries that wait from now on, as an earlier one of their resource waits.
    pub behind: Vec<i64>,
    /// What is sent, and how often it was before.
    pub send: Option<(i64, i64)>,
}

/// Finds out what a stream does next: first what is due of that which waits, then what comes after
/// the cursor. `heads` has the earliest of each resource, `upcoming` is in the order of the journal.
#[must_use]
pub fn next(standing: &Standing, heads: &[Head], upcoming: &[Upcoming<'_>], now: i64) -> Step {
    let mut step = Step { cursor: standing.cursor, ..Step::default() };
    if standing.due > now {
        return step;
    }
    if let Some(head) = heads.iter().filter(|head| head.due <= now).min_by_key(|head| head.seq) {
        step.send = Some((head.seq, head.attempts));
        return step;
    }
    for entry in upcoming.iter().filter(|entry| entry.seq > standing.cursor) {
        if entry.is_covered && !entry.has_row {
            if !entry.waits {
                step.send = Some((entry.seq, 0));
                return step;
            }
            step.behind.push(entry.seq);
        }
        step.cursor = entry.seq;
    }
    step
}

/// What became of an event that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has it.
    Told,
    /// The receiver will never take it (RFC 8935 §2.4).
    Refused(String),
    /// It may go another time.
    Failed(String),
}

/// The row that an event has from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// None: it is told.
    Gone,
    /// It is sent again.
    Retry {
        /// How often it was sent.
        attempts: i64,
        /// Not before this time, in milliseconds since 1970.
        due: i64,
        /// Why.
        error: String,
    },
    /// It is given up, until an administrator has it sent again.
    Dead {
        /// How often it was sent.
        attempts: i64,
        /// Why.
        error: String,
    },
}

/// Says what an outcome leaves behind: how the stream stands, and the event's row. Both are kept in
/// one step, or an event would be sent twice.
#[must_use]
pub fn settle(
    standing: &Standing,
    (seq, attempts): (i64, i64),
    outcome: Outcome,
    now: i64,
) -> (Standing, Row) {
    let cursor = standing.cursor.max(seq);
    let attempts = attempts + 1;
    match outcome {
        Outcome::Told => (Standing { cursor, ..Standing::default() }, Row::Gone),
        Outcome::Refused(error) => {
            (Standing { cursor, error: error.clone(), ..standing.clone() }, Row::Dead { attempts, error })
        }
        Outcome::Failed(error) => {
            let failures = standing.failures + 1;
            let due = if failures >= PAUSES_AFTER {
                now + pause(failures - PAUSES_AFTER + 1)
            } else {
                standing.due
            };
            let standing = Standing { cursor, failures, due, error: error.clone() };
            let row = if attempts < ATTEMPTS {
                Row::Retry { attempts, due: now + pause(attempts), error }
            } else {
                Row::Dead { attempts, error }
            };
            (standing, row)
        }
    }
}

/// A second, then twice as long each time.
fn pause(failures: i64) -> i64 {
    let doublings = u32::try_from(failures - 1).unwrap_or(0).min(22);
    1_000_i64.checked_shl(doublings).unwrap_or(LONGEST).min(LONGEST)
}
