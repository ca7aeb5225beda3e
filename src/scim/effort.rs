//! The effort of one request: a counter of steps that ends what costs too much.
//!
//! The clock stands still while the Worker computes, so work is counted and not timed. One step is
//! about 50 ns on the machine that `benches/` names: comparing a short value, looking at an attribute,
//! copying 64 bytes. Everything whose cost a client chooses charges what it really does, before it does it.
//! `docs/limits.md` lists what is charged, and `cargo bench --bench effort` measures what a step costs.

use std::cell::Cell;
use std::fmt;

use crate::scim::error::{ScimError, ScimType};

/// Bytes that a request may hold at once beside one page of rows: its reply, and what it sorts and joins.
pub const ROOM: usize = 16 << 20;

/// Counts the steps of one request, and the bytes that it holds.
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
    room: Cell<usize>,
}

/// The steps of a request are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted;

/// A request would hold more bytes than [`ROOM`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl Effort {
    /// A counter that allows this many steps.
    #[must_use]
    pub const fn new(steps: u64) -> Self {
        Self { left: Cell::new(steps), room: Cell::new(ROOM) }
    }

    /// A counter for work that no client chooses.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self { left: Cell::new(u64::MAX), room: Cell::new(usize::MAX) }
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

    /// Takes the steps that reading or writing this many bytes of JSON costs: one, and one for each 4.
    ///
    /// # Errors
    /// As [`Effort::charge`].
    pub fn charge_json(&self, bytes: usize) -> Result<(), Exhausted> {
        self.charge(1 + bytes as u64 / 4)
    }

    /// Takes room for bytes that are held until the reply, or until they are released.
    ///
    /// # Errors
    /// [`Full`] when there is less room; then none is taken.
    pub fn hold(&self, bytes: usize) -> Result<(), Full> {
        self.room.set(self.room.get().checked_sub(bytes).ok_or(Full)?);
        Ok(())
    }

    /// Gives back room that was taken.
    pub fn release(&self, bytes: usize) {
        self.room.set(self.room.get().saturating_add(bytes));
    }

    /// How many steps are left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left.get()
    }

    /// How many bytes of room are left.
    #[must_use]
    pub fn room(&self) -> usize {
        self.room.get()
    }
}

impl fmt::Display for Exhausted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the request's steps are used up")
    }
}

impl fmt::Display for Full {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the request would hold too many bytes")
    }
}

impl std::error::Error for Exhausted {}
impl std::error::Error for Full {}

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

impl Full {
    /// For a search: 400 `tooMany`.
    #[must_use]
    pub fn of_search(self) -> ScimError {
        let detail = "the answer would be too long; ask for fewer, page by `cursor`, or leave out what is long: `excludedAttributes=members,groups`";
        ScimError::bad(ScimType::TooMany, detail)
    }

    /// For one resource: 413.
    #[must_use]
    pub fn of_read(self) -> ScimError {
        let mib = ROOM >> 20;
        let detail = format!(
            "the resource would be shown in more than {mib} MiB; ask without members: `excludedAttributes=members,groups`"
        );
        ScimError::new(413, detail)
    }
}
