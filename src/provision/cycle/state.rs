//! A cycle under way, as all of its parts see it.

use super::job::{Job, Running, Tracked};
use super::settings::Settings;
use super::turn::Turn;
use super::world::World;
use std::collections::{BTreeSet, VecDeque};

/// Requests in a row without a reply, after which a cycle is given up.
pub(super) const SILENCE: u32 = 10;

/// What is done before objects are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// This page of the source is read.
    Source(usize),
    /// The connection is tested with a query for users, then for groups.
    Test { group: bool },
    /// Objects are evaluated.
    Objects,
    /// Nothing is left.
    Done,
}

/// A cycle under way.
pub struct Cycle {
    pub(super) job: Job,
    pub(super) settings: Settings,
    pub(super) world: World,
    /// Each object's fingerprint, in the world's order.
    pub(super) prints: Vec<String>,
    /// Whether the schema can be used at all.
    pub(super) broken: Option<String>,
    pub(super) configuration: String,
    pub(super) probe: String,
    pub(super) stage: Stage,
    pub(super) queue: VecDeque<usize>,
    pub(super) turn: Option<Turn>,
    pub(super) wait: Option<i64>,
    pub(super) silent: u32,
    pub(super) touched: BTreeSet<String>,
    /// The time of the call under way.
    pub(super) clock: i64,
}

impl Cycle {
    pub(super) fn running(&mut self) -> &mut Running {
        self.job.head.running.get_or_insert_with(Running::default)
    }

    pub(super) fn is_on_demand(&self) -> bool {
        self.job.head.running.as_ref().is_some_and(|running| !running.on_demand.is_empty())
    }

    /// The record of an object, to change it.
    pub(super) fn tracked(&mut self, id: &str, group: bool) -> &mut Tracked {
        self.touched.insert(id.to_owned());
        let tracked = self.job.objects.entry(id.to_owned()).or_default();
        tracked.group = group;
        tracked
    }
}
