//! What the page asks for only now and then: the directory that a plan is carried out in, the
//! run at a real target, the files that a plan leaves as, made-up people, and mapping tables.

mod export;
mod run;

use crate::provision::configuration::mapping_table;
use crate::provision::example;
use crate::provision::expression::write_trees;
use crate::provision::plan::Operation;
use crate::provision::run::replay;
use crate::provision::source::InputError;
pub use export::Export;
pub use run::{Run, run_log, run_log_head};
use serde::Serialize;
use serde_json::{Value, json};
use serde_wasm_bindgen::Serializer;
use std::ops::Range;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Panics, should one ever happen, are told in the console.
#[cfg(not(feature = "browser"))]
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

/// A replay under way. Load what the target holds, queue the plan, then step until done.
#[wasm_bindgen]
pub struct Replay {
    replay: replay::Replay,
}

#[wasm_bindgen]
impl Replay {
    /// A directory that holds nothing; `now` is RFC 3339.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(now: &str) -> Self {
        Self { replay: replay::Replay::new(now) }
    }

    /// Loads what the target holds: a JSON array of resources.
    pub fn hold(&mut self, resources: &str) {
        let resources: Vec<Value> = serde_json::from_str(resources).unwrap_or_default();
        for resource in &resources {
            self.replay.hold(resource);
        }
    }

    /// Queues the requests of operations of the plan: a JSON array.
    pub fn queue(&mut self, operations: &str) {
        let operations: Vec<Operation> = serde_json::from_str(operations).unwrap_or_default();
        for request in operations.into_iter().flat_map(|operation| operation.requests) {
            self.replay.queue(request);
        }
    }

    /// Sends up to `most` requests; true when none is left.
    pub fn step(&mut self, most: usize) -> bool {
        self.replay.step(most)
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> JsValue {
        shown(&self.replay.progress())
    }

    /// What the directory holds now, one resource a line.
    pub fn state(&mut self) -> String {
        self.replay.state()
    }
}

/// A page of a made-up population of any size as a file: `users`, `assignments`, `roles`, or
/// the `target` of these people; nothing for another name.
#[wasm_bindgen(js_name = madeUp)]
#[must_use]
pub fn made_up(what: &str, seed: u32, from: usize, to: usize) -> Vec<u8> {
    let (seed, people): (u64, Range<usize>) = (u64::from(seed), from..to);
    let file = match what {
        "users" => example::some_users(seed, people),
        "assignments" => example::some_assignments(seed, people),
        "roles" => example::roles(),
        "target" => example::some_target(seed, people),
        _ => String::new(),
    };
    file.into_bytes()
}

/// A Markdown mapping table as a configuration: `{ok: …}` or `{error: …}`.
#[wasm_bindgen(js_name = mappingTable)]
#[must_use]
pub fn mapping_table(table: &str) -> JsValue {
    let answer: Result<String, InputError> = mapping_table::configuration(table);
    shown(&match answer {
        Ok(configuration) => json!({"ok": configuration}),
        Err(error) => json!({"error": error}),
    })
}

/// A configuration as a file: its functions with their trees, as Entra's own export has them.
#[wasm_bindgen(js_name = schemaFile)]
#[must_use]
pub fn schema_file(schema: &str) -> String {
    let Ok(mut document) = serde_json::from_str::<Value>(schema) else { return schema.to_owned() };
    write_trees(&mut document);
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

/// A value as JavaScript's own; what crosses here crosses seldom, so that ease counts more than bytes.
fn shown(value: &impl Serialize) -> JsValue {
    value.serialize(&Serializer::json_compatible()).unwrap_or_default()
}
