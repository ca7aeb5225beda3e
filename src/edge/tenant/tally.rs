//! A tenant's counts: gathered by the Worker, kept by the object.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Upper bounds of the latency's buckets, in milliseconds.
pub(in crate::edge) const BUCKETS: [f64; 11] =
    [5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10000.0];

/// One request as it was seen.
pub(in crate::edge) struct Observation {
    pub method: String,
    pub route: &'static str,
    pub status: u16,
    pub milliseconds: f64,
}

/// What was counted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::edge) struct Tally {
    /// `method route status` → how often.
    pub requests: BTreeMap<String, u64>,
    /// How many requests took no longer than the bucket's bound and longer than the one before.
    pub buckets: [u64; BUCKETS.len() + 1],
    /// All the time together, in milliseconds.
    pub milliseconds: f64,
}

impl Tally {
    /// Adds a request.
    pub fn add(&mut self, seen: &Observation) {
        let name = format!("{} {} {}", seen.method, seen.route, seen.status);
        *self.requests.entry(name).or_default() += 1;
        let bucket = BUCKETS.iter().position(|bound| seen.milliseconds <= *bound).unwrap_or(BUCKETS.len());
        if let Some(bucket) = self.buckets.get_mut(bucket) {
            *bucket += 1;
        }
        self.milliseconds += seen.milliseconds;
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: &Self) {
        for (name, number) in &other.requests {
            *self.requests.entry(name.clone()).or_default() += number;
        }
        for (own, other) in self.buckets.iter_mut().zip(other.buckets) {
            *own += other;
        }
        self.milliseconds += other.milliseconds;
    }
}
