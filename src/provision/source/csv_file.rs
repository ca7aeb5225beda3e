//! The portal's CSV downloads: users (both generations of headers), a group's members,
//! an application's assignments. A spreadsheet may have saved them with semicolons or
//! tabs. An empty cell is null.

use super::directory::{Assignment, RoleRef, Source, Tally};
use super::load_report::InputError;
use super::rows::Rows;
use super::{Cell, Deleted, names};
use crate::provision::message::told;
use crate::provision::values::{Atom, Pool};
use hashbrown::{HashMap, HashSet};

/// Attributes that mappings often read and this file never has.
const NOT_IN_CSV: &str = told!(
    "the portal's CSV has no employeeId, manager, extension attributes, group membership or app \
     roles: mappings that read them see null; Graph JSON has them"
);

/// Most headers that an error names.
const MAX_TOLD: usize = 100;

/// Most bytes that are looked at for the end of the first line.
const MAX_HEAD: usize = 65_536;

/// A CSV file on its way in.
#[derive(Debug, Default)]
pub(crate) struct CsvFile {
    /// The first line, until it is there whole.
    head: Vec<u8>,
    rows: Option<Rows>,
    sheet: Sheet,
}

impl CsvFile {
    /// Takes the next bytes of UTF-8, cut anywhere.
    ///
    /// # Errors
    /// As soon as what came cannot be read.
    pub fn push(&mut self, into: &mut Destination<'_>, bytes: &[u8]) -> Result<(), InputError> {
        let Some(rows) = &mut self.rows else {
            self.head.extend_from_slice(bytes);
            if self.head.contains(&b'\n') || self.head.len() > MAX_HEAD {
                return self.begin(into);
            }
            return Ok(());
        };
        rows.push(bytes, &mut |fields, line| self.sheet.row(into, fields, line))
    }

    /// Says that all has come.
    ///
    /// # Errors
    /// When it is no table that is known.
    pub fn finish(mut self, into: &mut Destination<'_>) -> Result<(), InputError> {
        if self.rows.is_none() {
            self.begin(into)?;
        }
        if let Some(rows) = &mut self.rows {
            rows.finish(&mut |fields, line| self.sheet.row(into, fields, line))?;
        }
        if let Some((first, count)) = self.sheet.long {
            into.tally.notes.push(told!(
                "{0} rows have more fields than the first line has names, the first on line {1}; \
                 what is beyond is left out: put a value with a separator in it into quotes",
                count,
                first
            ));
        }
        match self.sheet.shape {
            Some(Shape::Users) => into.tally.notes.push(NOT_IN_CSV.to_owned()),
            Some(Shape::Assignments) => into.source.has_assignments = true,
            Some(Shape::Members) | None => {}
        }
        Ok(())
    }

    /// Begins to read rows, as the first line shows what keeps fields apart.
    fn begin(&mut self, into: &mut Destination<'_>) -> Result<(), InputError> {
        let head = std::mem::take(&mut self.head);
        self.rows = Some(Rows::apart_by(delimiter(&head)));
        self.push(into, &head)
    }
}

/// Where a file's rows go.
pub(crate) struct Destination<'i> {
    pub source: &'i mut Source,
    pub pool: &'i mut Pool,
    /// The file's name, a hint.
    pub name: &'i str,
    pub tally: &'i mut Tally,
}

/// What the first line says of the others, and what these are looked up by.
#[derive(Debug, Default)]
struct Sheet {
    headers: Vec<Header>,
    shape: Option<Shape>,
    known: Known,
    /// The first row with more fields than there are names, and how many such rows there are.
    long: Option<(usize, usize)>,
}

/// A column's name, and that in lower case without spaces and signs.
#[derive(Debug)]
struct Header {
    name: String,
    plain: String,
}

impl Sheet {
    fn row(&mut self, into: &mut Destination<'_>, fields: &[&str], line: usize) -> Result<(), InputError> {
        let Some(shape) = self.shape else { return self.head(into, fields, line) };
        if fields.iter().all(|field| field.trim().is_empty()) {
            return Ok(());
        }
        if fields.iter().skip(self.headers.len()).any(|field| !field.trim().is_empty()) {
            self.long.get_or_insert((line, 0)).1 += 1;
        }
        let given = self.headers.iter().zip(fields.iter().copied()).filter(|(_, text)| !text.is_empty());
        let row: Vec<(&Header, &str)> = given.collect();
        match shape {
            Shape::Users => user(into, &row),
            Shape::Members => self.known.member(into, &row),
            Shape::Assignments => self.known.assignment(into, &row),
        }
        Ok(())
    }

