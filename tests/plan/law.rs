//! The laws. The great one: apply what was planned, plan again, and nothing is left to do.

use super::directory::{Directory, apply};
use super::generate::{Chance, present, schema, source};
use provisor::provision::configuration::JobSettings;
use provisor::provision::plan::Engine;
use serde_json::{Value, json};

/// How many cases; each follows from its number. `make prove` asks for more.
fn cases() -> u64 {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    asked.unwrap_or(0).max(10_000)
}

/// Runs a law for every number, on all cores.
pub fn for_all(cases: u64, law: impl Fn(u64) + Sync) {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    std::thread::scope(|scope| {
        for first in 0..threads {
            let law = &law;
            scope.spawn(move || (first..cases).step_by(threads as usize).for_each(law));
        }
    });
}

pub fn engine(source: &Value, target: &str, schema: &str, settings: &JobSettings) -> Engine {
    let mut engine = Engine::new();
    for (name, file) in source.as_object().unwrap() {
        engine.load_source(name, &file.to_string()).unwrap();
    }
    engine.load_target(target).unwrap();
    engine.configure(schema, settings);
    engine.plan();
    engine
}

/// What is decided for everyone at once is what is worked out for each alone.
fn rows_say_what_operations_say(engine: &Engine, case: &str) {
    for index in 0..engine.len() {
        let (row, operation) = (engine.row(index).unwrap(), engine.operation(index).unwrap());
        let found =
            (&*operation.verdict, &*operation.reason, operation.changes.len(), operation.problems.len());
        assert_eq!((&*row.action, &*row.reason, row.changes, row.problems), found, "{case}: {operation:?}");
    }
}

/// Targets that differ in how they take a change.
const TARGETS: [Option<&str>; 8] = [
    None,
    Some("generic"),
    Some("aws-iam-identity-center"),
    Some("google-cloud-identity"),
    Some("zitadel"),
    Some("entra-inbound"),
    Some("ory-polis"),
    Some("replace-whole"),
];

pub fn settings(chance: &mut Chance) -> JobSettings {
    let dialect = chance.pick(&["legacy", "aadOptscim062020", "rfc"]);
    let skip = chance.once_in(6);
    let target = chance.pick(&TARGETS);
    let manager = chance.pick(&[None, None, Some("list"), Some("text"), Some("object")]);
    serde_json::from_value(json!({
        "dialect": dialect, "skipOutOfScopeDeletions": skip, "target": target, "managerShape": manager,
    }))
    .unwrap()
}

/// The objects of a directory by id, without what a group's members and a user's groups
/// make of them.
fn objects(all: &str) -> Vec<Value> {
    let mut objects: Vec<Value> = Vec::new();
    for page in all.lines() {
        let page: Value = serde_json::from_str(page).unwrap();
        objects.extend(page["Resources"].as_array().into_iter().flatten().cloned());
    }
    for object in &mut objects {
        object.as_object_mut().unwrap().remove("groups");
    }
    objects
}

#[test]
fn applied_plans_leave_nothing_to_do() {
    for_all(cases(), |seed| {
        let mut chance = Chance::new(seed);
        let source = source(&mut chance);
        let schema = if seed % 5 == 0 { String::new() } else { schema(&mut chance).to_string() };
        let settings = settings(&mut chance);
        let mut directory = Directory::new();
        for (path, resource) in present(&mut chance) {
            directory.ask("POST", path, &resource);
        }
        let case = format!("case {seed}");
        let before = directory.all();
        let first = engine(&source, &before, &schema, &settings);
        rows_say_what_operations_say(&first, &case);
        let plan = first.to_json();
        let writes =
            plan["operations"].as_array().unwrap().iter().flat_map(|o| o["requests"].as_array().unwrap());
        let writes = writes.filter(|request| request["method"] != "GET").count();
        assert_eq!(plan["summary"]["requests"], writes, "{case}");
        promises(&plan, &case);
        apply(&mut directory, &plan);
        let after = directory.all();
        untouched(&plan, &before, &after, &case);
        let again = engine(&source, &after, &schema, &settings).to_json();
        for operation in again["operations"].as_array().unwrap() {
            let id = &operation["source"]["id"];
            let earlier =
                || plan["operations"].as_array().unwrap().iter().find(|first| first["source"]["id"] == *id);
            assert!(
                operation["requests"].as_array().unwrap().is_empty(),
                "{case}: {:?} {:?}\nagain: {}\nfirst: {}\nheld: {}",
                settings.dialect,
                settings.target,
                shown(operation),
                earlier().map(shown).unwrap_or_default(),
                objects(&after)
                    .iter()
                    .find(|held| held["id"] == operation["target"]["id"])
                    .unwrap_or(&Value::Null),
            );
        }
    });
}

