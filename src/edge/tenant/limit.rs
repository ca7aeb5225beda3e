//! How fast a tenant may ask: a bucket that fills by the second and holds two seconds' worth.
//!
//! It lives in the object's memory: one that was just started begins with a full bucket,
//! which is harmless, and nothing is written to storage for it.

use std::cell::Cell;

use crate::scim::error::ScimError;
use crate::scim::http::Reply;

/// A tenant's bucket.
#[derive(Debug, Default)]
pub(in crate::edge) struct Limit {
    /// Requests that may still be answered, and when that was so in milliseconds. Below zero after a bulk
    /// request of more operations than were left.
    level: Cell<Option<(f64, f64)>>,
}

impl Limit {
    /// Takes one request out, or answers with the seconds to wait where none is left. Nothing is
    /// counted where there is no limit.
    pub fn take(&self, per_second: u32, now: f64) -> Result<(), u32> {
        if per_second == 0 {
            return Ok(());
        }
        let level = self.level(per_second, now);
        let is_empty = level < 1.0;
        self.level.set(Some((if is_empty { level } else { level - 1.0 }, now)));
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least a second")]
        let seconds = ((1.0 - level) / f64::from(per_second)).ceil().max(1.0) as u32;
        if is_empty { Err(seconds) } else { Ok(()) }
    }

    /// Takes out what a request costs that was let in and counts as more than one.
    pub fn overdraw(&self, per_second: u32, more: usize, now: f64) {
        if per_second == 0 {
            return;
        }
        #[allow(clippy::cast_precision_loss, reason = "a thousand operations")]
        self.level.set(Some((self.level(per_second, now) - more as f64, now)));
    }

    /// How many requests are left; nothing where there is no limit.
    pub fn left(&self, per_second: u32, now: f64) -> Option<u32> {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to twice a u32")]
        (per_second > 0).then(|| self.level(per_second, now).max(0.0) as u32)
    }

    fn level(&self, per_second: u32, now: f64) -> f64 {
        let rate = f64::from(per_second);
        let full = rate * 2.0;
        let (level, at) = self.level.get().unwrap_or((full, now));
        (level + (now - at).max(0.0) / 1000.0 * rate).min(full)
    }
}

/// What a caller is told that came too fast.
pub(in crate::edge) fn refusal(per_second: u32, seconds: u32) -> Reply {
    let detail = format!("more than {per_second} requests a second; try again in {seconds} s");
    let mut reply = Reply::error(&ScimError::new(429, detail));
    reply.headers.push(("Retry-After".into(), seconds.to_string()));
    tell(&mut reply, per_second, Some(0));
    reply
}

/// Says in a reply's headers how many requests are left of how many, and in how many
/// seconds the bucket is full again.
pub(in crate::edge) fn tell(reply: &mut Reply, per_second: u32, left: Option<u32>) {
    let Some(left) = left else { return };
    let full = per_second.saturating_mul(2);
    let wait = full.saturating_sub(left).div_ceil(per_second.max(1));
    for (name, value) in
        [("X-RateLimit-Limit", full), ("X-RateLimit-Remaining", left), ("X-RateLimit-Reset", wait)]
    {
        reply.headers.push((name.into(), value.to_string()));
    }
}
