//! The first rows of a sorted list, as many as are wanted, without holding all of it.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::cursor::Row;
use crate::scim::effort::{Effort, Full};

/// Bytes that a row takes beside its texts.
const ROW: usize = 120;

/// The first rows of those added.
pub(super) struct First {
    most: usize,
    is_reversed: bool,
    rows: BinaryHeap<Placed>,
}

/// A row in an order or the reverse of it.
struct Placed {
    row: Row,
    is_reversed: bool,
}

impl First {
    /// Up to so many rows, in the order of [`Row`] or the reverse of it.
    pub fn new(most: usize, is_reversed: bool) -> Self {
        Self { most, is_reversed, rows: BinaryHeap::new() }
    }

    /// Adds a row; one that comes later than all that are wanted is dropped.
    ///
    /// # Errors
    /// [`Full`] when the rows take more room than the request has.
    pub fn add(&mut self, effort: &Effort, row: Row) -> Result<(), Full> {
        let placed = Placed { row, is_reversed: self.is_reversed };
        if self.rows.len() >= self.most {
            if self.rows.peek().is_none_or(|last| placed >= *last) {
                return Ok(());
            }
            if let Some(last) = self.rows.pop() {
                effort.release(last.bytes());
            }
        }
        effort.hold(placed.bytes())?;
        self.rows.push(placed);
        Ok(())
    }

    /// The rows in order; their room is given back.
    pub fn into_rows(self, effort: &Effort) -> Vec<Row> {
        let rows = self.rows.into_sorted_vec();
        rows.iter().for_each(|placed| effort.release(placed.bytes()));
        rows.into_iter().map(|placed| placed.row).collect()
    }
}

impl Placed {
    fn bytes(&self) -> usize {
        ROW + self.row.key.len() + self.row.created.len() + self.row.id.len()
    }
}

impl Ord for Placed {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = self.row.cmp(&other.row);
        if self.is_reversed { order.reverse() } else { order }
    }
}

impl PartialOrd for Placed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Placed {
    fn eq(&self, other: &Self) -> bool {
        self.row == other.row
    }
}

impl Eq for Placed {}
