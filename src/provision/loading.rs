//! A file that comes in chunks: JSON is taken record by record as it arrives, so that a
//! file of any size fits; CSV and UTF-16 are gathered first.

use super::engine::Engine;
use super::records::Records;
use super::report::{InputError, LoadReport};
use super::schema_json::decode;
use super::source::Tally;

/// A file on its way in.
#[derive(Debug)]
pub struct Loading {
    name: String,
    target: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Too little came to tell what it is, or it must be read whole.
    Whole {
        bytes: Vec<u8>,
        decided: bool,
    },
    Json(Box<Json>),
}

#[derive(Debug, Default)]
struct Json {
    records: Records,
    contexts: Vec<String>,
    tally: Tally,
    report: LoadReport,
}

impl Loading {
    /// A source file; the name is a hint.
    #[must_use]
    pub fn source(name: &str) -> Self {
        let state = State::Whole { bytes: Vec::new(), decided: false };
        Self { name: name.to_owned(), target: false, state }
    }

    /// A file of what the target holds.
    #[must_use]
    pub fn target(name: &str) -> Self {
        Self { target: true, ..Self::source(name) }
    }

    /// Takes the next bytes, cut anywhere.
    ///
    /// # Errors
    /// As soon as what came cannot be read.
    pub fn push(&mut self, engine: &mut Engine, bytes: &[u8]) -> Result<(), InputError> {
        if let State::Whole { bytes: held, decided } = &mut self.state {
            held.extend_from_slice(bytes);
            if *decided || held.len() < 4 {
                return Ok(());
            }
            let plain = held.strip_prefix(b"\xef\xbb\xbf").unwrap_or(held);
            let first = plain.iter().find(|byte| !byte.is_ascii_whitespace());
            // By its first bytes alone, so that it does not matter how much came at once.
            let utf_16 = held.starts_with(&[0xff, 0xfe])
                || held.starts_with(&[0xfe, 0xff])
                || held.iter().take(4).any(|byte| *byte == 0);
            let Some(first) = first else { return Ok(()) };
            if utf_16 || !matches!(first, b'{' | b'[') {
                *decided = true;
                return Ok(());
            }
            let begun = plain.to_vec();
            let report = LoadReport { kind: "target".to_owned(), ..LoadReport::default() };
            self.state = State::Json(Box::new(Json { report, ..Json::default() }));
            engine.begin(self.target);
            return self.records(engine, &begun, false);
        }
        self.records(engine, bytes, false)
    }

    fn records(&mut self, engine: &mut Engine, bytes: &[u8], last: bool) -> Result<(), InputError> {
        let State::Json(json) = &mut self.state else { return Ok(()) };
        let Json { records, contexts, tally, report } = &mut **json;
        let (pool, source, held) = engine.stores();
        let mut take = |found: super::records::Found<'_>| {
            if self.target {
                held.take(pool, &found, report)
            } else {
                source.take(pool, &self.name, contexts, tally, &found)
            }
        };
        records.push(bytes, &mut take)?;
        if last { records.finish(&mut take) } else { Ok(()) }
    }

    /// Says that all has come.
    ///
    /// # Errors
    /// When what came is neither JSON nor CSV that is known.
    pub fn finish(mut self, engine: &mut Engine) -> Result<LoadReport, InputError> {
        if let State::Whole { bytes, .. } = &self.state {
            let text = decode(bytes)?;
            return if self.target {
                engine.load_target(&text)
            } else {
                engine.load_source(&self.name, &text)
            };
        }
        self.records(engine, &[], true)?;
        let State::Json(json) = self.state else { return Ok(LoadReport::default()) };
        let Json { tally, report, .. } = *json;
        if self.target { Ok(report) } else { engine.stores().1.finish(tally) }
    }
}
