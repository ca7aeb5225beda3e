//! What becomes of everyone, without building what is only shown: each mapping line is
//! compared for all objects at once, value by value as atoms, and the lines' marks are
//! summed up into one decision an object. [`super::operation`] says the same of one object,
//! whole; a law holds the two together.

use super::operation::Planner;
use super::reference::IdRoutes;
use super::settlement::{Link, Settled};
use super::side::Mark;
use super::standing::UNDECIDED;
use crate::provision::address::UNUSABLE;
use crate::provision::configuration::{Compiled, Flow, FlowType, Kind, Line};
use crate::provision::object_kind::ObjectKind;
use crate::provision::source::Role;
use crate::provision::target::{Routes, Spot};
use crate::provision::values::{Atom, same_text};
use serde_json::Value;

/// Ours, as in `Row::action`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Create,
    Update,
    Disable,
    Delete,
    Staged,
    Unchanged,
    Skipped,
    Failed,
}

impl Verdict {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Disable => "disable",
            Self::Delete => "delete",
            Self::Staged => "staged",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}

/// What is kept of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub verdict: Verdict,
    pub reason: &'static str,
    /// Attributes that change.
    pub changes: u32,
    /// Values with problems, references that do not resolve apart.
    pub problems: u32,
    /// References that do not resolve.
    pub missing: u32,
    /// Requests that change the target.
    pub requests: u32,
}

/// A line's value would be part of a creation.
const CREATES: Mark = 1;
/// It has a problem.
const PROBLEM: Mark = 2;
/// Several values for an attribute that takes one.
const SEVERAL: Mark = 4;
/// It is required and a creation would lack it.
const LACKING: Mark = 8;
/// An update sets it.
const EDITS: Mark = 16;

/// What the lines say of one object before references are resolved.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outline {
    creates: u16,
    problems: u16,
    edits: u16,
    disables: u16,
    several: bool,
    /// The first mark that stands in a creation's way.
    obstacle: Mark,
}

/// Compares one line, no reference, for some objects of a kind: a mark for each.
pub(crate) fn marks(planner: &Planner<'_>, kind: ObjectKind, line: &Line, objects: &[Settled]) -> Vec<Mark> {
    let values = planner.columns(kind).line(planner.source.table(kind), line.index);
    let mut marker = Marker::new(planner, line);
    let mut mark =
        |settled: &Settled| marker.mark(*settled, values.get(settled.row).copied().unwrap_or_default());
    objects.iter().map(&mut mark).collect()
}

/// Whether an update sets the line.
pub(crate) fn edits(mark: Mark) -> bool {
    mark & EDITS != 0
}

/// Adds what a line says to what is known of the objects.
pub(crate) fn outline(line: &Line, marks: &[Mark], outlines: &mut [Outline]) {
    for (mark, outline) in marks.iter().zip(outlines) {
        outline.creates += u16::from(mark & CREATES != 0);
        outline.problems += u16::from(mark & PROBLEM != 0);
        outline.edits += u16::from(mark & EDITS != 0);
        outline.disables += u16::from(mark & EDITS != 0 && line.disables);
        outline.several |= mark & SEVERAL != 0;
        if outline.obstacle == 0 {
            outline.obstacle = mark & (SEVERAL | LACKING);
        }
    }
}

impl Outline {
    /// Whether the object has no target object and gets one; known once all lines were compared.
    pub fn creates(self, compiled: &Compiled, settled: Settled) -> bool {
        settled.link == Link::Create && compiled.object.create && self.obstacle == 0
    }
}

/// Compares one line.
pub(crate) struct Marker<'a> {
    planner: &'a Planner<'a>,
    line: &'a Line,
    routes: Routes,
    /// Texts flow as they are: no default, no type but text.
    plain: bool,
}

impl<'a> Marker<'a> {
    /// Begins with a line.
    pub fn new(planner: &'a Planner<'a>, line: &'a Line) -> Self {
        let mapping = &line.mapping;
        let text = matches!(mapping.definition.kind, Kind::String | Kind::DateTime | Kind::Binary);
        let plain = text
            && !mapping.definition.multivalued
            && !mapping.flow_always
            && mapping.flow_type == FlowType::Always
            && line.roles.is_none();
        Self { planner, line, routes: Routes::default(), plain }
    }

