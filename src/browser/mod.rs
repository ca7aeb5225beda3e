//! The page's engine: wasm-bindgen exports over [`Engine`](crate::provision::plan::Engine). Every function is total: it
//! answers `{"ok": …}` or `{"error": {"message", "help", "line"}}` and never throws.
//!
//! What crosses is JSON text: one way of writing is enough.

mod answer;
mod compare;
mod coverage;
mod language;
mod load;
mod preview;

pub use language::{catalogue, check_expression};
pub use preview::Preview;

use wasm_bindgen::prelude::wasm_bindgen;

/// Panics, should one ever happen, are told in the console.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
