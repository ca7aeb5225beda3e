//! First phase, for everyone: in scope or not and why, and which target object it is.
//! Matching tries one attribute at a time by precedence and stops at the first hit; two
//! hits, no value, or a target another source object already is, are verdicts of their own.

use super::report::ScopeStep;
use crate::provision::configuration::{Answer, Compiled, Line, Surroundings};
use crate::provision::object_kind::ObjectKind;
use crate::provision::source::{Deleted, Population, Subject, Table};
use crate::provision::target::{Held, Index, Indexed};
use crate::provision::told::told;
use crate::provision::values::{Atom, Pool};
use hashbrown::{HashMap, HashSet};
use std::ops::Range;

/// The job's settings with every choice made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub sync_all: bool,
    pub exclude_default_access: bool,
    pub skip_out_of_scope: bool,
    /// There are no ties yet.
    pub first_cycle: bool,
    pub shape: super::requests::Shape,
    pub around: Surroundings,
}

/// What is known of the ties between source and target objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Links {
    /// Nothing: each unique match is taken as a tie.
    #[default]
    Assumed,
    /// There are none yet.
    None,
    /// These, source id → target id.
    Given(HashMap<Atom, Atom>),
}

/// Why an object is in scope or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub deleted_hard: bool,
    pub active: bool,
    pub assigned: bool,
    pub entitled: bool,
    pub passed: bool,
    /// The input filter keeps it from being looked at.
    pub unseen: bool,
}

impl Standing {
    /// All four conditions together.
    pub fn in_scope(self) -> bool {
        self.active && self.assigned && self.entitled && self.passed
    }

    /// The first of the four conditions that fails, as `Row::because` names it.
    pub fn because(self) -> &'static str {
        let conditions = [
            (self.active, "inactive"),
            (self.assigned, "unassigned"),
            (self.entitled, "notEntitled"),
            (self.passed, "filter"),
        ];
        conditions.iter().find(|(holds, _)| !holds).map_or("", |(_, name)| name)
    }

    /// Why nothing is done about an object that has left the scope, if so.
    pub fn left_alone(self, rules: &Rules) -> Option<(&'static str, &'static str)> {
        if self.unseen && !self.deleted_hard {
            return Some(("X-InputFilter", told!("the input filter keeps it from being looked at")));
        }
        (self.active && rules.skip_out_of_scope).then_some((
            "X-SkipOutOfScopeDeletions",
            told!("out of scope, and the job leaves such objects alone"),
        ))
    }
}

/// Which target object a source object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// It has none and would get one.
    Create,
    /// This one.
    Target(usize),
    /// Several answer to the matching value.
    Ambiguous(usize),
    /// It has no value for any matching attribute.
    NoValue,
    /// Another source object, in this row, is it already.
    Duplicate(usize),
    /// A tie was given, and the target no longer holds the object.
    Lost(Atom),
    /// None, and none is made.
    None,
}

/// What the first phase found out about one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    pub kind: ObjectKind,
    pub row: usize,
    pub standing: Standing,
    pub link: Link,
}

impl Settled {
    /// Whether it would be written, so that its references matter.
    pub fn is_written(&self) -> bool {
        self.standing.in_scope() && matches!(self.link, Link::Create | Link::Target(_))
    }
}

/// Everything that is decided before single objects are looked at.
#[derive(Debug, Default)]
pub(crate) struct Settlement {
    pub objects: Vec<Settled>,
    /// Source id → place in `objects`.
    pub by_source: HashMap<Atom, usize>,
    /// Target place → place in `objects`.
    pub by_target: HashMap<usize, usize>,
    /// For each object, whether it has no target object and gets one.
    pub creates: Vec<bool>,
}

/// Whether an object is active in the source, and whether `accountEnabled` lets it be.
fn active(pool: &Pool, population: &Population<'_>, row: usize) -> (Deleted, bool) {
    let table = population.table();
    let deleted = table.entry(row).map(|entry| entry.deleted).unwrap_or_default();
    let text = table.text(pool, row, "accountEnabled");
    (deleted, !text.is_some_and(|text| text.eq_ignore_ascii_case("false")))
}

/// The standing of one object; the filter's answers are a column of their names.
pub(crate) fn standing(
    pool: &Pool,
    population: &Population<'_>,
    rules: &Rules,
    passed: &[Atom],
    row: usize,
) -> Standing {
    let (deleted, enabled) = active(pool, population, row);
    let id = population.table().entry(row).map(|entry| entry.id).unwrap_or_default();
    let roles = || population.entitlements.roles(id);
    let answer = match passed {
        [] => Answer::Passed,
        passed => Answer::of(passed.get(row).and_then(|passed| pool.text(*passed))),
    };
    Standing {
        deleted_hard: deleted == Deleted::Hard,
        active: deleted == Deleted::No && enabled,
        assigned: rules.sync_all || population.entitlements.assigned(id).is_some(),
        entitled: rules.sync_all
            || !rules.exclude_default_access
            || roles().iter().any(|role| !role.default_access),
        passed: answer == Answer::Passed,
        unseen: answer == Answer::Unseen,
    }
}

