//! The seam between mappings and the expression language: a mapping's source compiled
//! once, and the clock and chance that expressions may not find by themselves.

use super::schema_json::MappingSource;
use crate::provision::expression::patterns::{Patterns, Spare};
use crate::provision::expression::regex::Regex;
use crate::provision::expression::{Attributes, Environment, Expression, Kind, Value, evaluate, parse};
use crate::provision::told::told;

/// What expressions are lent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Surroundings {
    /// Milliseconds since 1970-01-01 UTC.
    pub now: i64,
    /// The source tenant's default verified domain.
    pub default_domain: String,
    /// The regular expressions of the plan, compiled.
    pub patterns: Patterns,
}

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

/// What an object's chance begins with: it differs by moment, target attribute and object,
/// and by nothing else.
pub(crate) fn seed(around: &Surroundings, target: &str, id: &str) -> u64 {
    // FNV-1a, the parts kept apart by a byte that no UTF-8 has.
    let bytes = around.now.to_le_bytes().into_iter().chain(target.bytes()).chain([0xff]).chain(id.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Numbers that follow from a seed.
pub(crate) fn chance(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || splitmix(&mut state)
}

fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut bits = *state;
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A filter's regular expression, in .NET's syntax, found anywhere in the value.
pub(crate) struct Pattern {
    text: String,
    regex: Regex,
}

impl Pattern {
    /// Compiles; the error is in words.
    pub fn compile(text: &str) -> Result<Self, String> {
        Ok(Self { text: text.to_owned(), regex: Regex::new(text, Spare::default())? })
    }

    /// Whether it is found. A value too long to search is not matched.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.matches(text).is_ok_and(|found| !found.is_empty())
    }
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
