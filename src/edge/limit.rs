//! How fast a tenant may ask: a bucket that fills by the second and holds two seconds' worth.
//!
//! It lives in the object's memory: one that was just started begins with a full bucket,
//! which is harmless, and nothing is written to storage for it.

use std::cell::Cell;

/// A tenant's bucket.
#[derive(Debug, Default)]
pub(super) struct Limit {
    /// Requests that may still be answered, and when that was so in milliseconds.
    level: Cell<Option<(f64, f64)>>,
}

impl Limit {
    /// Takes one request out; answers with the seconds to wait when there is none left.
    pub fn take(&self, per_second: u32, now: f64) -> Result<(), u32> {
        if per_second == 0 {
            return Ok(());
        }
        let rate = f64::from(per_second);
        let full = rate * 2.0;
        let (level, at) = self.level.get().unwrap_or((full, now));
        let level = (level + (now - at).max(0.0) / 1000.0 * rate).min(full);
        if level < 1.0 {
            self.level.set(Some((level, now)));
            return Err(1);
        }
        self.level.set(Some((level - 1.0, now)));
        Ok(())
    }
}