/// Whether an object is not active, as a filter's `IsSoftDeleted` says.
pub(crate) fn is_inactive(pool: &Pool, population: &Population<'_>, row: usize) -> bool {
    active(pool, population, row) != (Deleted::No, true)
}

/// The same of each object.
pub(crate) fn inactive(pool: &Pool, population: &Population<'_>) -> Vec<bool> {
    (0..population.table().len()).map(|row| is_inactive(pool, population, row)).collect()
}

/// How one object's scope was decided, step by step under Entra's names.
pub(crate) fn steps(
    pool: &Pool,
    population: Population<'_>,
    rules: &Rules,
    compiled: &Compiled,
    row: usize,
    standing: Standing,
) -> Vec<ScopeStep> {
    let id = population.table().entry(row).map(|entry| entry.id).unwrap_or_default();
    let roles = population.entitlements.roles(id);
    let (deleted, enabled) = active(pool, &population, row);
    let subject = Subject { population, pool, row, soft_deleted: !standing.active };
    let (_, why) = compiled.filter.decide(&subject);
    let group_name = |group: Atom| {
        let groups = &population.source.groups;
        let name = groups.find(group).and_then(|row| groups.text(pool, row, "displayName"));
        name.or_else(|| pool.text(group)).unwrap_or_default().to_owned()
    };
    let step = |name: &str, passed: bool, detail: String| ScopeStep { name: name.to_owned(), passed, detail };
    let held: Vec<&str> = roles.iter().map(|role| role.display_name.as_str()).collect();
    vec![
        step(
            told!("Active in the source system"),
            standing.active,
            match (deleted, enabled) {
                (Deleted::Hard, _) => told!("deleted for good").to_owned(),
                (Deleted::Soft, _) => told!("soft-deleted in the directory").to_owned(),
                (Deleted::No, false) => told!("`accountEnabled` is False").to_owned(),
                (Deleted::No, true) => told!("present and enabled").to_owned(),
            },
        ),
        step(
            told!("Assigned to the application"),
            standing.assigned,
            match population.entitlements.assigned(id) {
                _ if rules.sync_all => told!("scope sync all").to_owned(),
                None => told!("not assigned, and no direct member of an assigned group").to_owned(),
                Some(None) => told!("assigned directly").to_owned(),
                Some(Some(group)) => told!("through the group `{0}`", group_name(group)),
            },
        ),
        step(
            match population.kind {
                ObjectKind::User => told!("User has the required role"),
                ObjectKind::Group => told!("Group has the required role"),
            },
            standing.entitled,
            match held.as_slice() {
                [] if rules.sync_all => told!("scope sync all").to_owned(),
                [] => told!("no role").to_owned(),
                roles => roles.join(", "),
            },
        ),
        step(told!("Scoping filter evaluation passed"), standing.passed, why),
    ]
}

/// The target's folded values by path, kept as long as the target stays the same.
#[derive(Debug, Default)]
pub(crate) struct Indexes(HashMap<(ObjectKind, String, bool), Index>);

impl Indexes {
    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Works on the indexes of a mapping's matching lines, for up to `most` objects; how many
    /// it were. None when they are complete.
    pub fn step(
        &mut self,
        pool: &mut Pool,
        held: &Held,
        kind: ObjectKind,
        compiled: &Compiled,
        most: usize,
    ) -> Option<usize> {
        for line in compiled.matching() {
            let index = self.0.entry(key(kind, line)).or_default();
            if !index.is_complete(held) {
                let case_exact = line.mapping.definition.case_exact;
                let of = Indexed { kind, path: &line.path, case_exact };
                return Some(index.step(held, pool, &of, most));
            }
        }
        None
    }

    /// The index of each of a mapping's matching lines.
    pub fn of(&self, kind: ObjectKind, compiled: &Compiled) -> Vec<&Index> {
        compiled.matching().iter().filter_map(|line| self.0.get(&key(kind, line))).collect()
    }
}

fn key(kind: ObjectKind, line: &Line) -> (ObjectKind, String, bool) {
    (kind, line.target.clone(), line.mapping.definition.case_exact)
}

/// All that settling reads beside the objects.
pub(crate) struct Matching<'a> {
    pub pool: &'a mut Pool,
    pub held: &'a Held,
    /// The index of each line.
    pub indexes: &'a [&'a Index],
    pub links: &'a Links,
    pub table: &'a Table,
    pub kind: ObjectKind,
    pub standings: &'a [Standing],
    pub lines: &'a [&'a Line],
    /// The column of each line.
    pub values: &'a [&'a [Atom]],
}

/// Which target object each source object of a kind is, as far as that is settled.
#[derive(Debug, Default)]
pub(crate) struct Settling {
    pass: Pass,
    next: usize,
    found: Vec<Link>,
    /// Target place → row.
    claimed: HashMap<usize, usize>,
    tied: HashSet<usize>,
    /// Matching value, by the line that gave it → row.
    created: HashMap<(usize, Atom), usize>,
}

