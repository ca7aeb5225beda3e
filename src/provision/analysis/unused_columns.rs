//! Columns of the source files that no attribute is known by and that nothing reads, with the
//! attributes that may be meant.

use crate::provision::expression::nearest;
use crate::provision::plan::Engine;
use crate::provision::source::names;
use serde::Serialize;

/// A column that is not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unused {
    /// As the file has it.
    pub column: String,
    /// The attribute that is probably meant.
    pub near: Option<String>,
}

/// What the files have too much and the configuration misses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Columns {
    /// Columns that are not used.
    pub unused: Vec<Unused>,
    /// Attributes that mappings and filters read and that no file has.
    pub missing: Vec<String>,
}

/// Most columns that are told.
const MAX_TOLD: usize = 200;

impl Engine {
    /// The users' columns that are not recognised.
    #[must_use]
    pub fn columns(&self) -> Columns {
        let names = self.source.users.column_names();
        let Some(compiled) = self.compiled[0].as_deref().filter(|_| !names.is_empty()) else {
            return Columns::default();
        };
        let same =
            |one: &str, other: &str| names::canonical(one).eq_ignore_ascii_case(names::canonical(other));
        let mut read: Vec<&str> = compiled.lines.iter().flat_map(|line| line.program.attributes()).collect();
        read.extend(compiled.filter.attributes());
        let has = |name: &str| names.iter().any(|known| same(known, name));
        let mut missing: Vec<String> = Vec::new();
        for name in read.iter().filter(|name| !has(name) && !names::is_computed(name)) {
            if !missing.iter().any(|known| same(known, name)) {
                missing.push((*name).to_owned());
            }
        }
        let unused = names
            .iter()
            .filter(|name| !names::is_known(name) && !read.iter().any(|used| same(used, name)))
            .take(MAX_TOLD)
            .map(|name| Unused { column: name.clone(), near: likely(name, &missing) });
        Columns { unused: unused.collect(), missing }
    }
}

/// The attribute among those that are missing, or else among all, that a column's name is nearest to.
fn likely(column: &str, missing: &[String]) -> Option<String> {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let wanted = plain(column);
    let candidates = || missing.iter().map(String::as_str).chain(names::KNOWN.iter().copied());
    let alike = candidates().find(|name| plain(name) == wanted);
    let near = || nearest(column, candidates());
    // `Work department` holds the attribute's whole name.
    let inside = || candidates().filter(|name| name.len() > 3).find(|name| wanted.contains(&plain(name)));
    alike.or_else(near).or_else(inside).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::configuration::JobSettings;

    fn columns(csv: &str, renamed: &[(&str, &str)]) -> (Columns, Engine) {
        let mut engine = Engine::new();
        let names = renamed.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned()));
        engine.rename(&names.collect::<Vec<_>>());
        engine.load_source("users.csv", csv).expect("users");
        engine.configure("", &JobSettings::default());
        engine.plan();
        (engine.columns(), engine)
    }

    const CSV: &str = "userPrincipalName,objectId,usageLocation,Departmnt,shoeSize,Work mail\na@b.example,u1,PT,Sales,44,a@c.example\n";

    #[test]
    fn what_is_neither_known_nor_read_is_told_with_what_may_be_meant() {
        let (found, _) = columns(CSV, &[]);
        let told: Vec<(&str, Option<&str>)> =
            found.unused.iter().map(|one| (one.column.as_str(), one.near.as_deref())).collect();
        assert_eq!(told, [("Departmnt", Some("department")), ("shoeSize", None), ("workmail", Some("mail"))]);
        assert!(found.missing.iter().any(|name| name == "department"), "{:?}", found.missing);
        assert!(!found.missing.iter().any(|name| name == "IsSoftDeleted"), "{:?}", found.missing);
    }

    #[test]
    fn a_column_under_another_name_is_that_attribute() {
        let (found, engine) = columns(CSV, &[("departmnt", "department")]);
        assert_eq!(found.unused.len(), 2);
        let result = engine.operation(0).expect("an operation").result;
        assert!(result.to_string().contains("Sales"), "{result}");
        let names = [("Login".to_owned(), "userPrincipalName".to_owned())];
        let mut engine = Engine::new();
        engine.rename(&names);
        let report = engine.load_source("x.csv", "Login,Name\na@b.example,Ana\n").expect("users");
        assert_eq!((report.kind.as_str(), report.rows), ("users", 1));
        let mut engine = Engine::new();
        engine.rename(&names);
        let json = r#"{"value":[{"id":"u1","Login":"a@b.example"}]}"#;
        assert_eq!(engine.load_source("x.json", json).expect("users").rows, 1);
        assert_eq!(engine.attributes(false).iter().filter(|name| *name == "userPrincipalName").count(), 1);
    }

    #[test]
    fn no_more_users_than_asked_for_are_taken_and_that_is_told() {
        let mut engine = Engine::new();
        engine.take_at_most(2);
        let csv = "userPrincipalName,id\na,1\nb,2\nc,3\n";
        let report = engine.load_source("users.csv", csv).expect("users");
        assert_eq!(report.rows, 2);
        assert!(report.notes.iter().any(|note| note.starts_with("1 further users")), "{:?}", report.notes);
    }

    #[test]
    fn headers_that_stand_twice_are_told() {
        let mut engine = Engine::new();
        let csv = "userPrincipalName,mail,id,Mail,mobile,mobilePhone\na@b.example,,u1,b@c.example,1,2\n";
        let report = engine.load_source("users.csv", csv).expect("users");
        let told = "more than one column is called `Mail`, `mobilePhone`: of each row";
        assert!(report.notes.iter().any(|note| note.starts_with(told)), "{:?}", report.notes);
    }
}
