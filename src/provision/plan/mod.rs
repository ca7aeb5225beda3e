//! The plan: who is in scope, who is whom, what becomes of everyone and in which requests, with the
//! engine in front. It uses `configuration` and all rooms below it.

mod column;
mod decide;
mod engine;
mod error_code;
mod loading;
mod matching;
mod operation;
pub(crate) mod placeholder;
pub mod quarantine_rule;
mod reference;
mod report;
mod requests;
mod rules;
mod settlement;
mod side;
mod stages;
mod standing;

pub(crate) use decide::{Decision, Marker, Outline, Verdict, decisions, edits, marks, outline};
pub use engine::Engine;
pub(crate) use error_code::error_code;
pub use loading::Loading;
pub(crate) use operation::Planner;
pub(crate) use reference::IdRoutes;
pub use report::{
    Change, CreatedReference, Identity, Operation, PlannedRequest, Problem, Row, ScopeStep, Summary,
};
pub(crate) use requests::match_path;
pub(crate) use settlement::{Link, Settled};
pub(crate) use side::{Side, side};
pub(crate) use standing::is_inactive;
