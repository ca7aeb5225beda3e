//! What `benches/scim.mjs` calls: one filter read, a population filtered, one user patched.

use provisor::scim::compat::Profile;
use provisor::scim::effort::Effort;
use provisor::scim::filter;
use provisor::scim::patch;
use provisor::scim::schema::builtin;
use provisor::scim::schema::check::{Rules, Write, check};
use serde_json::{Map, Value};
use wasm_bindgen::prelude::*;

/// Reads one filter, with spans, and says whether it could.
#[wasm_bindgen]
pub fn reads(text: &str) -> bool {
    filter::parse(text).is_ok()
}

/// Users as objects, as a directory holds them.
#[wasm_bindgen]
pub struct People(Vec<Map<String, Value>>);

#[wasm_bindgen]
impl People {
    /// Users from the text of a JSON array.
    #[wasm_bindgen(constructor)]
    pub fn new(text: &str) -> Result<Self, JsError> {
        Ok(Self(serde_json::from_str(text)?))
    }

    /// How many satisfy a filter.
    pub fn count(&self, text: &str) -> Result<usize, JsError> {
        let kind = builtin().resource_type("User").ok_or_else(|| JsError::new("no such type"))?;
        let parsed = filter::parse(text).map_err(|error| JsError::new(&error.message))?;
        let compiled =
            filter::compile(&parsed, builtin(), kind).map_err(|error| JsError::new(&error.message))?;
        Ok(self.0.iter().filter(|user| filter::matches(&compiled, user)).count())
    }
}

/// A user patched, text in and text out, with all that a directory checks.
#[wasm_bindgen]
pub fn patched(document: &str, body: &str) -> Result<String, JsError> {
    let kind = builtin().resource_type("User").ok_or_else(|| JsError::new("no such type"))?;
    let body: Map<String, Value> = serde_json::from_str(body)?;
    let document: Map<String, Value> = serde_json::from_str(document)?;
    let refused = |detail: String| JsError::new(&detail);
    let operations = patch::decode(body, Profile::DEFAULT).map_err(|error| refused(error.detail))?;
    let done = patch::apply(builtin(), kind, Profile::DEFAULT, document.clone(), operations, &Effort::new(u64::MAX))
        .map_err(|error| refused(error.detail))?;
    let done = check(builtin(), kind, Rules { open_values: true }, Write::Patch(&document), done.document)
        .map_err(|faults| refused(format!("{faults:?}")))?;
    Ok(serde_json::to_string(&done)?)
}
