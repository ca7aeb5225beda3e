//! One object under evaluation, and the request for it that is under way.

use super::effect::{Exchange, Purpose};
use super::record::Trail;
use super::reply::Fault;
use super::world::{Glance, Query};
use crate::provision::address::UNUSABLE;
use crate::provision::plan::{Operation, PlannedRequest};
use serde_json::Value;
use std::collections::VecDeque;

/// How often a busy target is asked again for one request.
pub(super) const BUSY_TRIES: u32 = 6;

/// One object under evaluation; its request is under way.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub at: usize,
    pub glance: Glance,
    pub began: i64,
    pub step: Step,
    pub request: Exchange,
    pub attempt: u32,
    pub trail: Trail,
}

/// What the request under way is for.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Queries still to be asked; `true` when they are of a create whose reply was lost.
    Match(VecDeque<Query>, bool),
    /// The linked object is read.
    Read(String),
    /// The object is written; these requests are still to follow.
    Write(Box<Operation>, VecDeque<PlannedRequest>),
    /// The linked object is read with its references.
    ReadReferences(String),
    /// Its references are written.
    WriteReferences(Box<Operation>, VecDeque<PlannedRequest>),
}

impl Turn {
    /// Makes a planned request the one under way.
    pub(super) fn send(&mut self, purpose: Purpose, request: PlannedRequest) {
        let PlannedRequest { method, path, body, .. } = request;
        self.request = Exchange { purpose, source: self.glance.id.clone(), method, path, body };
        self.attempt = 0;
    }
}

/// No path can name a target object.
pub(super) fn unusable(target: &str) -> Fault {
    let message = format!("no path can name the target's id `{target}`; give the object another id");
    Fault::new(UNUSABLE, message)
}

/// A GET of one object or list.
pub(super) fn get(purpose: Purpose, source: &str, path: String) -> Exchange {
    Exchange { purpose, source: source.to_owned(), method: "GET".to_owned(), path, body: Value::Null }
}
