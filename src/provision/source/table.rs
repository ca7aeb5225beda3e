//! Records as columns of atoms, found once by name. A cell that is absent, one that is
//! null and one that was never a column are the same: null. An empty text is a value.

use super::names;
use crate::provision::values::{Atom, Pool};
use hashbrown::HashMap;

/// One value on its way into a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Cell<'a> {
    /// Absent.
    #[default]
    Null,
    /// One value; booleans as `True` and `False`.
    Text(&'a str),
    /// One value that is not in the file as it is.
    Made(String),
    /// Several values.
    List(Vec<&'a str>),
}

/// Whether the directory still holds the object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Deleted {
    /// It does.
    #[default]
    No,
    /// In the recycle bin, restorable.
    Soft,
    /// Gone.
    Hard,
}

/// One object.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entry {
    pub id: Atom,
    pub deleted: Deleted,
}

/// Objects of one kind.
#[derive(Debug, Default)]
pub(crate) struct Table {
    names: Vec<String>,
    index: HashMap<String, usize>,
    columns: Vec<Vec<Atom>>,
    rows: Vec<Entry>,
    by_id: HashMap<Atom, usize>,
    /// Other names for columns, by what the files call them in lower case.
    renamed: HashMap<String, String>,
}

impl Table {
    /// Keeps these columns under other names from now on.
    pub fn rename(&mut self, names: &HashMap<String, String>) {
        self.renamed.clone_from(names);
    }

    /// How many objects.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The object at a place.
    pub fn entry(&self, row: usize) -> Option<Entry> {
        self.rows.get(row).copied()
    }

    /// The place of an object.
    pub fn find(&self, id: Atom) -> Option<usize> {
        self.by_id.get(&id).copied()
    }

    /// For each value of a column, in lower case, the first object that holds it.
    pub fn index(&self, pool: &mut Pool, name: &str) -> HashMap<Atom, usize> {
        let mut index = HashMap::new();
        for row in 0..self.rows.len() {
            let atom = self.cell(row, name);
            if atom.is_text() {
                index.entry(pool.folded(atom)).or_insert(row);
            }
        }
        index
    }

    /// All columns, in the order they were met.
    pub fn column_names(&self) -> Vec<String> {
        self.names.clone()
    }

    /// Whether the files had this attribute at all.
    pub fn has_column(&self, name: &str) -> bool {
        self.column(name).is_some()
    }

    /// A column by any of the attribute's names; rows past its end are null.
    pub fn column(&self, name: &str) -> Option<&[Atom]> {
        // Nearly always the name as the file has it; else an alias, or another case.
        let at = self.index.get(name).or_else(|| {
            let name = names::canonical(name);
            self.index.get(name).or_else(|| self.index.get(&name.to_ascii_lowercase()))
        });
        at.and_then(|at| self.columns.get(*at)).map(Vec::as_slice)
    }

    /// One value, by any of the attribute's names.
    pub fn cell(&self, row: usize, name: &str) -> Atom {
        self.column(name).and_then(|column| column.get(row)).copied().unwrap_or_default()
    }

    /// One text, the first if there are several.
    pub fn text<'p>(&self, pool: &'p Pool, row: usize, name: &str) -> Option<&'p str> {
        pool.first(self.cell(row, name))
    }

    /// Puts another value into a cell; answers with the one before.
    pub fn set(&mut self, row: usize, name: &str, atom: Atom) -> Atom {
        let at = self.place(name);
        let Some(column) = self.columns.get_mut(at) else { return Atom::NULL };
        if column.len() <= row {
            column.resize(row + 1, Atom::NULL);
        }
        column.get_mut(row).map_or(Atom::NULL, |slot| std::mem::replace(slot, atom))
    }

    /// Adds an object; one with the same id replaces it in its place (in a delta the last counts).
    pub fn put(
        &mut self,
        pool: &mut Pool,
        id: &str,
        deleted: Deleted,
        values: Vec<(&str, Cell<'_>)>,
    ) -> usize {
        let id = pool.intern(id);
        // A bare removal keeps what was known, so that the object can still be matched.
        let bare = deleted != Deleted::No
            && values.iter().all(|(name, cell)| *cell == Cell::Null || names::canonical(name) == "objectId");
        let row = match self.by_id.get(&id).copied() {
            Some(row) => {
                if let Some(entry) = self.rows.get_mut(row) {
                    entry.deleted = deleted;
                }
                if bare {
                    return row;
                }
                for column in &mut self.columns {
                    column.get_mut(row).into_iter().for_each(|slot| *slot = Atom::NULL);
                }
                row
            }
            None => {
                self.rows.push(Entry { id, deleted });
                self.by_id.insert(id, self.rows.len() - 1);
                self.rows.len() - 1
            }
        };
        for (name, cell) in values {
            let at = self.place(name);
            let Some(column) = self.columns.get_mut(at) else { continue };
            if cell == Cell::Null {
                continue;
            }
            if column.len() <= row {
                column.resize(row + 1, Atom::NULL);
            }
            if let Some(slot) = column.get_mut(row).filter(|slot| **slot == Atom::NULL) {
                *slot = match cell {
                    Cell::Null => Atom::NULL,
                    Cell::Text(text) => pool.intern(text),
                    Cell::Made(text) => pool.intern(&text),
                    Cell::List(items) => {
                        let items = items.into_iter().map(|item| pool.intern(item)).collect();
                        pool.list(items)
                    }
                };
            }
        }
        row
    }

    fn place(&mut self, name: &str) -> usize {
        if !self.renamed.is_empty()
            && let Some(renamed) = self.renamed.get(&name.to_ascii_lowercase())
        {
            let renamed = names::canonical(renamed).to_owned();
            return self.place_of(&renamed);
        }
        self.place_of(names::canonical(name))
    }

    fn place_of(&mut self, name: &str) -> usize {
        if let Some(at) = self.index.get(name) {
            return *at;
        }
        let folded = name.to_ascii_lowercase();
        if let Some(at) = self.index.get(&folded) {
            return *at;
        }
        let at = self.columns.len();
        self.names.push(name.to_owned());
        self.columns.push(Vec::new());
        // Under both spellings: the exact one is found without folding.
        self.index.insert(name.to_owned(), at);
        self.index.insert(folded, at);
        at
    }
}
