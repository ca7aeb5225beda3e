//! The effort of one request: a counter of steps that ends what costs too much.
//!
//! The clock stands still while the Worker computes, so work is counted and not timed. One step is
//! about 50 ns on the machine that `benches/` names: comparing a short value, looking at an attribute,
//! copying 64 bytes. Everything whose cost a client chooses charges what it really does, before it does it.

use std::cell::Cell;

use crate::scim::error::{ScimError, ScimType};

/// Counts the steps of one request.
///
/// ```
/// use provisor::scim::effort::Effort;
/// let effort = Effort::new(10);
/// assert!(effort.charge(10).is_ok());
/// assert!(effort.charge(1).is_err());
/// ```
#[derive(Debug)]
pub struct Effort {
    left: Cell<u64>,
}

/// The steps of a request are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted;

impl Effort {
    /// A counter that allows this many steps.
    #[must_use]
    pub fn new(steps: u64) -> Self {
        Self { left: Cell::new(steps) }
    }

    /// Takes steps away.
    ///
    /// # Errors
    /// [`Exhausted`] when fewer are left; then none are left for anything that follows.
    pub fn charge(&self, steps: u64) -> Result<(), Exhausted> {
        match self.left.get().checked_sub(steps) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => {
                self.left.set(0);
                Err(Exhausted)
            }
        }
    }

    /// Takes the steps that handling this many bytes costs: one, and one for each 64.
    ///
    /// # Errors
    /// As [`Effort::charge`].
    pub fn charge_bytes(&self, bytes: usize) -> Result<(), Exhausted> {
        self.charge(1 + bytes as u64 / 64)
    }

    /// How many steps are left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left.get()
    }
}

impl Exhausted {
    /// For a search: 400 `tooMany` (RFC 7644 §3.4.2.1 and table 9).
    #[must_use]
    pub fn of_search(self) -> ScimError {
        let detail = "the search would take too long; add a comparison such as `userName eq \"…\"`, or ask for fewer attributes";
        ScimError::bad(ScimType::TooMany, detail)
    }

    /// For a write: 413 (RFC 7644 §3.12), with nothing changed.
    #[must_use]
    pub fn of_write(self) -> ScimError {
        let detail = "the request would take too long and nothing was changed; send fewer operations or fewer values at a time";
        ScimError::new(413, detail)
    }
}
