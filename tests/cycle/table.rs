//! Entra's decision tables as data: state before, source, settings, then what is sent,
//! logged and remembered.

use super::schema::schema;
use super::shell::{Shell, Weather};
use provisor::provision::cycle::job::{Schedule, Tracked};
use provisor::provision::cycle::{Job, Scope, Settings, status};
use provisor::provision::plan::quarantine_rule::threshold;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const FILES: [(&str, &str); 4] = [
    ("users", include_str!("../vectors/cycle/users.json")),
    ("groups", include_str!("../vectors/cycle/groups.json")),
    ("failures", include_str!("../vectors/cycle/failures.json")),
    ("on-demand", include_str!("../vectors/cycle/on-demand.json")),
];

/// Why `found` does not hold all that `wanted` says; null wants absence.
pub fn missing(wanted: &Value, found: &Value, at: &str) -> Option<String> {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => wanted.iter().find_map(|(key, wanted)| {
            missing(wanted, found.get(key).unwrap_or(&Value::Null), &format!("{at}/{key}"))
        }),
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => wanted
            .iter()
            .zip(found)
            .enumerate()
            .find_map(|(index, (wanted, found))| missing(wanted, found, &format!("{at}/{index}"))),
        (wanted, found) if wanted == found => None,
        (wanted, found) => Some(format!("{at}: wanted {wanted}, found {found}")),
    }
}

fn weather(text: &str) -> Weather {
    match text.split_once(' ') {
        Some(("answers", status)) => Weather::Answered(status.parse().unwrap()),
        Some(("busy", seconds)) => Weather::Busy(seconds.parse().unwrap()),
        _ => match text {
            "lost" => Weather::Lost,
            "dropped" => Weather::Dropped,
            status => Weather::Refused(status.parse().unwrap()),
        },
    }
}

/// A log record, cut down to what the tables speak of.
fn told(record: &Value) -> Value {
    let info = &record["provisioningStatusInfo"];
    let skip = record["provisioningSteps"].as_array().unwrap().iter().find_map(|step| {
        step["details"]["SkipReason"].as_str().filter(|_| step["provisioningStepType"] == "processing")
    });
    json!({
        "source": record["sourceIdentity"]["id"],
        "action": record["provisioningAction"],
        "status": info["status"],
        "reason": info["errorInformation"]["errorCode"].as_str().or(skip),
    })
}

/// Runs one row; says what is not as told.
fn run(row: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |fault: Option<String>| faults.extend(fault);
    let mut shell = Shell { clock: 1_800_000_000_000, schema: schema(&row["schema"]), ..Shell::default() };
    if let Some(settings) = row.get("settings") {
        shell.settings = serde_json::from_value::<Settings>(settings.clone()).unwrap();
    }
    for held in row["target"].as_array().into_iter().flatten() {
        let mut resource = held.clone();
        let id = resource.as_object_mut().unwrap().remove("id").unwrap();
        let group = held.get("userName").is_none();
        let endpoint = if group { "/Groups" } else { "/Users" };
        let reply = shell.target.ask("POST", endpoint, &resource, id.as_str());
        assert_eq!(reply.status, 201, "{held}: {}", reply.body);
    }
    let mut job = Job::new("job");
    job.head.watermark = (row["initial"] != json!(true)).then(String::new);
    job.objects = row.get("before").map_or_else(BTreeMap::new, |before| {
        serde_json::from_value::<BTreeMap<String, Tracked>>(before.clone()).unwrap()
    });
    if row["initial"] != json!(true) {
        // An incremental cycle needs the configuration to be the last one's.
        job = configured(job, &shell);
    }
    let mut befalls: Vec<(String, Weather)> = Vec::new();
    for (request, what) in row["weather"].as_object().into_iter().flatten() {
        for what in what.as_str().unwrap().split(", ") {
            befalls.push((request.clone(), weather(what)));
        }
    }
    let on_demand: Vec<String> =
        row["onDemand"].as_array().into_iter().flatten().map(|id| id.as_str().unwrap().to_owned()).collect();
    let mut befall = |request: &provisor::provision::cycle::Exchange| {
        let sent = format!("{} {}", request.method, request.path);
        match befalls.iter().position(|(wanted, _)| sent.starts_with(wanted.as_str())) {
            Some(at) => befalls.remove(at).1,
            None => Weather::Fair,
        }
    };
    let job = shell.run(job, &row["source"], on_demand, &mut befall, &mut |_| false);
    let sent: Vec<String> =
        shell.sent.iter().map(|request| format!("{} {}", request.method, request.path)).collect();
    check(missing(&row["sends"], &json!(sent), "sends"));
    for (request, body) in row["bodies"].as_object().into_iter().flatten() {
        let found = shell.sent.iter().find(|sent| format!("{} {}", sent.method, sent.path) == *request);
        check(missing(body, found.map_or(&Value::Null, |sent| &sent.body), request));
    }
    let log: Vec<Value> = shell.log.iter().map(told).collect();
    let wanted: Vec<Value> = row["log"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|line| {
            let mut line = line.clone();
            line.as_object_mut().unwrap().entry("reason").or_insert(Value::Null);
            line
        })
        .collect();
    check(missing(&json!(wanted), &json!(log), "log"));
    let after = serde_json::to_value(&job.objects).unwrap();
    check(row.get("after").and_then(|wanted| missing(wanted, &after, "after")));
    if let Some(wanted) = row.get("job") {
        let head = serde_json::to_value(&job.head).unwrap();
        check(missing(wanted, &head, "job"));
    }
    for (path, wanted) in row["holds"].as_object().into_iter().flatten() {
        let reply = shell.target.ask("GET", path, &Value::Null, None);
        let found: Value = serde_json::from_str(&reply.body).unwrap();
        check(missing(wanted, &found, path));
    }
    if let Some(wanted) = row.get("notices") {
        let told: Vec<&String> = shell.notices.iter().map(|(code, _)| code).collect();
        check(missing(wanted, &json!(told), "notices"));
    }
    faults
}

