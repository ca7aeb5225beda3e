//! The source directory as an administrator can hand it over: Graph JSON in any of its
//! page forms, the portal's CSV downloads, SCIM resources. Kept as compact columns in
//! the provisioning vocabulary (the old directory names, `objectId`, `mobile`), because
//! that is what mappings and filters are written in.
//!
//! Also who is assigned with which roles, and everyone as mappings see them. It uses `expression`
//! and `values`.

mod csv_file;
mod encoding;
mod json;
mod load_report;
pub(crate) mod names;
mod population;
mod records;
mod roles;
mod rows;
mod table;

pub(crate) use csv_file::{CsvFile, Destination};
pub(crate) use encoding::Wide;
pub use encoding::decode;
pub use load_report::{InputError, LoadReport};
pub(crate) use population::{Each, Population, Subject, Values};
pub(crate) use records::{Found, Records};
pub(crate) use roles::{Entitlements, Role};
pub(crate) use table::{Cell, Deleted, Table};

use super::object_kind::ObjectKind;
use super::values::{Atom, Pool};
use crate::provision::told::told;
use hashbrown::HashMap;

/// Most records taken from one kind of file.
const MAX_RECORDS: usize = 2_000_000;

/// An application role.
#[derive(Clone, Debug)]
pub(crate) struct AppRole {
    pub id: String,
    pub value: Option<String>,
    pub display_name: String,
}

/// An application role given to a user or group.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    pub principal: Atom,
    pub role: RoleRef,
}

/// How an assignment names its role.
#[derive(Clone, Debug)]
pub(crate) enum RoleRef {
    /// By id; all zeros is Default Access.
    Id(String),
    /// By display name or value, as the portal's CSV has it.
    Name(String),
}

/// All that was loaded.
#[derive(Debug, Default)]
pub(crate) struct Source {
    pub users: Table,
    pub groups: Table,
    /// Group id → the direct members' ids, in order.
    pub members: HashMap<Atom, Vec<Atom>>,
    pub roles: Vec<AppRole>,
    pub assignments: Vec<Assignment>,
    /// Assignments were given, even if none.
    pub has_assignments: bool,
    /// What columns are called instead, by what the files call them in lower case.
    pub renamed: HashMap<String, String>,
    /// Users from here on are left out.
    pub most: Option<usize>,
}

/// What one file gave, by kind.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub users: usize,
    pub groups: usize,
    pub members: usize,
    pub roles: usize,
    pub assignments: usize,
    pub unknown: usize,
    /// Users beyond those that were asked for.
    pub beyond: usize,
    pub notes: Vec<String>,
}

impl Source {
    /// Keeps columns under other names from now on: (as the files have it, the attribute).
    pub fn rename(&mut self, names: &[(String, String)]) {
        let lower = |(from, to): &(String, String)| (from.to_ascii_lowercase(), to.clone());
        self.renamed = names.iter().map(lower).collect();
        self.users.rename(&self.renamed);
        self.groups.rename(&self.renamed);
    }

    /// What a column is called.
    fn called<'n>(&'n self, name: &'n str) -> &'n str {
        self.renamed.get(&name.to_ascii_lowercase()).map_or(name, String::as_str)
    }

    /// Whether one more user is taken; counted otherwise.
    fn has_room(&self, tally: &mut Tally) -> bool {
        let full = self.most.is_some_and(|most| self.users.len() >= most);
        tally.beyond += usize::from(full);
        !full
    }

