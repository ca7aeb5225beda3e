//! The seam between mappings and the expression language: a mapping's source compiled once.

use super::schema::MappingSource;
use super::surroundings::{Surroundings, chance};
use crate::provision::expression::{Attributes, Environment, Expression, Kind, Value, evaluate, parse};
use crate::provision::message::told;

/// A mapping's source, ready to run.
#[derive(Clone, Debug)]
pub(crate) enum Program {
    None,
    Attribute(String),
    Constant(String),
    Expression(Box<Expression>),
    Broken(String),
}

impl Program {
    /// Compiles; a broken one says why whenever it runs.
    pub fn compile(source: &MappingSource) -> Self {
        match source {
            MappingSource::None => Self::None,
            MappingSource::Attribute(name) => Self::Attribute(name.clone()),
            MappingSource::Constant(text) => Self::Constant(text.clone()),
            MappingSource::Expression(text) => match parse(text) {
                Ok(expression) => Self::Expression(Box::new(expression)),
                Err(error) => Self::Broken(told!("`{0}`: {1}", text, error)),
            },
        }
    }

    /// The value for one object. Chance follows from the seed, so that a plan is the same
    /// every time.
    pub fn run(&self, object: &dyn Attributes, around: &Surroundings, seed: u64) -> Result<Value, String> {
        match self {
            Self::None => Ok(Value::Null),
            Self::Attribute(name) => Ok(object.attribute(name)),
            Self::Constant(text) => Ok(Value::Text(text.clone())),
            Self::Broken(why) => Err(why.clone()),
            Self::Expression(expression) => {
                let mut random = chance(seed);
                let mut environment = Environment {
                    now: around.now,
                    random: &mut random,
                    taken: &|_| false,
                    default_domain: &around.default_domain,
                    strict_iif: false,
                    patterns: &around.patterns,
                };
                evaluate(expression, object, &mut environment).map_err(|error| error.to_string())
            }
        }
    }

    /// The source attributes it reads.
    pub fn attributes(&self) -> Vec<&str> {
        match self {
            Self::Attribute(name) => vec![name],
            Self::Expression(expression) => expression.attributes(),
            Self::None | Self::Constant(_) | Self::Broken(_) => Vec::new(),
        }
    }

    /// Whether equal inputs give different values: each object has its own chance.
    pub fn is_random(&self) -> bool {
        let random = |name: &&str| matches!(*name, "Guid" | "RandomString");
        matches!(self, Self::Expression(expression) if expression.calls().iter().any(random))
    }

    /// The function called at the top, if any.
    pub fn function(&self) -> Option<&str> {
        match self {
            Self::Expression(expression) => match &expression.kind {
                Kind::Call(function, _) => Some(function.name),
                _ => None,
            },
            _ => None,
        }
    }
}
