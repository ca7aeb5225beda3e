//! The plan looked at as a whole: how often each mapping yields a value and which, whom
//! each attribute changes, which problems there are, where the scope loses people, and
//! which rows an edit changed. Gathered from the columns, one line of the tables after the
//! other, so that no operation is built and it can stop at any row.

use crate::provision::configuration::{Compiled, Flow, Line};
use crate::provision::message::told;
use crate::provision::object_kind::ObjectKind;
use crate::provision::plan::{Decision, Engine, IdRoutes, Link, Marker, Planner, Settled, Verdict};
use crate::provision::sort::sort;
use crate::provision::values::Atom;
use hashbrown::HashMap;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Distinct values of one attribute that are counted; later ones only add to the total.
const MAX_VALUES: usize = 5_000;
/// Values shown of one attribute.
const TOP: usize = 5;
/// The scope's conditions in their order.
const STEPS: [&str; 4] = [
    told!("Active in the source system"),
    told!("Assigned to the application"),
    told!("Has the required role"),
    told!("Scoping filter evaluation passed"),
];

/// Everything found out so far.
#[derive(Debug, Default)]
pub struct Survey {
    /// The pass under way: first the decisions, then line by line.
    pass: usize,
    /// The next row of the pass.
    next: usize,
    /// What the pass knows of the values it has seen, in scope and out of it.
    seen: HashMap<(Atom, bool), Seen>,
    targets: Vec<Target>,
    problems: BTreeMap<String, Vec<u32>>,
    reasons: BTreeMap<String, Vec<u32>>,
    funnel: Vec<Loss>,
    read: usize,
    /// For each row, verdict, reason and changes as a number.
    outcomes: Vec<u64>,
    /// The same for each source row of a kind, when all passes are done.
    hashes: [Vec<Option<u64>>; 2],
    /// The rows whose hash is not the one before.
    edited: Vec<u32>,
    before: [Vec<Option<u64>>; 2],
}

#[derive(Debug)]
struct Target {
    kind: ObjectKind,
    name: String,
    /// Its place among the lines of its kind.
    line: usize,
    /// Other lines have a hand in what the attribute holds.
    shared: bool,
    filled: u32,
    empty: u32,
    failed: u32,
    values: Vec<(String, u32)>,
    places: HashMap<String, usize>,
    changed: Vec<u32>,
}

/// What a yielded value comes to.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// Its place among the counted values, if it flows.
    place: Option<Option<usize>>,
    /// The problem that it has.
    problem: Option<&'static str>,
    hash: u64,
}

/// Where the scope loses objects.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Loss {
    name: String,
    lost: u32,
    #[serde(skip)]
    rows: Vec<u32>,
}

/// The survey in numbers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Findings {
    /// Objects looked at.
    pub read: usize,
    targets: Vec<TargetFindings>,
    problems: Vec<(String, usize)>,
    reasons: Vec<(String, usize)>,
    funnel: Vec<Loss>,
    /// Rows that the last edit changed; none before there was one.
    pub edited: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetFindings {
    kind: String,
    target: String,
    filled: u32,
    empty: u32,
    failed: u32,
    changed: usize,
    distinct: usize,
    top: Vec<(String, u32)>,
}

impl Survey {
    /// A survey that knows what became of everybody before the edit.
    #[must_use]
    pub fn after(previous: Option<&Self>) -> Self {
        Self { before: previous.map(|survey| survey.hashes.clone()).unwrap_or_default(), ..Self::default() }
    }

    /// How many rows all passes have seen, and how many they will.
    #[must_use]
    pub fn progress(&self, engine: &Engine) -> (usize, usize) {
        let sizes = self.targets.iter().map(|target| range(engine, target.kind).len());
        let before = engine.len() + sizes.clone().take(self.pass.saturating_sub(1)).sum::<usize>();
        let done = if self.pass == 0 { self.next } else { before + self.next };
        (done, engine.len() + sizes.sum::<usize>())
    }

