//! The plan, proved two ways: scenarios told row by row as data (the decision tables of
//! Entra's provisioning), and the great law: apply what was planned to our own directory,
//! plan again, and nothing is left to do.
#![cfg(all(not(target_arch = "wasm32"), feature = "cli"))]

mod bulk;
mod cli;
mod counts;
mod directory;
mod exported;
mod forecast;
mod generate;
mod hostile;
mod law;
mod restless;
mod run;
mod sight;

use provisor::provision::configuration::JobSettings;
use provisor::provision::diagnostic::Severity;
use provisor::provision::plan::Engine;
use serde_json::{Value, json};

/// Whether all that `wanted` says is so in `found`; arrays compare whole.
fn holds(wanted: &Value, found: &Value, path: &str) -> Result<(), String> {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => wanted.iter().try_for_each(|(key, wanted)| {
            holds(wanted, found.get(key).unwrap_or(&Value::Null), &format!("{path}.{key}"))
        }),
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => wanted
            .iter()
            .zip(found)
            .enumerate()
            .try_for_each(|(at, (wanted, found))| holds(wanted, found, &format!("{path}[{at}]"))),
        _ if wanted == found => Ok(()),
        _ => Err(format!("{path}: wanted {wanted}, found {found}")),
    }
}

#[test]
fn scenarios() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/plan");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut count = 0;
    for file in files {
        let vectors: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        for vector in vectors {
            let name = vector["name"].as_str().unwrap();
            let mut engine = Engine::new();
            for (kind, text) in vector["source"].as_object().unwrap() {
                engine.load_source(kind, &text.to_string()).unwrap_or_else(|error| panic!("{name}: {error}"));
            }
            if let Some(target) = vector.get("target") {
                engine.load_target(&target.to_string()).unwrap();
            }
            if let Some(links) = vector.get("links") {
                engine.load_links(&links.to_string()).unwrap();
            }
            let settings = vector.get("settings").cloned().unwrap_or_else(|| json!({}));
            let settings: JobSettings = serde_json::from_value(settings).unwrap();
            let schema = vector.get("schema").map(Value::to_string).unwrap_or_default();
            let found = engine.configure(&schema, &settings);
            if let Some(wanted) = vector.get("findings") {
                let found = found.iter().filter(|found| found.severity != Severity::Info);
                let mut rules: Vec<&str> = found.map(|found| found.rule.as_str()).collect();
                rules.sort_unstable();
                assert_eq!(*wanted, json!(rules), "{}: {name}", file.display());
            }
            engine.plan();
            if let Some(wanted) = vector.get("lint") {
                let messages: Vec<String> = engine.lint().into_iter().map(|found| found.message).collect();
                assert_eq!(*wanted, json!(messages), "{}: {name}", file.display());
            }
            let plan = engine.to_json();
            for (id, wanted) in vector.get("expect").and_then(Value::as_object).into_iter().flatten() {
                let operations = plan["operations"].as_array().unwrap();
                let found = operations.iter().find(|operation| operation["source"]["id"] == **id);
                let found = found.unwrap_or_else(|| panic!("{name}: no operation for `{id}`"));
                if let Err(error) = holds(wanted, found, id) {
                    panic!("{}: {name}: {error}", file.display());
                }
            }
            if let Some(wanted) = vector.get("summary")
                && let Err(error) = holds(wanted, &plan["summary"], "summary")
            {
                panic!("{}: {name}: {error}", file.display());
            }
            count += 1;
        }
    }
    assert!(count > 0, "no scenario was read");
}
