//! Entra's expression language for attribute mappings: text → lex → parse → ast →
//! evaluate, with a printer and a trace.
//!
//! The language is Visual Basic's in looks: calls, `[attributes]`, `"strings"`, numbers
//! and one comparison inside a condition. An empty slot between commas is an omitted
//! argument, which is not the same as `""`. Branches are evaluated only when chosen.
//!
//! The lowest room: it uses no other room of `provision`.

mod ast;
mod completion;
pub(super) mod date;
mod date_format;
mod error;
mod eval;
mod explosive;
mod fixes;
pub mod function;
mod lex;
mod lint;
mod parse;
pub(super) mod patterns;
mod print;
pub(super) mod regex;
mod regex_class;
mod regex_engine;
mod regex_nest;
mod trace;
mod tree;

pub use ast::{Expression, Kind, Operator};
pub use completion::{Completion, Suggestion, SuggestionKind, complete, complete_target};
pub use error::ExpressionError;
pub(crate) use error::nearest;
pub use eval::{Environment, evaluate};
pub use fixes::{Finding, Fix, apply, findings};
pub use function::{Function, Need, Parameter, functions};
pub use lint::{Lint, lint};
pub use parse::parse;
pub use patterns::Patterns;
pub use trace::{Node, State, trace};
pub use tree::write_trees;

/// The longest expression that Entra stores, in characters.
pub const MAX_LENGTH: usize = 10_000;

/// How deep calls may nest.
pub const MAX_DEPTH: usize = 64;

/// What an expression yields. Booleans and numbers are text, as in Entra (`True`, `42`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Absent: never flows.
    Null,
    /// One value.
    Text(String),
    /// Several values.
    List(Vec<String>),
    /// `IgnoreFlowIfNullOrEmpty`: the mapping is dropped for this object.
    Ignore,
}

impl Value {
    /// `True` or `False`, as Entra writes them.
    pub fn truth(holds: bool) -> Self {
        Self::Text(if holds { "True" } else { "False" }.into())
    }

    /// Absent, the empty text, or a list without a value.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Null | Self::Ignore => true,
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.iter().all(String::is_empty),
        }
    }

    /// A list of one is that one; an empty list is absent.
    pub fn simplify(self) -> Self {
        match self {
            Self::List(mut items) if items.len() < 2 => items.pop().map_or(Self::Null, Self::Text),
            other => other,
        }
    }

    /// The values one by one.
    pub fn items(self) -> Vec<String> {
        match self {
            Self::Null | Self::Ignore => Vec::new(),
            Self::Text(text) => vec![text],
            Self::List(items) => items,
        }
    }
}

/// Where expressions read source attributes from.
pub trait Attributes {
    /// The attribute's value; [`Value::Null`] when absent. Names compare without ASCII case.
    fn attribute(&self, name: &str) -> Value;
}
