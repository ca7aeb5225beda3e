//! What Microsoft Entra's provisioning service does, pure: given a source directory, a
//! configuration and what the target holds, what would be sent, and why.
//!
//! Data flows `source` → `scope` → `matching` → `mapping` (`expression`) → `diff` →
//! `requests` → `plan`.

mod address;
mod column;
pub mod compare;
pub mod configuration;
mod created;
pub mod cycle;
mod decide;
pub mod engine;
pub mod example;
pub mod export;
pub mod expression;
pub mod html;
pub mod inspect;
mod lint;
pub mod loading;
mod matching;
mod order;
mod plan;
mod planning;
mod profile;
mod reference;
pub mod replay;
pub mod report;
mod requests;
pub mod run;
pub mod run_log;
pub mod search;
mod sight;
pub mod source;
pub mod survey;
pub mod tally;
pub mod target;
pub mod told;
pub mod untaken;
pub mod unused;
mod values;

/// A target attribute's path as it should be written, if it can be read at all.
#[must_use]
pub fn mend_target(path: &str) -> Option<String> {
    target::TargetPath::parse(path).ok().map(|path| path.to_string())
}
