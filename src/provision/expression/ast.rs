//! The expression as a tree. Functions are resolved while parsing, so that evaluation
//! never looks a name up.

use super::function::Function;
use crate::scim::span::Span;

/// One expression and the text it was read from. Equality ignores where it stood.
#[derive(Clone, Debug)]
pub struct Expression {
    /// What it is.
    pub kind: Kind,
    /// Where it stands in the text.
    pub span: Span,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// The kinds of expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `[name]`: the source object's attribute.
    Attribute(String),
    /// `"text"`, without its escapes.
    Text(String),
    /// `2` or `&HF`, as spelled.
    Number(String),
    /// A bare word such as `vbTextCompare`.
    Word(String),
    /// `Name(argument, , argument)`; `None` is an omitted argument.
    Call(&'static Function, Vec<Option<Expression>>),
    /// `left = right`: a condition.
    Compare(Box<Expression>, Operator, Box<Expression>),
    /// `a & b & c`: documented for AD cloud sync only.
    Concat(Vec<Expression>),
}

/// How a condition compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `<>`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Operator {
    /// Every operator and its spelling.
    const ALL: [(Self, &'static str); 6] = [
        (Self::Equal, "="),
        (Self::Unequal, "<>"),
        (Self::Less, "<"),
        (Self::AtMost, "<="),
        (Self::Greater, ">"),
        (Self::AtLeast, ">="),
    ];

    /// Its spelling.
    pub fn symbol(self) -> &'static str {
        Self::ALL.iter().find(|(operator, _)| *operator == self).map_or("=", |(_, symbol)| symbol)
    }

    /// The operator so spelled.
    pub fn from_symbol(symbol: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == symbol).map(|(operator, _)| *operator)
    }
}

impl Expression {
    /// The source attributes it reads, in order, each once.
    pub fn attributes(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        self.visit(&mut |expression| {
            if let Kind::Attribute(name) = &expression.kind
                && !names.iter().any(|known| known.eq_ignore_ascii_case(name))
            {
                names.push(name);
            }
        });
        names
    }

    /// The names of the functions called, outer ones first.
    pub fn calls(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        self.visit(&mut |expression| {
            if let Kind::Call(function, _) = &expression.kind {
                names.push(function.name);
            }
        });
        names
    }

    /// Shows every expression inside, itself first.
    pub(crate) fn visit<'a>(&'a self, show: &mut impl FnMut(&'a Expression)) {
        show(self);
        for child in self.children() {
            child.visit(show);
        }
    }

    /// The expressions directly inside.
    pub(crate) fn children(&self) -> Vec<&Expression> {
        match &self.kind {
            Kind::Attribute(_) | Kind::Text(_) | Kind::Number(_) | Kind::Word(_) => Vec::new(),
            Kind::Call(_, arguments) => arguments.iter().flatten().collect(),
            Kind::Compare(left, _, right) => vec![left, right],
            Kind::Concat(parts) => parts.iter().collect(),
        }
    }
}
