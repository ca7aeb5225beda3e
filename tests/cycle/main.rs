//! The provisioning cycle: every row of Entra's decision tables as a scenario, and a model
//! that changes the source, breaks the target and crashes the shell at will.

#[cfg(not(target_arch = "wasm32"))]
mod guards;
#[cfg(not(target_arch = "wasm32"))]
mod limits;
#[cfg(not(target_arch = "wasm32"))]
mod model;
#[cfg(not(target_arch = "wasm32"))]
mod record;
mod schema;
mod shell;
mod table;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
