//! Pages of rows: a page ends at a number of rows or at a number of bytes, whichever comes first,
//! so that long documents do not fill the memory.

/// Bytes of text after which a page ends.
pub const PAGE_BYTES: usize = 4 << 20;

/// How many bytes of text a row holds.
pub trait Weight {
    /// The bytes.
    fn bytes(&self) -> usize;
}

/// Takes up to `limit` rows, and none after the one with which they reach [`PAGE_BYTES`]. The first
/// row is always taken.
///
/// # Errors
/// That of the first row that could not be read.
pub fn page<T: Weight, E>(rows: impl IntoIterator<Item = Result<T, E>>, limit: usize) -> Result<Vec<T>, E> {
    let (mut taken, mut bytes) = (Vec::new(), 0);
    let mut rows = rows.into_iter();
    while taken.len() < limit && bytes < PAGE_BYTES {
        let Some(row) = rows.next().transpose()? else { break };
        bytes += row.bytes();
        taken.push(row);
    }
    Ok(taken)
}

/// Whether no row follows a page that was read with this limit.
#[must_use]
pub fn is_last<T: Weight>(page: &[T], limit: usize) -> bool {
    page.len() < limit && page.iter().map(Weight::bytes).sum::<usize>() < PAGE_BYTES
}