    /// Whether the line's value would be part of the object's creation.
    pub fn creates(&mut self, settled: Settled, yielded: Atom) -> bool {
        self.mark(settled, yielded) & CREATES != 0
    }

    /// Whether an update sets the line.
    pub fn sets(&mut self, settled: Settled, yielded: Atom) -> bool {
        self.mark(settled, yielded) & EDITS != 0
    }

    fn mark(&mut self, settled: Settled, yielded: Atom) -> Mark {
        let line = self.line;
        let default = line.mapping.default.is_some();
        let lacking = if line.mapping.definition.required { LACKING } else { 0 };
        if yielded == Atom::NULL && !default && line.roles.is_none() {
            return lacking;
        }
        let mut mark = 0;
        if self.plain && yielded.is_text() {
            mark |= CREATES;
        } else {
            let roles = self.roles(settled);
            mark |= match line.flow(self.planner.pool, yielded, &roles, true) {
                Flow::Value(_) => CREATES,
                Flow::Wrong("SchemaPropertyCanOnlyAcceptValue", _) => PROBLEM | SEVERAL | lacking,
                Flow::Wrong(..) => PROBLEM | lacking,
                Flow::Null | Flow::Silent => lacking,
            };
        }
        match settled.link {
            Link::Target(at) if !line.is_silent_on_update() && self.edits(settled, yielded, at) => {
                mark | EDITS
            }
            _ => mark,
        }
    }

    /// The object's roles, if the line writes them.
    pub fn roles(&self, settled: Settled) -> Vec<&'a Role> {
        if self.line.roles.is_none() {
            return Vec::new();
        }
        let entry = self.planner.source.table(settled.kind).entry(settled.row);
        self.planner.entitlements.roles(entry.map(|entry| entry.id).unwrap_or_default())
    }

    /// Whether an update would set the line.
    fn edits(&mut self, settled: Settled, yielded: Atom, target: usize) -> bool {
        let Planner { pool, held, .. } = *self.planner;
        let Some(target) = held.object(target) else { return false };
        let path = &self.line.path;
        let spot = self.routes.spot(held, pool, target.document, path);
        if self.plain && yielded.is_text() {
            match spot {
                Spot::Nothing => return pool.text(yielded).is_some_and(|text| !text.is_empty()),
                Spot::Text(old) if old == yielded => return false,
                Spot::Text(old) => {
                    let texts = pool.text(yielded).zip(pool.text(old));
                    return texts.is_none_or(|(new, old)| {
                        !same_text(new, old, self.line.mapping.definition.case_exact)
                    });
                }
                Spot::Flag(_) | Spot::Tree => {}
            }
        }
        let document;
        let text;
        let old = match spot {
            Spot::Nothing => None,
            Spot::Flag(flag) => {
                text = Value::Bool(flag);
                Some(&text)
            }
            Spot::Text(old) => {
                text = Value::from(pool.text(old).unwrap_or_default());
                Some(&text)
            }
            Spot::Tree => {
                document = held.documents.value(pool, target.document);
                path.read(&document)
            }
        };
        self.line.edit(pool, yielded, &self.roles(settled), old).is_some()
    }
}

/// References of all objects of a kind: what each has to change, and what is missing.
struct References<'a> {
    planner: &'a Planner<'a>,
    lines: Vec<(&'a Line, &'a [Atom], IdRoutes)>,
}

/// What an object's references add to its decision.
#[derive(Clone, Copy, Debug, Default)]
struct Referring {
    changes: u32,
    requests: u32,
    missing: u32,
}

impl References<'_> {
    fn of(&mut self, settled: Settled, id: Atom) -> Referring {
        let Planner { pool, held, .. } = *self.planner;
        let resolver = self.planner.resolver();
        let target = match settled.link {
            Link::Target(at) => held.object(at),
            _ => None,
        };
        let mut referring = Referring::default();
        for (line, values, routes) in &mut self.lines {
            let yielded = values.get(settled.row).copied().unwrap_or_default();
            let resolved = resolver.resolve(settled, id, line, yielded);
            if settled.is_written() {
                referring.missing += u32::try_from(resolved.missing.len()).unwrap_or(u32::MAX);
            }
            if target.is_some() && line.create_only() {
                continue;
            }
            let there = target.map_or_else(Vec::new, |target| {
                routes.ids(&held.documents, pool, target.document, &line.path)
            });
            if resolver.change(settled, id, line, &resolved, &there).is_some() {
                referring.changes += 1;
                referring.requests = 1;
            }
        }
        referring
    }
}

