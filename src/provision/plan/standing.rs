//! First phase, for everyone: in scope or not, and why.

use super::report::ScopeStep;
use super::rules::Rules;
use crate::provision::configuration::{Answer, Compiled, ObjectMapping};
use crate::provision::message::told;
use crate::provision::object_kind::ObjectKind;
use crate::provision::source::{Deleted, Population, Subject};
use crate::provision::values::{Atom, Pool};

/// The reason where a scoping filter cannot be decided.
pub(crate) const UNDECIDED: &str = "X-FilterUndecided";

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
    /// Nobody can say whether the filter lets it pass.
    pub undecided: bool,
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

    /// Whether all hangs on a filter that cannot be decided.
    pub fn is_undecided(self) -> bool {
        self.undecided && self.active && self.assigned && self.entitled
    }

    /// Why nothing is done about an object that has left the scope, if so.
    pub fn left_alone(self, rules: &Rules) -> Option<(&'static str, &'static str)> {
        if self.unseen && !self.deleted_hard {
            return Some(("X-InputFilter", told!("the input filter keeps it from being looked at")));
        }
        if self.is_undecided() {
            return Some((UNDECIDED, told!("the scoping filter cannot be decided, so nothing is changed")));
        }
        (self.active && rules.skip_out_of_scope).then_some((
            "X-SkipOutOfScopeDeletions",
            told!("out of scope, and the job leaves such objects alone"),
        ))
    }
}

impl ObjectMapping {
    /// Whether an object that left the scope is deleted, where another is disabled.
    pub fn deletes(&self, kind: ObjectKind, standing: Standing) -> bool {
        standing.deleted_hard || kind == ObjectKind::Group || !self.soft_delete
    }
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
        undecided: answer == Answer::Undecided,
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
    let why = compiled.filter.explain(&subject);
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
