//! JSON cut into records while it arrives: elements of arrays, of the `value` of a Graph
//! page or the `Resources` of a SCIM list, whole objects one after another. Only the
//! record at hand is in memory, whatever the file's size.

use super::load_report::InputError;
use crate::provision::message::told;

/// Deepest nesting of pages in pages.
const MAX_DEPTH: usize = 64;

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// A page begins: what stood before its list, closed so that it is JSON.
    Page(&'a [u8]),
    /// A record, as it stood.
    Record(&'a [u8]),
    /// The page is over: all of it but the list's elements.
    End(&'a [u8]),
}

/// Takes what was found; the error is the file's.
pub(crate) type Take<'a> = dyn FnMut(Found<'_>) -> Result<(), serde_json::Error> + 'a;

/// Cuts JSON into records.
#[derive(Debug, Default)]
pub(crate) struct Records {
    frames: Vec<Frame>,
    spare: Vec<Vec<u8>>,
    line: usize,
    began: usize,
    /// Bytes of the line that came before the one at hand.
    column: usize,
    /// Where in its line the record at hand begins.
    began_at: usize,
}

#[derive(Debug)]
enum Frame {
    /// In an array of records.
    Items { some: bool, ended: bool },
    /// In an object that is a record or a page.
    Object { bytes: Vec<u8>, depth: usize, quoted: Quoted, key: (usize, usize), colon: bool, page: bool },
    /// In a number or a word.
    Word { bytes: Vec<u8>, quoted: Quoted },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quoted {
    No,
    Yes,
    Escaped,
}

impl Records {
    /// Takes the next bytes; any number, anywhere cut.
    pub fn push(&mut self, bytes: &[u8], take: &mut Take<'_>) -> Result<(), InputError> {
        let mut rest = bytes;
        while let Some((byte, after)) = rest.split_first() {
            match self.frames.last_mut() {
                Some(Frame::Object { bytes, quoted, .. }) if *quoted == Quoted::Yes => {
                    // Most bytes are in strings: over them at once.
                    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'));
                    let (inside, next) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or_default();
                    bytes.extend_from_slice(inside);
                    self.column += inside.len();
                    let Some((stop, next)) = next.split_first() else { break };
                    bytes.push(*stop);
                    self.column += 1;
                    *quoted = if *stop == b'"' { Quoted::No } else { Quoted::Escaped };
                    if *stop == b'"'
                        && let Some(Frame::Object { bytes, depth: 1, key, colon: false, .. }) =
                            self.frames.last_mut()
                    {
                        key.1 = bytes.len() - 1;
                    }
                    rest = next;
                    continue;
                }
                _ => {}
            }
            self.byte(*byte, take)?;
            self.column += 1;
            if *byte == b'\n' {
                self.line += 1;
                self.column = 0;
            }
            rest = after;
        }
        Ok(())
    }

    /// Says that all has come.
    pub fn finish(&mut self, take: &mut Take<'_>) -> Result<(), InputError> {
        if let Some(Frame::Word { .. }) = self.frames.last() {
            self.close_word(take)?;
        }
        if self.frames.is_empty() { Ok(()) } else { Err(self.fault(told!("the text ends inside a value"))) }
    }

    fn fault(&self, why: &str) -> InputError {
        let help = told!("give a whole JSON document as it came, or one object a line");
        let error = InputError::new(told!("not JSON: {0}", why), help).at(self.line + 1);
        InputError { column: Some(self.column + 1), ..error }
    }

    fn give(&self, found: Found<'_>, take: &mut Take<'_>) -> Result<(), InputError> {
        let whole = matches!(found, Found::Record(_));
        take(found).map_err(|error| {
            // Behind the first line the record's lines are the file's.
            let before = if error.line() > 1 { 0 } else { self.began_at };
            let column = (whole && error.column() > 0).then_some(before + error.column());
            let place = if error.line() > 1 { 0 } else { error.column() };
            let text = error.to_string();
            let text = text.split(" at line ").next().unwrap_or_default();
            let message = match place {
                0 => told!("not JSON: {0}", text),
                _ => told!("not JSON: {0}, {1} bytes into the record", text, place),
            };
            let help = told!("give the answer as it came, or one object a line");
            let error = InputError::new(message, help).at(self.began + error.line().max(1));
            InputError { column, ..error }
        })
    }

    fn byte(&mut self, byte: u8, take: &mut Take<'_>) -> Result<(), InputError> {
        match self.frames.last_mut() {
            None => self.begin(byte),
            Some(Frame::Items { some, ended }) => match byte {
                b' ' | b'\t' | b'\r' | b'\n' => Ok(()),
                b']' if *ended || !*some => {
                    self.frames.pop();
                    self.ended();
                    Ok(())
                }
                b',' if *ended => {
                    *ended = false;
                    Ok(())
                }
                _ if *ended => {
                    let why = told!("`{0}` where `,` or `]` belongs", byte.escape_ascii());
                    Err(self.fault(&why))
                }
                _ => {
                    *some = true;
                    self.begin(byte)
                }
            },
            Some(Frame::Word { bytes, quoted }) => {
                match quoted {
                    Quoted::Escaped => *quoted = Quoted::Yes,
                    Quoted::Yes if byte == b'\\' => *quoted = Quoted::Escaped,
                    Quoted::Yes if byte == b'"' => *quoted = Quoted::No,
                    Quoted::No if byte == b'"' => *quoted = Quoted::Yes,
                    Quoted::No if matches!(byte, b',' | b']' | b' ' | b'\t' | b'\r' | b'\n') => {
                        self.close_word(take)?;
                        return self.byte(byte, take);
                    }
                    _ => {}
                }
                bytes.push(byte);
                Ok(())
            }
            Some(Frame::Object { bytes, depth, quoted, key, colon, page }) => {
                bytes.push(byte);
                match (*quoted, byte) {
                    (Quoted::Escaped, _) => *quoted = Quoted::Yes,
                    (_, b'"') => {
                        *quoted = Quoted::Yes;
                        if *depth == 1 && !*colon {
                            *key = (bytes.len(), bytes.len());
                        }
                    }
                    (_, b':') if *depth == 1 => *colon = true,
                    (_, b',') if *depth == 1 => *colon = false,
                    (_, b'[') if *depth == 1 && *colon => {
                        let name = bytes.get(key.0..key.1).unwrap_or_default();
                        if name == b"value" || name == b"Resources" {
                            *page = true;
                            bytes.extend_from_slice(b"]}");
                            let begun = std::mem::take(bytes);
                            self.give(Found::Page(&begun), take)?;
                            self.reopen(begun);
                            return self.enter(Frame::Items { some: false, ended: false });
                        }
                        *depth += 1;
                    }
                    (_, b'{' | b'[') => *depth += 1,
                    (_, b'}' | b']') => {
                        *depth -= 1;
                        if *depth == 0 {
                            return self.close_object(take);
                        }
                    }
                    _ => {}
                }
                Ok(())
            }
        }
    }

    /// Puts a page's beginning back, without what closed it.
    fn reopen(&mut self, mut begun: Vec<u8>) {
        begun.truncate(begun.len().saturating_sub(2));
        if let Some(Frame::Object { bytes, .. }) = self.frames.last_mut() {
            *bytes = begun;
        }
    }

    fn enter(&mut self, frame: Frame) -> Result<(), InputError> {
        if self.frames.len() >= MAX_DEPTH {
            return Err(self.fault(told!("lists are nested too deeply")));
        }
        self.frames.push(frame);
        Ok(())
    }

    fn begin(&mut self, byte: u8) -> Result<(), InputError> {
        (self.began, self.began_at) = (self.line, self.column);
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => Ok(()),
            b'[' => self.enter(Frame::Items { some: false, ended: false }),
            b'{' => {
                let mut bytes = self.spare.pop().unwrap_or_default();
                bytes.clear();
                bytes.push(byte);
                let (quoted, key) = (Quoted::No, (0, 0));
                self.enter(Frame::Object { bytes, depth: 1, quoted, key, colon: false, page: false })
            }
            b',' | b']' | b'}' => {
                let why = told!("`{0}` where a value belongs", byte.escape_ascii());
                Err(self.fault(&why))
            }
            _ => {
                let quoted = if byte == b'"' { Quoted::Yes } else { Quoted::No };
                self.enter(Frame::Word { bytes: vec![byte], quoted })
            }
        }
    }

    /// A value is over; the list it stands in wants a comma.
    fn ended(&mut self) {
        match self.frames.last_mut() {
            Some(Frame::Items { ended, .. }) => *ended = true,
            Some(Frame::Object { bytes, .. }) => bytes.push(b']'),
            _ => {}
        }
    }

    fn close_word(&mut self, take: &mut Take<'_>) -> Result<(), InputError> {
        if let Some(Frame::Word { bytes, .. }) = self.frames.pop() {
            self.give(Found::Record(&bytes), take)?;
            self.ended();
        }
        Ok(())
    }

    fn close_object(&mut self, take: &mut Take<'_>) -> Result<(), InputError> {
        if let Some(Frame::Object { bytes, page, .. }) = self.frames.pop() {
            self.give(if page { Found::End(&bytes) } else { Found::Record(&bytes) }, take)?;
            self.spare.push(bytes);
            self.ended();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found, however the text is cut.
    fn cut(text: &str, size: usize) -> Result<Vec<String>, InputError> {
        let mut found = Vec::new();
        let mut take = |part: Found<'_>| {
            let (kind, bytes) = match part {
                Found::Page(bytes) => ("page ", bytes),
                Found::Record(bytes) => ("", bytes),
                Found::End(bytes) => ("end ", bytes),
            };
            let value: serde_json::Value = serde_json::from_slice(bytes)?;
            found.push(format!("{kind}{value}"));
            Ok(())
        };
        let mut records = Records::default();
        text.as_bytes().chunks(size).try_for_each(|chunk| records.push(chunk, &mut take))?;
        records.finish(&mut take)?;
        Ok(found)
    }

    #[test]
    fn pages_arrays_lines_and_words() {
        for (text, wanted) in [
            (r#"{"a":"[\"]}"} {"b":{"value":[1]}}"#, &[r#"{"a":"[\"]}"}"#, r#"{"b":{"value":[1]}}"#][..]),
            ("[{\"a\":1}, [2,\n{\"b\":[]}] ,\"x y\"]", &[r#"{"a":1}"#, "2", r#"{"b":[]}"#, "\"x y\""]),
            (
                r##"{"c":"#groups","value":[{"value":"v"},{"d":[{}]}],"n":[3]}"##,
                &[
                    r##"page {"c":"#groups","value":[]}"##,
                    r#"{"value":"v"}"#,
                    r#"{"d":[{}]}"#,
                    r##"end {"c":"#groups","value":[],"n":[3]}"##,
                ],
            ),
            ("[ ]", &[]),
            (r#"["value",{"x":"value","y":[1]}]"#, &["\"value\"", r#"{"x":"value","y":[1]}"#]),
        ] {
            for size in [1, 2, 3, 7, 1000] {
                assert_eq!(
                    cut(text, size).as_deref(),
                    Ok(&wanted.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>()[..]),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn what_is_not_json_is_refused_at_its_line() {
        for (text, line, column) in [
            ("{\"value\":\n[}", 2, Some(2)),
            ("[1,]", 1, Some(4)),
            ("[{} {}]", 1, Some(5)),
            ("{\"a\":1", 1, Some(7)),
            ("{ this is no file", 1, Some(18)),
            ("[\n{\"a\":1},\n {\"a\" 1}]", 3, Some(7)),
            ("[{\n\"a\" 1}]", 2, Some(5)),
            ("]", 1, Some(1)),
            ("{}}", 1, Some(3)),
        ] {
            for size in [1, 5, 1000] {
                let error = cut(text, size).expect_err(text);
                assert_eq!((error.line, error.column), (Some(line), column), "{text}");
            }
        }
    }
}