/// The decisions on some objects of a kind, the first of which stands at `first` among all.
pub(crate) fn decisions(
    planner: &Planner<'_>,
    compiled: &Compiled,
    first: usize,
    objects: &[Settled],
    outlines: &[Outline],
) -> Vec<Decision> {
    let Some(kind) = objects.first().map(|settled| settled.kind) else { return Vec::new() };
    let table = planner.source.table(kind);
    let lines = compiled.lines.iter().filter(|line| line.is_reference());
    let lines = lines.map(|line| (line, planner.columns(kind).line(table, line.index), IdRoutes::default()));
    let mut references = References { planner, lines: lines.collect() };
    let mut decide = |(at, (settled, outline)): (usize, (&Settled, &Outline))| {
        let id = table.entry(settled.row).map(|entry| entry.id).unwrap_or_default();
        let referring = references.of(*settled, id);
        let (verdict, reason, changes, mut requests) =
            verdict(planner, compiled, *settled, *outline, referring);
        if requests > 0 && !planner.rules.shape.target.is_plain() {
            // How many there are is known when they are written.
            let operation = planner.operation(first + at);
            let written = operation.map_or(0, |operation| {
                operation.requests.iter().filter(|request| request.method != "GET").count()
            });
            requests = u32::try_from(written).unwrap_or(u32::MAX);
        }
        let problems = u32::from(outline.problems);
        Decision { verdict, reason, changes, problems, missing: referring.missing, requests }
    };
    objects.iter().zip(outlines).enumerate().map(&mut decide).collect()
}

type Outcome = (Verdict, &'static str, u32, u32);

fn verdict(
    planner: &Planner<'_>,
    compiled: &Compiled,
    settled: Settled,
    outline: Outline,
    referring: Referring,
) -> Outcome {
    let skipped = |reason| (Verdict::Skipped, reason, 0, 0);
    let failed = |reason| (Verdict::Failed, reason, 0, 0);
    let object = &compiled.object;
    match settled.link {
        Link::None if settled.standing.is_undecided() => skipped(UNDECIDED),
        Link::None => skipped("NotEffectivelyEntitled"),
        Link::NoValue => skipped("ImportSkipped"),
        Link::Ambiguous(_) => failed("DuplicateTargetEntries"),
        Link::Duplicate(_) => failed("DuplicateSourceEntries"),
        Link::Lost(_) => failed("InvalidAnchor"),
        Link::Create if !object.create => skipped("X-CreateDisabled"),
        Link::Create if outline.obstacle & SEVERAL != 0 => failed("SchemaPropertyCanOnlyAcceptValue"),
        Link::Create if outline.obstacle != 0 => skipped("AttributeValidationFailed"),
        Link::Create => {
            let changes = u32::from(outline.creates) + referring.changes;
            (Verdict::Create, "", changes, 1 + referring.requests)
        }
        Link::Target(at) if !planner.is_usable(at) => failed(UNUSABLE),
        Link::Target(_) if settled.standing.in_scope() => {
            let requests = u32::from(outline.edits > 0) + referring.requests;
            if outline.several {
                failed("SchemaPropertyCanOnlyAcceptValue")
            } else if requests == 0 {
                (Verdict::Unchanged, "RedundantExport", 0, 0)
            } else if object.update {
                (Verdict::Update, "", u32::from(outline.edits) + referring.changes, requests)
            } else {
                skipped("X-UpdateDisabled")
            }
        }
        Link::Target(_) => {
            if let Some((reason, _)) = settled.standing.left_alone(planner.rules) {
                skipped(reason)
            } else if object.deletes(settled.kind, settled.standing) {
                if object.delete { (Verdict::Delete, "", 0, 1) } else { skipped("X-DeleteDisabled") }
            } else if !compiled.lines.iter().any(|line| line.disables) {
                skipped("X-IsSoftDeletedUnmapped")
            } else if !object.update {
                skipped("X-UpdateDisabled")
            } else if outline.disables > 0 {
                (Verdict::Disable, "", u32::from(outline.disables), 1)
            } else {
                (Verdict::Unchanged, "RedundantExport", 0, 0)
            }
        }
    }
}
