//! What a cycle does not believe: a source that is suddenly empty, an id that leads elsewhere, an
//! answer to something else.

use super::schema::schema;
use super::shell::{Shell, Weather};
use provisor::provision::configuration::JobSettings;
use provisor::provision::cycle::job::Ending;
use provisor::provision::cycle::{Cycle, Effect, Job, Outcome, Settings};
use serde_json::{Value, json};

const DAY: i64 = 86_400_000;

fn person(id: &str) -> Value {
    json!({"id": id, "userPrincipalName": format!("{id}@contoso.example"), "displayName": id})
}

fn directory(assigned: bool) -> Value {
    let mut all: Vec<Value> = ["a", "b", "c"].into_iter().map(person).collect();
    all.push(json!({"id": "g", "displayName": "Staff", "groupTypes": [], "members": [{"id": "a"}]}));
    all.push(json!({"appRoles": [{"id": "r1", "displayName": "User", "value": "User"}]}));
    if assigned {
        all.extend(["a", "b", "c", "g"].map(|id| json!({"appRoleId": "r1", "principalId": id})));
    }
    Value::Array(all)
}

fn shell(job: JobSettings) -> Shell {
    let settings = Settings { job, ..Settings::default() };
    Shell { clock: 1_800_000_000_000, schema: schema(&Value::Null), settings, ..Shell::default() }
}

fn without(source: &Value, gone: &[&str]) -> Value {
    let is_gone = |record: &&Value| {
        let kind = if record.get("userPrincipalName").is_some() {
            "user"
        } else if record.get("groupTypes").is_some() {
            "group"
        } else if record.get("principalId").is_some() {
            "assignment"
        } else {
            "role"
        };
        !gone.contains(&kind)
    };
    source.as_array().unwrap().iter().filter(is_gone).cloned().collect()
}

#[test]
fn an_empty_source_disables_nobody() {
    for (gone, what) in [
        (vec!["user", "group", "assignment"], "no user, and 3 of them"),
        (vec!["user"], "no user, and 3 of them"),
        (vec!["group"], "no group, and 1 of them"),
        (vec!["assignment"], "no assignment, and 4 users and groups"),
    ] {
        for threshold in [None, Some(0), Some(500)] {
            let sync_all = Some(false);
            let mut shell =
                shell(JobSettings { sync_all, deletion_threshold: threshold, ..JobSettings::default() });
            let full = directory(true);
            let job = shell.run_fair(Job::new("job"), &full);
            assert_eq!(job.synchronized(), (3, 1));
            let (before, objects) = (shell.sent.len(), job.objects.clone());
            let mut job = job;
            for _ in 0..2 {
                job = shell.run_fair(job, &without(&full, &gone));
                let last = job.head.last_execution.as_ref().unwrap();
                assert_eq!(last.state, Ending::Failed, "{gone:?}");
                let (code, message) = last.error.as_ref().unwrap();
                assert_eq!(code, "X-SourceEmpty");
                assert!(message.contains(what) && message.contains("--allow-empty-source"), "{message}");
            }
            assert_eq!(shell.sent.len(), before, "{gone:?}: nothing was sent");
            assert_eq!(job.objects, objects, "{gone:?}: nothing was noted");
            let notices: Vec<&str> = shell.notices.iter().map(|(code, _)| code.as_str()).collect();
            assert_eq!(notices, ["X-SourceEmpty"], "{gone:?}: told once");
            // The source is there again: the next cycle goes on as if nothing had been.
            job = shell.run_fair(job, &full);
            assert_eq!(job.head.last_execution.as_ref().unwrap().state, Ending::Succeeded);
            assert!(job.quarantined().is_none());
            // It is meant.
            shell.settings.allow_empty_source = true;
            shell.settings.job.deletion_threshold = None;
            job = shell.run_fair(job, &without(&full, &gone));
            let last = job.head.last_execution.as_ref().unwrap();
            assert_eq!((last.state, last.error.as_ref()), (Ending::Succeeded, None), "{gone:?}");
        }
    }
}

#[test]
fn said_once_that_it_is_empty_it_may_stay_empty() {
    let mut shell = shell(JobSettings { sync_all: Some(true), ..JobSettings::default() });
    let job = shell.run_fair(Job::new("job"), &directory(false));
    shell.settings.allow_empty_source = true;
    let job = shell.run_fair(job, &json!([]));
    assert_eq!(job.head.last_execution.as_ref().unwrap().counts.disabled, 3);
    shell.settings.allow_empty_source = false;
    shell.clock += DAY;
    let job = shell.run_fair(job, &json!([]));
    assert_eq!(job.head.last_execution.as_ref().unwrap().state, Ending::Succeeded);
}

#[test]
fn a_part_of_the_source_is_not_empty() {
    let mut shell = shell(JobSettings { sync_all: Some(true), ..JobSettings::default() });
    shell.settings.absent = provisor::provision::cycle::Absent::Unknown;
    let job = shell.run_fair(Job::new("job"), &directory(false));
    let sent = shell.sent.len();
    let job = shell.run_fair(job, &json!([]));
    assert_eq!(job.head.last_execution.as_ref().unwrap().state, Ending::Succeeded);
    assert_eq!(shell.sent.len(), sent, "who is not shown is left alone");
}

