//! The page's engine: wasm-bindgen exports over [`Engine`]. Every function is total: it
//! answers `{ok: …}` or `{error: {message, help, line}}` and never throws.
//!
//! Small fixed structs cross through serde-wasm-bindgen; plans and resources as JSON text.

use serde::Serialize;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::provision::engine::Engine;
use crate::provision::report::{InputError, JobSettings};
use crate::provision::{decode, report};

/// Panics, should one ever happen, are told in the console.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Answer<T: Serialize> {
    Ok(T),
    Error(InputError),
}

fn answer<T: Serialize>(result: Result<T, InputError>) -> JsValue {
    let answer = match result {
        Ok(value) => Answer::Ok(value),
        Err(error) => Answer::Error(error),
    };
    answer.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).unwrap_or(JsValue::NULL)
}

/// One preview: what was loaded, how it is configured, what would happen.
#[wasm_bindgen]
#[derive(Default)]
pub struct Preview {
    engine: Engine,
}

#[wasm_bindgen]
impl Preview {
    /// An empty preview.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file of users, groups, assignments or roles; UTF-8 or UTF-16.
    #[wasm_bindgen(js_name = loadSource)]
    pub fn load_source(&mut self, name: &str, bytes: &[u8]) -> JsValue {
        answer(decode(bytes).and_then(|text| self.engine.load_source(name, &text)))
    }

    /// Adds what the target holds.
    #[wasm_bindgen(js_name = loadTarget)]
    pub fn load_target(&mut self, bytes: &[u8]) -> JsValue {
        answer(decode(bytes).and_then(|text| self.engine.load_target(&text)))
    }

    /// Sets the configuration (a `synchronizationSchema`, or empty text for the built-in
    /// profile) and the job's settings; answers with what is to be said about it.
    pub fn configure(&mut self, schema: &str, settings: JsValue) -> JsValue {
        let settings: Result<JobSettings, _> = serde_wasm_bindgen::from_value(settings);
        answer(match settings {
            Ok(settings) => Ok(self.engine.configure(schema, &settings)),
            Err(error) => {
                Err(InputError::new(format!("the settings were not understood: {error}"), "reset them"))
            }
        })
    }

    /// Plans the whole population; answers with the summary.
    pub fn plan(&mut self) -> JsValue {
        answer(Ok(self.engine.plan()))
    }

    /// The indexes of the rows with this action (empty for all) whose name or id holds the text.
    pub fn find(&self, action: &str, text: &str) -> Vec<u32> {
        let wanted = text.to_lowercase();
        let holds = |row: &report::Row| {
            (action.is_empty() || row.action == action)
                && (wanted.is_empty()
                    || row.name.to_lowercase().contains(&wanted)
                    || row.id.contains(&wanted))
        };
        let rows =
            (0..self.engine.len()).filter(|index| self.engine.row(*index).is_some_and(|row| holds(&row)));
        rows.filter_map(|index| u32::try_from(index).ok()).collect()
    }

    /// The rows at these indexes.
    pub fn rows(&self, indexes: &[u32]) -> JsValue {
        let row = |index: &u32| self.engine.row(usize::try_from(*index).ok()?);
        answer(Ok(indexes.iter().filter_map(row).collect::<Vec<_>>()))
    }

    /// One operation, whole, as JSON text; empty when there is no such row.
    #[must_use]
    pub fn operation(&self, index: usize) -> String {
        self.engine
            .operation(index)
            .and_then(|operation| serde_json::to_string(&operation).ok())
            .unwrap_or_default()
    }

    /// The plan as versioned JSON text.
    #[wasm_bindgen(js_name = planJson)]
    #[must_use]
    pub fn plan_json(&self) -> String {
        self.engine.to_json().to_string()
    }

    /// The configuration as JSON text.
    #[wasm_bindgen(js_name = schemaJson)]
    #[must_use]
    pub fn schema_json(&self) -> String {
        self.engine.schema().map(ToString::to_string).unwrap_or_default()
    }
}
