//! A plan carried out at a target that answers as it likes: the order, what is tried again and
//! what is not, and what the log says.

use provisor::provision::configuration::JobSettings;
use provisor::provision::export::LeftOut;
use provisor::provision::plan::Engine;
use provisor::provision::run::{Ending, Entry, Outcome, Planned, Run, Sending, Status, Turn};
use serde_json::{Value, json};
use std::collections::HashMap;

const NOW: i64 = 1_767_225_600_000;

fn planned(settings: &JobSettings) -> Engine {
    let mut engine = Engine::new();
    for file in ["users", "groups", "roles", "assignments"] {
        let text = std::fs::read_to_string(format!("examples/clarizen-one/{file}.json")).unwrap();
        engine.load_source(&format!("{file}.json"), &text).unwrap();
    }
    engine.load_target(&std::fs::read_to_string("examples/clarizen-one/target.json").unwrap()).unwrap();
    engine.configure("", settings);
    engine.plan();
    engine
}

fn run_of(engine: &Engine, left_out: &LeftOut) -> Run {
    let mut run = Run::new();
    (0..engine.len()).for_each(|row| run.add(engine.operation(row).unwrap(), left_out));
    run
}

/// The answer to a request that all goes well with.
fn well(sending: &Sending, given: &mut usize) -> Outcome {
    let (status, body) = match sending.method.as_str() {
        "POST" => {
            *given += 1;
            (201, json!({"id": format!("new-{given}")}).to_string())
        }
        "DELETE" => (204, String::new()),
        _ => (200, "{}".to_owned()),
    };
    Outcome { ticket: sending.ticket, status, body, at: NOW, duration: 5, ..Outcome::default() }
}

/// Carries a run out with these answers; what was sent, and the log.
fn carried_out(
    run: &mut Run,
    mut answer: impl FnMut(&Sending) -> Outcome,
) -> (Vec<Sending>, Vec<Entry>, Turn) {
    let (mut sent, mut log, mut now) = (Vec::new(), Vec::new(), NOW);
    let mut turn = run.turn(Vec::new(), now);
    for _ in 0..10_000 {
        log.append(&mut turn.log);
        assert!(turn.under_way <= 4);
        if turn.left == 0 {
            return (sent, log, turn);
        }
        now += i64::try_from(turn.rest).unwrap();
        let outcomes = turn.send.iter().map(&mut answer).collect();
        sent.append(&mut turn.send);
        turn = run.turn(outcomes, now);
    }
    panic!("it does not come to an end");
}

fn refused(sending: &Sending, status: u16, body: &Value) -> Outcome {
    Outcome { ticket: sending.ticket, status, body: body.to_string(), at: NOW, ..Outcome::default() }
}

fn count(log: &[Entry], status: Status) -> usize {
    log.iter().filter(|entry| entry.status == status).count()
}

#[test]
fn everything_planned_is_sent_once_in_order_with_the_ids_given_out() {
    let engine = planned(&JobSettings::default());
    let mut run = run_of(&engine, &LeftOut::default());
    let summary = engine.summary().clone();
    let Planned { delete, disable, create, update, requests, .. } = run.planned().clone();
    assert_eq!(
        (delete, disable, create, update, requests),
        (summary.delete, summary.disable, summary.create, summary.update, summary.requests)
    );
    assert!(disable > 0 && create > 0 && update > 0);
    let mut given = 0;
    let (sent, log, turn) = carried_out(&mut run, |sending| well(sending, &mut given));
    assert_eq!((sent.len(), log.len(), turn.ending), (requests, requests, None));
    assert_eq!(count(&log, Status::Success), requests);
    assert!(!sent.iter().any(|sending| sending.path.contains("{{") || sending.body.contains("{{created:")));
    assert!(sent.iter().any(|sending| sending.body.contains("new-")), "a reference to somebody new");
    let stage = |entry: &Entry| match entry.action.as_str() {
        "Delete" | "Disable" => 0,
        _ if entry.path.contains("new-") => 3,
        _ if entry.subject.kind == "Group" => 2,
        _ => 1,
    };
    let stages: Vec<i32> = log.iter().map(stage).filter(|stage| *stage != 3).collect();
    assert!(stages.is_sorted(), "{stages:?}");
    let created = log.iter().filter(|entry| entry.action == "Create");
    assert!(
        created.clone().count() > 0 && created.clone().all(|entry| entry.subject.target.starts_with("new-"))
    );
}

