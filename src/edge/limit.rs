//! How fast a tenant may ask: a bucket that fills by the second and holds two seconds' worth.
//!
//! It lives in the object's memory: one that was just started begins with a full bucket,
//! which is harmless, and nothing is written to storage for it.

use std::cell::Cell;

use crate::scim::http::Reply;

/// A tenant's bucket.
#[derive(Debug, Default)]
pub(super) struct Limit {
    /// Requests that may still be answered, and when that was so in milliseconds.
    level: Cell<Option<(f64, f64)>>,
}

impl Limit {
    /// Takes one request out, and answers with how many are left, or with the seconds to
    /// wait when there is none. Nothing is counted where there is no limit.
    pub fn take(&self, per_second: u32, now: f64) -> Result<Option<u32>, u32> {
        if per_second == 0 {
            return Ok(None);
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
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to twice a u32")]
        Ok(Some((level - 1.0) as u32))
    }
}

/// Says in a reply's headers how many requests are left of how many, and in how many
/// seconds the bucket is full again.
pub(super) fn tell(reply: &mut Reply, per_second: u32, left: Option<u32>) {
    let Some(left) = left else { return };
    let full = per_second.saturating_mul(2);
    let wait = full.saturating_sub(left).div_ceil(per_second.max(1));
    for (name, value) in
        [("X-RateLimit-Limit", full), ("X-RateLimit-Remaining", left), ("X-RateLimit-Reset", wait)]
    {
        reply.headers.push((name.into(), value.to_string()));
    }
}
