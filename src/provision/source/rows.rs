//! CSV that comes in chunks (RFC 4180), row by row.

use super::load_report::InputError;
use crate::provision::message::told;

/// Longest row, in bytes: a longer one is a quote that was never closed.
const MAX_ROW: usize = 1_048_576;
/// Most fields of a row.
const MAX_FIELDS: usize = 4_096;

/// A table on its way in.
#[derive(Debug)]
pub(super) struct Rows {
    core: csv_core::Reader,
    /// The fields of the row that is being read, one after the other.
    text: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
    bytes: usize,
    fields: usize,
    /// The line that the row begins on, from 1.
    line: u64,
}

/// What is done with a row: its fields, and the line it begins on.
pub(super) type Take<'t> = &'t mut dyn FnMut(&[&str], usize) -> Result<(), InputError>;

impl Rows {
    /// A table whose fields are kept apart by this.
    pub fn apart_by(delimiter: u8) -> Self {
        let core = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        Self { core, text: vec![0; 1_024], ends: vec![0; 64], bytes: 0, fields: 0, line: 1 }
    }

    /// Takes the next bytes, cut anywhere.
    ///
    /// # Errors
    /// As soon as what came cannot be read.
    pub fn push(&mut self, mut bytes: &[u8], take: Take<'_>) -> Result<(), InputError> {
        while !bytes.is_empty() {
            let (read, _) = self.step(bytes, take)?;
            bytes = bytes.get(read..).unwrap_or_default();
        }
        Ok(())
    }

    /// Takes the last row, which may lack its line's end.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn finish(&mut self, take: Take<'_>) -> Result<(), InputError> {
        // Only inside quotes does a line's end belong to a value.
        let (bytes, line) = (self.bytes, self.line);
        self.push(b"\n", take)?;
        if self.bytes > bytes {
            let help = told!("close it, or write it twice where it belongs to a value");
            let line = usize::try_from(line).unwrap_or(0);
            return Err(InputError::new(told!("a quote is never closed"), help).at(line));
        }
        while !self.step(&[], take)?.1 {}
        Ok(())
    }

    /// Reads up to the end of a row; answers with how much was read, and whether that was the table's end.
    fn step(&mut self, bytes: &[u8], take: Take<'_>) -> Result<(usize, bool), InputError> {
        use csv_core::ReadRecordResult::{End, InputEmpty, OutputEndsFull, OutputFull, Record};
        let text = self.text.get_mut(self.bytes..).unwrap_or_default();
        let ends = self.ends.get_mut(self.fields..).unwrap_or_default();
        let (result, read, written, ended) = self.core.read_record(bytes, text, ends);
        self.bytes += written;
        self.fields += ended;
        match result {
            InputEmpty => {}
            OutputFull => grow(&mut self.text, MAX_ROW, self.line)?,
            OutputEndsFull => grow(&mut self.ends, MAX_FIELDS, self.line)?,
            Record => self.row(take)?,
            End => return Ok((read, true)),
        }
        Ok((read, false))
    }

    fn row(&mut self, take: Take<'_>) -> Result<(), InputError> {
        let line = usize::try_from(self.line).unwrap_or(usize::MAX);
        let text = std::str::from_utf8(self.text.get(..self.bytes).unwrap_or_default()).map_err(|_| {
            InputError::new(told!("the file is not UTF-8 or UTF-16"), told!("save it as UTF-8")).at(line)
        })?;
        let mut from = 0;
        let ends = self.ends.iter().take(self.fields);
        let fields: Vec<&str> =
            ends.map(|end| text.get(std::mem::replace(&mut from, *end)..*end).unwrap_or_default()).collect();
        take(&fields, line)?;
        (self.bytes, self.fields, self.line) = (0, 0, self.core.line());
        Ok(())
    }
}

fn grow<T: Clone + Default>(room: &mut Vec<T>, most: usize, line: u64) -> Result<(), InputError> {
    if room.len() >= most {
        let help = told!("check the quotes of this line");
        return Err(
            InputError::new(told!("the row is too long"), help).at(usize::try_from(line).unwrap_or(0))
        );
    }
    room.resize((room.len() * 2).min(most), T::default());
    Ok(())
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &[u8], size: usize) -> Result<Vec<Vec<String>>, InputError> {
        let mut all = Vec::new();
        let mut rows = Rows::apart_by(b',');
        let mut take = |fields: &[&str], _| {
            all.push(fields.iter().map(|field| (*field).to_owned()).collect());
            Ok(())
        };
        for chunk in text.chunks(size) {
            rows.push(chunk, &mut take)?;
        }
        rows.finish(&mut take)?;
        Ok(all)
    }

    proptest! {
        #[test]
        fn rows_are_the_same_however_they_are_cut(text in "[ab,\"\r\n é]{0,80}", size in 1_usize..9) {
            let mut whole =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let whole: Vec<Vec<String>> = whole
                .records()
                .map(|row| row.expect("UTF-8").iter().map(str::to_owned).collect())
                .collect();
            // Inside quotes one more row is no row.
            let more = format!("{text}\n,");
            let more = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(more.as_bytes()).into_records().count();
            match read(text.as_bytes(), size) {
                Ok(rows) => {
                    prop_assert_eq!(more, whole.len() + 1);
                    prop_assert_eq!(rows, whole);
                }
                Err(error) => {
                    prop_assert_eq!(more, whole.len(), "{}", error);
                    prop_assert!(error.to_string().contains("a quote is never closed"));
                }
            }
        }
    }

    #[test]
    fn a_row_may_be_long_and_have_many_fields() {
        let text = format!("{}\n{}\n", "x".repeat(40_000), "y,".repeat(500));
        let rows = read(text.as_bytes(), 777).expect("rows");
        assert_eq!((rows.len(), rows[0][0].len(), rows[1].len()), (2, 40_000, 501));
    }

    #[test]
    fn a_quote_that_is_never_closed_is_told_with_its_line() {
        let text = format!("a,b\nc,\"d\n{}", "e,f\n".repeat(300_000));
        let error = read(text.as_bytes(), 65_536).expect_err("too long");
        assert_eq!(error.to_string(), "the row is too long (line 2); check the quotes of this line");
        let error = read(b"a,b\nc,\"d\ne,f\n", 3).expect_err("never closed");
        assert_eq!(error.message, "a quote is never closed");
        assert_eq!(error.line, Some(2));
        let error = read(b"a\nb\n\xff\n", 2).expect_err("not UTF-8");
        assert_eq!(error.line, Some(3));
    }
}
