//! A plan as one bulk request (RFC 7644 §3.7): sent to our own `/Bulk`, every operation
//! succeeds, and the plan after it has nothing left to do.

use super::directory::Directory;
use super::generate::{Chance, present, schema, source};
use super::law::{engine, for_all, settings};
use provisor::provision::export;
use serde_json::{Value, json};

#[test]
fn a_plan_sent_in_bulk_leaves_nothing_to_do() {
    for_all(2_000, |seed| {
        let mut chance = Chance::new(seed ^ 0xb01d);
        let source = source(&mut chance);
        let schema = if seed % 5 == 0 { String::new() } else { schema(&mut chance).to_string() };
        let settings = settings(&mut chance);
        let mut directory = Directory::new();
        for (path, resource) in present(&mut chance) {
            directory.ask("POST", path, &resource);
        }
        let first = engine(&source, &directory.all(), &schema, &settings);
        let bulk = export::bulk((0..first.len()).filter_map(|at| first.operation(at)));
        let sent = bulk["Operations"].as_array().unwrap();
        let plan = first.to_json();
        assert_eq!(plan["summary"]["requests"], sent.len(), "case {seed}");
        if !sent.is_empty() {
            let reply = directory.ask("POST", "/Bulk", &bulk);
            assert_eq!(reply.status, 200, "case {seed}: {}", reply.body);
            let reply: Value = serde_json::from_str(&reply.body).unwrap();
            let answers = reply["Operations"].as_array().unwrap();
            assert_eq!(answers.len(), sent.len(), "case {seed}");
            for (answer, sent) in answers.iter().zip(sent) {
                let good = answer["status"].as_str().is_some_and(|status| status.starts_with('2'));
                assert!(good, "case {seed}: {sent}: {answer}");
            }
        }
        let again = engine(&source, &directory.all(), &schema, &settings);
        for operation in again.to_json()["operations"].as_array().unwrap() {
            assert_eq!(operation["requests"], json!([]), "case {seed}: {operation}\nsent: {bulk}");
        }
        assert_eq!(
            export::bulk((0..again.len()).filter_map(|at| again.operation(at)))["Operations"],
            json!([])
        );
    });
}
