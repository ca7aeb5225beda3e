//! The page's engine: wasm-bindgen exports.
