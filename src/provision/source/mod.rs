//! The source directory as an administrator can hand it over: Graph JSON in any of its
//! page forms, the portal's CSV downloads, SCIM resources. Kept as compact columns in
//! the provisioning vocabulary (the old directory names, `objectId`, `mobile`), because
//! that is what mappings and filters are written in.

mod csv_file;
mod json;
pub(crate) mod names;
mod table;

pub(crate) use table::{Cell, Deleted, Table};

use super::report::{InputError, LoadReport};
use std::collections::HashMap;

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
    pub principal: String,
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
    pub members: HashMap<String, Vec<String>>,
    pub roles: Vec<AppRole>,
    pub assignments: Vec<Assignment>,
    /// Assignments were given, even if none.
    pub has_assignments: bool,
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
    pub notes: Vec<String>,
}

impl Source {
    /// Reads one file or pasted text, telling by looking what it is. `name` is a hint only.
    pub fn load(&mut self, name: &str, text: &str) -> Result<LoadReport, InputError> {
        let text = text.trim_start_matches('\u{feff}');
        let mut tally = Tally::default();
        match text.trim_start().chars().next() {
            None => {
                return Err(InputError::new(
                    "the file is empty",
                    "give users as Graph JSON or the portal's CSV",
                ));
            }
            Some('{' | '[') => json::load(self, name, text, &mut tally)?,
            Some(_) => csv_file::load(self, name, text, &mut tally)?,
        }
        if self.users.len().max(self.groups.len()).max(self.assignments.len()) > MAX_RECORDS {
            return Err(InputError::new(format!("more than {MAX_RECORDS} records"), "split the population"));
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
            notes.push(format!("{} records were neither user, group, role nor assignment", tally.unknown));
        }
        let columns = match kind {
            "users" => self.users.column_names(),
            "groups" => self.groups.column_names(),
            _ => Vec::new(),
        };
        LoadReport { kind: kind.to_owned(), rows: seen.iter().map(|(_, rows)| rows).sum(), columns, notes }
    }

    /// The direct members of a group.
    pub fn members_of(&self, group: &str) -> &[String] {
        self.members.get(group).map_or(&[], Vec::as_slice)
    }
}
