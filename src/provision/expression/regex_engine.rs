//! Who runs an ECMAScript pattern: in the page the JavaScript engine, which costs no bytes in wasm,
//! and whose watchdog ends what takes long; everywhere else the crate `fancy-regex`, whose steps are
//! bounded. At the edge all tenants share a thread, which nobody could stop.

use super::spare::Spare;

/// Where each group matched, in UTF-8 bytes; the whole match is first.
pub(crate) type Match = Vec<Option<(usize, usize)>>;

/// An engine for patterns with the `u` flag.
pub(crate) trait Engine: Sized {
    /// Compiles a pattern; the error is the engine's own words.
    fn compile(source: &str, ignore_case: bool) -> Result<Self, String>;

    /// Every match, left to right, without overlap. What it takes beyond what the text allows is
    /// spent from `spare`.
    fn matches(&self, text: &str, spare: &Spare) -> Result<Vec<Match>, String>;
}

#[cfg(not(all(target_arch = "wasm32", feature = "browser")))]
pub(crate) use native::Native as Backend;

#[cfg(all(target_arch = "wasm32", feature = "browser"))]
pub(crate) use script::Script as Backend;

#[cfg(not(all(target_arch = "wasm32", feature = "browser")))]
mod native {
    use super::super::spare::TOO_LONG;
    use super::{Engine, Match, Spare};
    use fancy_regex::{Error, Regex, RegexBuilder, RuntimeError};
    use std::cell::OnceCell;

    /// How many steps back one match may take: tried with the fewest first, since how many were
    /// taken is not told.
    const LIMITS: [usize; 4] = [300, 3_000, 30_000, 1_000_000];
    /// What looking for one match costs, in steps back, beside the bytes that are looked at.
    const LOOKING: u64 = 100;

    /// What the matches of a text may cost without being spent.
    fn allowed(text: &str) -> u64 {
        3_000 + 60 * text.len() as u64
    }

    pub(crate) struct Native {
        source: String,
        ignore_case: bool,
        /// One for each limit, made when it is needed.
        engines: [OnceCell<Regex>; 4],
    }

    impl Native {
        fn build(source: &str, ignore_case: bool, limit: usize) -> Result<Regex, String> {
            let mut builder = RegexBuilder::new(source);
            builder.case_insensitive(ignore_case).backtrack_limit(limit);
            builder.build().map_err(|error| error.to_string().to_lowercase())
        }

        /// The next match, and what it cost at most.
        fn next(
            &self,
            text: &str,
            from: usize,
            spend: &mut dyn FnMut(u64) -> Result<(), String>,
        ) -> Result<Option<Match>, String> {
            spend(LOOKING + text.len().saturating_sub(from) as u64)?;
            for ((turn, limit), engine) in LIMITS.into_iter().enumerate().zip(&self.engines) {
                if turn > 0 {
                    spend(limit as u64)?;
                }
                let engine = match engine.get() {
                    Some(engine) => engine,
                    None => {
                        let made = Self::build(&self.source, self.ignore_case, limit)?;
                        engine.get_or_init(|| made)
                    }
                };
                match engine.captures_from_pos(text, from) {
                    Err(Error::RuntimeError(RuntimeError::BacktrackLimitExceeded)) => {}
                    Err(Error::RuntimeError(RuntimeError::StackOverflow)) => break,
                    Err(other) => return Err(other.to_string().to_lowercase()),
                    Ok(found) => {
                        let place = |found: fancy_regex::Match<'_>| (found.start(), found.end());
                        return Ok(found.map(|groups| groups.iter().map(|group| group.map(place)).collect()));
                    }
                }
            }
            Err(TOO_LONG.to_owned())
        }
    }

    impl Engine for Native {
        fn compile(source: &str, ignore_case: bool) -> Result<Self, String> {
            let [first, ..] = LIMITS;
            let made = Self::build(source, ignore_case, first)?;
            let engines: [OnceCell<Regex>; 4] = Default::default();
            if let Some(slot) = engines.first() {
                slot.get_or_init(|| made);
            }
            Ok(Self { source: source.to_owned(), ignore_case, engines })
        }

        fn matches(&self, text: &str, spare: &Spare) -> Result<Vec<Match>, String> {
            let mut matches = Vec::new();
            let (mut from, mut allowed) = (0, allowed(text));
            let mut spend = |steps: u64| {
                let beyond = steps.saturating_sub(allowed);
                allowed = allowed.saturating_sub(steps);
                if beyond == 0 { Ok(()) } else { spare.spend(beyond).map_err(str::to_owned) }
            };
            // Unlike the crate's own iterator, .NET and JavaScript find an empty match right
            // after one that is not.
            while let Some(groups) = self.next(text, from, &mut spend)? {
                let (start, end) = groups.first().copied().flatten().unwrap_or((from, from));
                matches.push(groups);
                from = end;
                if start == end {
                    let Some(next) = text.get(end..).and_then(|rest| rest.chars().next()) else { break };
                    from += next.len_utf8();
                }
            }
            Ok(matches)
        }
    }
}

#[cfg(all(target_arch = "wasm32", feature = "browser"))]
mod script {
    use super::{Engine, Match, Spare};
    use crate::provision::message::told;
    use js_sys::{Array, Function, Reflect, RegExp};
    use wasm_bindgen::{JsCast, JsValue};

    pub(crate) struct Script(RegExp);

    /// The engine's own words of an exception.
    fn words(error: &JsValue) -> String {
        let error: Option<&js_sys::Error> = error.dyn_ref();
        error.map_or_else(String::new, |error| String::from(error.message()).to_lowercase())
    }

    impl Engine for Script {
        /// Made through `Reflect`, since the constructor's exception would end the program.
        fn compile(source: &str, ignore_case: bool) -> Result<Self, String> {
            let flags = if ignore_case { "dgiu" } else { "dgu" };
            let arguments = Array::of2(&source.into(), &flags.into());
            let maker: Function = Reflect::get(&js_sys::global(), &"RegExp".into())
                .ok()
                .and_then(|maker| maker.dyn_into().ok())
                .ok_or(told!("there is no regular expression engine"))?;
            let made = Reflect::construct(&maker, &arguments).map_err(|error| words(&error))?;
            made.dyn_into().map(Self).map_err(|_| told!("there is no regular expression engine").into())
        }

        fn matches(&self, text: &str, _: &Spare) -> Result<Vec<Match>, String> {
            let places = places(text);
            let byte = |unit: u32| places.get(unit as usize).copied().unwrap_or(text.len());
            let mut matches = Vec::new();
            self.0.set_last_index(0);
            while let Some(found) = self.0.exec(text) {
                let indices = Reflect::get(&found, &"indices".into()).map_err(|error| words(&error))?;
                let ranges = |pair: JsValue| {
                    let pair: Array = pair.dyn_into().ok()?;
                    let end = |index| pair.get(index).as_f64().map(|unit| byte(unit as u32));
                    Some((end(0)?, end(1)?))
                };
                let groups: Match = Array::from(&indices).iter().map(ranges).collect();
                let empty = groups.first().copied().flatten().is_none_or(|(start, end)| start == end);
                matches.push(groups);
                if empty {
                    let next = self.0.last_index();
                    let wide = byte(next + 1) == byte(next) && byte(next) < text.len();
                    self.0.set_last_index(next + if wide { 2 } else { 1 });
                }
            }
            Ok(matches)
        }
    }

    /// The byte of every UTF-16 unit; both halves of a pair name its start.
    fn places(text: &str) -> Vec<usize> {
        text.char_indices().flat_map(|(at, letter)| std::iter::repeat_n(at, letter.len_utf16())).collect()
    }
}
