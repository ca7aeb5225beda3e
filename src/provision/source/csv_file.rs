//! The portal's CSV downloads: users (both generations of headers), a group's members,
//! an application's assignments. A spreadsheet may have saved them with semicolons or
//! tabs. An empty cell is null.

use super::{Assignment, Cell, Deleted, RoleRef, Source, Tally, names};
use crate::provision::pool::{Atom, Pool};
use crate::provision::report::InputError;
use hashbrown::{HashMap, HashSet};

/// Attributes that mappings often read and this file never has.
const NOT_IN_CSV: &str = "the portal's CSV has no employeeId, manager, extension attributes, group membership or app \
                          roles: mappings that read them see null; Graph JSON has them";

/// Reads the text as CSV.
pub(super) fn load(
    source: &mut Source,
    pool: &mut Pool,
    name: &str,
    text: &str,
    tally: &mut Tally,
) -> Result<(), InputError> {
    let delimiter = delimiter(text);
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(error) => {
            return Err(InputError::new(format!("not CSV: {error}"), "give the portal's download unchanged"));
        }
    };
    let headers: Vec<String> = headers.iter().map(|header| header.trim().to_owned()).collect();
    let shape = Shape::of(name, &headers).ok_or_else(|| {
        InputError::new(
            format!("the first line names no column that is known: `{}`", headers.join(", ")),
            "give users as Graph JSON or as the portal's CSV, with `userPrincipalName` among its headers",
        )
        .at(1)
    })?;
    let mut known = Known::default();
    for (line, record) in reader.records().enumerate() {
        let record = record.map_err(|error| {
            InputError::new(format!("not CSV: {error}"), "check the quotes of this line").at(line + 2)
        })?;
        if record.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        let fields: Vec<(&str, &str)> = headers
            .iter()
            .map(String::as_str)
            .zip(record.iter())
            .filter(|(_, text)| !text.is_empty())
            .collect();
        match shape {
            Shape::Users => user(source, pool, &fields, tally),
            Shape::Members => known.member(source, pool, name, &fields, tally),
            Shape::Assignments => known.assignment(source, pool, &fields, tally),
        }
    }
    match shape {
        Shape::Users => tally.notes.push(NOT_IN_CSV.to_owned()),
        Shape::Assignments => source.has_assignments = true,
        Shape::Members => {}
    }
    Ok(())
}

/// The separator that the first line uses most outside quotes.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let count = |wanted: char| {
        let mut quoted = false;
        first
            .chars()
            .filter(|c| {
                quoted ^= *c == '"';
                !quoted && *c == wanted
            })
            .count()
    };
    let (comma, semicolon, tab) = (count(','), count(';'), count('\t'));
    if semicolon > comma && semicolon >= tab {
        b';'
    } else if tab > comma {
        b'\t'
    } else {
        b','
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Users,
    Members,
    Assignments,
}

impl Shape {
    fn of(name: &str, headers: &[String]) -> Option<Self> {
        let has = |wanted: &[&str]| headers.iter().any(|header| wanted.contains(&plain(header).as_str()));
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

fn field<'a>(fields: &[(&str, &'a str)], wanted: &[&str]) -> Option<&'a str> {
    wanted
        .iter()
        .find_map(|wanted| fields.iter().find(|(header, _)| plain(header) == *wanted).map(|(_, text)| *text))
}

fn user(source: &mut Source, pool: &mut Pool, fields: &[(&str, &str)], tally: &mut Tally) {
    let Some(id) = field(fields, &["objectid", "id", "userprincipalname"]) else {
        tally.unknown += 1;
        return;
    };
    let mut values = Vec::with_capacity(fields.len() + 1);
    for (header, text) in fields {
        let folded = plain(header);
        let cell = match folded.as_str() {
            "accountenabled" | "directorysynced" => Cell::Text(names::boolean(text).unwrap_or(text)),
            "userprincipalname" => {
                values.push(("originalUserPrincipalName", Cell::Text(text)));
                names::guest_name(text).map_or(Cell::Text(text), Cell::Made)
            }
            _ => Cell::Text(text),
        };
        values.push((*header, cell));
    }
    source.users.put(pool, id, Deleted::No, values);
    tally.users += 1;
}

/// What a file's rows are looked up by, gathered once.
#[derive(Default)]
struct Known {
    groups: HashMap<Atom, Atom>,
    members: HashSet<(Atom, Atom)>,
    principals: Option<[HashMap<Atom, usize>; 3]>,
}

impl Known {
    /// A member row; the group is named by its own column, or only by the file's name.
    fn member(
        &mut self,
        source: &mut Source,
        pool: &mut Pool,
        name: &str,
        fields: &[(&str, &str)],
        tally: &mut Tally,
    ) {
        let group = field(fields, &["groupid", "groupname"]).unwrap_or_else(|| group_in(name));
        let Some(member) = field(fields, &["id", "objectid", "userprincipalname"]) else {
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

    fn assignment(
        &mut self,
        source: &mut Source,
        pool: &mut Pool,
        fields: &[(&str, &str)],
        tally: &mut Tally,
    ) {
        let principal = match field(fields, &["principalid", "objectid", "id"]) {
            Some(id) => Some(pool.intern(id)),
            None => field(fields, &["userprincipalname", "principaldisplayname", "displayname"])
                .and_then(|name| self.principal(source, pool, name)),
        };
        let Some(principal) = principal else {
            tally.unknown += 1;
            return;
        };
        let role = match field(fields, &["approleid"]) {
            Some(id) => RoleRef::Id(id.to_owned()),
            None => RoleRef::Name(
                field(fields, &["role", "rolename", "roleassigned", "approle"])
                    .unwrap_or_default()
                    .to_owned(),
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
