//! Entra's expression language for attribute mappings: text → lex → parse → ast →
//! evaluate, with a printer and a trace.

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

/// Where expressions read source attributes from.
pub trait Attributes {
    /// The attribute's value; [`Value::Null`] when absent. Names compare without ASCII case.
    fn attribute(&self, name: &str) -> Value;
}
