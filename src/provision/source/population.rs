//! The source objects of one kind as mappings and filters see them: the files' columns,
//! and what the service computes itself (`IsSoftDeleted`, `appRoleAssignments`, members).

use super::directory::Source;
use super::roles::Entitlements;
use super::table::Table;
use crate::provision::expression::{Attributes, Value};
use crate::provision::object_kind::ObjectKind;
use crate::provision::sort::sort;
use crate::provision::values::{Atom, Pool};
use hashbrown::HashMap;

/// Most different inputs remembered while a column is computed.
const REMEMBERED: usize = 1 << 16;

/// All objects of a kind.
#[derive(Clone, Copy)]
pub(crate) struct Population<'a> {
    pub kind: ObjectKind,
    pub source: &'a Source,
    pub entitlements: &'a Entitlements,
    /// For each object, what `IsSoftDeleted` says.
    pub soft_deleted: &'a [bool],
}

impl<'a> Population<'a> {
    /// The files' columns.
    pub fn table(&self) -> &'a Table {
        self.source.table(self.kind)
    }

    /// An attribute of all objects, by any of its names.
    pub fn column(&self, pool: &mut Pool, name: &str) -> Values {
        let table = self.table();
        let rows = 0..table.len();
        let id = |row: usize| table.entry(row).map(|entry| entry.id).unwrap_or_default();
        if name.eq_ignore_ascii_case("IsSoftDeleted") {
            let (yes, no) = (pool.intern("True"), pool.intern("False"));
            let flag = |row: usize| self.soft_deleted.get(row).copied().unwrap_or_default();
            return Values::Own(rows.map(|row| if flag(row) { yes } else { no }).collect());
        }
        if name.eq_ignore_ascii_case("appRoleAssignments") {
            let mut list = |row: usize| {
                let roles = self.entitlements.roles(id(row));
                let names = roles.iter().map(|role| pool.intern(&role.value)).collect();
                pool.list(names)
            };
            return Values::Own(rows.map(&mut list).collect());
        }
        if name.eq_ignore_ascii_case("members") {
            return Values::Own(rows.map(|row| pool.list(self.members(id(row)).to_vec())).collect());
        }
        if name.eq_ignore_ascii_case("objectId") {
            let column = table.column(name).unwrap_or_default();
            let known = |row: usize| column.get(row).copied().filter(|held| *held != Atom::NULL);
            return Values::Own(rows.map(|row| known(row).unwrap_or_else(|| id(row))).collect());
        }
        Values::Table(name.to_owned())
    }

    /// The members of an object, which only a group has.
    pub fn members(&self, id: Atom) -> &'a [Atom] {
        if self.kind == ObjectKind::Group { self.source.members_of(id) } else { &[] }
    }
}

/// One value for each object; past the end there is null.
#[derive(Debug)]
pub(crate) enum Values {
    /// The table's column of that name, as it is.
    Table(String),
    /// Made for it.
    Own(Vec<Atom>),
}

impl Values {
    /// All of them.
    pub fn all<'v>(&'v self, table: &'v Table) -> &'v [Atom] {
        match self {
            Self::Own(values) => values,
            Self::Table(name) => table.column(name).unwrap_or_default(),
        }
    }
}

/// Something computed for every object from some of its attributes, a few objects at a time.
#[derive(Debug)]
pub(crate) struct Each {
    names: Vec<String>,
    columns: Vec<Values>,
    /// How many different inputs are remembered, so that equal ones are computed once.
    remembered: usize,
    known: HashMap<Box<[Atom]>, Atom>,
    values: Vec<Atom>,
}

impl Each {
    /// Begins, before the first object; `once` says that equal inputs give equal values.
    pub fn new(pool: &mut Pool, population: &Population<'_>, mut names: Vec<&str>, once: bool) -> Self {
        sort(&mut names, Ord::cmp);
        names.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
        Self {
            columns: names.iter().map(|name| population.column(pool, name)).collect(),
            names: names.into_iter().map(str::to_owned).collect(),
            remembered: if once { REMEMBERED } else { 0 },
            known: HashMap::new(),
            values: Vec::with_capacity(population.table().len()),
        }
    }

    /// Computes up to `most` further objects from their attributes and their id; how many it
    /// were.
    pub fn step(
        &mut self,
        pool: &mut Pool,
        table: &Table,
        most: usize,
        compute: &dyn Fn(&dyn Attributes, &str) -> Result<Value, String>,
    ) -> usize {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let columns: Vec<&[Atom]> = self.columns.iter().map(|column| column.all(table)).collect();
        let mut inputs: Vec<Atom> = vec![Atom::NULL; names.len()];
        let from = self.values.len();
        let end = table.len().min(from.saturating_add(most));
        for row in from..end {
            for (input, column) in inputs.iter_mut().zip(&columns) {
                *input = column.get(row).copied().unwrap_or_default();
            }
            if let Some(value) = self.known.get(inputs.as_slice()) {
                self.values.push(*value);
                continue;
            }
            let id = table.entry(row).and_then(|entry| pool.text(entry.id)).unwrap_or_default();
            let outcome = compute(&Inputs { pool, names: &names, atoms: &inputs }, id);
            let value = pool.outcome(outcome);
            if self.known.len() < self.remembered {
                self.known.insert(inputs.as_slice().into(), value);
            }
            self.values.push(value);
        }
        end - from
    }

    /// How many objects were computed.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// What was computed.
    pub fn finish(self) -> Vec<Atom> {
        self.values
    }
}

/// The attributes of one object that an expression or a filter reads.
pub(crate) struct Inputs<'a> {
    pub pool: &'a Pool,
    pub names: &'a [&'a str],
    pub atoms: &'a [Atom],
}

impl Attributes for Inputs<'_> {
    fn attribute(&self, name: &str) -> Value {
        let at = self.names.iter().position(|known| known.eq_ignore_ascii_case(name));
        let atom = at.and_then(|at| self.atoms.get(at)).copied().unwrap_or_default();
        self.pool.value(atom).unwrap_or(Value::Null)
    }
}

/// One object, read by itself.
pub(crate) struct Subject<'a> {
    pub population: Population<'a>,
    pub pool: &'a Pool,
    pub row: usize,
    pub soft_deleted: bool,
}

impl Attributes for Subject<'_> {
    fn attribute(&self, name: &str) -> Value {
        let table = self.population.table();
        let id = table.entry(self.row).map(|entry| entry.id).unwrap_or_default();
        let text = |atom: Atom| self.pool.text(atom).unwrap_or_default().to_owned();
        let list = |items: Vec<String>| if items.is_empty() { Value::Null } else { Value::List(items) };
        if name.eq_ignore_ascii_case("IsSoftDeleted") {
            return Value::truth(self.soft_deleted);
        }
        if name.eq_ignore_ascii_case("appRoleAssignments") {
            let roles = self.population.entitlements.roles(id);
            return list(roles.iter().map(|role| role.value.clone()).collect());
        }
        if name.eq_ignore_ascii_case("members") {
            return list(self.population.members(id).iter().map(|member| text(*member)).collect());
        }
        match self.pool.value(table.cell(self.row, name)) {
            Ok(Value::Null) if name.eq_ignore_ascii_case("objectId") => Value::Text(text(id)),
            held => held.unwrap_or(Value::Null),
        }
    }
}