#[test]
fn a_token_that_is_not_taken_costs_one_request() {
    for (status, code) in [(401, "Unauthorized"), (403, "InsufficientRights")] {
        let engine = planned(&JobSettings::default());
        let mut run = run_of(&engine, &LeftOut::default());
        let all = run.planned().requests;
        let body = json!({"detail": "wrong"});
        let (sent, log, turn) = carried_out(&mut run, |sending| refused(sending, status, &body));
        assert_eq!((sent.len(), turn.ending), (1, Some(Ending::Refused)));
        assert_eq!((count(&log, Status::Failure), count(&log, Status::Skipped)), (1, all - 1));
        assert_eq!((log[0].code.as_str(), log[0].detail.as_str()), (code, "wrong"));
    }
}

#[test]
fn what_is_refused_is_told_and_the_others_go_on_except_those_that_wait_for_it() {
    let engine = planned(&JobSettings::default());
    let mut run = run_of(&engine, &LeftOut::default());
    let (mut given, mut clash) = (0, None);
    let (sent, log, turn) = carried_out(&mut run, |sending| {
        if sending.method == "POST" && sending.path == "/Users" && clash.is_none() {
            clash = Some(sending.body.clone());
            return refused(sending, 409, &json!({"scimType": "uniqueness", "detail": "taken"}));
        }
        well(sending, &mut given)
    });
    let failed: Vec<&Entry> = log.iter().filter(|entry| entry.status == Status::Failure).collect();
    assert_eq!((failed.len(), turn.ending), (1, None));
    assert_eq!((failed[0].code.as_str(), failed[0].detail.as_str()), ("EntryConflict", "taken"));
    let lost = &failed[0].request;
    let skipped: Vec<&Entry> = log.iter().filter(|entry| entry.status == Status::Skipped).collect();
    assert!(skipped.iter().all(|entry| entry.detail.contains(lost.as_str())), "{skipped:?}");
    assert_eq!(sent.len() + skipped.len(), log.len());
    assert_eq!(log.len(), run.planned().requests);
}

#[test]
fn a_busy_target_is_given_the_rest_it_asks_for() {
    let engine = planned(&JobSettings::default());
    let mut run = run_of(&engine, &LeftOut::default());
    let first = run.turn(Vec::new(), NOW).send.remove(0);
    let busy = Outcome { retry_after: Some(7_000), ..refused(&first, 429, &Value::Null) };
    let turn = run.turn(vec![busy], NOW);
    assert_eq!((turn.send.len(), turn.under_way, turn.rest), (0, 0, 7_000));
    assert_eq!(run.turn(Vec::new(), NOW + 6_999).send.len(), 0);
    let again = run.turn(Vec::new(), NOW + 7_000).send.remove(0);
    assert_eq!((again.method, again.path, again.body), (first.method, first.path, first.body));
    // Longer than anybody waits.
    let busy =
        Outcome { ticket: again.ticket, status: 503, retry_after: Some(3_600_000), ..Outcome::default() };
    let turn = run.turn(vec![busy], NOW + 7_000);
    assert_eq!((turn.log[0].status, turn.log[0].code.as_str()), (Status::Failure, "InternalServerError"));
    assert_eq!((turn.log[0].tries, turn.rest), (2, 0));
}

#[test]
fn what_nothing_answered_is_tried_again_unless_it_might_be_made_twice() {
    let engine = planned(&JobSettings::default());
    let mut run = run_of(&engine, &LeftOut::default());
    let (mut given, mut tries) = (0, HashMap::<String, u32>::new());
    let mut silent = None;
    let (_, log, turn) = carried_out(&mut run, |sending| {
        let key = format!("{} {} {}", sending.method, sending.path, sending.body);
        let tried = tries.entry(key.clone()).or_default();
        *tried += 1;
        let once = sending.method == "PATCH" && *tried == 1;
        let first = sending.method == "POST" && (silent.is_none() || silent.as_ref() == Some(&key));
        if first {
            silent = Some(key);
        }
        if once || first { refused(sending, 0, &Value::Null) } else { well(sending, &mut given) }
    });
    assert_eq!(turn.ending, None);
    let failed: Vec<&Entry> = log.iter().filter(|entry| entry.status == Status::Failure).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!((failed[0].method.as_str(), failed[0].tries), ("POST", 1));
    assert!(
        log.iter().filter(|entry| entry.method == "PATCH" && entry.tries > 0).all(|entry| entry.tries == 2)
    );
}

