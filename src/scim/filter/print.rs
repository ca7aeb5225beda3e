//! Back to text, with no more parentheses than needed: `parse(print(x)) == x`.

use std::fmt;

use super::ast::{Filter, Literal, PatchPath};
use super::compile::{Compiled, Operand, Target};

impl fmt::Display for Filter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Or(parts) => join(out, parts, " or ", |part| matches!(part, Self::Or(_))),
            Self::And(parts) => join(out, parts, " and ", |part| matches!(part, Self::Or(_) | Self::And(_))),
            Self::Not(inner) => write!(out, "not ({inner})"),
            Self::Compare { path, operator, value, .. } => {
                write!(out, "{path} {} {value}", operator.as_str())
            }
            Self::Present(path) => write!(out, "{path} pr"),
            Self::ValuePath { path, filter, then } => {
                write!(out, "{path}[{filter}]")?;
                match then {
                    Some(then) => write!(out, ".{then}"),
                    None => Ok(()),
                }
            }
        }
    }
}

fn join(
    out: &mut fmt::Formatter<'_>,
    parts: &[Filter],
    separator: &str,
    grouped: impl Fn(&Filter) -> bool,
) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.write_str(separator)?;
        }
        if grouped(part) { write!(out, "({part})")? } else { write!(out, "{part}")? }
    }
    Ok(())
}

impl fmt::Display for Literal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => out.write_str("null"),
            Self::Boolean(value) => write!(out, "{value}"),
            Self::Number(value) => write!(out, "{value}"),
            Self::String(value) => write!(out, "{}", serde_json::Value::from(value.as_str())),
        }
    }
}

impl fmt::Display for PatchPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.path)?;
        if let Some(filter) = &self.filter {
            write!(out, "[{filter}]")?;
        }
        match &self.sub_attribute {
            Some(sub) => write!(out, ".{sub}"),
            None => Ok(()),
        }
    }
}

/// What a filter means, whatever its spelling: names as the schema has them, texts folded, every group in
/// parentheses. Cursors tell queries apart by it, so another form ends the cursors that clients hold.
impl fmt::Display for Compiled {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => group(out, parts, " and "),
            Self::Or(parts) => group(out, parts, " or "),
            Self::Not(inner) => write!(out, "not ({inner})"),
            Self::Compare(target, operator, operand) => {
                write!(out, "{target} {} {operand}", operator.as_str())
            }
            Self::Present(target) => write!(out, "{target} pr"),
            Self::Extended(urn) => write!(out, "{urn} pr"),
            Self::Element(target, all) => {
                write!(out, "{target}[")?;
                group(out, all, " and ")?;
                out.write_str("]")
            }
        }
    }
}

fn group(out: &mut fmt::Formatter<'_>, parts: &[Compiled], separator: &str) -> fmt::Result {
    out.write_str("(")?;
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.write_str(separator)?;
        }
        write!(out, "{part}")?;
    }
    out.write_str(")")
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.extension {
            write!(out, "{urn}:")?;
        }
        out.write_str(&self.attribute)?;
        match &self.sub_attribute {
            Some(sub) => write!(out, ".{sub}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => out.write_str("null"),
            Self::Boolean(value) => write!(out, "{value}"),
            Self::Number(value) => write!(out, "{value}"),
            Self::Text(needle) => write!(out, "{}", serde_json::Value::from(needle.as_str())),
            Self::Instant(moment) => write!(out, "@{}.{:09}", moment.millis, moment.picos),
        }
    }
}
