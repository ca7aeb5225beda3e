//! Text from bytes: UTF-8, or UTF-16 as some tools save exports and spreadsheets their tables.

use super::load_report::InputError;
use crate::provision::message::told;

fn wrong(what: &str) -> InputError {
    InputError::new(told!("the file is not {0}", what), told!("save it as UTF-8"))
}

/// Text from a file's bytes.
///
/// # Errors
/// When they are neither UTF-8 nor UTF-16.
pub fn decode(bytes: &[u8]) -> Result<String, InputError> {
    if let Some(mut wide) = Wide::of(bytes) {
        let text = wide.push(bytes)?;
        wide.finish()?;
        return Ok(text.trim_start_matches('\u{feff}').to_owned());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| wrong(told!("UTF-8 or UTF-16")))?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// UTF-16 that comes in chunks, cut anywhere.
#[derive(Debug)]
pub(crate) struct Wide {
    read: fn([u8; 2]) -> u16,
    /// The first half of a unit.
    half: Option<u8>,
    /// The first half of a pair of surrogates.
    high: Option<u16>,
}

impl Wide {
    /// How a file that begins so, with four bytes or all it has, is to be read; none if it is not UTF-16.
    pub fn of(head: &[u8]) -> Option<Self> {
        let read = match head {
            [0xff, 0xfe, ..] => u16::from_le_bytes,
            [0xfe, 0xff, ..] => u16::from_be_bytes,
            [first, 0, ..] if *first != 0 => u16::from_le_bytes,
            [0, second, ..] if *second != 0 => u16::from_be_bytes,
            _ => return None,
        };
        Some(Self { read, half: None, high: None })
    }

    /// The text of the next bytes, as far as it is complete.
    pub fn push(&mut self, bytes: &[u8]) -> Result<String, InputError> {
        let begun: Vec<u8> = self.half.take().into_iter().chain(bytes.iter().copied()).collect();
        let (pairs, rest) = begun.as_chunks::<2>();
        self.half = rest.first().copied();
        let mut units: Vec<u16> = self.high.take().into_iter().collect();
        units.extend(pairs.iter().map(|pair| (self.read)(*pair)));
        if let Some(high) = units.pop_if(|unit| (0xd800..0xdc00).contains(unit)) {
            self.high = Some(high);
        }
        String::from_utf16(&units).map_err(|_| wrong("UTF-16"))
    }

    /// Says that all has come.
    pub fn finish(self) -> Result<(), InputError> {
        // Half a unit or half a pair at the end: the file was cut.
        if self.half.is_some() || self.high.is_some() { Err(wrong("UTF-16")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_is_read_with_and_without_its_mark() {
        let little: Vec<u8> = "{\"ä\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut marked = vec![0xfe, 0xff];
        marked.extend("{\"ä\":1}".encode_utf16().flat_map(u16::to_be_bytes));
        assert_eq!(decode(&little).as_deref(), Ok("{\"ä\":1}"));
        assert_eq!(decode(&marked).as_deref(), Ok("{\"ä\":1}"));
        assert!(decode(&[0xc3, 0x28]).is_err());
    }
}
