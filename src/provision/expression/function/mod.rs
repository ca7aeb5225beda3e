//! The functions, one family a file, and what the page and the command line tell about
//! them: name, parameters, one line of help, the keys of Entra's stored tree.

mod chance;
mod dates;
mod encode;
mod list;
mod logic;
mod number;
mod replace;
mod role;
mod text;
mod words;

use super::Expression;
use super::eval::{Call, Outcome};

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

/// A required parameter.
pub(crate) const fn need(name: &'static str, key: &'static str) -> Parameter {
    Parameter { name, key, need: Need::Required }
}

/// A parameter whose slot may be empty.
pub(crate) const fn slot(name: &'static str, key: &'static str) -> Parameter {
    Parameter { name, key, need: Need::Slot }
}

/// A parameter that may be left out.
pub(crate) const fn maybe(name: &'static str, key: &'static str) -> Parameter {
    Parameter { name, key, need: Need::Optional }
}

/// A parameter that may be given again and again.
pub(crate) const fn many(name: &'static str, key: &'static str) -> Parameter {
    Parameter { name, key, need: Need::Repeated }
}

/// A function of app provisioning.
const fn entra(
    name: &'static str,
    parameters: &'static [Parameter],
    about: &'static str,
    run: Run,
) -> Function {
    Function { name, parameters, about, cloud_sync: false, run }
}

/// A function of AD cloud sync.
const fn cloud_sync(
    name: &'static str,
    parameters: &'static [Parameter],
    about: &'static str,
    run: Run,
) -> Function {
    Function { name, parameters, about, cloud_sync: true, run }
}

static FAMILIES: [&[Function]; 10] = [
    &logic::FUNCTIONS,
    &text::FUNCTIONS,
    &words::FUNCTIONS,
    &replace::FUNCTIONS,
    &list::FUNCTIONS,
    &role::FUNCTIONS,
    &number::FUNCTIONS,
    &dates::FUNCTIONS,
    &encode::FUNCTIONS,
    &chance::FUNCTIONS,
];

/// Every function.
pub fn functions() -> impl Iterator<Item = &'static Function> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// The function of that exact name.
pub fn find(name: &str) -> Option<&'static Function> {
    functions().find(|function| function.name == name)
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
