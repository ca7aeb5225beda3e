//! A plan under way: made in slices, so that whoever asked for it may answer something else
//! between two of them, or give it up. What was planned before stays as it was until then.
//!
//! For each kind of object: filter, standing, columns, indexes of the target, links. Then for
//! all: each line compared, each object decided.

use super::column::Cause;
use super::decide::{Decision, Outline, decisions, marks, outline};
use super::matching::{Indexes, Matching, Settling};
use super::operation::Planner;
use super::rules::{Links, Rules};
use super::settlement::{Settled, Settlement};
use super::side::{Mark, Side, side};
use super::standing::{Standing, inactive, standing};
use crate::provision::configuration::{Compiled, Line};
use crate::provision::expression;
use crate::provision::object_kind::ObjectKind;
use crate::provision::source::{Each, Entitlements, Population, Source};
use crate::provision::target::Held;
use crate::provision::values::{Atom, Pool};
use std::ops::Range;
use std::rc::Rc;

/// What is planned from, and the plan before.
pub(super) struct Ground<'a> {
    pub pool: &'a mut Pool,
    pub source: &'a Source,
    pub held: &'a Held,
    pub entitlements: &'a Entitlements,
    pub indexes: &'a mut Indexes,
    pub links: &'a Links,
    pub before: Before<'a>,
}

/// The plan before: what stays the same is not computed anew.
#[derive(Clone, Copy)]
pub(super) struct Before<'a> {
    pub sides: &'a [Side; 2],
    pub rules: &'a Rules,
    pub settlement: &'a Settlement,
}

impl Before<'_> {
    /// The objects of a kind.
    fn objects(&self, kind: ObjectKind) -> impl Iterator<Item = &Settled> {
        self.settlement.objects.iter().filter(move |settled| settled.kind == kind)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Filter,
    Standing,
    Columns,
    Index,
    Settle,
    /// Everyone has a link; from here on, both kinds at each stage.
    Outline,
    Decide,
    Done,
}

/// A plan as far as it has come.
#[derive(Debug)]
pub(super) struct Planning {
    rules: Rules,
    sides: [Side; 2],
    settlement: Settlement,
    rows: Vec<Decision>,
    stage: Stage,
    /// The kind under way.
    kind: ObjectKind,
    /// The line under way, and the next row of it.
    line: usize,
    next: usize,
    /// Rows looked at, each once for every line and stage.
    seen: usize,
    filter: Option<Each>,
    standings: Vec<Standing>,
    settling: Settling,
    /// How many objects are users; they stand before the groups.
    users: usize,
    outlines: Vec<Outline>,
    /// Everyone stands and is linked as in the plan before.
    objects_stay: bool,
    /// The marks of the line under way.
    fresh: Vec<Mark>,
}

impl Planning {
    /// Begins; nothing is computed yet.
    pub fn new([users, groups]: [Option<Rc<Compiled>>; 2], rules: Rules) -> Self {
        let side = |compiled| Side { compiled, ..Side::default() };
        Self {
            rules,
            sides: [side(users), side(groups)],
            settlement: Settlement::default(),
            rows: Vec::new(),
            stage: Stage::Filter,
            kind: ObjectKind::User,
            line: 0,
            next: 0,
            seen: 0,
            filter: None,
            standings: Vec::new(),
            settling: Settling::default(),
            users: 0,
            outlines: Vec::new(),
            objects_stay: false,
            fresh: Vec::new(),
        }
    }

    /// What was planned.
    pub fn into_parts(self) -> (Rules, [Side; 2], Settlement, Vec<Decision>) {
        (self.rules, self.sides, self.settlement, self.rows)
    }

    /// How many rows were looked at, each once for every line and stage, and about how many
    /// there are.
    pub fn progress(&self, source: &Source) -> (usize, usize) {
        let weigh = |kind: ObjectKind| {
            let lines =
                side(&self.sides, kind).compiled.as_ref().map(|compiled| 2 * compiled.lines.len() + 6);
            source.table(kind).len() * lines.unwrap_or_default()
        };
        let total = (weigh(ObjectKind::User) + weigh(ObjectKind::Group)).max(1);
        (self.seen.min(total), total)
    }

