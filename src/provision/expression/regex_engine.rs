//! Who runs an ECMAScript pattern: the JavaScript engine where there is one, which costs
//! no bytes in wasm, else the crate `fancy-regex`, whose steps are bounded.

/// Where each group matched, in UTF-8 bytes; the whole match is first.
pub(crate) type Match = Vec<Option<(usize, usize)>>;

/// An engine for patterns with the `u` flag.
pub(crate) trait Engine: Sized {
    /// Compiles a pattern; the error is the engine's own words.
    fn compile(source: &str, ignore_case: bool) -> Result<Self, String>;

    /// Every match, left to right, without overlap.
    fn matches(&self, text: &str) -> Result<Vec<Match>, String>;
}

#[cfg(not(all(target_arch = "wasm32", any(feature = "edge", feature = "browser"))))]
pub(crate) use native::Native as Backend;

#[cfg(all(target_arch = "wasm32", any(feature = "edge", feature = "browser")))]
pub(crate) use script::Script as Backend;

#[cfg(not(all(target_arch = "wasm32", any(feature = "edge", feature = "browser"))))]
mod native {
    use super::{Engine, Match};
    use fancy_regex::{Error, RegexBuilder, RuntimeError};

    /// How many steps back one match may take.
    const MAX_STEPS: usize = 1_000_000;

    pub(crate) struct Native(fancy_regex::Regex);

    impl Engine for Native {
        fn compile(source: &str, ignore_case: bool) -> Result<Self, String> {
            let mut builder = RegexBuilder::new(source);
            builder.case_insensitive(ignore_case).backtrack_limit(MAX_STEPS);
            builder.build().map(Self).map_err(|error| error.to_string().to_lowercase())
        }

        fn matches(&self, text: &str) -> Result<Vec<Match>, String> {
            let mut matches = Vec::new();
            let mut from = 0;
            // Unlike the crate's own iterator, .NET and JavaScript find an empty match right
            // after one that is not.
            while let Some(found) = self.0.captures_from_pos(text, from).map_err(|error| words(&error))? {
                let groups: Match =
                    found.iter().map(|group| group.map(|part| (part.start(), part.end()))).collect();
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

    fn words(error: &Error) -> String {
        use crate::provision::told::told;
        match error {
            Error::RuntimeError(RuntimeError::BacktrackLimitExceeded | RuntimeError::StackOverflow) => {
                told!("the pattern takes too long on this text; do not repeat what is itself repeated, as in `(a+)+`")
                    .to_owned()
            }
            other => other.to_string().to_lowercase(),
        }
    }
}

#[cfg(all(target_arch = "wasm32", any(feature = "edge", feature = "browser")))]
mod script {
    use super::{Engine, Match};
    use crate::provision::told::told;
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

        fn matches(&self, text: &str) -> Result<Vec<Match>, String> {
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
