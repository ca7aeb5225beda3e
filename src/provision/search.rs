//! Rows of a plan by action and text, in an order.

use super::decide::{Decision, Verdict, edits, marks};
use super::engine::Engine;
use super::held::ObjectKind;
use super::matching::Settled;
use super::order::sort_by_keys;
use super::report::Row;
use crate::scim::unicode::lowercase;
use std::cmp::Reverse;

/// Attributes of an update that a row names.
const TOLD: usize = 3;

/// Which rows, and in which order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Search<'a> {
    /// Only rows with this action; empty for all.
    pub action: &'a str,
    /// Only rows whose name or id holds this text; empty for all.
    pub text: &'a str,
    /// `name`, `action`, `why`, `changes` or `problems`, reversed after a `-`; empty for the
    /// plan's order.
    pub sort: &'a str,
}

impl Engine {
    /// The rows that are asked for, among these or, when `None`, among all.
    #[must_use]
    pub fn find(&self, search: &Search<'_>, among: Option<&[u32]>) -> Vec<u32> {
        let all = || (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).collect();
        let mut rows: Vec<u32> = among.map_or_else(all, <[u32]>::to_vec);
        let wanted = lowercase(search.text);
        if !search.action.is_empty() || !wanted.is_empty() {
            rows.retain(|index| {
                self.looked_at(*index).is_some_and(|(settled, decision)| {
                    (search.action.is_empty() || decision.verdict.name() == search.action)
                        && (wanted.is_empty() || self.holds(settled, &wanted))
                })
            });
        }
        let decision = |index: &u32| self.looked_at(*index).map(|(_, decision)| decision);
        match search.sort.trim_start_matches('-') {
            "name" => sort_by_keys(&mut rows, |index| {
                self.looked_at(*index).map(|(settled, _)| lowercase(self.planner().name(settled)))
            }),
            "action" => {
                sort_by_keys(&mut rows, |index| decision(index).map(|decision| urgency(decision.verdict)))
            }
            "why" => sort_by_keys(&mut rows, |index| {
                self.looked_at(*index).map(|(settled, decision)| {
                    (decision.reason, settled.standing.because(), decision.changes)
                })
            }),
            "changes" => {
                sort_by_keys(&mut rows, |index| Reverse(decision(index).map(|decision| decision.changes)))
            }
            "problems" => {
                let problems = |decision: Decision| decision.problems + decision.missing;
                sort_by_keys(&mut rows, |index| Reverse(decision(index).map(problems)));
            }
            _ => {}
        }
        if search.sort.starts_with('-') {
            rows.reverse();
        }
        rows
    }

    /// The row of a source object.
    #[must_use]
    pub fn place(&self, id: &str) -> Option<usize> {
        self.settlement.by_source.get(&self.pool.find(id)?).copied()
    }

    /// These rows, each with the first few attributes that an update of it sets.
    #[must_use]
    pub fn rows(&self, indexes: &[u32]) -> Vec<Row> {
        let places = indexes.iter().filter_map(|index| usize::try_from(*index).ok());
        let mut rows: Vec<(usize, Row)> =
            places.filter_map(|place| Some((place, self.row(place)?))).collect();
        for kind in [ObjectKind::User, ObjectKind::Group] {
            self.tell_what_is_set(kind, &mut rows);
        }
        rows.into_iter().map(|(_, row)| row).collect()
    }

    fn tell_what_is_set(&self, kind: ObjectKind, rows: &mut [(usize, Row)]) {
        let planner = self.planner();
        let lines = planner.compiled(kind).map_or(&[][..], |compiled| &compiled.lines);
        let (places, objects): (Vec<usize>, Vec<Settled>) = rows
            .iter()
            .enumerate()
            .filter(|(_, (_, row))| row.action == Verdict::Update.name())
            .filter_map(|(at, (place, _))| Some((at, *self.settlement.objects.get(*place)?)))
            .filter(|(_, settled)| settled.kind == kind)
            .unzip();
        if objects.is_empty() {
            return;
        }
        for line in lines.iter().filter(|line| !line.is_reference()) {
            for (at, mark) in places.iter().zip(marks(&planner, kind, line, &objects)) {
                let Some((_, row)) = rows.get_mut(*at) else { continue };
                if edits(mark) && row.sets.len() < TOLD {
                    row.sets.push(line.mapping.target.clone());
                }
            }
        }
    }

    fn looked_at(&self, index: u32) -> Option<(Settled, Decision)> {
        let index = usize::try_from(index).ok()?;
        Some((*self.settlement.objects.get(index)?, *self.rows.get(index)?))
    }

    /// Whether a name or the id holds a text in lower case.
    fn holds(&self, settled: Settled, wanted: &str) -> bool {
        let entry = self.source.table(settled.kind).entry(settled.row);
        let id = entry.and_then(|entry| self.pool.text(entry.id)).unwrap_or_default();
        let planner = self.planner();
        let names = [planner.name(settled), planner.display_name(settled)];
        id.contains(wanted) || names.iter().any(|name| lowercase(name).contains(wanted))
    }
}

/// Destructive first, then what needs a look, then the rest.
fn urgency(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Delete => 0,
        Verdict::Disable => 1,
        Verdict::Staged => 2,
        Verdict::Failed => 3,
        Verdict::Create => 4,
        Verdict::Update => 5,
        Verdict::Unchanged => 6,
        Verdict::Skipped => 7,
    }
}