    /// Goes on for up to `most` rows, each counted once for every line and stage; true when
    /// everyone is decided.
    pub fn step(&mut self, ground: &mut Ground<'_>, most: usize) -> bool {
        let mut left = most;
        while self.stage != Stage::Done && left > 0 {
            let seen = self.part(ground, left);
            // What needs no looking at costs little, but not nothing.
            left = left.saturating_sub(seen.max(1));
            let begun = seen == 0 && self.expression().is_some();
            if begun && most < usize::MAX {
                break;
            }
        }
        self.stage == Stage::Done
    }

    /// What the next step runs that somebody wrote: a kind's filter, or a mapping by its target.
    /// A slice ends before each, so that it is known what does not come to an end.
    pub fn expression(&self) -> Option<(ObjectKind, Option<&str>)> {
        let held = side(&self.sides, self.kind);
        match self.stage {
            Stage::Filter if self.filter.is_some() => Some((self.kind, None)),
            Stage::Columns if held.columns.is_begun() => {
                let lines = held.compiled.as_ref().map_or(&[][..], |compiled| &compiled.lines);
                let line = lines.get(held.columns.len())?;
                Some((self.kind, Some(&line.mapping.target)))
            }
            _ => None,
        }
    }

    /// Goes on until everyone has standing, values and link.
    pub fn settle(&mut self, ground: &mut Ground<'_>) {
        while self.stage < Stage::Outline {
            self.part(ground, usize::MAX);
        }
    }

    /// Goes on within one stage of one kind; how many rows were looked at.
    fn part(&mut self, ground: &mut Ground<'_>, most: usize) -> usize {
        let Some(compiled) = side(&self.sides, self.kind).compiled.clone() else {
            self.next_kind(ground);
            return 0;
        };
        let seen = match self.stage {
            Stage::Filter => self.filter(ground, &compiled, most),
            Stage::Standing => self.stand(ground, most),
            Stage::Columns => self.columns(ground, &compiled, most),
            Stage::Index => self.index(ground, &compiled, most),
            Stage::Settle => self.link(ground, &compiled, most),
            Stage::Outline => self.outline(ground, &compiled, most),
            Stage::Decide => self.decide(ground, &compiled, most),
            Stage::Done => 0,
        };
        self.seen += seen;
        seen
    }

    fn turn(&mut self, stage: Stage) {
        (self.stage, self.line, self.next) = (stage, 0, 0);
    }

    fn next_kind(&mut self, ground: &Ground<'_>) {
        let users = self.kind == ObjectKind::User;
        self.kind = if users { ObjectKind::Group } else { ObjectKind::User };
        let stage = match self.stage {
            stage if users && stage >= Stage::Outline => stage,
            Stage::Outline => {
                self.settlement.creates = self.creates();
                Stage::Decide
            }
            Stage::Decide | Stage::Done => Stage::Done,
            _ if users => Stage::Filter,
            _ => {
                self.objects_stay = self.settlement.objects == ground.before.settlement.objects;
                self.outlines = vec![Outline::default(); self.settlement.objects.len()];
                Stage::Outline
            }
        };
        self.turn(stage);
    }

    fn side_mut(&mut self) -> &mut Side {
        let [users, groups] = &mut self.sides;
        if self.kind == ObjectKind::User { users } else { groups }
    }

    /// Where the kind's objects stand among all.
    fn span(&self) -> Range<usize> {
        match self.kind {
            ObjectKind::User => 0..self.users,
            ObjectKind::Group => self.users..self.settlement.objects.len(),
        }
    }

    fn filter(&mut self, ground: &mut Ground<'_>, compiled: &Compiled, most: usize) -> usize {
        let scope = &compiled.object.scope;
        let known = side(ground.before.sides, self.kind).filter.as_ref().filter(|(known, _)| known == scope);
        let known = known.map(|(_, passed)| Rc::clone(passed));
        let nobody = || compiled.filter.is_empty().then(|| Rc::from(Vec::new()));
        if let Some(passed) = known.or_else(nobody) {
            self.side_mut().filter = Some((scope.clone(), passed));
            self.turn(Stage::Standing);
            return 0;
        }
        let table = ground.source.table(self.kind);
        let Some(mut each) = self.filter.take() else {
            let population = population(ground, self.kind, &[]);
            let inactive = inactive(ground.pool, &population);
            let population = Population { soft_deleted: &inactive, ..population };
            self.filter = Some(Each::new(ground.pool, &population, compiled.filter.attributes(), true));
            return 0;
        };
        let seen = each.step(ground.pool, table, most, &|object, _| {
            Ok(expression::Value::Text(compiled.filter.answer(object).name().to_owned()))
        });
        if each.len() < table.len() {
            self.filter = Some(each);
        } else {
            self.side_mut().filter = Some((scope.clone(), each.finish().into()));
            self.turn(Stage::Standing);
        }
        seen
    }

