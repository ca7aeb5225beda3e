//! Filters (RFC 7644 §3.4.2.2): text → lex → parse → ast → check against the schema →
//! compile → evaluate; and back to text.

pub mod ast;
