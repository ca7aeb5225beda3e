//! A file that comes in chunks, so that a large one can be given up.

use super::answer::answer;
use super::preview::Preview;
use crate::provision::plan::Loading;
use wasm_bindgen::prelude::wasm_bindgen;

/// A file on its way in; UTF-8 or UTF-16.
#[wasm_bindgen(js_name = Loading)]
pub struct File {
    loading: Loading,
}

#[wasm_bindgen(js_class = Loading)]
impl File {
    /// Users, groups, assignments or roles, or what the target holds. The name is a hint.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(name: &str, target: bool) -> Self {
        Self { loading: if target { Loading::target(name) } else { Loading::source(name) } }
    }

    /// Takes the next bytes, cut anywhere; answers with an error as soon as there is one.
    pub fn push(&mut self, preview: &mut Preview, bytes: &[u8]) -> String {
        answer(self.loading.push(&mut preview.engine, bytes))
    }

    /// Says that all has come; answers with what it was.
    pub fn finish(self, preview: &mut Preview) -> String {
        answer(self.loading.finish(&mut preview.engine))
    }
}
