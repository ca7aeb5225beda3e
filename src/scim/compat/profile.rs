//! A tenant's profile: one of the ready ones, and the flags by which it differs.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::quirk::{Flag, QUIRKS, Quirk};

/// The quirks that a tenant reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    ready: Ready,
    flags: u32,
}

/// The profiles that have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ready {
    Default,
    Strict,
    Microsoft,
}

/// What the profile for Microsoft's suites reads beside what the default one does.
const OF_MICROSOFT: [Flag; 1] = [Flag::FilterWords];

impl Profile {
    /// RFC 7643 and RFC 7644 to the letter.
    pub const STRICT: Self = Self { ready: Ready::Strict, flags: 0 };
    /// Takes what every known directory sends, and does the safe thing with it.
    pub const DEFAULT: Self = {
        let (mut flags, mut rest) = (0, QUIRKS.as_slice());
        while let [quirk, others @ ..] = rest {
            flags |= if quirk.by_default { 1 << quirk.flag as u32 } else { 0 };
            rest = others;
        }
        Self { ready: Ready::Default, flags }
    };
    /// The default one, with what Microsoft's documents and its collection of requests print. The
    /// settings of a tenant follow it, too ([`crate::scim::directory::Settings`]).
    pub const MICROSOFT: Self = {
        let (mut flags, mut rest) = (Self::DEFAULT.flags, OF_MICROSOFT.as_slice());
        while let [flag, others @ ..] = rest {
            flags |= 1 << *flag as u32;
            rest = others;
        }
        Self { ready: Ready::Microsoft, flags }
    };
    const READY: [(&'static str, Self); 3] =
        [("default", Self::DEFAULT), ("strict", Self::STRICT), ("microsoft", Self::MICROSOFT)];

    /// Whether the quirk is read.
    pub const fn has(self, flag: Flag) -> bool {
        self.flags & (1 << flag as u32) != 0
    }

    /// The same with one quirk read, or not.
    #[must_use]
    pub const fn with(self, flag: Flag, read: bool) -> Self {
        let bit = 1 << flag as u32;
        Self { flags: if read { self.flags | bit } else { self.flags & !bit }, ..self }
    }

    /// Whether no quirk is read.
    pub const fn is_strict(self) -> bool {
        self.flags == 0
    }

    /// Whether it is the one for Microsoft's suites, or that but for some flags.
    pub const fn is_for_microsoft(self) -> bool {
        matches!(self.ready, Ready::Microsoft)
    }

    /// The ready one that it differs from, with its name.
    fn ready(self) -> (&'static str, Self) {
        let [default, ..] = Self::READY;
        Self::READY.into_iter().find(|(_, ready)| ready.ready == self.ready).unwrap_or(default)
    }

    fn named(name: &Value) -> Option<Self> {
        Self::READY.iter().find(|(known, _)| name == known).map(|(_, profile)| *profile)
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, ready) = self.ready();
        if *self == ready {
            return serializer.serialize_str(name);
        }
        let from = (ready.ready != Ready::Default).then(|| ("from", Value::from(name)));
        let differs = |quirk: &&Quirk| self.has(quirk.flag) != ready.has(quirk.flag);
        let flags = QUIRKS.iter().filter(differs);
        serializer
            .collect_map(from.into_iter().chain(flags.map(|quirk| (quirk.name, self.has(quirk.flag).into()))))
    }
}

/// `"default"`, `"strict"`, `"microsoft"`, or the flags that differ from the default:
/// `{"booleanText": false}`, from another profile with `{"from": "strict", "opCase": true}`. A boolean
/// says "strict".
impl<'de> Deserialize<'de> for Profile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let named = |name: &Value| {
            Self::named(name).ok_or_else(|| {
                let known: Vec<_> = Self::READY.iter().map(|(name, _)| format!("`{name}`")).collect();
                let known = known.join(", ");
                D::Error::custom(format!("no profile {name}; send {known} or an object of flags"))
            })
        };
        match Value::deserialize(deserializer)? {
            Value::Bool(strict) => Ok(if strict { Self::STRICT } else { Self::DEFAULT }),
            Value::Object(flags) => {
                let from = flags.get("from").map_or(Ok(Self::DEFAULT), named)?;
                with_flags(from, &flags).map_err(D::Error::custom)
            }
            other => named(&other),
        }
    }
}

fn with_flags(from: Profile, flags: &Map<String, Value>) -> Result<Profile, String> {
    flags.iter().filter(|(name, _)| *name != "from").try_fold(from, |profile, (name, read)| {
        match (QUIRKS.iter().find(|quirk| quirk.name == name), read) {
            (Some(quirk), Value::Bool(read)) => Ok(profile.with(quirk.flag, *read)),
            (Some(_), other) => Err(format!("`{name}` is `{other}`; send `true` or `false`")),
            (None, _) => {
                let known: Vec<_> = QUIRKS.iter().map(|quirk| quirk.name).collect();
                Err(format!("no flag `{name}`; there are {}", known.join(", ")))
            }
        }
    })
}
