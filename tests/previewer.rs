//! What the page asks of a plan: tallies, the inside of an object, differences, a replay.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test may stop")]

use provisor::provision::compare::different_rows;
use provisor::provision::engine::Engine;
use provisor::provision::example;
use provisor::provision::replay::Replay;
use provisor::provision::report::JobSettings;

const PEOPLE: usize = 60;

fn filled() -> Engine {
    let mut engine = Engine::new();
    engine.load_source("users.json", &example::users(1, PEOPLE)).expect("users");
    engine.load_source("roles.json", &example::roles()).expect("roles");
    engine.load_source("assignments.json", &example::assignments(1, PEOPLE)).expect("assignments");
    engine.load_target(&example::target(1, PEOPLE)).expect("target");
    engine
}

fn loaded(schema: &str) -> Engine {
    let mut engine = filled();
    engine.configure(schema, &JobSettings::default());
    engine.plan();
    engine
}

/// The profile with another source for the display name.
fn renamed(engine: &Engine) -> String {
    let mut document = engine.schema().expect("a schema").clone();
    let lists = document["synchronizationRules"][0]["objectMappings"].as_array_mut().expect("mappings");
    for mapping in lists.iter_mut().flat_map(|kind| kind["attributeMappings"].as_array_mut().expect("lines"))
    {
        if mapping["targetAttributeName"] == "displayName" {
            mapping["source"] = serde_json::json!({
                "type": "Function", "name": "Append", "parameters": [],
                "expression": "Append([displayName], \"!\")"
            });
        }
    }
    document.to_string()
}

#[test]
fn frequent_values_are_those_of_the_file() {
    let engine = loaded("");
    let frequent = engine.frequent(false, "department");
    let people: serde_json::Value = serde_json::from_str(&example::users(1, PEOPLE)).expect("json");
    let people = people.as_array().or_else(|| people["value"].as_array()).expect("people");
    assert!(frequent.len() > 1);
    for (value, count) in &frequent {
        let held = people.iter().filter(|person| person["department"] == value.as_str()).count();
        assert_eq!(*count, held, "{value}");
    }
    assert!(frequent.is_sorted_by(|one, other| one.1 >= other.1));
    assert!(engine.frequent(false, "noSuchAttribute").is_empty());
}

#[test]
fn sign_on_by_the_name_provisioned_loses_nobody() {
    let engine = loaded("");
    let check = engine.sign_on("userPrincipalName");
    assert_eq!(
        check.checked,
        (0..engine.len()).filter(|row| engine.row(*row).expect("a row").in_scope).count()
    );
    assert_eq!(check.lost, 0);
    let other = engine.sign_on("jobTitle");
    assert_eq!((other.checked, other.lost), (check.checked, check.checked));
    assert!(engine.scope_tally(false).is_empty(), "the profile has no scoping filter");
}

#[test]
fn a_person_from_within_has_the_source_and_each_mapping() {
    let engine = loaded("");
    let inside = engine.inside(0).expect("the first person");
    let lines = engine.targets().iter().filter(|(kind, _)| *kind == "User").count();
    assert_eq!(inside.outcomes.len(), lines);
    let name = inside.attributes.iter().find(|held| held.name == "displayName").expect("a name");
    let shown = inside.outcomes.iter().find(|outcome| outcome.target == "displayName").expect("a mapping");
    assert_eq!(shown.value.as_str(), name.values.first().map(String::as_str));
    assert_eq!(engine.inside(engine.len()), None);
}

#[test]
fn plans_differ_where_a_mapping_differs() {
    let one = loaded("");
    let two = loaded(&renamed(&one));
    assert_eq!(different_rows(&one, &one).differ, 0);
    let differ = different_rows(&two, &one);
    assert!(differ.differ > 0);
    assert_eq!(differ.rows.len(), differ.differ);
    assert!(differ.rows.iter().all(|row| row.targets.iter().any(|target| target == "displayName")
        || row.other.as_deref() != Some(row.now.as_str())));
}

#[test]
fn a_plan_carried_out_leaves_nothing_refused() {
    let engine = loaded("");
    let mut replay = Replay::new("2026-01-01T00:00:00Z");
    let held = engine.target_resources(0, usize::MAX);
    held.iter().for_each(|resource| replay.hold(resource));
    assert_eq!(replay.progress().held, held.len());
    let requests: Vec<_> =
        (0..engine.len()).filter_map(|index| engine.operation(index)).flat_map(|row| row.requests).collect();
    let wanted = requests.len();
    requests.into_iter().for_each(|request| replay.queue(request));
    while !replay.step(10) {}
    let done = replay.progress();
    assert_eq!((done.sent, done.refused, done.waiting), (wanted, 0, 0), "{:?}", done.refusals);
    let created = done.answers.iter().find(|(answer, _)| answer == "POST 201").map_or(0, |(_, count)| *count);
    assert!(created > 0);
    assert_eq!(replay.state().lines().count(), held.len() + created);
}

