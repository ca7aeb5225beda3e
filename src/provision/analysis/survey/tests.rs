//! The columns say what the operations, built one by one, say.

use super::*;
use crate::provision::configuration::JobSettings;
use crate::provision::example;
use crate::provision::target::TargetPath;
use serde_json::json;

fn engine(schema: &str) -> Engine {
    let mut engine = Engine::new();
    engine.load_source("users.json", &example::users(1, 60)).expect("users");
    engine.load_source("roles.json", &example::roles()).expect("roles");
    engine.load_source("assignments.json", &example::assignments(1, 60)).expect("assignments");
    engine.load_target(&example::target(1, 60)).expect("target");
    engine.configure(schema, &JobSettings::default());
    engine.plan();
    engine
}

fn whole(engine: &Engine, before: Option<&Survey>, slice: usize) -> Survey {
    let mut survey = Survey::after(before);
    while !survey.step(engine, slice) {}
    survey
}

/// The same numbers from the operations.
fn slow(engine: &Engine) -> Value {
    let operations: Vec<_> = (0..engine.len()).filter_map(|index| engine.operation(index)).collect();
    let mut problems: BTreeMap<String, usize> = BTreeMap::new();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut funnel = [0_u32; 4];
    for operation in &operations {
        let mut codes: Vec<&str> = operation.problems.iter().map(|problem| problem.code.as_str()).collect();
        if operation.status == "failure" {
            codes.push(&operation.reason);
        }
        codes.sort_unstable();
        codes.dedup();
        codes.into_iter().for_each(|code| *problems.entry(code.to_owned()).or_default() += 1);
        if !operation.reason.is_empty() {
            *reasons.entry(operation.reason.clone()).or_default() += 1;
        }
        if let Some(lost) = operation.scope.iter().position(|step| !step.passed) {
            funnel[lost] += 1;
        }
    }
    let targets = engine.targets().into_iter().map(|(kind, name)| {
        let path = TargetPath::parse(&name).expect("a path");
        let (mut filled, mut empty, mut failed, mut changed) = (0, 0, 0, 0);
        let mut values: BTreeMap<String, u32> = BTreeMap::new();
        for operation in operations.iter().filter(|operation| operation.object_type == kind) {
            changed += usize::from(operation.changes.iter().any(|change| change.target == name));
            if operation.scope.iter().any(|step| !step.passed) {
                continue;
            }
            match path.read(&operation.result) {
                Some(value) => {
                    filled += 1;
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    *values.entry(text).or_default() += 1;
                }
                None if operation.problems.iter().any(|problem| problem.target == name) => failed += 1,
                None => empty += 1,
            }
        }
        let distinct = values.len();
        let mut top: Vec<(String, u32)> = values.into_iter().collect();
        top.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        top.truncate(TOP);
        json!({"kind": kind, "target": name, "filled": filled, "empty": empty, "failed": failed,
            "changed": changed, "distinct": distinct, "top": top})
    });
    let counted = |counts: BTreeMap<String, usize>| {
        let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    };
    let funnel: Vec<Value> =
        STEPS.iter().zip(funnel).map(|(name, lost)| json!({"name": name, "lost": lost})).collect();
    json!({"read": operations.len(), "targets": targets.collect::<Vec<_>>(), "problems": counted(problems),
        "reasons": counted(reasons), "funnel": funnel, "edited": 0})
}

/// The profile with other sources for some targets.
fn edited(changes: &[(&str, &str)]) -> String {
    let mut document = engine("").schema().expect("a schema").clone();
    let mappings = document["synchronizationRules"][0]["objectMappings"].as_array_mut().expect("mappings");
    for mapping in
        mappings.iter_mut().flat_map(|object| object["attributeMappings"].as_array_mut().expect("lines"))
    {
        let target = mapping["targetAttributeName"].as_str().unwrap_or_default().to_owned();
        if let Some((_, expression)) = changes.iter().find(|(name, _)| *name == target) {
            mapping["source"] =
                json!({"type": "Function", "name": "x", "expression": expression, "parameters": []});
        }
    }
    document.to_string()
}

#[test]
fn the_columns_say_what_the_operations_say() {
    let broken = edited(&[
        ("active", "[city]"),
        ("userName", "IIF([city]=\"Lisbon\",\"\",[userPrincipalName])"),
        ("title", "DateAdd(\"x\",1,[city])"),
        ("displayName", "Split([city],\"o\")"),
    ]);
    for schema in [String::new(), broken] {
        let engine = engine(&schema);
        assert!(engine.len() >= 60);
        let wanted = slow(&engine);
        for slice in [1, 7, 100_000] {
            let findings = serde_json::to_value(whole(&engine, None, slice).findings()).expect("findings");
            assert_eq!(findings, wanted);
        }
    }
}

#[test]
fn an_edit_is_measured_against_the_plan_before() {
    let before = engine("");
    let first = whole(&before, None, 50);
    assert_eq!(whole(&before, Some(&first), 9).findings().edited, 0);
    let after = engine(&edited(&[("displayName", "Append([displayName],\"!\")")]));
    let told = |engine: &Engine, index: usize| {
        let operation = engine.operation(index).expect("an operation");
        let changes = operation.changes.iter().map(|change| (change.target.clone(), change.new.clone()));
        (operation.verdict.clone(), operation.reason.clone(), changes.collect::<Vec<_>>())
    };
    let differ = (0..after.len()).filter(|index| told(&before, *index) != told(&after, *index)).count();
    let second = whole(&after, Some(&first), 9);
    assert!(differ > 0);
    assert_eq!(second.findings().edited, differ);
    assert_eq!(second.rows("edited").map(<[u32]>::len), Some(differ));
    let (done, total) = second.progress(&after);
    assert_eq!(done, total);
}