    fn head(&mut self, into: &mut Destination<'_>, fields: &[&str], line: usize) -> Result<(), InputError> {
        // `User principal name` is a spreadsheet's way to write `userPrincipalName`.
        let header = |field: &&str| {
            let name = into.source.called(field.trim());
            let plain = plain(name);
            Header { name: if name.contains(' ') { plain.clone() } else { name.to_owned() }, plain }
        };
        self.headers = fields.iter().map(header).collect();
        self.shape = Shape::of(into.name, &self.headers);
        if self.shape.is_some() {
            into.tally.notes.extend(self.twice());
            return Ok(());
        }
        let names: Vec<&str> = self.headers.iter().map(|header| header.name.as_str()).collect();
        Err(InputError {
            headers: fields.iter().map(|field| field.trim().to_owned()).take(MAX_TOLD).collect(),
            ..InputError::new(
                told!("the first line names no column that is known: `{0}`", names.join(", ")),
                told!(
                    "give users as Graph JSON or as the portal's CSV, with `userPrincipalName` among its headers"
                ),
            )
            .at(line)
        })
    }

    /// What is to be said of headers that stand there more than once.
    fn twice(&self) -> Option<String> {
        let same = |one: &Header, other: &Header| {
            names::canonical(&one.name).eq_ignore_ascii_case(names::canonical(&other.name))
        };
        let mut twice: Vec<&str> = Vec::new();
        for (at, header) in self.headers.iter().enumerate() {
            let before = self.headers.get(..at).unwrap_or_default();
            if !header.name.is_empty()
                && before.iter().any(|other| same(header, other))
                && !twice.iter().any(|name| name.eq_ignore_ascii_case(&header.name))
            {
                twice.push(&header.name);
            }
        }
        (!twice.is_empty()).then(|| {
            told!(
                "more than one column is called `{0}`: of each row the first one with a value counts; remove or rename the others",
                twice.join("`, `")
            )
        })
    }
}

/// The separator that the first line uses most outside quotes.
fn delimiter(head: &[u8]) -> u8 {
    let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| {
        let mut quoted = false;
        let is_apart = |byte: &&u8| {
            quoted ^= **byte == b'"';
            !quoted && **byte == wanted
        };
        first.iter().filter(is_apart).count()
    };
    let (comma, semicolon, tab) = (count(b','), count(b';'), count(b'\t'));
    if semicolon > comma && semicolon >= tab {
        b';'
    } else if tab > comma {
        b'\t'
    } else {
        b','
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Users,
    Members,
    Assignments,
}

impl Shape {
    fn of(name: &str, headers: &[Header]) -> Option<Self> {
        let has = |wanted: &[&str]| headers.iter().any(|header| wanted.contains(&header.plain.as_str()));
        if has(&["role", "rolename", "roleassigned", "approleid", "approle"])
            && has(&[
                "principalid",
                "objectid",
                "id",
                "principaldisplayname",
                "displayname",
                "userprincipalname",
            ])
        {
            return Some(Self::Assignments);
        }
        let from_group = name.to_ascii_lowercase().contains("member") || has(&["groupid", "groupname"]);
        if has(&["userprincipalname"]) && !from_group {
            return Some(Self::Users);
        }
        (from_group && has(&["id", "objectid", "userprincipalname"])).then_some(Self::Members)
    }
}

/// A header in lower case without spaces and signs.
fn plain(header: &str) -> String {
    header.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn field<'a>(row: &[(&Header, &'a str)], wanted: &[&str]) -> Option<&'a str> {
    wanted
        .iter()
        .find_map(|wanted| row.iter().find(|(header, _)| header.plain == *wanted).map(|(_, text)| *text))
}

