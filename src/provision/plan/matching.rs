//! Which target object each source object is. Matching tries one attribute at a time by precedence
//! and stops at the first hit; two hits, no value, or a target another source object already is,
//! are verdicts of their own.

use super::rules::Links;
use super::settlement::{Link, Settled, Settlement};
use super::standing::Standing;
use crate::provision::configuration::{Compiled, Line};
use crate::provision::object_kind::ObjectKind;
use crate::provision::source::Table;
use crate::provision::target::{Held, Index, Indexed};
use crate::provision::values::{Atom, Pool};
use hashbrown::{HashMap, HashSet};
use std::ops::Range;

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
