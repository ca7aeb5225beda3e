//! The source changes at will over several cycles, requests fail at will, and the shell
//! crashes between any two effects. In the end the target is what a fresh plan wants,
//! nobody was made twice, and nobody was deleted who was only to be disabled.

use super::schema::schema;
use super::shell::{Shell, Weather};
use proptest::prelude::*;
use provisor::provision::configuration::JobSettings;
use provisor::provision::cycle::{Job, Purpose, Scope, Settings};
use provisor::provision::plan::Engine;
use serde_json::{Value, json};

const HOUR: i64 = 3_600_000;

/// One state of the directory.
#[derive(Clone, Debug)]
struct Directory {
    users: Vec<Person>,
    groups: Vec<Option<(u8, Vec<usize>)>>,
    assigned: Option<Vec<usize>>,
}

#[derive(Clone, Debug)]
struct Person {
    /// Shown, disabled, soft-deleted, deleted for good, or not shown at all.
    state: u8,
    version: u8,
    display: Option<u8>,
    manager: Option<usize>,
}

fn person() -> impl Strategy<Value = Person> {
    let state = prop_oneof![8 => Just(0_u8), 1 => Just(1), 1 => Just(2), 1 => Just(3), 1 => Just(4)];
    (state, 0..3_u8, prop::option::of(0..4_u8), prop::option::of(0..7_usize))
        .prop_map(|(state, version, display, manager)| Person { state, version, display, manager })
}

fn directory() -> impl Strategy<Value = Directory> {
    let group = prop::option::weighted(0.8, (0..3_u8, prop::collection::vec(0..7_usize, 0..5)));
    let assigned = prop::option::weighted(0.3, prop::collection::vec(0..9_usize, 4..9));
    (prop::collection::vec(person(), 6), prop::collection::vec(group, 2), assigned)
        .prop_map(|(users, groups, assigned)| Directory { users, groups, assigned })
}

impl Directory {
    fn source(&self) -> Value {
        let mut records = Vec::new();
        for (at, person) in self.users.iter().enumerate().filter(|(_, person)| person.state != 4) {
            let mut record = json!({
                "id": format!("u{at}"), "userPrincipalName": format!("u{at}.{}@contoso.example", person.version),
                "displayName": person.display.map(|display| format!("Name {display}")),
                "accountEnabled": person.state != 1,
                "manager": person.manager.map(|manager| json!({"id": format!("u{manager}")})),
            });
            match person.state {
                2 => record["deletedDateTime"] = json!("2026-01-01T00:00:00Z"),
                3 => record["@removed"] = json!({"reason": "deleted"}),
                _ => {}
            }
            records.push(record);
        }
        for (at, group) in self.groups.iter().enumerate() {
            let Some((version, members)) = group else { continue };
            let mut members = members.clone();
            members.dedup();
            let members: Vec<Value> = members.iter().map(|id| json!({"id": format!("u{id}")})).collect();
            records.push(json!({"id": format!("g{at}"), "displayName": format!("Group {at}.{version}"),
                "groupTypes": [], "members": members}));
        }
        for id in self.assigned.iter().flatten() {
            let id = if *id < 7 { format!("u{id}") } else { format!("g{}", id - 7) };
            records.push(json!({"appRoleId": "r1", "principalId": id}));
        }
        records.push(json!({"appRoles": [{"id": "r1", "displayName": "User", "value": "User"}]}));
        Value::Array(records)
    }

    fn is_gone(&self, id: &str) -> bool {
        let at = id.strip_prefix('u').and_then(|at| at.parse::<usize>().ok());
        at.and_then(|at| self.users.get(at)).is_some_and(|person| person.state == 3)
    }
}

/// Chance from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn weather(&mut self) -> Weather {
        match self.roll(40) {
            0 => Weather::Refused(429),
            1 => Weather::Refused(500),
            2 => Weather::Refused(503),
            3 => Weather::Refused(409),
            4 => Weather::Busy(20),
            5 | 6 => Weather::Lost,
            7 => Weather::Dropped,
            _ => Weather::Fair,
        }
    }
}