    /// Looks at up to `most` further rows, each counted once for every line; true when all
    /// were seen.
    pub fn step(&mut self, engine: &Engine, most: usize) -> bool {
        let planner = engine.planner();
        let mut left = most;
        if self.pass == 0 && self.next == 0 {
            self.begin(&planner);
        }
        while self.pass <= self.targets.len() {
            let rows = match self.pass.checked_sub(1).and_then(|at| self.targets.get(at)) {
                None => 0..engine.len(),
                Some(target) => range(engine, target.kind),
            };
            let from = rows.end.min(rows.start + self.next);
            let end = rows.end.min(from.saturating_add(left));
            match self.pass.checked_sub(1) {
                None => (from..end).for_each(|row| self.decided(engine, row)),
                Some(at) => self.line(engine, &planner, at, from..end),
            }
            left -= end - from;
            self.next += end - from;
            if end < rows.end {
                return false;
            }
            (self.pass, self.next) = (self.pass + 1, 0);
            self.seen.clear();
            if self.pass > self.targets.len() {
                self.end(engine);
            }
        }
        true
    }

    fn begin(&mut self, planner: &Planner<'_>) {
        for kind in [ObjectKind::User, ObjectKind::Group] {
            let Some(compiled) = planner.compiled(kind) else { continue };
            self.targets.extend(compiled.lines.iter().enumerate().map(|(line, held)| Target {
                kind,
                name: held.target.clone(),
                line,
                shared: !stands_alone(compiled, held),
                filled: 0,
                empty: 0,
                failed: 0,
                values: Vec::new(),
                places: HashMap::new(),
                changed: Vec::new(),
            }));
        }
    }

    /// Takes the decision on a row: its reason, and where the scope lost it.
    fn decided(&mut self, engine: &Engine, index: usize) {
        let (Some(settled), Some(decision)) = (engine.settlement.objects.get(index), engine.rows.get(index))
        else {
            return;
        };
        let Ok(row) = u32::try_from(index) else { return };
        self.read += 1;
        if self.funnel.is_empty() {
            self.funnel = STEPS.map(|name| Loss { name: name.to_owned(), ..Loss::default() }).to_vec();
        }
        let standing = settled.standing;
        let passed = [standing.active, standing.assigned, standing.entitled, standing.passed];
        let lost = passed.iter().position(|passed| !passed);
        if let Some(loss) = lost.and_then(|at| self.funnel.get_mut(at)) {
            loss.lost += 1;
            loss.rows.push(row);
        }
        if !decision.reason.is_empty() {
            put(&mut self.reasons, decision.reason, row);
        }
        if decision.verdict == Verdict::Failed {
            put(&mut self.problems, decision.reason, row);
        }
        self.outcomes.push(hash(&(decision.verdict.name(), decision.reason)));
    }

    /// Looks at what a line yields for these rows, and whom it changes.
    fn line(&mut self, engine: &Engine, planner: &Planner<'_>, at: usize, rows: std::ops::Range<usize>) {
        let Self { seen, targets, problems, outcomes, .. } = self;
        let Some(target) = targets.get_mut(at) else { return };
        let Some(compiled) = planner.compiled(target.kind) else { return };
        let Some(line) = compiled.lines.get(target.line) else { return };
        let values = planner.columns(target.kind).line(planner.source.table(target.kind), line.index);
        let mut marker = Marker::new(planner, line);
        let mut routes = IdRoutes::default();
        for index in rows {
            let objects = (engine.settlement.objects.get(index), engine.rows.get(index));
            let ((Some(settled), Some(decision)), Ok(row)) = (objects, u32::try_from(index)) else {
                continue;
            };
            let yielded = values.get(settled.row).copied().unwrap_or_default();
            let within = settled.standing.in_scope();
            let (change, found) = if line.is_reference() {
                let referring = refer(planner, *settled, line, yielded, &mut routes);
                let changed = changes(*settled, *decision, line) && referring.changed;
                (changed, referring.seen)
            } else {
                let changed = changes(*settled, *decision, line)
                    && match settled.link {
                        Link::Create => marker.creates(*settled, yielded),
                        _ => marker.sets(*settled, yielded),
                    };
                let look = |target: &mut Target| {
                    let flow = line.flow(planner.pool, yielded, &marker.roles(*settled), true);
                    see(target, flow, within)
                };
                // A list of roles is no matter of what the column yields.
                let found = if line.roles.is_some() {
                    look(target)
                } else {
                    *seen.entry((yielded, within)).or_insert_with(|| look(target))
                };
                (changed, found)
            };
            if let Some(code) = found.problem {
                put(problems, code, row);
            }
            if change {
                target.changed.push(row);
                if let Some(outcome) = outcomes.get_mut(index) {
                    *outcome = outcome.wrapping_add(hash(&(target.name.as_str(), found.hash)));
                }
            }
            if !within {
                continue;
            }
            let place = if target.shared {
                let result = planner.part(index, |other| shares(line, other));
                result.as_ref().and_then(|result| line.path.read(result)).map(|value| target.place(value))
            } else {
                found.place.map(|_| found.place.flatten())
            };
            match place {
                Some(place) => {
                    target.filled += 1;
                    if let Some((_, count)) = place.and_then(|place| target.values.get_mut(place)) {
                        *count += 1;
                    }
                }
                None if found.problem.is_some() => target.failed += 1,
                None => target.empty += 1,
            }
        }
    }

