//! When very many objects fail: an initial cycle drops them and pauses, a later one goes
//! into quarantine.

use super::schema::schema;
use provisor::provision::cycle::job::Schedule;
use provisor::provision::cycle::{Cycle, Effect, Job, Outcome, Purpose, Scope, Settings, status};
use serde_json::{Value, json};

const BEGAN: i64 = 1_800_000_000_000;
/// More than 40 % of six thousand, and more than five thousand.
const FAILING: usize = 5_001;

fn people() -> String {
    let person = |at: usize| json!({"id": format!("u{at}"), "userPrincipalName": format!("u{at}@contoso.example"), "displayName": "x"});
    json!((0..6_000).map(person).collect::<Vec<Value>>()).to_string()
}

/// A cycle against a target that finds nobody and refuses so many creations; the job after
/// it, and what the administrator was told.
fn cycle(job: Job, refused: usize, clock: i64) -> (Job, Vec<String>) {
    let schema = schema(&Value::Null);
    let (mut cycle, _) = Cycle::new(job, &schema, Settings::default(), Vec::new(), "nobody", clock);
    let (mut asked, mut told, source) = (0, Vec::new(), people());
    let reply = |status: u16, body: Value| Outcome::Reply { status, retry_at: None, body: body.to_string() };
    for _ in 0..100_000 {
        let outcome = match cycle.next(clock) {
            Effect::Done => return (cycle.into_job(), told),
            Effect::ReadSource { .. } => Outcome::Page {
                name: "users.json".to_owned(),
                text: source.clone(),
                last: true,
                watermark: Some("w".to_owned()),
            },
            Effect::Notify { code, .. } => {
                told.push(code);
                Outcome::Taken
            }
            Effect::Record { .. } => Outcome::Taken,
            Effect::Wait { until } => panic!("nothing to wait for until {until}"),
            Effect::Send { request } if request.purpose == Purpose::Create => {
                asked += 1;
                if asked <= refused {
                    reply(400, json!({"status": "400", "detail": "no"}))
                } else {
                    reply(201, json!({"id": format!("t{asked}")}))
                }
            }
            Effect::Send { .. } => reply(200, json!({"totalResults": 0, "Resources": []})),
        };
        cycle.take(&outcome, clock);
    }
    panic!("the cycle has no end");
}

#[test]
fn an_initial_cycle_that_reaches_the_limit_drops_its_escrows_and_pauses() {
    let (job, told) = cycle(Job::new("job"), FAILING, BEGAN);
    assert_eq!(told, ["EscrowsPruned"], "once, and not as a quarantine");
    assert_eq!(job.escrowed(), (0, 0));
    assert_eq!(job.synchronized(), (6_000 - FAILING as u64, 0), "who was made stays linked");
    assert_eq!(job.quarantined(), None);
    assert_eq!((job.head.schedule, job.due()), (Schedule::Paused, None));
    let shown = status(&job, 40, BEGAN);
    assert_eq!(
        (&shown["status"]["code"], &shown["status"]["escrowsPruned"]),
        (&json!("Paused"), &json!(true))
    );
    let execution = &shown["status"]["lastExecution"];
    assert_eq!(execution["countEscrowed"], FAILING, "what was dropped is counted: {execution}");
    assert_eq!(execution["state"], "EntryLevelErrors");
    // Started again, it is an incremental cycle; the mark goes with the next initial one.
    let mut job = job;
    job.start(BEGAN + 1);
    assert_eq!(job.due(), Some(BEGAN + 1));
    let (job, told) = cycle(job, 0, BEGAN + 1);
    assert!(told.is_empty() && job.head.escrows_pruned, "{told:?}");
    let mut job = job;
    job.restart(&Scope::parse("Full").unwrap(), BEGAN + 2);
    let (job, _) = cycle(job, 0, BEGAN + 2);
    assert!(!job.head.escrows_pruned);
    assert_eq!((job.escrowed(), job.synchronized()), ((0, 0), (6_000, 0)));
}

#[test]
fn below_the_limit_an_initial_cycle_keeps_its_escrows() {
    // Neither five thousand nor more than 40 %.
    for refused in [4_999, 2_400] {
        let (job, told) = cycle(Job::new("job"), refused, BEGAN);
        assert!(told.is_empty(), "{refused}: {told:?}");
        assert_eq!(job.escrowed(), (refused as u64, 0));
        assert_eq!((job.head.schedule, job.head.escrows_pruned), (Schedule::Active, false));
    }
}

#[test]
fn a_later_cycle_that_reaches_the_limit_goes_into_quarantine() {
    // Nobody was there at first, so the second cycle makes everyone.
    let mut job = cycle(Job::new("job"), 0, BEGAN).0;
    job.objects.clear();
    let (job, told) = cycle(job, FAILING, BEGAN + 1);
    assert_eq!(told, ["EncounteredEscrowProportionThreshold"]);
    assert_eq!(job.escrowed(), (FAILING as u64, 0), "nothing is dropped");
    assert_eq!((job.head.schedule, job.head.escrows_pruned), (Schedule::Active, false));
    assert_eq!(status(&job, 40, BEGAN)["status"]["code"], "Quarantine");
}
