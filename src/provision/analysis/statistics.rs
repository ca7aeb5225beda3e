//! Numbers about the population that help to write a configuration: who passes a filter's
//! clauses, which values an attribute has, and whom single sign-on would not find.

use crate::provision::object_kind::ObjectKind;
use crate::provision::plan::{Engine, is_inactive};
use crate::provision::sort::sort;
use crate::provision::source::{Population, Subject};
use crate::scim::unicode::lowercase;
use hashbrown::HashMap;
use serde::Serialize;

/// Values shown of one attribute.
const FREQUENT: usize = 5;
/// People told one by one.
const MOST_TOLD: usize = 500;

/// Whether sign-on and provisioning name people alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignOnCheck {
    /// People in scope.
    pub checked: usize,
    /// Those whom the application would not find.
    pub lost: usize,
    /// The first of them.
    pub rows: Vec<SignOnRow>,
}

/// Somebody whom the application would not find, or only if it ignores case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignOnRow {
    /// The plan's row.
    pub index: usize,
    /// What people call them.
    pub name: String,
    /// What sign-on sends.
    pub sends: Option<String>,
    /// What is provisioned as `userName`.
    pub user_name: Option<String>,
    /// Both differ in case only.
    pub case_only: bool,
}

fn kind(group: bool) -> ObjectKind {
    if group { ObjectKind::Group } else { ObjectKind::User }
}

/// How many pass each clause of the scoping filters, on its way through the source.
#[derive(Debug)]
pub struct ScopeTally {
    kind: ObjectKind,
    next: usize,
    filters: Vec<Vec<(usize, usize)>>,
}

impl ScopeTally {
    /// Begins with the first object.
    #[must_use]
    pub fn new(group: bool) -> Self {
        Self { kind: kind(group), next: 0, filters: Vec::new() }
    }

    /// Looks at up to `most` further objects; true when all were.
    pub fn step(&mut self, engine: &Engine, most: usize) -> bool {
        let planner = engine.planner();
        let Some(compiled) = planner.compiled(self.kind) else { return true };
        let population: Population<'_> = planner.population(self.kind);
        let rows = if compiled.filter.is_empty() { 0 } else { population.table().len() };
        let end = rows.min(self.next.saturating_add(most));
        for row in self.next..end {
            let soft_deleted = is_inactive(&engine.pool, &population, row);
            let subject = Subject { population, pool: &engine.pool, row, soft_deleted };
            for (at, clauses) in compiled.filter.clauses(&subject).into_iter().enumerate() {
                if self.filters.len() <= at {
                    self.filters.push(vec![(0, 0); clauses.len()]);
                }
                let mut together = true;
                let counts = self.filters.get_mut(at).into_iter().flatten();
                for (passed, (alone, up_to)) in clauses.into_iter().zip(counts) {
                    together &= passed;
                    *alone += usize::from(passed);
                    *up_to += usize::from(together);
                }
            }
        }
        self.next = end;
        end == rows
    }

    /// For each scoping filter and each of its clauses, how many objects pass the clause
    /// alone, and how many pass it and all before it.
    #[must_use]
    pub fn filters(self) -> Vec<Vec<(usize, usize)>> {
        self.filters
    }
}

/// Whom sign-on names otherwise than provisioning does, on its way through the plan.
#[derive(Debug)]
pub struct SignOn {
    attribute: String,
    next: usize,
    check: SignOnCheck,
}

impl SignOn {
    /// Begins with the first row; sign-on sends `attribute`.
    #[must_use]
    pub fn new(attribute: &str) -> Self {
        Self { attribute: attribute.to_owned(), next: 0, check: SignOnCheck::default() }
    }

    /// Looks at up to `most` further rows of the plan; true when all were.
    pub fn step(&mut self, engine: &Engine, most: usize) -> bool {
        let planner = engine.planner();
        let Some(compiled) = planner.compiled(ObjectKind::User) else { return true };
        let line = compiled.lines.iter().find(|line| line.target.eq_ignore_ascii_case("userName"));
        let table = engine.source.table(ObjectKind::User);
        let Self { attribute, check, .. } = self;
        let objects = engine.settlement.objects.iter().enumerate().skip(self.next).take(most);
        for (index, settled) in objects.filter(|(_, s)| s.kind == ObjectKind::User && s.standing.in_scope()) {
            check.checked += 1;
            let sends = table.text(&engine.pool, settled.row, attribute).map(str::to_owned).or_else(|| {
                let id = table.entry(settled.row).filter(|_| attribute.eq_ignore_ascii_case("objectId"))?.id;
                engine.pool.text(id).map(str::to_owned)
            });
            let user_name = line.and_then(|line| {
                let held = planner.columns(ObjectKind::User).get(table, line.index, settled.row);
                engine.pool.first(held).map(str::to_owned)
            });
            if sends.is_some() && sends == user_name {
                continue;
            }
            let case_only = match (&sends, &user_name) {
                (Some(one), Some(other)) => lowercase(one) == lowercase(other),
                _ => false,
            };
            check.lost += usize::from(!case_only);
            if check.rows.len() < MOST_TOLD {
                let name = planner.name(*settled).to_owned();
                check.rows.push(SignOnRow { index, name, sends, user_name, case_only });
            }
        }
        self.next = engine.len().min(self.next.saturating_add(most));
        self.next == engine.len()
    }

    /// What was found.
    #[must_use]
    pub fn finish(self) -> SignOnCheck {
        self.check
    }
}

impl Engine {
    /// The most frequent values of a source attribute, the most frequent first.
    #[must_use]
    pub fn frequent(&self, group: bool, attribute: &str) -> Vec<(String, usize)> {
        let table = self.source.table(kind(group));
        let mut counts = HashMap::new();
        for atom in table.column(attribute).unwrap_or_default() {
            *counts.entry(*atom).or_insert(0_usize) += 1;
        }
        let text = |(atom, count)| Some((self.pool.first(atom)?.to_owned(), count));
        let mut values: Vec<(String, usize)> = counts.into_iter().filter_map(text).collect();
        sort(&mut values, |one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        values.truncate(FREQUENT);
        values
    }
}
