//! Whether the plan foretells a quarantine by the numbers of the rule that cycles obey.

use provisor::provision::configuration::JobSettings;
use provisor::provision::plan::Engine;
use serde_json::json;

/// Whether `people` new users whose manager nobody knows bring the job into quarantine.
fn forecast(people: usize) -> bool {
    let user = |number: usize| {
        json!({
            "id": format!("u{number}"), "userPrincipalName": format!("u{number}@example.com"),
            "displayName": "U", "accountEnabled": true, "manager": { "id": "nobody" },
        })
    };
    let users: Vec<_> = (0..people).map(user).collect();
    let mut engine = Engine::new();
    engine.load_source("users", &json!({ "value": users }).to_string()).unwrap();
    engine.load_target(r#"{"Resources":[]}"#).unwrap();
    engine.configure("", &JobSettings { sync_all: Some(true), ..JobSettings::default() });
    let summary = engine.plan();
    assert_eq!((summary.create, summary.failed), (people, 0));
    summary.quarantine
}

#[test]
fn failed_references_count_to_sixty_thousand() {
    assert!(!forecast(60_000));
    assert!(forecast(60_001));
}
