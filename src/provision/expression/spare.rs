//! How much regular expressions may still search.

use crate::provision::message::told;
use std::cell::Cell;
use std::rc::Rc;

/// What is said where a pattern has taken too long.
pub(crate) const TOO_LONG: &str =
    told!("the pattern takes too long on this text; do not repeat what is itself repeated, as in `(a+)+`");

/// What the patterns of one plan may cost beyond what each text allows, in steps back. Tenants
/// share the thread at the edge, so that it is some seconds there.
const SPARE: u64 = if cfg!(feature = "edge") { 60_000_000 } else { 10_000_000_000 };

/// What may still be spent, in steps back. A clone is the same one.
#[derive(Clone, Debug)]
pub(crate) struct Spare(Rc<Cell<u64>>);

impl Default for Spare {
    fn default() -> Self {
        Self(Rc::new(Cell::new(SPARE)))
    }
}

impl Spare {
    /// Spends some; the error is in words.
    pub(crate) fn spend(&self, steps: u64) -> Result<(), &'static str> {
        let left = self.0.get().checked_sub(steps);
        self.0.set(left.unwrap_or(0));
        left.map(|_| ()).ok_or(TOO_LONG)
    }
}
