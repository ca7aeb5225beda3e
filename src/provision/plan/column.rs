//! What each mapping yields for everyone, as columns. A column is kept as long as its
//! source text and what it reads stay the same, so that a changed mapping costs one.

use crate::provision::configuration::{Compiled, Line, MappingSource, Program, Surroundings, seed};
use crate::provision::source::{Each, Population, Table, Values};
use crate::provision::values::{Atom, Pool};
use std::rc::Rc;

/// The columns of one kind's mapping lines.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    /// For each line, its column.
    lines: Vec<Rc<Column>>,
    /// The column of the next line, as far as it has come.
    begun: Option<Each>,
    /// How many were computed; for tests.
    pub computed: usize,
}

#[derive(Debug)]
struct Column {
    source: MappingSource,
    around: Surroundings,
    /// The target, if the values are no other target's: chance differs from line to line.
    target: Option<String>,
    /// Reads who is in scope, which a filter or a setting may change.
    scoped: bool,
    values: Values,
}

/// What columns are computed from.
pub(crate) struct Cause<'a> {
    pub compiled: &'a Compiled,
    pub population: Population<'a>,
    pub around: &'a Surroundings,
    /// The columns of the plan before.
    pub before: &'a Columns,
    /// Nobody entered or left the scope since then.
    pub scope_stays: bool,
}

impl Columns {
    /// What a line yields for an object.
    pub fn get(&self, table: &Table, line: usize, row: usize) -> Atom {
        self.line(table, line).get(row).copied().unwrap_or_default()
    }

    /// What a line yields for all; objects past the end yield null.
    pub fn line<'c>(&'c self, table: &'c Table, line: usize) -> &'c [Atom] {
        self.lines.get(line).map_or(&[], |column| column.values.all(table))
    }

    /// Whether a line has the very column that a line of the plan before has.
    pub fn is_same(&self, line: usize, before: &Self, other: usize) -> bool {
        let columns = self.lines.get(line).zip(before.lines.get(other));
        columns.is_some_and(|(one, other)| Rc::ptr_eq(one, other))
    }

    /// The same columns, but for one line that has other values.
    pub fn with(&self, line: &Line, around: &Surroundings, values: Vec<Atom>) -> Self {
        let mut columns = Self { lines: self.lines.clone(), begun: None, computed: self.computed };
        if let Some(held) = columns.lines.get_mut(line.index) {
            *held = Rc::new(column(line, around, Values::Own(values)));
        }
        columns
    }

    /// Works on the column of the next line, for up to `most` objects; how many it were.
    pub fn step(&mut self, pool: &mut Pool, cause: &Cause<'_>, most: usize) -> usize {
        let Some(line) = cause.compiled.lines.get(self.lines.len()) else { return 0 };
        let table = cause.population.table();
        let Some(mut each) = self.begun.take() else {
            if let Some(column) = self.known(line, cause) {
                self.lines.push(column);
            } else if let Some(values) = ready(pool, line, &cause.population) {
                self.computed += 1;
                self.put(line, cause, values);
            } else {
                self.computed += 1;
                let once = !line.program.is_random();
                self.begun = Some(Each::new(pool, &cause.population, line.program.attributes(), once));
            }
            return 0;
        };
        let random = line.program.is_random();
        let seen = each.step(pool, table, most, &|inputs, id| {
            let seed = if random { seed(cause.around, &line.target, id) } else { 0 };
            line.program.run(inputs, cause.around, seed)
        });
        if each.len() < table.len() {
            self.begun = Some(each);
        } else {
            self.put(line, cause, Values::Own(each.finish()));
        }
        seen
    }

    /// Whether the column of the next line is begun.
    pub fn is_begun(&self) -> bool {
        self.begun.is_some()
    }

    /// How many lines have their column.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// A line's column, if an earlier line or the plan before has the same.
    fn known(&self, line: &Line, cause: &Cause<'_>) -> Option<Rc<Column>> {
        let before = cause.before.lines.iter().filter(|column| cause.scope_stays || !column.scoped);
        let target = own(line);
        let equal = |column: &&Rc<Column>| {
            column.source == line.mapping.source && column.around == *cause.around && column.target == target
        };
        self.lines.iter().chain(before).find(equal).cloned()
    }

    fn put(&mut self, line: &Line, cause: &Cause<'_>, values: Values) {
        self.lines.push(Rc::new(column(line, cause.around, values)));
    }
}

fn column(line: &Line, around: &Surroundings, values: Values) -> Column {
    let (source, around) = (line.mapping.source.clone(), around.clone());
    Column { source, around, target: own(line), scoped: line.disables, values }
}

/// The target of a line whose values are no other line's.
fn own(line: &Line) -> Option<String> {
    line.program.is_random().then(|| line.target.clone())
}

/// A column that is there without being computed.
fn ready(pool: &mut Pool, line: &Line, population: &Population<'_>) -> Option<Values> {
    let Program::Attribute(name) = &line.program else { return None };
    // Members are read from the source itself: they may be very many.
    let members = name.eq_ignore_ascii_case("members");
    Some(if members { Values::Own(Vec::new()) } else { population.column(pool, name) })
}
