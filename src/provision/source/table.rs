//! Records as rows of a table whose columns are found once by name. A cell that is
//! absent, one that is null and one that was never a column are the same: null. An
//! empty text is a value.

use super::names;
use crate::provision::expression::Value;
use std::collections::HashMap;

/// One value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Absent.
    #[default]
    Null,
    /// One value; booleans as `True` and `False`.
    Text(Box<str>),
    /// Several values.
    List(Box<[Box<str>]>),
}

impl Cell {
    /// A text cell.
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// As expressions see it.
    pub fn value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Text(text) => Value::Text(text.as_ref().to_owned()),
            Self::List(items) => Value::List(items.iter().map(|item| item.as_ref().to_owned()).collect()),
        }
    }
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
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    pub id: String,
    pub deleted: Deleted,
    cells: Vec<Cell>,
}

/// Objects of one kind.
#[derive(Debug, Default)]
pub(crate) struct Table {
    columns: Vec<String>,
    index: HashMap<String, usize>,
    rows: Vec<Entry>,
    by_id: HashMap<String, usize>,
}

impl Table {
    /// How many objects.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The object at a place.
    pub fn entry(&self, row: usize) -> Option<&Entry> {
        self.rows.get(row)
    }

    /// The place of an object.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The first object whose column holds this text, without ASCII case.
    pub fn find_by(&self, column: &str, text: &str) -> Option<usize> {
        (0..self.rows.len()).find(
            |row| matches!(self.cell(*row, column), Cell::Text(held) if held.eq_ignore_ascii_case(text)),
        )
    }

    /// All columns, in the order they were met.
    pub fn column_names(&self) -> Vec<String> {
        self.columns.clone()
    }

    /// Whether the files had this attribute at all.
    pub fn has_column(&self, name: &str) -> bool {
        self.index.contains_key(&names::canonical(name).to_ascii_lowercase())
    }

    /// One value, by any of the attribute's names.
    pub fn cell(&self, row: usize, name: &str) -> &Cell {
        static NULL: Cell = Cell::Null;
        // Nearly always the name as the file has it; else an alias, or another case.
        let column = self.index.get(name).or_else(|| {
            let name = names::canonical(name);
            self.index.get(name).or_else(|| self.index.get(&name.to_ascii_lowercase()))
        });
        let cell = column.and_then(|column| self.rows.get(row)?.cells.get(*column));
        cell.unwrap_or(&NULL)
    }

    /// One text, if it is one.
    pub fn text(&self, row: usize, name: &str) -> Option<&str> {
        match self.cell(row, name) {
            Cell::Text(text) => Some(text),
            Cell::List(items) => items.first().map(AsRef::as_ref),
            Cell::Null => None,
        }
    }

    /// Adds an object; one with the same id replaces it in its place (in a delta the last counts).
    pub fn put(&mut self, id: &str, deleted: Deleted, values: Vec<(&str, Cell)>) -> usize {
        let mut cells = Vec::with_capacity(self.columns.len());
        for (name, cell) in values {
            let column = self.column(name);
            if cells.len() <= column {
                cells.resize(column + 1, Cell::Null);
            }
            if let Some(slot) = cells.get_mut(column)
                && *slot == Cell::Null
            {
                *slot = cell;
            }
        }
        let entry = Entry { id: id.to_owned(), deleted, cells };
        match self.by_id.get(id).copied() {
            Some(row) => {
                if let Some(slot) = self.rows.get_mut(row) {
                    // A bare removal keeps what was known, so that the object can still be matched.
                    if entry.cells.is_empty() || deleted != Deleted::No && entry.cells.len() <= 1 {
                        slot.deleted = deleted;
                    } else {
                        *slot = entry;
                    }
                }
                row
            }
            None => {
                self.rows.push(entry);
                let row = self.rows.len() - 1;
                self.by_id.insert(id.to_owned(), row);
                row
            }
        }
    }

    fn column(&mut self, name: &str) -> usize {
        let name = names::canonical(name);
        if let Some(column) = self.index.get(name) {
            return *column;
        }
        let folded = name.to_ascii_lowercase();
        if let Some(column) = self.index.get(&folded) {
            return *column;
        }
        let column = self.columns.len();
        self.columns.push(name.to_owned());
        // Under both spellings: the exact one is found without folding.
        self.index.insert(name.to_owned(), column);
        self.index.insert(folded, column);
        column
    }
}