    /// Reads one file or pasted text, telling by looking what it is. `name` is a hint only.
    pub fn load(&mut self, pool: &mut Pool, name: &str, text: &str) -> Result<LoadReport, InputError> {
        let text = text.trim_start_matches('\u{feff}');
        let mut tally = Tally::default();
        match text.trim_start().chars().next() {
            None => {
                return Err(InputError::new(
                    told!("the file is empty"),
                    told!("give users as Graph JSON or the portal's CSV"),
                ));
            }
            Some('{' | '[') => {
                let (mut records, mut contexts) = (Records::default(), Vec::new());
                let mut take =
                    |found: Found<'_>| json::take(self, pool, name, &mut contexts, &mut tally, &found);
                records.push(text.as_bytes(), &mut take)?;
                records.finish(&mut take)?;
            }
            Some(_) => {
                let mut file = CsvFile::default();
                let mut into = Destination { source: self, pool, name, tally: &mut tally };
                file.push(&mut into, text.as_bytes())?;
                file.finish(&mut into)?;
            }
        }
        self.finish(tally)
    }

    /// Takes what was cut from a file that arrives in chunks.
    pub fn take(
        &mut self,
        pool: &mut Pool,
        name: &str,
        contexts: &mut Vec<String>,
        tally: &mut Tally,
        found: &Found<'_>,
    ) -> Result<(), serde_json::Error> {
        json::take(self, pool, name, contexts, tally, found)
    }

    /// What a file gave, once it was read whole.
    pub fn finish(&self, tally: Tally) -> Result<LoadReport, InputError> {
        if self.users.len().max(self.groups.len()).max(self.assignments.len()) > MAX_RECORDS {
            return Err(InputError::new(
                told!("more than {0} records", MAX_RECORDS),
                told!("split the population"),
            ));
        }
        Ok(self.report(tally))
    }

    fn report(&self, tally: Tally) -> LoadReport {
        let kinds = [
            ("users", tally.users),
            ("groups", tally.groups),
            ("members", tally.members),
            ("roles", tally.roles),
            ("assignments", tally.assignments),
        ];
        let seen: Vec<_> = kinds.into_iter().filter(|(_, rows)| *rows > 0).collect();
        let kind = match seen.as_slice() {
            [] if self.has_assignments => "assignments",
            [] => "unknown",
            [(kind, _)] => kind,
            _ => "mixed",
        };
        let mut notes = tally.notes;
        if tally.unknown > 0 {
            notes.push(told!("{0} records were neither user, group, role nor assignment", tally.unknown));
        }
        if tally.beyond > 0 {
            notes.push(told!("{0} further users are left out, as was asked for", tally.beyond));
        }
        let columns = match kind {
            "users" => self.users.column_names(),
            "groups" => self.groups.column_names(),
            _ => Vec::new(),
        };
        LoadReport { kind: kind.to_owned(), rows: seen.iter().map(|(_, rows)| rows).sum(), columns, notes }
    }

    /// The objects of a kind.
    pub fn table(&self, kind: ObjectKind) -> &Table {
        if kind == ObjectKind::User { &self.users } else { &self.groups }
    }

    /// The same, to be changed.
    pub fn table_mut(&mut self, kind: ObjectKind) -> &mut Table {
        if kind == ObjectKind::User { &mut self.users } else { &mut self.groups }
    }