#[test]
fn a_target_that_is_gone_ends_the_run() {
    let engine = planned(&JobSettings::default());
    let mut run = run_of(&engine, &LeftOut::default());
    let (mut given, mut sends) = (0, 0);
    let (sent, log, turn) = carried_out(&mut run, |sending| {
        sends += 1;
        if sends <= 10 { well(sending, &mut given) } else { refused(sending, 0, &Value::Null) }
    });
    assert_eq!(turn.ending, Some(Ending::Silent));
    assert!(sent.len() < 40, "{}", sent.len());
    assert_eq!(log.len(), run.planned().requests);
}

#[test]
fn stopped_it_sends_nothing_more_and_tells_of_the_rest() {
    let engine = planned(&JobSettings::default());
    let mut run = run_of(&engine, &LeftOut::default());
    let mut given = 0;
    let first = run.turn(Vec::new(), NOW).send.remove(0);
    let four = run.turn(vec![well(&first, &mut given)], NOW).send;
    let many = four.len();
    assert!(many > 1);
    run.stop();
    let turn = run.turn(Vec::new(), NOW);
    assert_eq!((turn.send.len(), turn.under_way, turn.left), (0, many, many));
    assert_eq!(
        (count(&turn.log, Status::Skipped), turn.log.len() + many + 1),
        (turn.log.len(), run.planned().requests)
    );
    let turn = run.turn(four.iter().map(|sending| well(sending, &mut given)).collect(), NOW);
    assert_eq!((turn.left, turn.ending, turn.log.len()), (0, Some(Ending::Stopped), many));
    assert_eq!(count(&turn.log, Status::Success), many);
}

#[test]
fn what_is_left_out_or_held_back_is_not_sent() {
    let engine = planned(&JobSettings { deletion_threshold: Some(1), ..JobSettings::default() });
    let left_out = LeftOut { actions: vec!["create".to_owned()], ids: Vec::new() };
    let mut run = run_of(&engine, &left_out);
    let numbers = run.planned().clone();
    assert!(numbers.staged > 1 && numbers.left_out > 0);
    assert_eq!((numbers.create, numbers.disable, numbers.delete), (0, 0, 0));
    let mut given = 0;
    let (sent, ..) = carried_out(&mut run, |sending| well(sending, &mut given));
    assert!(!sent.is_empty() && sent.iter().all(|sending| sending.method == "PATCH"));
    let mut released = Run::new();
    (0..engine.len()).for_each(|row| released.add(engine.released(row).unwrap(), &left_out));
    let free = released.planned();
    assert_eq!((free.staged, free.disable + free.delete), (0, numbers.staged));
}

/// An update of the object that the target knows by this id.
fn update_of(id: &str) -> Run {
    let mut engine = Engine::new();
    engine
        .load_source("users.json", r#"[{"id":"a","userPrincipalName":"a@x.example","displayName":"New"}]"#)
        .unwrap();
    let target = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": id,
        "userName": "a@x.example", "displayName": "Old"});
    engine.load_target(&json!([target]).to_string()).unwrap();
    engine.configure("", &JobSettings { sync_all: Some(true), ..JobSettings::default() });
    engine.plan();
    run_of(&engine, &LeftOut::default())
}

#[test]
fn an_id_cannot_lead_elsewhere() {
    for (id, path) in [
        ("1", Some("/Users/1")),
        ("a b/../x?y#z\\%2e", Some("/Users/a%20b%2F..%2Fx%3Fy%23z%5C%252e")),
        ("..", None),
        (".", None),
    ] {
        let turn = update_of(id).turn(Vec::new(), NOW);
        assert_eq!(turn.send.first().map(|sending| sending.path.as_str()), path);
        assert_eq!(turn.left, usize::from(path.is_some()), "no path can name `..`: nothing is planned");
    }
}

#[test]
fn the_log_is_in_the_words_of_the_provisioning_log() {
    let mut run = update_of("1");
    let sending = run.turn(Vec::new(), NOW).send.remove(0);
    let body = json!({"detail": "=no, \"never\""});
    let entry = run.turn(vec![refused(&sending, 400, &body)], NOW).log.remove(0);
    let (head, line) = (Entry::csv_head(), entry.csv());
    assert!(head.starts_with("Date,ChangeId,Action,Status,"));
    assert!(line.starts_with("2026-01-01T00:00:00.000Z,User:a,Update,Failure,X-BadRequest,"), "{line}");
    assert!(line.contains(r#""'=no, ""never""""#), "{line}");
    let summary = entry.summary();
    assert_eq!(summary["provisioningAction"], "update");
    assert_eq!(summary["provisioningStatusInfo"]["status"], "failure");
    assert_eq!(summary["provisioningStatusInfo"]["errorInformation"]["errorCode"], "X-BadRequest");
    assert_eq!(summary["provisioningSteps"][0]["details"]["httpStatus"], 400);
}
