//! A mapping table as people paste it: Markdown with an attribute and its type in each
//! row, as Microsoft's tutorials have it. Faults are told with their remedy.

use crate::provision::diagnostic::{Diagnostic, Severity};
use crate::provision::message::told;
use crate::provision::source::InputError;
use crate::provision::target::TargetPath;
use serde::Serialize;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TableRow {
    /// The target attribute, mended where it was not well formed.
    pub target: String,
    /// `String`, `Boolean`, `Integer`, `DateTime`, `Reference` or `Binary`.
    pub kind: String,
    /// What the other columns hold: `required`, a source.
    pub more: Vec<String>,
}

const KINDS: [&str; 6] = ["String", "Boolean", "Integer", "DateTime", "Reference", "Binary"];
/// Most lines that are read.
const MAX_LINES: usize = 10_000;

/// Reads every table in the text.
///
/// # Errors
/// When no table row is found.
pub fn read(text: &str) -> Result<(Vec<TableRow>, Vec<Diagnostic>), InputError> {
    let mut rows: Vec<TableRow> = Vec::new();
    let mut found = Vec::new();
    for (number, cells) in body(text) {
        let Some(first) = cells.first().filter(|first| !first.is_empty()) else { continue };
        let mut say = |severity, rule: &str, message: String, help: String| {
            let path = Some(format!("line {number}"));
            found.push(Diagnostic { severity, rule: rule.to_owned(), message, help: Some(help), path });
        };
        let path = match TargetPath::parse(first) {
            Ok(path) => path,
            Err(why) => {
                let help = told!("write a SCIM path such as `emails[type eq \"work\"].value`").to_owned();
                say(Severity::Error, "target-path", why, help);
                continue;
            }
        };
        let target = path.to_string();
        if path.mended {
            let message = told!("`{0}` is not well formed", first);
            say(Severity::Warning, "target-path", message, told!("write `{0}`", target));
        }
        if rows.iter().any(|row| row.target.eq_ignore_ascii_case(&target)) {
            let help = told!("remove one of the two").to_owned();
            say(Severity::Warning, "duplicate-target", told!("`{0}` is listed twice", target), help);
            continue;
        }
        let written = cells.get(1).map_or("", String::as_str);
        let kind =
            KINDS.iter().find(|kind| kind.eq_ignore_ascii_case(written)).copied().unwrap_or_else(|| {
                let help = told!("write one of {0}", KINDS.join(", "));
                say(
                    Severity::Warning,
                    "attribute-type",
                    told!("`{0}` is no attribute type; taken as String", written),
                    help,
                );
                "String"
            });
        let more = cells.iter().skip(2).filter(|cell| !cell.is_empty()).cloned().collect();
        rows.push(TableRow { target, kind: kind.to_owned(), more });
    }
    if rows.is_empty() {
        return Err(InputError::new(
            told!("there is no table row in the text"),
            told!("paste rows as `|userName|String|`"),
        ));
    }
    Ok((rows, found))
}

/// The rows of every table in the text with their lines, counted from 1: no heads, no rules.
pub(crate) fn body(text: &str) -> impl Iterator<Item = (usize, Vec<String>)> {
    let is_rule = |cells: &[String]| {
        let dashes = |cell: &String| cell.contains('-') && cell.chars().all(|c| matches!(c, '-' | ':' | ' '));
        cells.iter().all(dashes)
    };
    let lines = text.lines().map(str::trim).take(MAX_LINES).enumerate();
    let mut rows = lines
        .filter_map(|(at, line)| {
            let inner = line.strip_prefix('|')?;
            Some((at + 1, cells(inner.strip_suffix('|').unwrap_or(inner))))
        })
        .peekable();
    std::iter::from_fn(move || {
        loop {
            let (line, cells) = rows.next()?;
            let is_head = rows.peek().is_some_and(|(next, below)| *next == line + 1 && is_rule(below));
            if !is_head && !is_rule(&cells) {
                return Some((line, cells));
            }
        }
    })
}

/// A row's cells; `\|` and a `|` in back-ticks belong to a cell.
fn cells(row: &str) -> Vec<String> {
    let (mut cells, mut cell, mut code) = (Vec::new(), String::new(), false);
    let mut letters = row.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.peek() == Some(&'|') => cell.extend(letters.next()),
            '`' => code = !code,
            '|' if !code => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            other => cell.push(other),
        }
    }
    cells.push(cell.trim().to_owned());
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tutorials_table_as_pasted() {
        let text = include_str!("../../../examples/clarizen-one/mapping-table.md");
        let (rows, found) = read(text).expect("a table");
        assert!(rows.iter().any(|row| row.target == "roles[primary eq \"True\"].type"));
        assert!(rows.iter().any(|row| row.kind == "Reference"));
        let rules: Vec<&str> = found.iter().map(|finding| finding.rule.as_str()).collect();
        assert_eq!(rules.iter().filter(|rule| **rule == "target-path").count(), 2, "{found:?}");
        assert!(rules.contains(&"duplicate-target"), "{found:?}");
        assert!(found.iter().all(|finding| finding.help.is_some()));
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert!(read("userName, String").is_err());
        assert!(read("|Attribute|Type|\n|---|---|\n").is_err());
        let (rows, found) = read("|Attribute name|Type|\n|---|:-:|\n|userName|String|").expect("a row");
        assert_eq!((rows.len(), found.len()), (1, 0), "a head is no row, whatever it says");
        let (_, found) = read("|userName|Text|\n|emails[|String|").expect("a row");
        assert_eq!(found.len(), 2);
    }
}