    fn stand(&mut self, ground: &Ground<'_>, most: usize) -> usize {
        let population = population(ground, self.kind, &[]);
        let rows = population.table().len();
        let range = self.next..rows.min(self.next.saturating_add(most));
        let passed = side(&self.sides, self.kind).filter.as_ref();
        let passed = passed.map_or_else(|| Rc::from(Vec::new()), |(_, passed)| Rc::clone(passed));
        if self.scope_stays(ground) {
            self.standings = ground.before.objects(self.kind).map(|settled| settled.standing).collect();
            let outside = side(ground.before.sides, self.kind).outside.clone();
            self.side_mut().outside = outside;
            self.turn(Stage::Columns);
            return 0;
        }
        let standings =
            range.clone().map(|row| standing(ground.pool, &population, &self.rules, &passed, row));
        self.standings.extend(standings);
        self.next = range.end;
        if self.next == rows {
            self.side_mut().outside = self.standings.iter().map(|standing| !standing.in_scope()).collect();
            self.turn(Stage::Columns);
        }
        range.len()
    }

    /// Whether all that decides who is in scope is what it was.
    fn scope_stays(&self, ground: &Ground<'_>) -> bool {
        let (now, before) = (side(&self.sides, self.kind), side(ground.before.sides, self.kind));
        let filters = now.filter.as_ref().zip(before.filter.as_ref());
        ground.before.objects(self.kind).count() == ground.source.table(self.kind).len()
            && filters.is_some_and(|((one, _), (other, _))| one == other)
            && self.rules.sync_all == ground.before.rules.sync_all
            && self.rules.exclude_default_access == ground.before.rules.exclude_default_access
    }

    /// Whether all that decides who is whom is what it was.
    fn links_stay(&self, ground: &Ground<'_>, compiled: &Compiled) -> bool {
        let (now, before) = (side(&self.sides, self.kind), side(ground.before.sides, self.kind));
        let Some(known) = before.compiled.as_ref() else { return false };
        let (lines, others) = (compiled.matching(), known.matching());
        let same = |(line, other): (&&Line, &&Line)| {
            line.target == other.target
                && line.mapping.definition.case_exact == other.mapping.definition.case_exact
                && now.columns.is_same(line.index, &before.columns, other.index)
        };
        self.scope_stays(ground)
            && self.rules.first_cycle == ground.before.rules.first_cycle
            && lines.len() == others.len()
            && lines.iter().zip(&others).all(same)
    }

    fn columns(&mut self, ground: &mut Ground<'_>, compiled: &Compiled, most: usize) -> usize {
        let before = side(ground.before.sides, self.kind);
        let mut columns = std::mem::take(&mut self.side_mut().columns);
        let outside = &side(&self.sides, self.kind).outside;
        let cause = Cause {
            compiled,
            population: population(ground, self.kind, outside),
            around: &self.rules.around,
            before: &before.columns,
            scope_stays: before.outside == *outside,
        };
        let seen = columns.step(ground.pool, &cause, most);
        let complete = columns.len() == compiled.lines.len();
        self.side_mut().columns = columns;
        if complete {
            self.turn(Stage::Index);
        }
        seen
    }

    fn index(&mut self, ground: &mut Ground<'_>, compiled: &Compiled, most: usize) -> usize {
        let seen = ground.indexes.step(ground.pool, ground.held, self.kind, compiled, most);
        if seen.is_none() {
            if self.links_stay(ground, compiled) {
                let links = ground.before.objects(self.kind).map(|settled| settled.link);
                self.settling = Settling::known(links.collect());
            }
            self.turn(Stage::Settle);
        }
        seen.unwrap_or_default()
    }