/// Ids that lead elsewhere, and how they stand in a path.
const IDS: [(&str, &str); 8] = [
    ("../Groups/1", "..%2FGroups%2F1"),
    ("a b", "a%20b"),
    ("1?x", "1%3Fx"),
    ("1#x", "1%23x"),
    ("%2e", "%252e"),
    ("%2e%2e", "%252e%252e"),
    ("ü/\u{1F600}", "%C3%BC%2F%F0%9F%98%80"),
    ("a\r\nX-Evil: 1", "a%0D%0AX-Evil:%201"),
];

#[test]
fn a_hostile_id_stays_one_segment_on_the_wire() {
    for (id, segment) in IDS {
        let mut shell = shell(JobSettings { sync_all: Some(true), ..JobSettings::default() });
        let held = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": "a@contoso.example", "displayName": "Old", "externalId": "x"});
        assert_eq!(shell.target.ask("POST", "/Users", &held, Some(id)).status, 201);
        let source = json!([person("a"), {"id": "b", "userPrincipalName": "b@contoso.example", "displayName": "b",
            "manager": {"id": "a"}}]);
        let job = shell.run_fair(Job::new("job"), &source);
        assert_eq!(job.objects["a"].target.as_deref(), Some(id), "as the target gave it");
        let job = shell.run_fair(job, &json!([person("b")]));
        let sent: Vec<&str> = shell.sent.iter().map(|request| request.path.as_str()).collect();
        let own = format!("/Users/{segment}");
        let about: Vec<&&str> = sent.iter().filter(|path| path.starts_with(&own)).collect();
        assert!(about.len() > 1, "{id}: {sent:?}");
        for path in sent {
            let path = path.split('?').next().unwrap();
            assert!(path.split('/').count() <= 3, "{id}: {path}");
            assert!(path.bytes().all(|byte| byte.is_ascii_graphic()) && !path.contains('#'), "{id}: {path}");
        }
        assert_eq!(job.head.last_execution.as_ref().unwrap().counts.failed, 0, "{id}");
    }
}

#[test]
fn an_id_that_no_path_can_name_is_not_taken() {
    for id in ["", ".", ".."] {
        // Given out by the target, found in it, and linked before.
        for place in ["created", "found", "linked"] {
            let settings = Settings {
                job: JobSettings { sync_all: Some(true), ..JobSettings::default() },
                ..Settings::default()
            };
            let mut job = Job::new("job");
            if place == "linked" {
                job.head.watermark = Some(String::new());
                job.objects.entry("a".to_owned()).or_default().target = Some(id.to_owned());
            }
            let source = json!([{"id": "a", "userPrincipalName": "a@contoso.example"}]).to_string();
            let (mut cycle, _) =
                Cycle::new(job, &schema(&Value::Null), settings, Vec::new(), "nobody", 1_800_000_000_000);
            let mut failed = Vec::new();
            for _ in 0..1_000 {
                let reply = |status: u16, body: Value| Outcome::Reply {
                    status,
                    retry_at: None,
                    body: body.to_string(),
                };
                let outcome = match cycle.next(1_800_000_000_000) {
                    Effect::Done => break,
                    Effect::ReadSource { .. } => Outcome::Page {
                        name: "users.json".to_owned(),
                        text: source.clone(),
                        last: true,
                        watermark: None,
                    },
                    Effect::Record { record } => {
                        failed
                            .push(record["provisioningStatusInfo"]["errorInformation"]["errorCode"].clone());
                        Outcome::Taken
                    }
                    Effect::Send { request } => {
                        assert!(
                            request.path.contains('?') || request.method == "POST",
                            "{id}: {}",
                            request.path
                        );
                        match request.method.as_str() {
                            "POST" => reply(201, json!({"id": id})),
                            _ if place == "found" && request.path.contains("a%40contoso") => {
                                reply(200, json!({"totalResults": 1, "Resources": [{"id": id}]}))
                            }
                            _ => reply(200, json!({"totalResults": 0, "Resources": []})),
                        }
                    }
                    _ => Outcome::Taken,
                };
                cycle.take(&outcome, 1_800_000_000_000);
            }
            let code = match place {
                // Nothing is known of an empty link but that there is one.
                "linked" => "X-UnusableId",
                _ => "SystemForCrossDomainIdentityManagementServiceIncompatible",
            };
            assert_eq!(failed, [json!(code)], "`{id}` {place}");
        }
    }
}

#[test]
fn an_answer_to_something_else_ends_the_cycle() {
    let (mut cycle, _) =
        Cycle::new(Job::new("job"), &schema(&Value::Null), Settings::default(), Vec::new(), "nobody", 0);
    assert!(matches!(cycle.next(0), Effect::ReadSource { .. }));
    cycle.take(&Outcome::Taken, 0);
    let mut left = 10;
    while cycle.next(0) != Effect::Done {
        cycle.take(&Outcome::Taken, 0);
        left -= 1;
        assert!(left > 0, "it asks for ever");
    }
    let (code, _) = cycle.into_job().head.last_execution.unwrap().error.unwrap();
    assert_eq!(code, "InternalError");
}

#[test]
fn weather_is_no_reason_to_disable() {
    // Whatever befalls the requests, an empty source sends none.
    let mut shell = shell(JobSettings { sync_all: Some(true), ..JobSettings::default() });
    let job = shell.run_fair(Job::new("job"), &directory(false));
    let sent = shell.sent.len();
    shell.run(job, &json!([]), Vec::new(), &mut |_| Weather::Dropped, &mut |effect| effect % 2 == 0);
    assert_eq!(shell.sent.len(), sent);
}