/// What a fresh plan still wants to send, given the job's links.
fn wishes(shell: &mut Shell, job: &Job, source: &Value) -> Vec<Value> {
    let mut engine = Engine::new();
    engine.load_source("source.json", &source.to_string()).unwrap();
    let held = [shell.target.all("/Users"), shell.target.all("/Groups")].concat();
    engine.load_target(&json!(held).to_string()).unwrap();
    let links: serde_json::Map<String, Value> = job
        .objects
        .iter()
        .filter_map(|(id, tracked)| Some((id.clone(), json!(tracked.target.as_ref()?))))
        .collect();
    engine.load_links(&Value::Object(links).to_string()).unwrap();
    engine.configure(&shell.schema, &JobSettings { ..shell.settings.job.clone() });
    engine.plan();
    let plan = engine.to_json();
    let unmanaged = |id: &Value| id.as_str().and_then(|id| job.objects.get(id)).is_some_and(|t| t.unmanaged);
    let left = plan["operations"].as_array().unwrap().iter().filter(|operation| {
        let writes =
            operation["requests"].as_array().unwrap().iter().any(|request| request["method"] != "GET");
        writes && !(operation["action"] == "delete" && unmanaged(&operation["source"]["id"]))
    });
    left.cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(120),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_the_target_becomes_what_the_plan_wants(
        mut states in prop::collection::vec(directory(), 1..5),
        present in prop::collection::vec(0..6_usize, 0..3),
        seed in any::<u64>(),
        stormy in 0..3_u64,
        dialect in prop_oneof![Just("legacy"), Just("aadOptscim062020"), Just("rfc")],
        target in prop_oneof![4 => Just("generic"), 1 => Just("replace-whole"), 1 => Just("aws-iam-identity-center")],
    ) {
        let settings = json!({"job": {"dialect": dialect, "target": target}, "repairReferences": true, "allowEmptySource": true});
        let settings: Settings = serde_json::from_value(settings).unwrap();
        let mut shell = Shell { clock: 1_800_000_000_000, schema: schema(&Value::Null), settings, ..Shell::default() };
        // Accounts that are there already, under names that the first state alone has.
        for at in &present {
            states[0].users[*at].version = 9;
            shell.target.ask("POST", "/Users", &json!({"userName": format!("U{at}.9@contoso.example")}), None);
        }
        let mut dice = Dice(seed);
        let mut crashing = Dice(seed ^ 0x5555);
        let mut job = Job::new("model");
        let mut scoped = states[0].assigned.is_some();
        for state in &states {
            let source = state.source();
            // From "all" to "assigned" and back is a change of scope: Entra wants a restart.
            if scoped != state.assigned.is_some() {
                scoped = !scoped;
                job.restart(&Scope::parse("Watermark").unwrap(), shell.clock);
            }
            let from = shell.sent.len();
            job = shell.run(
                job,
                &source,
                Vec::new(),
                &mut |_| if stormy == 0 { Weather::Fair } else { dice.weather() },
                &mut |_| stormy == 2 && crashing.roll(12) == 0,
            );
            for request in shell.sent.iter().skip(from).filter(|request| request.purpose == Purpose::Delete) {
                prop_assert!(request.source.starts_with('g') || state.is_gone(&request.source), "{request:?}");
            }
            shell.clock += HOUR;
        }
        // The weather clears; everything that waits has its time.
        let last = states.last().unwrap();
        let source = last.source();
        for _ in 0..4 {
            shell.clock += 25 * HOUR;
            job = shell.run_fair(job, &source);
        }
        let waiting: Vec<_> = job.objects.iter().filter(|(_, tracked)| tracked.escrow.is_some() || !tracked.intents.is_empty()).collect();
        prop_assert!(waiting.is_empty(), "{waiting:?}");
        let left = wishes(&mut shell, &job, &source);
        prop_assert!(left.is_empty(), "{}\n{}", json!(left), json!(job));
        // Nobody twice.
        let users = shell.target.all("/Users");
        for at in 0..6 {
            let own = format!("u{at}.");
            let found = users.iter().filter(|user| user["userName"].as_str().unwrap().to_lowercase().starts_with(&own)).count();
            prop_assert!(found <= 1 || present.contains(&at), "{own}: {}", json!(users));
        }
        let mut targets: Vec<_> = job.objects.values().filter_map(|tracked| tracked.target.clone()).collect();
        let count = targets.len();
        targets.sort();
        targets.dedup();
        prop_assert_eq!(targets.len(), count);
        // One more cycle says nothing new.
        let from = shell.sent.len();
        shell.run_fair(job, &source);
        let more: Vec<_> = shell.sent.iter().skip(from).filter(|request| request.purpose.writes()).collect();
        prop_assert!(more.is_empty(), "{more:?}");
    }
}
