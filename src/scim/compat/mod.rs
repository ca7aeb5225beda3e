//! Compatibility profiles: directories and conformance suites ask for opposite things, so
//! each tenant says which habits it reads. What directories send is made strict here, before
//! the strict meaning of RFC 7643 and RFC 7644 begins; each change can be told.

mod quirk;
mod resource;
mod value;

pub use quirk::{Flag, QUIRKS, Quirk};
pub(crate) use resource::{canonical_urn, with_colon};
pub(crate) use value::At;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::schema::{Registry, ResourceType};

/// Most readings kept of one request.
const MAX_READINGS: usize = 100;
/// Longest value that a reading repeats, in bytes of its texts; what is longer is told as `…`.
const MAX_TOLD: usize = 4_000;

/// The quirks that a tenant reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile(u32);

impl Profile {
    /// RFC 7643 and RFC 7644 to the letter.
    pub const STRICT: Self = Self(0);
    /// Takes what every known directory sends, and does the safe thing with it.
    pub const DEFAULT: Self = {
        let (mut bits, mut rest) = (0, QUIRKS.as_slice());
        while let [quirk, others @ ..] = rest {
            bits |= if quirk.by_default { 1 << quirk.flag as u32 } else { 0 };
            rest = others;
        }
        Self(bits)
    };

    /// Whether the quirk is read.
    pub const fn has(self, flag: Flag) -> bool {
        self.0 & (1 << flag as u32) != 0
    }

    /// The same with one quirk read, or not.
    #[must_use]
    pub const fn with(self, flag: Flag, read: bool) -> Self {
        let bit = 1 << flag as u32;
        Self(if read { self.0 | bit } else { self.0 & !bit })
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::DEFAULT => serializer.serialize_str("default"),
            Self::STRICT => serializer.serialize_str("strict"),
            _ => serializer.collect_map(
                QUIRKS
                    .iter()
                    .filter(|quirk| self.has(quirk.flag) != quirk.by_default)
                    .map(|quirk| (quirk.name, self.has(quirk.flag))),
            ),
        }
    }
}

/// `"default"`, `"strict"`, or the flags that differ from the default: `{"booleanText": false}`,
/// from another profile with `{"from": "strict", "opCase": true}`. A boolean says "strict".
impl<'de> Deserialize<'de> for Profile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let named = |name: &Value| match name.as_str() {
            Some("default") => Ok(Self::DEFAULT),
            Some("strict") => Ok(Self::STRICT),
            _ => Err(D::Error::custom(format!(
                "no profile {name}; send `default`, `strict` or an object of flags"
            ))),
        };
        match Value::deserialize(deserializer)? {
            Value::Bool(strict) => Ok(if strict { Self::STRICT } else { Self::DEFAULT }),
            Value::Object(flags) => {
                let from = flags.get("from").map_or(Ok(Self::DEFAULT), named)?;
                flags.iter().filter(|(name, _)| *name != "from").try_fold(from, |profile, (name, read)| {
                    let quirk = QUIRKS.iter().find(|quirk| quirk.name == name);
                    match (quirk, read) {
                        (Some(quirk), Value::Bool(read)) => Ok(profile.with(quirk.flag, *read)),
                        (Some(_), other) => {
                            Err(D::Error::custom(format!("`{name}` is `{other}`; send `true` or `false`")))
                        }
                        (None, _) => {
                            let known: Vec<_> = QUIRKS.iter().map(|quirk| quirk.name).collect();
                            Err(D::Error::custom(format!("no flag `{name}`; there are {}", known.join(", "))))
                        }
                    }
                })
            }
            other => named(&other),
        }
    }
}

/// What was read how.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reading {
    /// The quirk's name.
    pub flag: &'static str,
    /// Where in the request.
    pub path: String,
    /// What was sent.
    pub from: Value,
    /// What it was read as; null when it was passed over.
    pub to: Value,
}

/// Reads requests by a profile, and notes what it read how.
pub struct Reader<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) kind: &'a ResourceType,
    pub(crate) profile: Profile,
    /// What was read how, in order; the first hundred.
    pub readings: Vec<Reading>,
}

impl<'a> Reader<'a> {
    /// A reader for resources of one type.
    pub const fn new(registry: &'a Registry, kind: &'a ResourceType, profile: Profile) -> Self {
        Self { registry, kind, profile, readings: Vec::new() }
    }

    /// Whether the quirk is read; notes it if so.
    pub(crate) fn reads(
        &mut self,
        flag: Flag,
        path: impl FnOnce() -> String,
        from: &Value,
        to: impl FnOnce() -> Value,
    ) -> bool {
        let reads = self.profile.has(flag);
        if reads {
            note(&mut self.readings, flag, path, from, to);
        }
        reads
    }

    /// A resource as sent, made strict. What no quirk covers stays, for the schema to judge.
    pub fn resource(&mut self, body: Map<String, Value>) -> Map<String, Value> {
        resource::read(self, body)
    }
}

/// Adds a reading, within the limit.
pub(crate) fn note(
    readings: &mut Vec<Reading>,
    flag: Flag,
    path: impl FnOnce() -> String,
    from: &Value,
    to: impl FnOnce() -> Value,
) {
    if readings.len() < MAX_READINGS {
        let (from, to) = match text_within(from, MAX_TOLD) {
            Some(_) => (from.clone(), to()),
            None => ("…".into(), "…".into()),
        };
        readings.push(Reading { flag: flag.name(), path: path(), from, to });
    }
}

/// What is left of so many bytes after all texts of a value, if anything is.
fn text_within(value: &Value, left: usize) -> Option<usize> {
    match value {
        Value::String(text) => left.checked_sub(text.len()),
        Value::Array(items) => {
            items.iter().try_fold(left, |left, item| text_within(item, left.checked_sub(1)?))
        }
        Value::Object(map) => map
            .iter()
            .try_fold(left, |left, (name, item)| text_within(item, left.checked_sub(name.len() + 1)?)),
        _ => Some(left),
    }
}
