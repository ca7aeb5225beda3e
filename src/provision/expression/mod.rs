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
mod date;
mod date_format;
mod environment;
mod error;
mod eval;
mod explosive;
mod fixes;
pub mod function;
mod lex;
mod lint;
mod parse;
mod patterns;
mod print;
pub(super) mod regex;
mod regex_class;
mod regex_engine;
mod regex_nest;
mod regex_syntax;
mod spare;
mod trace;
mod tree;
mod value;

pub use ast::{Expression, Function, Kind, MAX_DEPTH, MAX_LENGTH, Need, Operator, Parameter};
pub use completion::{Completion, Suggestion, SuggestionKind, complete, complete_target};
pub use environment::Environment;
pub use error::ExpressionError;
pub(crate) use error::nearest;
pub use eval::evaluate;
pub use fixes::{Finding, Fix, apply, findings};
pub use function::functions;
pub use lint::{Lint, lint};
pub use parse::parse;
pub use patterns::Patterns;
pub(crate) use spare::Spare;
pub use trace::{Node, State, trace};
pub use tree::write_trees;
pub use value::{Attributes, Value};
