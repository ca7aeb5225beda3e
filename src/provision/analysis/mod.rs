//! What is asked of a plan once it stands: surveys, searches, comparisons, findings, and one object
//! from within. It uses `plan` and all rooms below it.

pub mod branch_coverage;
mod compare;
mod draft_edit;
mod inspect;
mod lint;
mod search;
pub mod statistics;
mod survey;
pub mod unused_columns;

pub use compare::{
    Comparing, Difference, DifferentRow, DifferentRows, Effect, ValueChange, compare, different_rows,
};
pub use inspect::{Inside, Outcome, Part, SourceAttribute};
pub use search::Search;
pub use survey::{Findings, Survey};
