//! What the page asks of a plan: tallies, the inside of an object, differences, a replay.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test may stop")]

use provisor::provision::analysis::statistics::{ScopeTally, SignOn, SignOnCheck};
use provisor::provision::analysis::{Search, different_rows};
use provisor::provision::configuration::JobSettings;
use provisor::provision::example;
use provisor::provision::plan::Engine;
use provisor::provision::run::replay::Replay;

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

fn sign_on(engine: &Engine, attribute: &str) -> SignOnCheck {
    let mut checking = SignOn::new(attribute);
    while !checking.step(engine, 7) {}
    checking.finish()
}

#[test]
fn sign_on_by_the_name_provisioned_loses_nobody() {
    let engine = loaded("");
    let check = sign_on(&engine, "userPrincipalName");
    assert_eq!(
        check.checked,
        (0..engine.len()).filter(|row| engine.row(*row).expect("a row").in_scope).count()
    );
    assert_eq!(check.lost, 0);
    let other = sign_on(&engine, "jobTitle");
    assert_eq!((other.checked, other.lost), (check.checked, check.checked));
    let mut tally = ScopeTally::new(false);
    assert!(tally.step(&engine, 1) && tally.filters().is_empty(), "the profile has no scoping filter");
}

/// Attribute, operator, value.
type Clause<'a> = (&'a str, &'a str, &'a str);

/// The profile with these groups of clauses as users' scoping filter.
fn filtered(groups: &[(&str, &[Clause<'_>])]) -> Engine {
    let mut document = loaded("").schema().expect("a schema").clone();
    let clause = |(attribute, operator, value): &Clause<'_>| {
        serde_json::json!({
            "operatorName": operator, "sourceOperandName": attribute, "targetOperand": {"values": [value]}
        })
    };
    let groups: Vec<serde_json::Value> = groups
        .iter()
        .map(|(name, clauses)| {
            serde_json::json!({"name": name, "clauses": clauses.iter().map(clause).collect::<Vec<_>>()})
        })
        .collect();
    let lists = document["synchronizationRules"][0]["objectMappings"].as_array_mut().expect("mappings");
    let users = lists.iter_mut().find(|list| list["sourceObjectName"] == "User").expect("users");
    users["scope"] =
        serde_json::json!({"groups": groups, "categoryFilterGroups": [], "inputFilterGroups": []});
    loaded(&document.to_string())
}

/// How each clause came out for a row, `!` marking those that decide.
fn outcomes(engine: &Engine, row: usize) -> Vec<String> {
    let inside = serde_json::to_value(engine.inside(row).expect("a row")).expect("json");
    let filters = inside["filters"].as_array().expect("filters").clone();
    let clause = |clause: &serde_json::Value| {
        let decides = if clause["decides"] == true { "!" } else { "" };
        format!("{}{decides}", clause["came"].as_str().expect("an outcome"))
    };
    filters.iter().flat_map(|filter| filter["clauses"].as_array().expect("clauses")).map(clause).collect()
}

#[test]
fn each_clause_of_a_scoping_filter_says_how_it_came_out() {
    let engine = filtered(&[
        (
            "here",
            &[
                ("accountEnabled", "IS TRUE", ""),
                ("department", "EQUALS", "Nowhere"),
                ("mail", "IS NOT NULL", ""),
            ],
        ),
        ("there", &[("department", "IS NULL", "")]),
        ("all", &[("userPrincipalName", "IS NOT NULL", ""), ("department", "NOT EQUALS", "Nowhere")]),
        ("late", &[("department", "IS NOT NULL", "")]),
    ]);
    let held = engine.frequent(false, "department")[0].0.clone();
    let row = (0..engine.len())
        .find(|row| {
            engine.cells(&[u32::try_from(*row).expect("small")], &["source/department".to_owned()])[0][0]
                == held
        })
        .expect("somebody");
    // The third filter holds, so none of those that failed decides and the last is not needed.
    let wanted = ["passed", "failed", "notNeeded", "failed", "passed", "passed", "notNeeded"];
    assert_eq!(outcomes(&engine, row), wanted);
    let inside = serde_json::to_value(engine.inside(row).expect("a row")).expect("json");
    let clause = &inside["filters"][0]["clauses"][1];
    assert_eq!(
        clause,
        &serde_json::json!({
            "attribute": "department", "operator": "EQUALS", "expected": ["Nowhere"], "held": [held],
            "came": "failed", "decides": false
        })
    );
    assert_eq!(
        inside["filters"][0]["clauses"][0]["expected"],
        serde_json::json!([]),
        "IS TRUE takes no value"
    );
    let engine = filtered(&[
        (
            "here",
            &[
                ("accountEnabled", "IS TRUE", ""),
                ("department", "EQUALS", "Nowhere"),
                ("mail", "IS NULL", ""),
            ],
        ),
        ("there", &[("department", "IS NULL", "")]),
    ]);
    let row = engine.place(&{
        let operation = (0..engine.len()).filter_map(|row| engine.operation(row));
        let mut outside =
            operation.filter(|operation| operation.scope[0].passed && !operation.scope[3].passed);
        outside.next().expect("somebody fails the filter").source.id
    });
    assert_eq!(outcomes(&engine, row.expect("a row")), ["passed", "failed!", "notNeeded", "failed!"]);
}

#[test]
fn rows_are_found_and_put_in_order_by_columns_that_were_added() {
    let engine = loaded("");
    let columns =
        ["source/department".to_owned(), "target/displayName".to_owned(), "target/noSuch".to_owned()];
    let search = Search { sort: "source/department", columns: &columns, ..Search::default() };
    let rows = engine.find(&search, None);
    assert_eq!(rows.len(), engine.len());
    let cells = engine.cells(&rows, &columns);
    let empty_last = |cells: &Vec<String>| (cells[0].is_empty(), cells[0].to_lowercase());
    assert!(cells.is_sorted_by_key(empty_last));
    assert!(cells.iter().all(|cells| cells[2].is_empty()));
    for (row, cells) in rows
        .iter()
        .zip(&cells)
        .filter(|(row, _)| engine.row(**row as usize).expect("a row").object_type == "User")
    {
        let inside = engine.inside(*row as usize).expect("a row");
        let outcome =
            inside.outcomes.iter().find(|outcome| outcome.target == "displayName").expect("a mapping");
        assert_eq!(outcome.value.as_str().unwrap_or_default(), cells[1]);
    }
    let department = &engine.frequent(false, "department")[0].0;
    let text = &department.to_uppercase();
    let some = Search { text, columns: &columns, ..Search::default() };
    let found = engine.find(&some, None).len();
    assert!(found >= engine.frequent(false, "department")[0].1, "{found}");
    assert!(found < engine.len());
    let without = Search { columns: &[], ..some };
    assert!(engine.find(&without, None).len() < found);
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
