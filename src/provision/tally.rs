//! Numbers about the population that help to write a configuration: who passes a filter's
//! clauses, which values an attribute has, and whom single sign-on would not find.

use super::engine::Engine;
use super::held::ObjectKind;
use super::order::sort;
use super::population::{Population, Subject};
use crate::scim::unicode::lowercase;
use hashbrown::HashMap;
use serde::Serialize;

/// Values shown of one attribute.
const FREQUENT: usize = 6;
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

impl Engine {
    /// For each scoping filter and each of its clauses, how many objects pass the clause
    /// alone, and how many pass it and all before it.
    #[must_use]
    pub fn scope_tally(&self, group: bool) -> Vec<Vec<(usize, usize)>> {
        let planner = self.planner();
        let Some(compiled) = planner.compiled(kind(group)) else { return Vec::new() };
        if compiled.filter.is_empty() {
            return Vec::new();
        }
        let population: Population<'_> = planner.population(kind(group));
        let mut tally: Vec<Vec<(usize, usize)>> = Vec::new();
        for row in 0..population.table().len() {
            let subject = Subject { population, pool: &self.pool, row, soft_deleted: false };
            for (at, clauses) in compiled.filter.clauses(&subject).into_iter().enumerate() {
                if tally.len() <= at {
                    tally.push(vec![(0, 0); clauses.len()]);
                }
                let mut together = true;
                for (passed, counts) in clauses.into_iter().zip(tally.get_mut(at).into_iter().flatten()) {
                    together &= passed;
                    counts.0 += usize::from(passed);
                    counts.1 += usize::from(together);
                }
            }
        }
        tally
    }

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

    /// Whom sign-on names otherwise than provisioning does, when it sends `attribute`.
    #[must_use]
    pub fn sign_on(&self, attribute: &str) -> SignOnCheck {
        let mut check = SignOnCheck::default();
        let planner = self.planner();
        let Some(compiled) = planner.compiled(ObjectKind::User) else { return check };
        let line = compiled.lines.iter().find(|line| line.target.eq_ignore_ascii_case("userName"));
        let table = self.source.table(ObjectKind::User);
        let objects = self.settlement.objects.iter().enumerate();
        for (index, settled) in objects.filter(|(_, s)| s.kind == ObjectKind::User && s.standing.in_scope()) {
            check.checked += 1;
            let sends = table.text(&self.pool, settled.row, attribute).map(str::to_owned).or_else(|| {
                let id = table.entry(settled.row).filter(|_| attribute.eq_ignore_ascii_case("objectId"))?.id;
                self.pool.text(id).map(str::to_owned)
            });
            let user_name = line.and_then(|line| {
                let held = planner.columns(ObjectKind::User).get(table, line.index, settled.row);
                self.pool.first(held).map(str::to_owned)
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
        check
    }
}
