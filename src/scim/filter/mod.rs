//! Filters (RFC 7644 §3.4.2.2): text → lex → parse → ast → compile against the schema →
//! evaluate; `lower` turns one into an index predicate; `print` turns one back to text.

pub mod ast;
pub mod compile;
mod error;
pub mod eval;
mod lex;
mod parse;
mod print;
mod text;

pub use ast::{Filter, Literal, Operator, PatchPath};
pub use compile::{Compiled, compile, compile_among, compile_for};
pub use error::FilterError;
pub use eval::{matches, matches_within};
pub use parse::{
    MAX_DEPTH, MAX_LENGTH, MAX_TERMS, parse, parse_patch_path, parse_patch_path_words, parse_words,
};
pub use text::Needle;
