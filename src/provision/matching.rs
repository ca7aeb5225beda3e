//! First phase, for everyone: in scope or not and why, and which target object it is.
//! Matching tries one attribute at a time by precedence and stops at the first hit; two
//! hits, no value, or a target another source object already is, are verdicts of their own.

use super::expression::{Attributes, Value as Text};
use super::held::{Held, ObjectKind, fold};
use super::mapping::Compiled;
use super::program::Surroundings;
use super::report::ScopeStep;
use super::roles::{Entitlements, Role};
use super::source::{Deleted, Source, Table};
use std::collections::HashMap;

/// The job's settings with every choice made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub sync_all: bool,
    pub exclude_default_access: bool,
    pub skip_out_of_scope: bool,
    pub first_cycle: bool,
    pub dialect: super::report::Dialect,
    pub around: Surroundings,
}

/// A source object as expressions see it.
pub(crate) struct Subject<'a> {
    pub table: &'a Table,
    pub row: usize,
    pub soft_deleted: bool,
    pub roles: &'a [&'a Role],
    pub members: &'a [String],
}

impl Attributes for Subject<'_> {
    fn attribute(&self, name: &str) -> Text {
        if name.eq_ignore_ascii_case("IsSoftDeleted") {
            return Text::Text(if self.soft_deleted { "True" } else { "False" }.to_owned());
        }
        if name.eq_ignore_ascii_case("appRoleAssignments") {
            let names: Vec<String> = self.roles.iter().map(|role| role.value.clone()).collect();
            return if names.is_empty() { Text::Null } else { Text::List(names) };
        }
        if name.eq_ignore_ascii_case("members") {
            return if self.members.is_empty() { Text::Null } else { Text::List(self.members.to_vec()) };
        }
        let held = self.table.cell(self.row, name).value();
        if held == Text::Null && name.eq_ignore_ascii_case("objectId") {
            return self.table.entry(self.row).map_or(Text::Null, |entry| Text::Text(entry.id.clone()));
        }
        held
    }
}

/// Why an object is in scope or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub deleted_hard: bool,
    pub active: bool,
    pub assigned: bool,
    pub entitled: bool,
    pub passed: bool,
}

impl Standing {
    /// All four conditions together.
    pub fn in_scope(self) -> bool {
        self.active && self.assigned && self.entitled && self.passed
    }
}

/// Which target object a source object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// It has none and would get one.
    Create,
    /// This one.
    Target(usize),
    /// Several answer to the matching value.
    Ambiguous(usize),
    /// It has no value for any matching attribute.
    NoValue,
    /// Another source object has the same matching value.
    Duplicate(String),
    /// None, and none is made.
    None,
}

/// What the first phase found out about one object.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    pub kind: ObjectKind,
    pub row: usize,
    pub standing: Standing,
    pub link: Link,
}

/// Everything that is decided before single objects are looked at.
#[derive(Debug, Default)]
pub(crate) struct Settlement {
    pub objects: Vec<Settled>,
    /// Source id → place in `objects`.
    pub by_source: HashMap<String, usize>,
    /// Target place → place in `objects`.
    pub by_target: HashMap<usize, usize>,
}

/// What an object holds of the world around it.
pub(crate) struct Scene<'a> {
    pub source: &'a Source,
    pub held: &'a Held,
    pub entitlements: &'a Entitlements,
    pub rules: &'a Rules,
}