    /// The direct members of a group.
    pub fn members_of(&self, group: Atom) -> &[Atom] {
        self.members.get(&group).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Loaded {
        source: Source,
        pool: Pool,
        report: LoadReport,
    }

    impl Loaded {
        fn text(&self, name: &str) -> Option<&str> {
            self.source.users.text(&self.pool, 0, name)
        }
    }

    fn loaded(name: &str, text: &str) -> Loaded {
        let (mut source, mut pool) = (Source::default(), Pool::default());
        let report = source.load(&mut pool, name, text).expect("readable");
        Loaded { source, pool, report }
    }

    #[test]
    fn both_portal_headers_semicolons_and_quotes() {
        let old = "\u{feff}userPrincipalName,displayName,objectId,mobile,accountEnabled\r\na@b.example,\"Ng, Ana\",u1,+1,TRUE\r\n";
        let new = "userPrincipalName;displayName;id;mobilePhone;accountEnabled\n a@b.example;\"Ng, \"\"Ana\"\"\";u1;+1;false\n";
        let old = loaded("users.csv", old);
        assert_eq!((old.report.kind.as_str(), old.report.rows), ("users", 1));
        assert_eq!(old.text("mobilePhone"), Some("+1"));
        assert_eq!(old.text("accountEnabled"), Some("True"));
        assert_eq!(old.text("displayName"), Some("Ng, Ana"));
        let new = loaded("users.csv", new);
        assert_eq!(new.text("mobile"), Some("+1"));
        assert_eq!(new.text("displayName"), Some("Ng, \"Ana\""));
        assert_eq!(new.source.users.entry(0).and_then(|entry| new.pool.text(entry.id)), Some("u1"));
    }

    #[test]
    fn an_empty_cell_is_null_and_an_empty_json_text_is_not() {
        let csv = loaded("u.csv", "userPrincipalName,displayName,surname\na@b.example,,x\n");
        assert_eq!(csv.text("displayName"), None);
        let json = r#"{"id":"u","userPrincipalName":"a@b.example","displayName":"","mail":null}"#;
        let json = loaded("u.json", json);
        assert_eq!(json.text("displayName"), Some(""));
        assert_eq!(json.text("mail"), None);
    }

    #[test]
    fn pages_arrays_and_lines_are_one() {
        let user = |id: usize| format!(r#"{{"id":"u{id}","userPrincipalName":"u{id}@b.example"}}"#);
        let texts = [
            format!(r#"{{"value":[{}]}} {{"value":[{}]}}"#, user(1), user(2)),
            format!("[{},{}]", user(1), user(2)),
            format!("{}\n{}\n", user(1), user(2)),
        ];
        for text in texts {
            assert_eq!(loaded("x", &text).source.users.len(), 2, "{text}");
        }
    }

    #[test]
    fn a_delta_changes_members_and_marks_the_gone() {
        let text = r#"{"value":[
            {"id":"g","displayName":"Staff","members@delta":[{"id":"a"},{"id":"b"}]},
            {"id":"g","displayName":"Staff","members@delta":[{"id":"a","@removed":{"reason":"deleted"}}]},
            {"id":"u","userPrincipalName":"u@b.example"},
            {"id":"u","@removed":{"reason":"changed"}}]}"#;
        let mut delta = loaded("delta", text);
        assert_eq!(delta.report.kind, "mixed");
        let (group, b) = (delta.pool.intern("g"), delta.pool.intern("b"));
        assert_eq!(delta.source.members_of(group), [b]);
        assert_eq!(delta.source.users.entry(0).map(|entry| entry.deleted), Some(Deleted::Soft));
        assert_eq!(delta.text("userPrincipalName"), Some("u@b.example"));
    }

    #[test]
    fn a_spreadsheets_headers_and_what_a_row_has_too_many() {
        let text = "User principal name,Display Name,Object Id\na@b.example,Ana,u1\nb@b.example,Ng, Bo,u2\n";
        let found = loaded("users.csv", text);
        assert_eq!(found.text("userPrincipalName"), Some("a@b.example"));
        assert_eq!(found.text("displayName"), Some("Ana"));
        assert_eq!(found.source.users.entry(0).and_then(|entry| found.pool.text(entry.id)), Some("u1"));
        let long = "1 rows have more fields than the first line has names, the first on line 3;";
        assert!(found.report.notes.iter().any(|note| note.starts_with(long)), "{:?}", found.report.notes);
    }

    #[test]
    fn what_is_no_directory_is_refused_in_words() {
        let (mut source, mut pool) = (Source::default(), Pool::default());
        let open = source.load(&mut pool, "users.csv", "userPrincipalName,displayName\na@b,\"A\nb@b,B\n");
        assert_eq!(open.expect_err("a quote").line, Some(2));
        assert!(source.load(&mut pool, "x", "").is_err());
        assert!(source.load(&mut pool, "x", "colour,size\nred,2\n").is_err());
        assert_eq!(source.load(&mut pool, "x", "{\"value\":\n[}").expect_err("broken").line, Some(2));
    }
}
