//! Tree → text, in the spelling that Entra's editor uses: `", "` between arguments, an
//! omitted argument as an empty slot. `parse(print(x)) == x`.

use super::{Expression, Kind};
use std::fmt::{Display, Formatter, Result, Write};

impl Display for Expression {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match &self.kind {
            Kind::Attribute(name) => write!(out, "[{name}]"),
            Kind::Text(text) => quote(out, text),
            Kind::Number(spelling) => out.write_str(spelling),
            Kind::Word(word) => out.write_str(word),
            Kind::Call(function, arguments) => {
                write!(out, "{}(", function.name)?;
                for (index, argument) in arguments.iter().enumerate() {
                    if index > 0 {
                        out.write_str(", ")?;
                    }
                    if let Some(argument) = argument {
                        write!(out, "{argument}")?;
                    }
                }
                out.write_char(')')
            }
            Kind::Compare(left, operator, right) => write!(out, "{left} {} {right}", operator.symbol()),
            Kind::Concat(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        out.write_str(" & ")?;
                    }
                    write!(out, "{part}")?;
                }
                Ok(())
            }
        }
    }
}

/// Writes `text` in double quotes with its escapes.
fn quote(out: &mut Formatter<'_>, text: &str) -> Result {
    out.write_char('"')?;
    for next in text.chars() {
        if matches!(next, '"' | '\\') {
            out.write_char('\\')?;
        }
        out.write_char(next)?;
    }
    out.write_char('"')
}
