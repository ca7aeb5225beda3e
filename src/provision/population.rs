//! The source objects of one kind as mappings and filters see them: the files' columns,
//! and what the service computes itself (`IsSoftDeleted`, `appRoleAssignments`, members).

use super::expression::{Attributes, Value};
use super::held::ObjectKind;
use super::pool::{Atom, Pool};
use super::roles::Entitlements;
use super::source::{Source, Table};
use hashbrown::HashMap;
use std::borrow::Cow;

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

    /// An attribute of all objects, by any of its names; objects past the end have null.
    pub fn column(&self, pool: &mut Pool, name: &str) -> Cow<'a, [Atom]> {
        let table = self.table();
        let rows = 0..table.len();
        let id = |row: usize| table.entry(row).map(|entry| entry.id).unwrap_or_default();
        if name.eq_ignore_ascii_case("IsSoftDeleted") {
            let (yes, no) = (pool.intern("True"), pool.intern("False"));
            let flag = |row: usize| self.soft_deleted.get(row).copied().unwrap_or_default();
            return rows.map(|row| if flag(row) { yes } else { no }).collect();
        }
        if name.eq_ignore_ascii_case("appRoleAssignments") {
            let mut list = |row: usize| {
                let roles = self.entitlements.roles(id(row));
                let names = roles.iter().map(|role| pool.intern(&role.value)).collect();
                pool.list(names)
            };
            return rows.map(&mut list).collect();
        }
        if name.eq_ignore_ascii_case("members") {
            return rows.map(|row| pool.list(self.members(id(row)).to_vec())).collect();
        }
        let column = table.column(name).unwrap_or_default();
        if name.eq_ignore_ascii_case("objectId") {
            let known = |row: usize| column.get(row).copied().filter(|held| *held != Atom::NULL);
            return rows.map(|row| known(row).unwrap_or_else(|| id(row))).collect();
        }
        Cow::Borrowed(column)
    }

    /// The members of an object, which only a group has.
    pub fn members(&self, id: Atom) -> &'a [Atom] {
        if self.kind == ObjectKind::Group { self.source.members_of(id) } else { &[] }
    }

    /// Computes something for every object from these attributes, once for equal values.
    pub fn each(
        &self,
        pool: &mut Pool,
        names: Vec<&str>,
        compute: &dyn Fn(&dyn Attributes) -> Result<Value, String>,
    ) -> Vec<Atom> {
        self.compute(pool, names, REMEMBERED, &|inputs, _| compute(inputs))
    }

    /// Computes something for every object from these attributes and its id.
    pub fn each_alone(
        &self,
        pool: &mut Pool,
        names: Vec<&str>,
        compute: &dyn Fn(&dyn Attributes, &str) -> Result<Value, String>,
    ) -> Vec<Atom> {
        self.compute(pool, names, 0, compute)
    }

    fn compute(
        &self,
        pool: &mut Pool,
        mut names: Vec<&str>,
        remembered: usize,
        compute: &dyn Fn(&dyn Attributes, &str) -> Result<Value, String>,
    ) -> Vec<Atom> {
        names.sort_unstable();
        names.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
        let columns: Vec<Cow<'_, [Atom]>> = names.iter().map(|name| self.column(pool, name)).collect();
        let mut known: HashMap<Box<[Atom]>, Atom> = HashMap::new();
        let mut inputs: Vec<Atom> = vec![Atom::NULL; names.len()];
        let mut values = Vec::with_capacity(self.table().len());
        for row in 0..self.table().len() {
            for (input, column) in inputs.iter_mut().zip(&columns) {
                *input = column.get(row).copied().unwrap_or_default();
            }
            if let Some(value) = known.get(inputs.as_slice()) {
                values.push(*value);
                continue;
            }
            let id = self.table().entry(row).and_then(|entry| pool.text(entry.id)).unwrap_or_default();
            let outcome = compute(&Inputs { pool, names: &names, atoms: &inputs }, id);
            let value = pool.outcome(outcome);
            if known.len() < remembered {
                known.insert(inputs.as_slice().into(), value);
            }
            values.push(value);
        }
        values
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