/// The job with the configuration noted, as a finished cycle would have left it.
fn configured(job: Job, shell: &Shell) -> Job {
    let mut other = Shell {
        clock: shell.clock,
        schema: shell.schema.clone(),
        settings: Settings::default(),
        ..Shell::default()
    };
    let ended = other.run_fair(Job::new("other"), &json!([]));
    let mut job = job;
    job.head.configuration = ended.head.configuration;
    job
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn every_row_of_the_tables() {
    let (mut rows, mut faults) = (0, Vec::new());
    for (file, text) in FILES {
        let vectors: Vec<Value> = serde_json::from_str(text).unwrap();
        for row in &vectors {
            rows += 1;
            let found = run(row);
            if !found.is_empty() {
                faults.push(format!("{file}: {}\n    {}", row["name"], found.join("\n    ")));
            }
        }
    }
    assert!(faults.is_empty(), "{} rows:\n{}", faults.len(), faults.join("\n"));
    assert!(rows >= 90, "only {rows} rows were run");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn quarantine_by_numbers() {
    for (objects, references, successes, reason) in [
        (4_000, 0, 0, None),
        (45_000, 0, 100_000, Some("EncounteredBaseEscrowThreshold")),
        (30_000, 0, 5_000, Some("EncounteredEscrowProportionThreshold")),
        (20_000, 0, 100_000, None),
        (40_000, 21_000, 100_000, Some("EncounteredTotalEscrowThreshold")),
        (4_999, 0, 1, None),
        (5_000, 0, 7_500, None),
        (5_001, 0, 7_500, Some("EncounteredEscrowProportionThreshold")),
        (40_000, 0, 100_000, None),
        (30_000, 30_000, 100_000, None),
    ] {
        let found = threshold(objects, references, successes).map(|reason| format!("{reason:?}"));
        assert_eq!(found.as_deref(), reason, "{objects} {references} {successes}");
    }
}

fn person(id: &str) -> Value {
    json!({"id": id, "userPrincipalName": format!("{id}@contoso.example"), "displayName": id})
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_quarantine_backs_off_is_told_once_and_ends_in_four_weeks_or_in_success() {
    const HOUR: i64 = 3_600_000;
    let mut shell = Shell { clock: 1_800_000_000_000, schema: schema(&Value::Null), ..Shell::default() };
    let source = json!([person("a")]);
    let mut job = Job::new("job");
    let began = shell.clock;
    let mut hours = Vec::new();
    while job.head.schedule == Schedule::Active {
        job = shell.run(job, &source, Vec::new(), &mut |_| Weather::Refused(401), &mut |_| false);
        assert_eq!(
            job.head.quarantine.as_ref().map(|q| format!("{:?}", q.reason)).as_deref(),
            Some("EncounteredQuarantineException")
        );
        if let Some(due) = job.due() {
            hours.push((due - began) / HOUR);
            shell.clock = due;
        }
    }
    assert_eq!(hours[..5], [6, 12, 24, 48, 72]);
    assert_eq!(hours.last(), Some(&(28 * 24)));
    let told: Vec<&str> = shell.notices.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(told, ["EncounteredQuarantineException", "Disabled"]);
    assert_eq!(status(&job, 40, shell.clock)["schedule"]["state"], "Disabled");
    assert_eq!(job.due(), None);
    // The administrator mends the token and restarts.
    job.restart(&Scope::parse("QuarantineState").unwrap(), shell.clock);
    assert_eq!(job.due(), Some(shell.clock));
    job = shell.run_fair(job, &source);
    assert_eq!(job.quarantined(), None);
    assert_eq!(status(&job, 40, shell.clock)["status"]["code"], "Active");
    assert_eq!(shell.target.all("/Users").len(), 1);
    // A success alone ends one too.
    job = shell.run(job, &source, Vec::new(), &mut |_| Weather::Refused(403), &mut |_| false);
    assert_eq!(status(&job, 40, shell.clock)["status"]["code"], "Quarantine");
    job = shell.run_fair(job, &source);
    assert_eq!(job.quarantined(), None);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn restart_scopes() {
    let mut shell = Shell { clock: 1_800_000_000_000, schema: schema(&Value::Null), ..Shell::default() };
    let source = json!([person("a"), person("b")]);
    let mut refuse_b = |request: &provisor::provision::cycle::Exchange| {
        let b = request.source == "b" && request.method == "POST";
        if b { Weather::Refused(400) } else { Weather::Fair }
    };
    let job = shell.run(Job::new("job"), &source, Vec::new(), &mut refuse_b, &mut |_| false);
    assert!(job.objects["b"].escrow.is_some() && job.objects["a"].target.is_some());
    let after = |scopes: &str| {
        let mut job = job.clone();
        job.restart(&Scope::parse(scopes).unwrap(), 5);
        let escrow = job.objects.get("b").is_some_and(|tracked| tracked.escrow.is_some());
        let link = job.objects.get("a").is_some_and(|tracked| tracked.target.is_some());
        (job.head.watermark.is_some(), link, escrow, job.head.force_deletes)
    };
    assert_eq!(after("None"), (true, true, true, false));
    assert_eq!(after("Watermark"), (false, true, true, false));
    assert_eq!(after("Escrows"), (true, true, false, false));
    assert_eq!(after("QuarantineState"), (true, true, true, false));
    assert_eq!(after("ConnectorDataStore"), (false, false, false, false));
    assert_eq!(after("ForceDeletes"), (true, true, true, true));
    assert_eq!(after("Full"), (false, false, false, false));
    assert_eq!(after(""), (false, true, false, false));
    assert!(Scope::parse("Everything").unwrap_err().contains("`Everything`"));
    // After a full restart everyone is found again, and nobody is made twice.
    let mut full = job.clone();
    full.restart(&Scope::parse("Full").unwrap(), shell.clock);
    let full = shell.run_fair(full, &source);
    assert_eq!((full.synchronized(), shell.target.all("/Users").len()), ((2, 0), 2));
    assert_eq!(full.objects["a"].target, job.objects["a"].target);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn staged_deletes_wait_for_force_or_for_a_mended_source() {
    let settings: Settings = serde_json::from_value(json!({"job": {"deletionThreshold": 1}})).unwrap();
    let mut shell =
        Shell { clock: 1_800_000_000_000, schema: schema(&Value::Null), settings, ..Shell::default() };
    let whole = json!([person("a"), person("b"), person("c")]);
    let job = shell.run_fair(Job::new("job"), &whole);
    let active = |shell: &mut Shell| {
        shell.target.all("/Users").iter().filter(|user| user["active"] == json!(true)).count()
    };
    let staged = shell.run_fair(job, &json!([person("a")]));
    assert_eq!(staged.quarantined().map(|reason| format!("{reason:?}")).as_deref(), Some("TooManyDeletes"));
    assert_eq!(active(&mut shell), 3);
    // The same again: told once.
    let staged = shell.run_fair(staged, &json!([person("a")]));
    assert_eq!((active(&mut shell), shell.notices.len()), (3, 1));
    // Mended: the quarantine ends and nothing was lost.
    let mended = shell.run_fair(staged.clone(), &whole);
    assert_eq!((mended.quarantined(), active(&mut shell)), (None, 3));
    // Forced: they are sent, once.
    let mut forced = staged;
    forced.restart(&Scope::parse("ForceDeletes").unwrap(), shell.clock);
    let forced = shell.run_fair(forced, &json!([person("a")]));
    assert_eq!((forced.quarantined(), active(&mut shell), forced.head.force_deletes), (None, 1, false));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn an_escrow_climbs_the_ladder_and_is_dropped_after_four_weeks() {
    const HOUR: i64 = 3_600_000;
    let mut shell = Shell { clock: 1_800_000_000_000, schema: schema(&Value::Null), ..Shell::default() };
    let source = json!([person("a")]);
    let mut refuse = |request: &provisor::provision::cycle::Exchange| {
        if request.method == "POST" { Weather::Refused(422) } else { Weather::Fair }
    };
    let began = shell.clock;
    let mut job = Job::new("job");
    let mut tried = Vec::new();
    let mut posts = 0;
    // A cycle an hour, for thirty days.
    for hour in 0..(30 * 24) {
        shell.clock = began + hour * HOUR + 60_000;
        job = shell.run(job, &source, Vec::new(), &mut refuse, &mut |_| false);
        let now = shell.sent.iter().filter(|request| request.method == "POST").count();
        if now > posts {
            tried.push(hour);
        }
        posts = now;
    }
    assert_eq!(tried[..5], [0, 7, 13, 25, 49], "{tried:?}");
    assert_eq!(job.objects["a"].escrow, None);
    assert!(tried.last().unwrap() / 24 <= 28, "{tried:?}");
}
