//! What each mapping yields for everyone, as columns. A column is kept as long as its
//! source text and what it reads stay the same, so that a changed mapping costs one.

use super::mapping::Compiled;
use super::pool::{Atom, Pool};
use super::population::Population;
use super::program::{Program, Surroundings, seed};
use super::schema_json::MappingSource;
use super::source::Table;
use std::borrow::Cow;

/// The columns of one kind's mapping lines.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    kept: Vec<Column>,
    /// For each line, its column.
    lines: Vec<usize>,
    /// How many were computed last time; for tests.
    pub computed: usize,
}

#[derive(Debug)]
struct Column {
    source: MappingSource,
    now: i64,
    /// The target, if the values are no other target's: chance differs from line to line.
    target: Option<String>,
    /// Reads who is in scope, which a filter or a setting may change.
    scoped: bool,
    values: Values,
}

#[derive(Debug)]
enum Values {
    /// The table's column of that name, as it is.
    Table(String),
    Own(Vec<Atom>),
}

impl Columns {
    /// What a line yields for an object.
    pub fn get(&self, table: &Table, line: usize, row: usize) -> Atom {
        self.line(table, line).get(row).copied().unwrap_or_default()
    }

    /// What a line yields for all; objects past the end yield null.
    pub fn line<'c>(&'c self, table: &'c Table, line: usize) -> &'c [Atom] {
        match self.lines.get(line).and_then(|at| self.kept.get(*at)).map(|column| &column.values) {
            Some(Values::Own(values)) => values,
            Some(Values::Table(name)) => table.column(name).unwrap_or_default(),
            None => &[],
        }
    }

    /// Computes what is not kept. `scope_stays` says that nobody entered or left the scope
    /// since the last time.
    pub fn compute(
        &mut self,
        pool: &mut Pool,
        compiled: &Compiled,
        population: &Population<'_>,
        around: &Surroundings,
        scope_stays: bool,
    ) {
        let mut old = std::mem::take(&mut self.kept);
        old.retain(|column| scope_stays || !column.scoped);
        self.lines.clear();
        self.computed = 0;
        for line in &compiled.lines {
            let source = &line.mapping.source;
            let target = line.program.is_random().then(|| line.target.clone());
            let equal = |column: &Column| {
                column.source == *source && column.now == around.now && column.target == target
            };
            let at = match self.kept.iter().position(equal) {
                Some(at) => at,
                None => {
                    let column = match old.iter().position(equal) {
                        Some(at) => old.swap_remove(at),
                        None => {
                            self.computed += 1;
                            Column {
                                source: source.clone(),
                                now: around.now,
                                scoped: line.disables,
                                values: run(pool, &line.program, population, around, target.as_deref()),
                                target: target.clone(),
                            }
                        }
                    };
                    self.kept.push(column);
                    self.kept.len() - 1
                }
            };
            self.lines.push(at);
        }
    }
}

fn run(
    pool: &mut Pool,
    program: &Program,
    population: &Population<'_>,
    around: &Surroundings,
    random: Option<&str>,
) -> Values {
    if let Program::Attribute(name) = program {
        // Members are read from the source itself: they may be very many.
        if name.eq_ignore_ascii_case("members") {
            return Values::Own(Vec::new());
        }
        return match population.column(pool, name) {
            Cow::Borrowed(_) => Values::Table(name.clone()),
            Cow::Owned(values) => Values::Own(values),
        };
    }
    let names = program.attributes();
    Values::Own(match random {
        Some(target) => population
            .each_alone(pool, names, &|inputs, id| program.run(inputs, around, seed(around, target, id))),
        None => population.each(pool, names, &|inputs| program.run(inputs, around, 0)),
    })
}
