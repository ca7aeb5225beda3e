//! Back to text, with no more parentheses than needed: `parse(print(x)) == x`.

use std::fmt;

use super::ast::{Filter, Literal, PatchPath};

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
