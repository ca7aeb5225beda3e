//! An edit as it shows at once: what another source of one mapping makes of the few objects
//! that are in sight, while everything else is still as the plan before has it.

use crate::provision::configuration::{Compiled, Line, MappingSource, Program, mapping_source, seed};
use crate::provision::object_kind::ObjectKind;
use crate::provision::plan::{
    Decision, Engine, Outline, Settled, Side, Verdict, decisions, marks, outline, side,
};
use crate::provision::source::Subject;
use crate::provision::values::Atom;
use serde_json::Value;
use std::rc::Rc;

impl Engine {
    /// Looks at the plan as if a mapping had another source, written as configurations write
    /// it. Right for the objects at `indexes` alone, and for what they refer to as it was
    /// planned before; afterwards the plan is what it was.
    ///
    /// `None` when everyone has to be planned for it: there is no plan, the configuration has
    /// no such mapping or is another than the plan's, the mapping decides who is whom, or the
    /// expression is one that does not come to an end.
    pub fn supposing<T>(
        &mut self,
        group: bool,
        target: &str,
        source: &Value,
        indexes: &[u32],
        look: impl FnOnce(&Self) -> T,
    ) -> Option<T> {
        let kind = if group { ObjectKind::Group } else { ObjectKind::User };
        let (compiled, at) = self.compile_with(kind, target, mapping_source(source))?;
        let line = compiled.lines.get(at)?;
        let both = [kind, if group { ObjectKind::User } else { ObjectKind::Group }];
        let [objects, others] = both.map(|kind| self.objects(kind, indexes));
        let values = self.values(kind, line, &objects);
        let columns = side(&self.sides, kind).columns.with(line, &self.rules.around, values);
        let planned = self.put_side(kind, Side::of(Rc::new(compiled), columns));
        let creates = self.settlement.creates.clone();
        let outlines = self.outlines(kind, &objects);
        self.put_creates(&objects, &outlines);
        // Who is created changes what others can refer to.
        let mut decided = self.decided(kind, &objects, &outlines);
        let [_, other] = both;
        decided.append(&mut self.decided(other, &others, &self.outlines(other, &others)));
        let before: Vec<(usize, Decision)> =
            decided.into_iter().filter_map(|(at, new)| Some((at, self.put_row(at, new)?))).collect();
        let seen = look(self);
        for (at, old) in before {
            self.put_row(at, old);
        }
        self.settlement.creates = creates;
        self.put_side(kind, planned);
        Some(seen)
    }

    /// The plan's mappings with the one that has another source, and its place.
    fn compile_with(
        &self,
        kind: ObjectKind,
        target: &str,
        source: MappingSource,
    ) -> Option<(Compiled, usize)> {
        let schema = self.schema.as_ref()?;
        let object = if kind == ObjectKind::User { &schema.users } else { &schema.groups };
        let mut object = object.clone()?;
        object.attributes.iter_mut().find(|mapping| mapping.target == target)?.source = source;
        let (mut compiled, _) = Compiled::of(&object, kind, &self.capabilities());
        let before = side(&self.sides, kind).compiled.as_ref()?;
        let at = compiled.lines.iter().position(|line| line.mapping.target == target)?;
        let same = |(new, old): (&Line, &Line)| {
            new.target == old.target && (new.index == at || new.mapping == old.mapping)
        };
        let usable = compiled.lines.len() == before.lines.len()
            && compiled.lines.iter().zip(&before.lines).all(same)
            && compiled.lines.get(at)?.mapping.matching_priority == 0
            && compiled.refuse(self.refused(), kind).is_empty();
        usable.then_some((compiled, at))
    }

    /// The objects of a kind among these rows, each with its row.
    fn objects(&self, kind: ObjectKind, indexes: &[u32]) -> Vec<(usize, Settled)> {
        let object = |index: &u32| {
            let index = usize::try_from(*index).ok()?;
            Some((index, *self.settlement.objects.get(index)?))
        };
        indexes.iter().filter_map(object).filter(|(_, settled)| settled.kind == kind).collect()
    }

    /// What the line yields for these objects, in a column that is null for all others.
    fn values(&mut self, kind: ObjectKind, line: &Line, objects: &[(usize, Settled)]) -> Vec<Atom> {
        let mut values = vec![Atom::NULL; self.source.table(kind).len()];
        // Members are read from the source itself, as in a plan.
        if matches!(&line.program, Program::Attribute(name) if name.eq_ignore_ascii_case("members")) {
            return values;
        }
        for (_, settled) in objects {
            let population = self.planner().population(kind);
            let soft_deleted = !settled.standing.in_scope();
            let subject = Subject { population, pool: &self.pool, row: settled.row, soft_deleted };
            let entry = population.table().entry(settled.row);
            let id = entry.and_then(|entry| self.pool.text(entry.id)).unwrap_or_default();
            let seed = seed(&self.rules.around, &line.target, id);
            let outcome = line.program.run(&subject, &self.rules.around, seed);
            let value = self.pool.outcome(outcome);
            if let Some(held) = values.get_mut(settled.row) {
                *held = value;
            }
        }
        values
    }

    /// What the lines say of some objects of a kind, anew.
    fn outlines(&self, kind: ObjectKind, objects: &[(usize, Settled)]) -> Vec<Outline> {
        let planner = self.planner();
        let lines = planner.compiled(kind).map_or(&[][..], |compiled| &compiled.lines);
        let settled: Vec<Settled> = objects.iter().map(|(_, settled)| *settled).collect();
        let mut outlines = vec![Outline::default(); settled.len()];
        for line in lines.iter().filter(|line| !line.is_reference()) {
            outline(line, &marks(&planner, kind, line, &settled), &mut outlines);
        }
        outlines
    }

    /// The decisions on some objects of a kind, anew.
    fn decided(
        &self,
        kind: ObjectKind,
        objects: &[(usize, Settled)],
        outlines: &[Outline],
    ) -> Vec<(usize, Decision)> {
        let planner = self.planner();
        let Some(compiled) = planner.compiled(kind) else { return Vec::new() };
        let decide = |((index, settled), outline): (&(usize, Settled), &Outline)| {
            let (settled, outline) = (std::slice::from_ref(settled), std::slice::from_ref(outline));
            let decided = decisions(&planner, compiled, *index, settled, outline).pop()?;
            let before = *self.rows.get(*index)?;
            let removes = matches!(decided.verdict, Verdict::Disable | Verdict::Delete);
            let held_back = before.verdict == Verdict::Staged && removes;
            let (verdict, reason, requests) = (before.verdict, before.reason, before.requests);
            Some((
                *index,
                if held_back { Decision { verdict, reason, requests, ..decided } } else { decided },
            ))
        };
        objects.iter().zip(outlines).filter_map(decide).collect()
    }

    fn put_creates(&mut self, objects: &[(usize, Settled)], outlines: &[Outline]) {
        for ((index, settled), outline) in objects.iter().zip(outlines) {
            let compiled = side(&self.sides, settled.kind).compiled.as_ref();
            let creates = compiled.is_some_and(|compiled| outline.creates(compiled, *settled));
            if let Some(held) = self.settlement.creates.get_mut(*index) {
                *held = creates;
            }
        }
    }

    fn put_side(&mut self, kind: ObjectKind, side: Side) -> Side {
        let [users, groups] = &mut self.sides;
        std::mem::replace(if kind == ObjectKind::User { users } else { groups }, side)
    }

    fn put_row(&mut self, at: usize, row: Decision) -> Option<Decision> {
        Some(std::mem::replace(self.rows.get_mut(at)?, row))
    }
}
