//! What expressions read and what they yield.

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