    fn link(&mut self, ground: &mut Ground<'_>, compiled: &Compiled, most: usize) -> usize {
        let table = ground.source.table(self.kind);
        let lines = compiled.matching();
        let columns = &side(&self.sides, self.kind).columns;
        let values: Vec<&[Atom]> = lines.iter().map(|line| columns.line(table, line.index)).collect();
        let indexes = ground.indexes.of(self.kind, compiled);
        let mut matching = Matching {
            pool: ground.pool,
            held: ground.held,
            indexes: &indexes,
            links: ground.links,
            table,
            kind: self.kind,
            standings: &self.standings,
            lines: &lines,
            values: &values,
        };
        let seen = self.settling.step(&mut matching, &mut self.settlement, most);
        if self.settling.is_done() {
            self.settling = Settling::default();
            self.standings.clear();
            if self.kind == ObjectKind::User {
                self.users = self.settlement.objects.len();
            }
            self.next_kind(ground);
        }
        seen
    }

    fn outline(&mut self, ground: &Ground<'_>, compiled: &Compiled, most: usize) -> usize {
        let Some(line) = compiled.lines.get(self.line) else {
            self.next_kind(ground);
            return 0;
        };
        let span = self.span();
        let range = self.slice(&span, most);
        if !line.is_reference() {
            let within = range.start - span.start..range.end - span.start;
            let known = self.known_marks(ground, line);
            if known.is_none() {
                let objects = self.settlement.objects.get(range.clone()).unwrap_or_default();
                let mut fresh = marks(&self.planner(ground), self.kind, line, objects);
                self.fresh.append(&mut fresh);
            }
            let marks = known.as_deref().unwrap_or(&self.fresh).get(within).unwrap_or_default();
            outline(line, marks, self.outlines.get_mut(range.clone()).unwrap_or_default());
            if range.end == span.end {
                let marks = known.unwrap_or_else(|| std::mem::take(&mut self.fresh).into());
                self.side_mut().marks.push(marks);
            }
        } else if range.end == span.end {
            self.side_mut().marks.push(Rc::from(Vec::new()));
        }
        self.next = range.end - span.start;
        if range.end == span.end {
            (self.line, self.next) = (self.line + 1, 0);
        }
        range.len()
    }

    /// What a line said in the plan before, if it says the same now.
    fn known_marks(&self, ground: &Ground<'_>, line: &Line) -> Option<Rc<[Mark]>> {
        let (now, before) = (side(&self.sides, self.kind), side(ground.before.sides, self.kind));
        if !self.objects_stay || self.rules.shape != ground.before.rules.shape {
            return None;
        }
        let known = before.compiled.as_ref()?;
        let other = known.lines.iter().find(|other| other.target == line.target)?;
        let same = other.mapping == line.mapping
            && other.disables == line.disables
            && other.roles == line.roles
            && now.columns.is_same(line.index, &before.columns, other.index);
        same.then(|| before.marks.get(other.index).cloned()).flatten()
    }

    fn decide(&mut self, ground: &Ground<'_>, compiled: &Compiled, most: usize) -> usize {
        let span = self.span();
        let range = self.slice(&span, most);
        let planner = self.planner(ground);
        let objects = self.settlement.objects.get(range.clone()).unwrap_or_default();
        let outlines = self.outlines.get(range.clone()).unwrap_or_default();
        let mut rows = decisions(&planner, compiled, range.start, objects, outlines);
        self.rows.append(&mut rows);
        self.next = range.end - span.start;
        if range.end == span.end {
            self.next_kind(ground);
        }
        range.len()
    }

    /// The next objects of a span.
    fn slice(&self, span: &Range<usize>, most: usize) -> Range<usize> {
        let from = span.end.min(span.start + self.next);
        from..span.end.min(from.saturating_add(most))
    }

    /// For each object, whether it has no target object and gets one.
    fn creates(&self) -> Vec<bool> {
        let objects = self.settlement.objects.iter().zip(&self.outlines);
        let creates = objects.map(|(settled, outline)| {
            let compiled = side(&self.sides, settled.kind).compiled.as_ref();
            compiled.is_some_and(|compiled| outline.creates(compiled, *settled))
        });
        creates.collect()
    }

    fn planner<'p>(&'p self, ground: &'p Ground<'_>) -> Planner<'p> {
        let Ground { pool, source, held, entitlements, .. } = ground;
        let Self { rules, sides, settlement, .. } = self;
        Planner { pool, source, held, entitlements, rules, sides, settlement }
    }
}

fn population<'g>(ground: &Ground<'g>, kind: ObjectKind, soft_deleted: &'g [bool]) -> Population<'g> {
    Population { kind, source: ground.source, entitlements: ground.entitlements, soft_deleted }
}
