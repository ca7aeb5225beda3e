//! Rows of a plan by action and text, in an order.

use crate::provision::configuration::{Flow, Line};
use crate::provision::expression::Attributes;
use crate::provision::object_kind::ObjectKind;
use crate::provision::plan::{Decision, Engine, Row, Settled, Verdict, edits, marks};
use crate::provision::sort::sort_by_keys;
use crate::provision::source::Subject;
use crate::scim::unicode::lowercase;
use serde_json::Value;
use std::cmp::Reverse;

/// Attributes of an update that a row names.
const TOLD: usize = 3;

/// Which rows, and in which order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Search<'a> {
    /// Only rows with this action; empty for all.
    pub action: &'a str,
    /// Only rows whose name or id, or one of `columns`, holds this text; empty for all.
    pub text: &'a str,
    /// `name`, `action`, `why`, `changes`, `problems` or a column that was added, reversed after
    /// a `-`; empty for the plan's order.
    pub sort: &'a str,
    /// The columns that were added, as [`Engine::cells`] names them.
    pub columns: &'a [String],
}

/// A column that was added, looked up once for all rows.
enum Column<'c> {
    /// An attribute of the source.
    Source(&'c str),
    /// The mappings of users and of groups that yield it.
    Target([Option<&'c Line>; 2]),
}

impl Engine {
    /// The rows that are asked for, among these or, when `None`, among all.
    #[must_use]
    pub fn find(&self, search: &Search<'_>, among: Option<&[u32]>) -> Vec<u32> {
        let all = || (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).collect();
        let mut rows: Vec<u32> = among.map_or_else(all, <[u32]>::to_vec);
        let wanted = lowercase(search.text);
        let columns: Vec<Column<'_>> = search.columns.iter().map(|name| self.column(name)).collect();
        if !search.action.is_empty() || !wanted.is_empty() {
            rows.retain(|index| {
                self.looked_at(*index).is_some_and(|(settled, decision)| {
                    (search.action.is_empty() || decision.verdict.name() == search.action)
                        && (wanted.is_empty() || self.holds(settled, &wanted, &columns))
                })
            });
        }
        let decision = |index: &u32| self.looked_at(*index).map(|(_, decision)| decision);
        match search.sort.trim_start_matches('-') {
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
            "" => {}
            name => {
                let column = self.column(name);
                sort_by_keys(&mut rows, |index| {
                    let (settled, _) = self.looked_at(*index)?;
                    if name == "name" {
                        return Some(lowercase(self.planner().name(settled)));
                    }
                    let text = self.cell(settled, &column);
                    // What has no value comes last.
                    Some(if text.is_empty() { char::MAX.to_string() } else { lowercase(&text) })
                });
            }
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
    fn holds(&self, settled: Settled, wanted: &str, columns: &[Column<'_>]) -> bool {
        let entry = self.source.table(settled.kind).entry(settled.row);
        let id = entry.and_then(|entry| self.pool.text(entry.id)).unwrap_or_default();
        let planner = self.planner();
        let names = [planner.name(settled), planner.display_name(settled)];
        id.contains(wanted)
            || names.iter().any(|name| lowercase(name).contains(wanted))
            || columns.iter().any(|column| lowercase(&self.cell(settled, column)).contains(wanted))
    }

    /// For each row what each column holds: `source/department` is the attribute that the files
    /// have, `target/title` what the mapping yields; several values stand with a comma between
    /// them, and an empty text is no value.
    #[must_use]
    pub fn cells(&self, indexes: &[u32], columns: &[String]) -> Vec<Vec<String>> {
        let columns: Vec<Column<'_>> = columns.iter().map(|name| self.column(name)).collect();
        let settled = indexes.iter().filter_map(|index| Some(self.looked_at(*index)?.0));
        settled.map(|settled| columns.iter().map(|column| self.cell(settled, column)).collect()).collect()
    }

    fn column<'c>(&'c self, name: &'c str) -> Column<'c> {
        let (of, name) = name.split_once('/').unwrap_or_default();
        if of == "source" {
            return Column::Source(name);
        }
        Column::Target([ObjectKind::User, ObjectKind::Group].map(|kind| {
            let compiled = self.planner().compiled(kind)?;
            compiled.lines.iter().find(|line| line.mapping.target == name)
        }))
    }

    fn cell(&self, settled: Settled, column: &Column<'_>) -> String {
        let planner = self.planner();
        let line = match column {
            Column::Source(name) => {
                let soft_deleted = !settled.standing.in_scope();
                let population = planner.population(settled.kind);
                let subject = Subject { population, pool: &self.pool, row: settled.row, soft_deleted };
                return subject.attribute(name).items().join(", ");
            }
            Column::Target([user, _]) if settled.kind == ObjectKind::User => user,
            Column::Target([_, group]) => group,
        };
        let Some(line) = line else { return String::new() };
        let table = self.source.table(settled.kind);
        let held = planner.columns(settled.kind).get(table, line.index, settled.row);
        let id = table.entry(settled.row).map(|entry| entry.id).unwrap_or_default();
        let roles = if line.roles.is_some() { planner.entitlements.roles(id) } else { Vec::new() };
        match line.flow(&self.pool, held, &roles, true) {
            Flow::Value(Value::String(text)) | Flow::Wrong(_, text) => text,
            Flow::Value(value) => value.to_string(),
            Flow::Null | Flow::Silent => String::new(),
        }
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
