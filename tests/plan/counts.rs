//! What is counted of scoping filters, clause by clause, is what the plan does.

use super::generate::Chance;
use super::law::for_all;
use provisor::provision::analysis::statistics::ScopeTally;
use provisor::provision::configuration::JobSettings;
use provisor::provision::plan::Engine;
use serde_json::{Value, json};

fn people(chance: &mut Chance) -> Value {
    let person = |at: usize, chance: &mut Chance| {
        let mut person = json!({"id": format!("u{at}"), "userPrincipalName": format!("u{at}@x.example"),
            "accountEnabled": !chance.once_in(2), "department": chance.pick(&["Sales", "Ops"])});
        if chance.once_in(4) {
            person["deletedDateTime"] = json!("2026-01-01T00:00:00Z");
        }
        person
    };
    (0..8).map(|at| person(at, chance)).collect()
}

#[test]
fn as_many_pass_a_filters_clauses_as_the_plan_lets_pass() {
    let clauses = [
        ("IsSoftDeleted", "IS FALSE", ""),
        ("IsSoftDeleted", "IS TRUE", ""),
        ("department", "EQUALS", "Sales"),
        ("accountEnabled", "IS TRUE", ""),
        ("IsSoftDeleted", "EQUALS", "False"),
    ];
    for_all(500, |seed| {
        let mut chance = Chance::new(seed);
        let people = people(&mut chance);
        let chosen: Vec<Value> = (0..1 + chance.below(3))
            .map(|_| chance.pick(&clauses))
            .map(|(attribute, operator, value)| {
                json!({"operatorName": operator, "sourceOperandName": attribute, "targetOperand": {"values": [value]}})
            })
            .collect();
        let mut blank = Engine::new();
        blank.configure("", &JobSettings::default());
        let mut schema = blank.schema().unwrap().clone();
        for object in schema["synchronizationRules"][0]["objectMappings"].as_array_mut().unwrap() {
            if object["sourceObjectName"] == "User" {
                object["scope"] = json!({"groups": [{"name": "who", "clauses": chosen}]});
            }
        }
        let mut engine = Engine::new();
        engine.load_source("users.json", &people.to_string()).unwrap();
        engine
            .configure(&schema.to_string(), &JobSettings { sync_all: Some(true), ..JobSettings::default() });
        engine.plan();
        let mut tally = ScopeTally::new(false);
        while !tally.step(&engine, 3) {}
        let counted = tally.filters();
        let planned = (0..engine.len())
            .filter(|at| engine.operation(*at).unwrap().scope.last().unwrap().passed)
            .count();
        let last = counted.last().and_then(|clauses| clauses.last()).map(|(_, up_to)| *up_to);
        assert_eq!(last, Some(planned), "case {seed}: {chosen:?} of {people}");
    });
}