impl<'a> Scene<'a> {
    /// The table of a kind.
    pub fn table(&self, kind: ObjectKind) -> &'a Table {
        if kind == ObjectKind::User { &self.source.users } else { &self.source.groups }
    }

    /// The object's members, for a group.
    pub fn members(&self, kind: ObjectKind, id: &str) -> &'a [String] {
        if kind == ObjectKind::Group { self.source.members_of(id) } else { &[] }
    }

    /// In scope or not, with each step when `steps` asks for them.
    pub fn standing(
        &self,
        kind: ObjectKind,
        row: usize,
        compiled: &Compiled,
        steps: Option<&mut Vec<ScopeStep>>,
    ) -> Standing {
        let table = self.table(kind);
        let Some(entry) = table.entry(row) else { return Standing::default() };
        let roles = self.entitlements.roles(&entry.id);
        let enabled =
            !table.text(row, "accountEnabled").is_some_and(|text| text.eq_ignore_ascii_case("false"));
        let active = entry.deleted == Deleted::No && enabled;
        let via = self.entitlements.assigned(&entry.id);
        let assigned = self.rules.sync_all || via.is_some();
        let entitled = self.rules.sync_all
            || !self.rules.exclude_default_access
            || roles.iter().any(|role| !role.default_access);
        let members = self.members(kind, &entry.id);
        let subject = Subject { table, row, soft_deleted: !active, roles: &roles, members };
        let (passed, why) = compiled.filter.decide(&subject);
        if let Some(steps) = steps {
            let mut step = |name: &str, passed: bool, detail: String| {
                steps.push(ScopeStep { name: name.to_owned(), passed, detail });
            };
            step(
                "Active in the source system",
                active,
                match (entry.deleted, enabled) {
                    (Deleted::Hard, _) => "deleted for good".to_owned(),
                    (Deleted::Soft, _) => "soft-deleted in the directory".to_owned(),
                    (Deleted::No, false) => "`accountEnabled` is False".to_owned(),
                    (Deleted::No, true) => "present and enabled".to_owned(),
                },
            );
            step(
                "Assigned to the application",
                assigned,
                match via {
                    _ if self.rules.sync_all => "scope sync all".to_owned(),
                    None => "not assigned, and no direct member of an assigned group".to_owned(),
                    Some(None) => "assigned directly".to_owned(),
                    Some(Some(group)) => format!("through the group `{}`", self.group_name(group)),
                },
            );
            let held: Vec<&str> = roles.iter().map(|role| role.display_name.as_str()).collect();
            let name = format!("{} has the required role", kind.name());
            step(
                &name,
                entitled,
                match held.as_slice() {
                    [] if self.rules.sync_all => "scope sync all".to_owned(),
                    [] => "no role".to_owned(),
                    roles => roles.join(", "),
                },
            );
            step("Scoping filter evaluation passed", passed, why);
        }
        Standing { deleted_hard: entry.deleted == Deleted::Hard, active, assigned, entitled, passed }
    }

    fn group_name(&self, id: &str) -> String {
        let groups = &self.source.groups;
        let name = groups.find(id).and_then(|row| groups.text(row, "displayName"));
        name.unwrap_or(id).to_owned()
    }
}

/// Settles every object of a kind.
pub(crate) fn settle(scene: &Scene<'_>, kind: ObjectKind, compiled: &Compiled, into: &mut Settlement) {
    let table = scene.table(kind);
    let lines = compiled.matching();
    let paths: Vec<_> = lines.iter().map(|line| (&line.path, line.mapping.definition.case_exact)).collect();
    let indexes = scene.held.index(kind, &paths);
    let standings: Vec<Standing> =
        (0..table.len()).map(|row| scene.standing(kind, row, compiled, None)).collect();
    let mut links: Vec<Link> = vec![Link::None; table.len()];
    let mut claimed: HashMap<usize, usize> = HashMap::new();
    let mut created: HashMap<String, usize> = HashMap::new();
    // Those in scope claim their target first.
    for wanted in [true, false] {
        for (row, _) in standings.iter().enumerate().filter(|(_, standing)| standing.in_scope() == wanted) {
            let Some(entry) = table.entry(row) else { continue };
            let roles = scene.entitlements.roles(&entry.id);
            let members = scene.members(kind, &entry.id);
            let subject = Subject { table, row, soft_deleted: !wanted, roles: &roles, members };
            let mut link = Link::NoValue;
            let mut key = None;
            for (line, index) in lines.iter().zip(&indexes) {
                let Some(value) = line.matching_value(&subject, &scene.rules.around) else { continue };
                let value = fold(&value, line.mapping.definition.case_exact);
                link = match index.get(&value).map_or(&[][..], Vec::as_slice) {
                    [] => Link::Create,
                    [only] => Link::Target(*only),
                    several => Link::Ambiguous(several.len()),
                };
                key.get_or_insert_with(|| format!("{}={value}", line.target));
                if link != Link::Create {
                    break;
                }
            }
            let taken = match (&link, key) {
                (Link::Target(at), _) => claimed.get(at).copied(),
                (Link::Create, Some(key)) if wanted => {
                    let first = *created.entry(key).or_insert(row);
                    (first != row).then_some(first)
                }
                _ => None,
            };
            if let Some(first) = taken {
                link = Link::Duplicate(table.entry(first).map(|entry| entry.id.clone()).unwrap_or_default());
            } else if let Link::Target(at) = &link {
                claimed.insert(*at, row);
            }
            // What is out of scope has a link only if it was linked before.
            if !wanted && (scene.rules.first_cycle || !matches!(link, Link::Target(_))) {
                link = Link::None;
            }
            if let Some(slot) = links.get_mut(row) {
                *slot = link;
            }
        }
    }
    for ((row, standing), link) in standings.into_iter().enumerate().zip(links) {
        let at = into.objects.len();
        if let Link::Target(target) = &link {
            into.by_target.insert(*target, at);
        }
        if let Some(entry) = table.entry(row) {
            into.by_source.insert(entry.id.clone(), at);
        }
        into.objects.push(Settled { kind, row, standing, link });
    }
}
