//! What Microsoft Entra's provisioning service does, pure: given a source directory, a
//! configuration and what the target holds, what would be sent, and why.
//!
//! Data flows `source` → `scope` → `matching` → `mapping` (`expression`) → `diff` →
//! `requests` → `plan`.

mod address;
pub mod analysis;
pub mod configuration;
pub mod cycle;
pub mod diagnostic;
pub mod example;
pub mod export;
pub mod expression;
mod object_kind;
mod order;
pub mod plan;
mod profile;
pub mod run;
pub mod source;
pub mod target;
pub mod told;
pub mod values;

/// A target attribute's path as it should be written, if it can be read at all.
#[must_use]
pub fn mend_target(path: &str) -> Option<String> {
    target::TargetPath::parse(path).ok().map(|path| path.to_string())
}
