//! What is wrong with a resource, as data and as a sentence.

use std::fmt;

use serde_json::{Value, json};

use crate::scim::error::{ScimError, ScimType, excerpt, shown as shown_text};

/// Most faults gathered from one resource.
const MOST: usize = 100;
/// Most faults told in one error's detail.
const TOLD: usize = 20;
/// Bytes of a detail from which on no more faults are told, and most bytes of one of them.
const ENOUGH: usize = 1_200;
const ONE: usize = 500;
/// Most characters of a faulty value that are shown.
const SHOWN: usize = 60;

/// Which rule of the schema a value breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The data type, RFC 7643 §2.3.
    Type,
    /// One value or several, §2.4.
    MultiValued,
    /// At most one primary value, §2.4.
    Primary,
    /// A required value or extension is missing, §7.
    Required,
    /// No attribute of that name, §2.1.
    Unknown,
    /// One attribute twice, in names of different case, §2.1.
    Repeated,
    /// Not one of the canonical values, §7.
    CanonicalValues,
    /// A reference that leads elsewhere, §7.
    ReferenceTypes,
    /// An immutable value would change, §7.
    Mutability,
    /// `schemas` does not name what it should, §3.
    Schemas,
    /// A name that RFC 8265 does not let a user have.
    Prepared,
}

impl Rule {
    /// The rule in one word: where there is one, the characteristic's own name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::MultiValued => "multiValued",
            Self::Primary => "primary",
            Self::Required => "required",
            Self::Unknown => "unknown",
            Self::Repeated => "repeated",
            Self::CanonicalValues => "canonicalValues",
            Self::ReferenceTypes => "referenceTypes",
            Self::Mutability => "mutability",
            Self::Schemas => "schemas",
            Self::Prepared => "prepared",
        }
    }
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The attribute's path: `emails.type`, extension attributes with their URN.
    pub path: String,
    /// The rule it breaks.
    pub rule: Rule,
    /// Where the rule stands: `RFC 7643 §2.3.2`.
    pub section: &'static str,
    /// The value as JSON, shortened; empty when it is missing or secret.
    pub found: String,
    /// What is expected, after the path: ``must be `true` or `false` ``.
    pub expected: String,
    /// The error's `scimType` if this were the only fault.
    pub scim_type: ScimType,
}

impl Fault {
    /// The fault as data.
    pub fn to_json(&self) -> Value {
        json!({
            "path": self.path,
            "rule": self.rule.as_str(),
            "section": self.section,
            "found": self.found,
            "expected": self.expected,
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` {}", shown_text(&self.path), self.expected)?;
        if !self.found.is_empty() {
            write!(out, ", not `{}`", self.found)?;
        }
        write!(out, " ({})", self.section)
    }
}

/// All that is wrong with one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    pub(super) fn push(&mut self, fault: Fault) {
        if self.0.len() < MOST {
            self.0.push(fault);
        }
    }
}

/// A value as a fault shows it.
pub(super) fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

impl From<Faults> for ScimError {
    fn from(Faults(faults): Faults) -> Self {
        let all = |wanted| faults.iter().all(|fault| fault.scim_type == wanted);
        let any = |wanted| faults.iter().any(|fault| fault.scim_type == wanted);
        let scim_type = match () {
            () if any(ScimType::InvalidSyntax) => ScimType::InvalidSyntax,
            () if all(ScimType::Mutability) => ScimType::Mutability,
            () => ScimType::InvalidValue,
        };
        let (mut told, mut length) = (Vec::new(), 0);
        for fault in faults.iter().take(TOLD) {
            if length > ENOUGH {
                break;
            }
            let text = excerpt(&fault.to_string(), 0, ONE).into_owned();
            length += text.len();
            told.push(text);
        }
        if faults.len() > told.len() {
            told.push(format!("and {} more", faults.len() - told.len()));
        }
        Self::bad(scim_type, told.join("; "))
    }
}
