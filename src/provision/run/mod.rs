//! A plan carried out: at a real target as a state machine, with its log, or at an endpoint in
//! memory. It uses `plan`, `export` and what stands below them.

mod log;
mod machine;
pub mod replay;

pub use log::{Entry, Status, Subject};
pub use machine::{Ending, Outcome, Planned, Run, Sending, Turn};
