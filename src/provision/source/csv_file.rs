//! The portal's CSV downloads: users (both generations of headers), a group's members,
//! an application's assignments. A spreadsheet may have saved them with semicolons or
//! tabs. An empty cell is null.

use super::{Assignment, Cell, Deleted, RoleRef, Source, Tally, names};
use crate::provision::report::InputError;

/// Attributes that mappings often read and this file never has.
const NOT_IN_CSV: &str = "the portal's CSV has no employeeId, manager, extension attributes, group membership or app \
                          roles: mappings that read them see null; Graph JSON has them";

/// Reads the text as CSV.
pub(super) fn load(source: &mut Source, name: &str, text: &str, tally: &mut Tally) -> Result<(), InputError> {
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
            Shape::Users => user(source, &fields, tally),
            Shape::Members => member(source, name, &fields, tally),
            Shape::Assignments => assignment(source, &fields, tally),
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

fn user(source: &mut Source, fields: &[(&str, &str)], tally: &mut Tally) {
    let Some(id) = field(fields, &["objectid", "id", "userprincipalname"]) else {
        tally.unknown += 1;
        return;
    };
    let mut values = Vec::with_capacity(fields.len() + 1);
    for (header, text) in fields {
        let folded = plain(header);
        let cell = match folded.as_str() {
            "accountenabled" | "directorysynced" => Cell::text(names::boolean(text).unwrap_or(text)),
            "userprincipalname" => {
                values.push(("originalUserPrincipalName", Cell::text(text)));
                names::guest_name(text).map_or_else(|| Cell::text(text), |presented| Cell::text(&presented))
            }
            _ => Cell::text(text),
        };
        values.push((*header, cell));
    }
    source.users.put(id, Deleted::No, values);
    tally.users += 1;
}

/// A member row; the group is named by its own column, or only by the file's name.
fn member(source: &mut Source, name: &str, fields: &[(&str, &str)], tally: &mut Tally) {
    let group = field(fields, &["groupid", "groupname"]).unwrap_or_else(|| group_in(name));
    let Some(member) = field(fields, &["id", "objectid", "userprincipalname"]) else {
        tally.unknown += 1;
        return;
    };
    let group = match source.groups.find(group).or_else(|| source.groups.find_by("displayName", group)) {
        Some(row) => source.groups.entry(row).map_or_else(|| group.to_owned(), |entry| entry.id.clone()),
        None => {
            source.groups.put(
                group,
                Deleted::No,
                vec![("objectId", Cell::text(group)), ("displayName", Cell::text(group))],
            );
            group.to_owned()
        }
    };
    let held = source.members.entry(group).or_default();
    if !held.iter().any(|present| present == member) {
        held.push(member.to_owned());
    }
    tally.members += 1;
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

fn assignment(source: &mut Source, fields: &[(&str, &str)], tally: &mut Tally) {
    let principal = field(fields, &["principalid", "objectid", "id"]).map(str::to_owned).or_else(|| {
        let upn = field(fields, &["userprincipalname", "principaldisplayname", "displayname"])?;
        let users = &source.users;
        let user = users.find_by("userPrincipalName", upn).or_else(|| users.find_by("displayName", upn));
        let entry = match user {
            Some(row) => users.entry(row),
            None => source.groups.find_by("displayName", upn).and_then(|row| source.groups.entry(row)),
        };
        entry.map(|entry| entry.id.clone())
    });
    let Some(principal) = principal else {
        tally.unknown += 1;
        return;
    };
    let role = match field(fields, &["approleid"]) {
        Some(id) => RoleRef::Id(id.to_owned()),
        None => RoleRef::Name(
            field(fields, &["role", "rolename", "roleassigned", "approle"]).unwrap_or_default().to_owned(),
        ),
    };
    source.assignments.push(Assignment { principal, role });
    tally.assignments += 1;
}
