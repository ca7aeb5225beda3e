//! What the outside lends to an evaluation, and the evaluation under way.

use super::{Attributes, ExpressionError, Patterns, Value};
use std::collections::HashMap;

/// What an evaluation gives.
pub(crate) type Outcome = Result<Value, ExpressionError>;

/// What the outside lends to an evaluation.
pub struct Environment<'e> {
    /// The time, in milliseconds since 1970-01-01 UTC.
    pub now: i64,
    /// Random bits for `Guid` and `RandomString`.
    pub random: &'e mut dyn FnMut() -> u64,
    /// Whether the target holds a value already, for `SelectUniqueValue`.
    pub taken: &'e dyn Fn(&str) -> bool,
    /// The tenant's default verified domain.
    pub default_domain: &'e str,
    /// A condition that reads an absent or empty attribute fails, as documented, instead
    /// of being evaluated, as Entra's own templates expect.
    pub strict_iif: bool,
    /// The regular expressions that were compiled for the same plan.
    pub patterns: &'e Patterns,
}

/// One evaluation under way.
pub(crate) struct Context<'a, 'e> {
    pub(crate) attributes: &'a dyn Attributes,
    pub(crate) environment: &'a mut Environment<'e>,
    /// What each sub-expression gave, by its address, when a trace is wanted.
    pub(crate) seen: Option<HashMap<usize, Outcome>>,
}