    /// All passes are done: puts rows in order, and compares with before.
    fn end(&mut self, engine: &Engine) {
        for rows in self.problems.values_mut() {
            sort(rows, u32::cmp);
            rows.dedup();
        }
        let first = self.before.iter().all(Vec::is_empty);
        for (index, (settled, outcome)) in engine.settlement.objects.iter().zip(&self.outcomes).enumerate() {
            let [users, groups] = &mut self.hashes;
            let hashes = if settled.kind == ObjectKind::User { users } else { groups };
            if hashes.len() <= settled.row {
                hashes.resize(settled.row + 1, None);
            }
            if let Some(slot) = hashes.get_mut(settled.row) {
                *slot = Some(*outcome);
            }
            let [users, groups] = &self.before;
            let before = if settled.kind == ObjectKind::User { users } else { groups };
            let same = before.get(settled.row).is_some_and(|before| *before == Some(*outcome));
            if let (false, false, Ok(row)) = (first, same, u32::try_from(index)) {
                self.edited.push(row);
            }
        }
    }

    /// What was found, in numbers.
    #[must_use]
    pub fn findings(&self) -> Findings {
        let counted = |lists: &BTreeMap<String, Vec<u32>>| {
            let mut counts: Vec<(String, usize)> =
                lists.iter().map(|(name, rows)| (name.clone(), rows.len())).collect();
            sort(&mut counts, |one, other| other.1.cmp(&one.1));
            counts
        };
        let targets = self.targets.iter().map(|target| {
            let mut top: Vec<(String, u32)> = target.values.clone();
            let distinct = top.len();
            sort(&mut top, |a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            top.truncate(TOP);
            TargetFindings {
                kind: target.kind.name().to_owned(),
                target: target.name.clone(),
                filled: target.filled,
                empty: target.empty,
                failed: target.failed,
                changed: target.changed.len(),
                distinct,
                top,
            }
        });
        Findings {
            read: self.read,
            targets: targets.collect(),
            problems: counted(&self.problems),
            reasons: counted(&self.reasons),
            funnel: self.funnel.clone(),
            edited: self.edited.len(),
        }
    }

    /// The rows behind a number: `changed:User/title`, `problem:CODE`, `reason:CODE`,
    /// `scope:0` or `edited`. `None` for a name that is no such number.
    #[must_use]
    pub fn rows(&self, name: &str) -> Option<&[u32]> {
        let (what, which) = name.split_once(':').unwrap_or((name, ""));
        let rows = match what {
            "edited" => Some(&self.edited),
            "problem" => self.problems.get(which),
            "reason" => self.reasons.get(which),
            "scope" => which.parse::<usize>().ok().and_then(|at| self.funnel.get(at)).map(|loss| &loss.rows),
            "changed" => self
                .targets
                .iter()
                .find(|target| {
                    which.strip_prefix(target.kind.name()).and_then(|rest| rest.strip_prefix('/'))
                        == Some(&target.name)
                })
                .map(|target| &target.changed),
            _ => None,
        };
        rows.map(Vec::as_slice)
    }
}

impl Target {
    /// Where a value is counted; nowhere when there are too many.
    fn place(&mut self, value: &Value) -> Option<usize> {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if let Some(at) = self.places.get(&text) {
            return Some(*at);
        }
        if self.values.len() >= MAX_VALUES {
            return None;
        }
        self.values.push((text.clone(), 0));
        self.places.insert(text, self.values.len() - 1);
        Some(self.values.len() - 1)
    }
}

/// Where the rows of a kind stand; users come before groups.
fn range(engine: &Engine, kind: ObjectKind) -> std::ops::Range<usize> {
    let objects = &engine.settlement.objects;
    let users = objects.partition_point(|settled| settled.kind == ObjectKind::User);
    if kind == ObjectKind::User { 0..users } else { users..objects.len() }
}

fn see(target: &mut Target, flow: Flow, within: bool) -> Seen {
    match flow {
        Flow::Value(value) => {
            let place = if target.shared || !within { None } else { target.place(&value) };
            Seen { place: Some(place), problem: None, hash: hash(&value.to_string()) }
        }
        Flow::Wrong(code, _) => Seen { place: None, problem: Some(code), hash: 0 },
        Flow::Silent | Flow::Null => Seen { place: None, problem: None, hash: 0 },
    }
}

struct Referring {
    changed: bool,
    seen: Seen,
}

fn refer(
    planner: &Planner<'_>,
    settled: Settled,
    line: &Line,
    yielded: Atom,
    routes: &mut IdRoutes,
) -> Referring {
    let (pool, held) = (planner.pool, planner.held);
    let id = planner.source.table(settled.kind).entry(settled.row).map(|entry| entry.id).unwrap_or_default();
    let resolved = planner.resolver().resolve(settled, id, line, yielded);
    let target = match settled.link {
        Link::Target(at) => held.object(at),
        _ => None,
    };
    let there =
        target.map_or_else(Vec::new, |target| routes.ids(&held.documents, pool, target.document, &line.path));
    let changed = !(target.is_some() && line.create_only())
        && planner.resolver().change(settled, id, line, &resolved, &there).is_some();
    let problem = (settled.is_written() && !resolved.missing.is_empty())
        .then_some("UnableToResolveReferenceAttributeValue");
    Referring { changed, seen: Seen { place: None, problem, hash: hash(&resolved.found) } }
}

/// Whether a line may be among what a decision changes.
fn changes(settled: Settled, decision: Decision, line: &Line) -> bool {
    decision.changes > 0
        && match settled.link {
            Link::Target(_) if !settled.standing.in_scope() => line.disables && !line.is_reference(),
            _ => true,
        }
}

/// Whether two lines write into the same attribute, or one into what all bring about.
fn shares(line: &Line, other: &Line) -> bool {
    let all = ["schemas", "meta"].iter().any(|name| line.path.attribute.eq_ignore_ascii_case(name));
    all || line.path.beside(&other.path)
}

/// Whether what the attribute holds is what the line yields, whatever other lines do.
fn stands_alone(compiled: &Compiled, line: &Line) -> bool {
    let path = &line.path;
    let special =
        ["schemas", "meta", "roles", "members"].iter().any(|name| path.attribute.eq_ignore_ascii_case(name));
    let alike = |other: &Line| {
        let (one, two) = (&line.path, &other.path);
        let filters = match (&one.filter, &two.filter) {
            (None, None) => true,
            (Some((one, _)), Some((two, _))) => one == two,
            _ => false,
        };
        let clean = two.sub.as_ref().is_some_and(|sub| {
            let filter = two.filter.as_ref().is_some_and(|(name, _)| name.eq_ignore_ascii_case(sub));
            !filter && !sub.eq_ignore_ascii_case("primary")
        });
        one.urn == two.urn && one.attribute == two.attribute && filters && clean
    };
    let mut others = compiled.lines.iter().filter(|other| other.path.beside(path));
    let whole = path.sub.is_none() && path.filter.is_none();
    let apart = if whole { others.all(|other| other.index == line.index) } else { others.all(alike) };
    !special && !line.is_reference() && line.roles.is_none() && apart
}

fn put(lists: &mut BTreeMap<String, Vec<u32>>, name: &str, row: u32) {
    match lists.get_mut(name) {
        Some(rows) => rows.push(row),
        None => {
            lists.insert(name.to_owned(), vec![row]);
        }
    }
}

fn hash<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
