//! The expression as a tree, and what a function is. Functions are resolved while parsing, so that
//! evaluation never looks a name up; what the page and the command line tell of one: name,
//! parameters, one line of help, the keys of Entra's stored tree.

use super::environment::{Context, Outcome};
use crate::scim::span::Span;

/// The longest expression that Entra stores, in characters.
pub const MAX_LENGTH: usize = 10_000;

/// How deep calls may nest.
pub const MAX_DEPTH: usize = 64;

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

/// A function of the language.
#[derive(Debug)]
pub struct Function {
    /// Its name; case matters.
    pub name: &'static str,
    /// Its parameters in order.
    pub parameters: &'static [Parameter],
    /// What it does, in one line.
    pub about: &'static str,
    /// Documented for AD cloud sync only; app provisioning may refuse it.
    pub cloud_sync: bool,
    /// How it is evaluated.
    pub(crate) run: Run,
}

/// How a function is evaluated.
pub(crate) type Run = fn(&mut Call<'_, '_, '_>) -> Outcome;

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// One parameter of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in the documentation.
    pub name: &'static str,
    /// Its key in Entra's stored tree.
    pub key: &'static str,
    /// Whether it must be given.
    pub need: Need,
}

/// Whether a parameter must be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Must be given.
    Required,
    /// Its slot must be there but may be empty.
    Slot,
    /// May be left out.
    Optional,
    /// May be given again and again; the repeated ones take turns.
    Repeated,
}

impl Function {
    /// How it is written, such as `Join(separator, source, …)`.
    pub fn usage(&self) -> String {
        let mut names: Vec<String> = Vec::new();
        for parameter in self.parameters {
            names.push(match parameter.need {
                Need::Optional => format!("[{}]", parameter.name),
                _ => parameter.name.to_owned(),
            });
        }
        if self.most().is_none() {
            names.push("…".into());
        }
        format!("{}({})", self.name, names.join(", "))
    }

    /// The fewest arguments.
    pub fn least(&self) -> usize {
        self.parameters.iter().filter(|parameter| parameter.need != Need::Optional).count()
    }

    /// The most arguments; `None` when the last ones repeat.
    pub fn most(&self) -> Option<usize> {
        let repeats = self.parameters.iter().any(|parameter| parameter.need == Need::Repeated);
        (!repeats).then_some(self.parameters.len())
    }

    /// Whether repeated arguments come two by two, as in `Switch`.
    pub(crate) fn pairs(&self) -> bool {
        self.parameters.iter().filter(|parameter| parameter.need == Need::Repeated).count() == 2
    }

    /// The parameter that the argument at `index` fills.
    pub fn parameter(&self, index: usize) -> Option<&'static Parameter> {
        self.parameters.get(index).or_else(|| {
            let first = self.parameters.iter().position(|parameter| parameter.need == Need::Repeated)?;
            let turns = self.parameters.len() - first;
            self.parameters.get(first + (index - first) % turns)
        })
    }

    /// The first required parameter whose argument is omitted.
    pub(crate) fn first_missing(&self, arguments: &[Option<Expression>]) -> Option<&'static str> {
        self.parameters.iter().enumerate().find_map(|(index, parameter)| {
            let given = arguments.get(index).is_some_and(Option::is_some);
            (parameter.need == Need::Required && !given).then_some(parameter.name)
        })
    }
}

/// A function at work: its arguments, each evaluated when asked for.
pub(crate) struct Call<'c, 'a, 'e> {
    pub(crate) arguments: &'c [Option<Expression>],
    pub(crate) span: Span,
    pub(crate) context: &'c mut Context<'a, 'e>,
}