/// All objects pass by up to four times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Pass {
    /// The ties that were given.
    #[default]
    Given,
    /// Those in scope claim their target first.
    InScope,
    /// What is out of scope has a tie only if it was tied before.
    OutOfScope,
    Written,
    Done,
}

impl Settling {
    /// Everyone has the link that is known already; it remains to write it down.
    pub fn known(links: Vec<Link>) -> Self {
        Self { pass: Pass::Written, found: links, ..Self::default() }
    }

    /// Works on up to `most` further objects; how many it were.
    pub fn step(&mut self, matching: &mut Matching<'_>, into: &mut Settlement, most: usize) -> usize {
        let rows = matching.table.len();
        self.found.resize(rows, Link::None);
        let from = self.next;
        self.next = rows.min(from.saturating_add(most));
        let range = from..self.next;
        match self.pass {
            Pass::Given => self.given(matching, range),
            Pass::InScope => range.for_each(|row| self.matched(matching, row, true)),
            Pass::OutOfScope => range.for_each(|row| self.matched(matching, row, false)),
            Pass::Written => self.write(matching, into, range),
            Pass::Done => {}
        }
        let seen = self.next - from;
        if self.next == rows {
            self.next = 0;
            self.pass = match self.pass {
                Pass::Given => Pass::InScope,
                Pass::InScope if *matching.links == Links::Assumed => Pass::OutOfScope,
                Pass::InScope | Pass::OutOfScope => Pass::Written,
                Pass::Written | Pass::Done => Pass::Done,
            };
        }
        seen
    }

    /// Whether all objects are settled.
    pub fn is_done(&self) -> bool {
        self.pass == Pass::Done
    }

    fn given(&mut self, matching: &Matching<'_>, rows: Range<usize>) {
        let Links::Given(given) = matching.links else { return };
        let (held, kind) = (matching.held, matching.kind);
        for row in rows {
            let entry = matching.table.entry(row);
            let Some(target) = entry.and_then(|entry| given.get(&entry.id)) else { continue };
            let at = held.find(*target).filter(|at| held.object(*at).is_some_and(|held| held.kind == kind));
            let link = match at {
                Some(at) => match self.claimed.get(&at) {
                    Some(first) => Link::Duplicate(*first),
                    None => {
                        self.claimed.insert(at, row);
                        Link::Target(at)
                    }
                },
                None => Link::Lost(*target),
            };
            self.found.get_mut(row).into_iter().for_each(|slot| *slot = link);
            self.tied.insert(row);
        }
    }

    fn matched(&mut self, matching: &mut Matching<'_>, row: usize, wanted: bool) {
        let in_scope = matching.standings.get(row).is_some_and(|standing| standing.in_scope());
        if in_scope != wanted || self.tied.contains(&row) {
            return;
        }
        let pool = &mut *matching.pool;
        let mut link = Link::NoValue;
        let mut first_value = None;
        for (turn, (line, column)) in matching.lines.iter().zip(matching.values).enumerate() {
            let yielded = column.get(row).copied().unwrap_or_default();
            let value = pool.items(yielded).first().copied().unwrap_or(yielded);
            if pool.text(value).is_none_or(str::is_empty) {
                continue;
            }
            let value = if line.mapping.definition.case_exact { value } else { pool.folded(value) };
            link = match matching.indexes.get(turn).and_then(|index| index.find(value)) {
                None => Link::Create,
                Some((only, 1)) => Link::Target(only),
                Some((_, several)) => Link::Ambiguous(several),
            };
            first_value.get_or_insert((turn, value));
            if link != Link::Create {
                break;
            }
        }
        let taken = match (link, first_value) {
            (Link::Target(at), _) => self.claimed.get(&at).copied(),
            (Link::Create, Some(value)) if wanted => {
                let first = *self.created.entry(value).or_insert(row);
                (first != row).then_some(first)
            }
            _ => None,
        };
        if let Some(first) = taken {
            link = Link::Duplicate(first);
        } else if let Link::Target(at) = link {
            self.claimed.insert(at, row);
        }
        if !wanted && !matches!(link, Link::Target(_)) {
            link = Link::None;
        }
        self.found.get_mut(row).into_iter().for_each(|slot| *slot = link);
    }

    fn write(&self, matching: &Matching<'_>, into: &mut Settlement, rows: Range<usize>) {
        for row in rows {
            let (Some(standing), Some(link)) = (matching.standings.get(row), self.found.get(row)) else {
                continue;
            };
            let at = into.objects.len();
            if let Link::Target(target) = link {
                into.by_target.insert(*target, at);
            }
            if let Some(entry) = matching.table.entry(row) {
                into.by_source.insert(entry.id, at);
            }
            into.objects.push(Settled { kind: matching.kind, row, standing: *standing, link: *link });
        }
    }
}