#[test]
fn a_plan_in_slices_is_the_same_plan_and_the_one_before_stays_until_then() {
    for most in [1, 7, 500] {
        let mut engine = loaded("");
        let (before, name) = (engine.to_json(), engine.operation(3).expect("somebody"));
        let changed = renamed(&engine);
        engine.configure(&changed, &JobSettings::default());
        engine.plan_begin();
        let mut turns = 0;
        let mut done = 0;
        while !engine.plan_step(most) {
            turns += 1;
            let (seen, total) = engine.plan_progress();
            assert!(seen >= done && seen <= total, "{seen} of {total} after {done}");
            done = seen;
            assert_eq!(engine.operation(3).as_ref(), Some(&name), "the plan before");
        }
        assert!(turns > 1, "{most} rows a slice were one slice");
        assert_eq!(engine.to_json(), loaded(&changed).to_json());
        assert_ne!(engine.to_json(), before);
    }
}

#[test]
fn a_plan_given_up_leaves_the_one_before_whole() {
    let mut engine = loaded("");
    let before = engine.to_json();
    let (changed, profile) = (renamed(&engine), engine.schema().expect("a schema").to_string());
    engine.configure(&changed, &JobSettings::default());
    engine.plan_begin();
    assert!(!engine.plan_step(100));
    engine.configure(&profile, &JobSettings::default());
    assert_eq!(engine.to_json(), before);
    engine.plan();
    assert_eq!(engine.to_json(), before);
}

/// What the plan keeps for the next one never shows: each step of a walk through
/// configurations and settings comes out as if it were the first.
#[test]
fn a_plan_after_others_is_the_plan_from_none() {
    let profile = loaded("").schema().expect("a schema").clone();
    let change = |edit: &dyn Fn(&mut serde_json::Value)| {
        let mut changed = profile.clone();
        let mappings = changed["synchronizationRules"][0]["objectMappings"].as_array_mut().expect("mappings");
        mappings.iter_mut().filter(|mapping| mapping["sourceObjectName"] == "User").for_each(edit);
        assert_ne!(changed, profile, "nothing was edited");
        changed.to_string()
    };
    let lines = |mapping: &mut serde_json::Value, edit: &dyn Fn(&mut serde_json::Value)| {
        mapping["attributeMappings"].as_array_mut().expect("lines").iter_mut().for_each(edit);
    };
    let only = |target: &'static str, edit: &'static dyn Fn(&mut serde_json::Value)| {
        change(&|mapping| {
            lines(mapping, &|line| {
                if line["targetAttributeName"] == target {
                    edit(line);
                }
            });
        })
    };
    let expression = |text: &str| serde_json::json!({"type": "Function", "expression": text});
    let configurations = [
        profile.to_string(),
        renamed(&loaded("")),
        // Who is whom.
        only("userName", &|line| {
            line["source"] = serde_json::json!({"type": "Function", "expression": "ToUpper([mail], )"});
        }),
        // When it flows, and what if it is nothing.
        only("title", &|line| line["flowType"] = "ObjectAddOnly".into()),
        only("title", &|line| line["defaultValue"] = "none".into()),
        // The order of the lines.
        change(&|mapping| mapping["attributeMappings"].as_array_mut().expect("lines").reverse()),
        change(&|mapping| {
            lines(mapping, &|line| {
                if line["targetAttributeName"] == "active" {
                    line["source"] = expression("Switch([department], \"True\", \"Sales\", \"False\")");
                }
            });
        }),
        // Who is in scope.
        change(&|mapping| {
            mapping["scope"] = serde_json::json!({"groups": [{"clauses": [{
                "sourceOperandName": "department", "operatorName": "EQUALS", "targetOperand": {"values": ["Sales"]}
            }]}]});
        }),
        profile.to_string(),
    ];
    let settings = [
        JobSettings::default(),
        JobSettings { sync_all: Some(true), ..JobSettings::default() },
        JobSettings::default(),
        JobSettings { first_cycle: true, ..JobSettings::default() },
        JobSettings::default(),
        JobSettings { exclude_default_access: Some(false), ..JobSettings::default() },
        JobSettings { skip_out_of_scope_deletions: true, ..JobSettings::default() },
    ];
    let rows = |engine: &Engine| (0..engine.len()).map(|row| engine.row(row)).collect::<Vec<_>>();
    let mut engine = loaded("");
    for settings in settings.iter().chain(settings.first()) {
        for schema in &configurations {
            engine.configure(schema, settings);
            engine.plan();
            let mut fresh = filled();
            fresh.configure(schema, settings);
            fresh.plan();
            assert_eq!(rows(&engine), rows(&fresh), "{schema}");
            assert_eq!(engine.to_json(), fresh.to_json(), "{schema}");
        }
    }
}