fn shown(operation: &Value) -> String {
    let requests = operation["requests"].as_array().unwrap().iter().map(|request| &request["body"]);
    format!("{} {} {:?}", operation["action"], operation["changes"], requests.collect::<Vec<_>>())
}

/// No creation without a matching query; a disabling never deletes.
fn promises(plan: &Value, case: &str) {
    for operation in plan["operations"].as_array().unwrap() {
        let requests = operation["requests"].as_array().unwrap();
        let methods: Vec<&str> = requests.iter().map(|request| request["method"].as_str().unwrap()).collect();
        if let Some(post) = methods.iter().position(|method| *method == "POST") {
            assert_eq!(methods[0], "GET", "{case}: {operation}");
            let after = requests[post]["dependsOn"].as_array().unwrap();
            assert!(after.contains(&requests[0]["id"]), "{case}: {operation}");
        }
        if operation["action"] != "delete" {
            assert!(!methods.contains(&"DELETE"), "{case}: {operation}");
        }
    }
}

/// What the plan does not name stays as it was.
fn untouched(plan: &Value, before: &str, after: &str, case: &str) {
    let (before, after) = (objects(before), objects(after));
    let named: Vec<&str> = plan["operations"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|operation| !operation["requests"].as_array().unwrap().is_empty())
        .filter_map(|operation| operation["target"]["id"].as_str())
        .collect();
    for object in &before {
        let id = object["id"].as_str().unwrap();
        if named.contains(&id) {
            continue;
        }
        let now =
            after.iter().find(|now| now["id"] == id).unwrap_or_else(|| panic!("{case}: `{id}` is gone"));
        // Members whose accounts were deleted, and managers, go with them.
        let plain = |object: &Value| {
            let mut object = object.clone();
            let fields = object.as_object_mut().unwrap();
            fields.remove("members");
            fields.remove("meta");
            object
        };
        assert_eq!(plain(object), plain(now), "{case}: `{id}` was touched");
    }
}

#[test]
fn planning_again_is_planning_afresh() {
    for_all(cases() / 5, |seed| {
        let mut chance = Chance::new(seed);
        let people = source(&mut chance);
        let mut directory = Directory::new();
        for (path, resource) in present(&mut chance) {
            directory.ask("POST", path, &resource);
        }
        let target = directory.all();
        let mut changing = Engine::new();
        let load = |changing: &mut Engine, people: &Value| {
            for (name, file) in people.as_object().unwrap() {
                changing.load_source(name, &file.to_string()).unwrap();
            }
        };
        load(&mut changing, &people);
        changing.load_target(&target).unwrap();
        let (mut configuration, mut settings) = (schema(&mut chance), settings(&mut chance));
        for step in 0..3 {
            changing.configure(&configuration.to_string(), &settings);
            changing.plan();
            let fresh = engine(&people, &target, &configuration.to_string(), &settings);
            assert_eq!(changing.to_json(), fresh.to_json(), "case {seed}, step {step}");
            // One line, the filter, a setting, or all of it.
            let other = schema(&mut chance);
            let mapping = |value: &Value| value["synchronizationRules"][0]["objectMappings"][0].clone();
            match chance.below(4) {
                0 => {
                    let lines = mapping(&other)["attributeMappings"].clone();
                    let taken = lines[chance.below(lines.as_array().unwrap().len())].clone();
                    let slot = &mut configuration["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"];
                    let at = chance.below(slot.as_array().unwrap().len());
                    slot[at] = taken;
                }
                1 => {
                    configuration["synchronizationRules"][0]["objectMappings"][0]["scope"] =
                        mapping(&other)["scope"].clone();
                }
                2 => settings.skip_out_of_scope_deletions ^= true,
                _ => configuration = other,
            }
        }
    });
}
