//! A file that comes in chunks: its records are taken as they arrive, so that a file of any
//! size fits.

use super::engine::Engine;
use crate::provision::source::{
    CsvFile, Destination, Found, InputError, LoadReport, Records, Tally, Wide, decode,
};

/// A file on its way in.
#[derive(Debug)]
pub struct Loading {
    name: String,
    target: bool,
    /// How it is read if it is UTF-16.
    wide: Option<Wide>,
    state: State,
    tally: Tally,
}

#[derive(Debug)]
enum State {
    /// Too little came to tell what it is.
    Begun(Vec<u8>),
    Json(Box<Json>),
    Csv(Box<CsvFile>),
}

#[derive(Debug, Default)]
struct Json {
    records: Records,
    contexts: Vec<String>,
    report: LoadReport,
}

/// Bytes that tell how text is written.
const HEAD: usize = 4;

impl Loading {
    /// A source file; the name is a hint.
    #[must_use]
    pub fn source(name: &str) -> Self {
        let state = State::Begun(Vec::new());
        Self { name: name.to_owned(), target: false, wide: None, state, tally: Tally::default() }
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
        if self.wide.is_some() {
            return self.widen(engine, bytes);
        }
        let State::Begun(held) = &mut self.state else { return self.take(engine, bytes) };
        held.extend_from_slice(bytes);
        if held.len() < HEAD {
            return Ok(());
        }
        let held = std::mem::take(held);
        self.wide = Wide::of(&held);
        if self.wide.is_some() { self.widen(engine, &held) } else { self.begin(engine, held) }
    }

    fn widen(&mut self, engine: &mut Engine, bytes: &[u8]) -> Result<(), InputError> {
        let Some(wide) = &mut self.wide else { return Ok(()) };
        let text = wide.push(bytes)?.into_bytes();
        match &mut self.state {
            State::Begun(held) => {
                let held = [std::mem::take(held), text].concat();
                self.begin(engine, held)
            }
            _ => self.take(engine, &text),
        }
    }

    /// Tells by the first sign what it is; without one, waits for more.
    fn begin(&mut self, engine: &mut Engine, held: Vec<u8>) -> Result<(), InputError> {
        let plain = held.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&held);
        match plain.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{' | b'[') => {
                let report = LoadReport { kind: "target".to_owned(), ..LoadReport::default() };
                self.state = State::Json(Box::new(Json { report, ..Json::default() }));
            }
            Some(_) if self.target => {
                // What a target holds is JSON, and this is not: to be told as of a whole file.
                return engine.load_target(&String::from_utf8_lossy(plain)).map(|_| ());
            }
            Some(_) => self.state = State::Csv(Box::default()),
            None => {
                self.state = State::Begun(held);
                return Ok(());
            }
        }
        engine.begin(self.target);
        let begun = plain.to_vec();
        self.take(engine, &begun)
    }

    /// Takes the next bytes of a file that is known to be JSON or CSV, in UTF-8.
    fn take(&mut self, engine: &mut Engine, bytes: &[u8]) -> Result<(), InputError> {
        let Self { name, target, tally, .. } = self;
        let (pool, source, held) = engine.stores();
        match &mut self.state {
            State::Begun(_) => Ok(()),
            State::Csv(file) => file.push(&mut Destination { source, pool, name, tally }, bytes),
            State::Json(json) => {
                let Json { records, contexts, report } = &mut **json;
                let mut take = |found: Found<'_>| match target {
                    true => held.take(pool, &found, report),
                    false => source.take(pool, name, contexts, tally, &found),
                };
                records.push(bytes, &mut take)
            }
        }
    }

    /// Says that all has come.
    ///
    /// # Errors
    /// When what came is neither JSON nor CSV that is known.
    pub fn finish(mut self, engine: &mut Engine) -> Result<LoadReport, InputError> {
        if let Some(wide) = self.wide.take() {
            wide.finish()?;
        }
        let Self { name, target, state, mut tally, .. } = self;
        let (pool, source, held) = engine.stores();
        match state {
            State::Begun(bytes) => {
                let text = decode(&bytes)?;
                return if target { engine.load_target(&text) } else { engine.load_source(&name, &text) };
            }
            State::Csv(file) => {
                file.finish(&mut Destination { source, pool, name: &name, tally: &mut tally })?;
            }
            State::Json(json) => {
                let Json { mut records, mut contexts, mut report } = *json;
                let mut take = |found: Found<'_>| match target {
                    true => held.take(pool, &found, &mut report),
                    false => source.take(pool, &name, &mut contexts, &mut tally, &found),
                };
                records.finish(&mut take)?;
                if target {
                    return Ok(report);
                }
            }
        }
        engine.stores().1.finish(tally)
    }
}
