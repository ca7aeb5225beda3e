//! What an edit shows at once is what the plan of everyone then says.

use super::generate::{Chance, present, schema, source};
use super::law::{engine, for_all, settings};
use provisor::provision::example;
use provisor::provision::plan::Engine;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

fn expression(text: &str) -> Value {
    json!({"type": "Function", "expression": text, "name": "", "parameters": []})
}

fn sources() -> Vec<Value> {
    vec![
        Value::Null,
        json!({"type": "Attribute", "expression": "[displayName]", "name": "displayName", "parameters": []}),
        json!({"type": "Constant", "expression": "\"x\"", "name": "x", "parameters": []}),
        expression("Append([displayName], \"7\")"),
        expression("Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")"),
        expression("Guid()"),
        expression("Split([displayName], \" \")"),
        expression("CDate([displayName])"),
        expression("AppRoleAssignmentsComplex([appRoleAssignments])"),
    ]
}

/// All that is shown of every row.
fn all(engine: &Engine) -> Vec<Value> {
    let shown = |index| json!([engine.row(index), engine.operation(index), engine.inside(index)]);
    (0..engine.len()).map(shown).collect()
}

/// Edits each mapping in each way; how many edits could be told at once.
fn edits(
    engine: &mut Engine,
    mut planned: impl FnMut(&str) -> Engine,
    wanted: impl Fn(usize) -> bool,
) -> usize {
    let (before, text) = (all(engine), engine.schema().unwrap().to_string());
    let everyone: Vec<u32> = (0..engine.len()).map(|index| u32::try_from(index).unwrap()).collect();
    let schema: Value = serde_json::from_str(&text).unwrap();
    let (mut told, mut count) = (0, 0);
    for (at, object) in
        schema["synchronizationRules"][0]["objectMappings"].as_array().unwrap().iter().enumerate()
    {
        let group = object["sourceObjectName"].as_str().unwrap().eq_ignore_ascii_case("group");
        for (line, mapping) in object["attributeMappings"].as_array().unwrap().iter().enumerate() {
            for source in sources() {
                count += 1;
                if !wanted(count) {
                    continue;
                }
                let target = mapping["targetAttributeName"].as_str().unwrap();
                let Some(seen) = engine.supposing(group, target, &source, &everyone, all) else { continue };
                told += 1;
                let mut edited = schema.clone();
                edited["synchronizationRules"][0]["objectMappings"][at]["attributeMappings"][line]["source"] =
                    source.clone();
                for (seen, planned) in seen.iter().zip(all(&planned(&edited.to_string()))) {
                    assert_eq!(seen[0], planned[0], "{target} {source}");
                    assert_eq!(*seen, planned, "{target} {source}");
                }
            }
        }
    }
    assert_eq!(before, all(engine), "the plan is what it was");
    told
}

#[test]
fn an_edit_in_sight_is_what_the_plan_says() {
    let settings = Default::default();
    let plan = |schema: &str| {
        let mut engine = Engine::new();
        engine.load_source("users.json", &example::users(1, 60)).unwrap();
        engine.load_source("roles.json", &example::roles()).unwrap();
        engine.load_source("assignments.json", &example::assignments(1, 60)).unwrap();
        engine.load_target(&example::target(1, 60)).unwrap();
        engine.configure(schema, &settings);
        engine.plan();
        engine
    };
    let told = edits(&mut plan(""), plan, |_| true);
    assert!(told > 250, "{told} edits told at once");
}

#[test]
fn an_edit_in_sight_is_what_any_plan_says() {
    let told = AtomicUsize::new(0);
    for_all(400, |seed| {
        let mut chance = Chance::new(seed);
        let source = source(&mut chance);
        let schema = schema(&mut chance).to_string();
        let settings = settings(&mut chance);
        let mut directory = super::directory::Directory::new();
        for (path, resource) in present(&mut chance) {
            directory.ask("POST", path, &resource);
        }
        let held = directory.all();
        let plan = |schema: &str| engine(&source, &held, schema, &settings);
        let one = seed as usize;
        told.fetch_add(edits(&mut plan(&schema), plan, |at| (at + one).is_multiple_of(5)), Ordering::Relaxed);
    });
    let told = told.into_inner();
    assert!(told > 2_000, "{told} edits told at once");
}

#[test]
fn what_decides_who_is_whom_waits_for_the_plan() {
    let mut engine = Engine::new();
    engine.load_source("users.json", &example::users(1, 5)).unwrap();
    engine.configure("", &Default::default());
    let source = expression("ToUpper([userPrincipalName], )");
    assert!(engine.supposing(false, "displayName", &source, &[0], |_| ()).is_none(), "no plan yet");
    engine.plan();
    assert!(engine.supposing(false, "displayName", &source, &[0, 9], |_| ()).is_some());
    assert!(engine.supposing(false, "userName", &source, &[0], |_| ()).is_none(), "it is matched by");
    assert!(engine.supposing(false, "nickname", &source, &[0], |_| ()).is_none(), "there is no such mapping");
    engine.refuse(vec!["ToUpper([userPrincipalName], )".to_owned()]);
    assert!(engine.supposing(false, "displayName", &source, &[0], |_| ()).is_none(), "it has no end");
}
