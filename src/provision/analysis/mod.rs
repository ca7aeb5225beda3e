//! What is asked of a plan once it stands: surveys, searches, comparisons, findings, and one object
//! from within. It uses `plan` and all rooms below it.

mod compare;
mod inspect;
mod lint;
mod search;
mod sight;
mod survey;
pub mod tally;
pub mod untaken;
pub mod unused;

pub use compare::{
    Comparing, Difference, DifferentRow, DifferentRows, Effect, ValueChange, compare, different_rows,
};
pub use inspect::{Inside, Outcome, Part, SourceAttribute};
pub use search::Search;
pub use survey::{Findings, Survey};