fn user(into: &mut Destination<'_>, row: &[(&Header, &str)]) {
    let Some(id) = field(row, &["objectid", "id", "userprincipalname"]) else {
        into.tally.unknown += 1;
        return;
    };
    if !into.source.has_room(into.tally) {
        return;
    }
    let mut values = Vec::with_capacity(row.len() + 1);
    for (header, text) in row {
        let cell = match header.plain.as_str() {
            "accountenabled" | "directorysynced" => Cell::Text(names::boolean(text).unwrap_or(text)),
            "userprincipalname" => {
                values.push(("originalUserPrincipalName", Cell::Text(text)));
                names::guest_name(text).map_or(Cell::Text(text), Cell::Made)
            }
            _ => Cell::Text(text),
        };
        values.push((header.name.as_str(), cell));
    }
    into.source.users.put(into.pool, id, Deleted::No, values);
    into.tally.users += 1;
}

/// What a file's rows are looked up by, gathered once.
#[derive(Debug, Default)]
struct Known {
    groups: HashMap<Atom, Atom>,
    members: HashSet<(Atom, Atom)>,
    principals: Option<[HashMap<Atom, usize>; 3]>,
}

impl Known {
    /// A member row; the group is named by its own column, or only by the file's name.
    fn member(&mut self, into: &mut Destination<'_>, row: &[(&Header, &str)]) {
        let Destination { source, pool, name, tally } = into;
        let group = field(row, &["groupid", "groupname"]).unwrap_or_else(|| group_in(name));
        let Some(member) = field(row, &["id", "objectid", "userprincipalname"]) else {
            tally.unknown += 1;
            return;
        };
        let named = pool.intern(group);
        let group = match self.groups.get(&named) {
            Some(group) => *group,
            None => {
                let group = group_called(source, pool, group);
                let present = source.members_of(group).iter().map(|member| (group, *member));
                self.members.extend(present);
                self.groups.insert(named, group);
                group
            }
        };
        let member = pool.intern(member);
        if self.members.insert((group, member)) {
            source.members.entry(group).or_default().push(member);
        }
        tally.members += 1;
    }

    fn assignment(&mut self, into: &mut Destination<'_>, row: &[(&Header, &str)]) {
        let Destination { source, pool, tally, .. } = into;
        let principal = match field(row, &["principalid", "objectid", "id"]) {
            Some(id) => Some(pool.intern(id)),
            None => field(row, &["userprincipalname", "principaldisplayname", "displayname"])
                .and_then(|name| self.principal(source, pool, name)),
        };
        let Some(principal) = principal else {
            tally.unknown += 1;
            return;
        };
        let role = match field(row, &["approleid"]) {
            Some(id) => RoleRef::Id(id.to_owned()),
            None => RoleRef::Name(
                field(row, &["role", "rolename", "roleassigned", "approle"]).unwrap_or_default().to_owned(),
            ),
        };
        source.assignments.push(Assignment { principal, role });
        tally.assignments += 1;
    }

    /// The id of the user or group of that name.
    fn principal(&mut self, source: &Source, pool: &mut Pool, name: &str) -> Option<Atom> {
        let [by_upn, by_name, groups] = self.principals.get_or_insert_with(|| {
            [
                source.users.index(pool, "userPrincipalName"),
                source.users.index(pool, "displayName"),
                source.groups.index(pool, "displayName"),
            ]
        });
        let name = pool.intern(name);
        let name = pool.folded(name);
        let entry = match by_upn.get(&name).or_else(|| by_name.get(&name)) {
            Some(row) => source.users.entry(*row),
            None => groups.get(&name).and_then(|row| source.groups.entry(*row)),
        };
        entry.map(|entry| entry.id)
    }
}

/// The group of that id or name, made if there is none.
fn group_called(source: &mut Source, pool: &mut Pool, name: &str) -> Atom {
    let named = pool.intern(name);
    let folded = pool.folded(named);
    let row =
        source.groups.find(named).or_else(|| source.groups.index(pool, "displayName").get(&folded).copied());
    let row = row.unwrap_or_else(|| {
        let values = vec![("objectId", Cell::Text(name)), ("displayName", Cell::Text(name))];
        source.groups.put(pool, name, Deleted::No, values)
    });
    source.groups.entry(row).map_or(named, |entry| entry.id)
}

/// `Sales_members_2026-1-2.csv` → `Sales`.
fn group_in(name: &str) -> &str {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let name = name.strip_suffix(".csv").unwrap_or(name);
    let lower = name.to_ascii_lowercase();
    let end = lower.find("member").unwrap_or(name.len());
    let stem = name.get(..end).unwrap_or(name).trim_end_matches(['_', '-', ' ']);
    if stem.is_empty() { name } else { stem }
}
