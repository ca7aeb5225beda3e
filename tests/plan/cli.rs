//! The command line, run as people run it.

use serde_json::{Value, json};
use std::process::{Command, Output};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/clarizen-one");

fn provisor(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_provisor")).args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn example(command: &str, more: &[&str]) -> Output {
    let file = |name: &str| format!("{EXAMPLE}/{name}.json");
    let files = [
        ("--users", file("users")),
        ("--groups", file("groups")),
        ("--roles", file("roles")),
        ("--assignments", file("assignments")),
        ("--target", file("target")),
    ];
    let mut arguments = vec![command];
    files.iter().for_each(|(name, path)| arguments.extend([*name, path]));
    arguments.extend(more);
    provisor(&arguments)
}

#[test]
fn a_preview_in_every_form() {
    let plan: Value = serde_json::from_str(&text(&example("preview", &[]))).unwrap();
    assert_eq!(plan["version"], 1);
    let operations = plan["operations"].as_array().unwrap();
    assert_eq!(operations.len(), 66);
    let writes = |o: &&Value| o["method"] != "GET";
    let writes = operations.iter().flat_map(|o| o["requests"].as_array().unwrap()).filter(writes).count();
    assert_eq!(plan["summary"]["requests"], writes);

    let summary: Value = serde_json::from_str(&text(&example("preview", &["--format", "summary"]))).unwrap();
    assert_eq!(summary, plan["summary"]);

    let bulk: Value = serde_json::from_str(&text(&example("preview", &["--format", "bulk"]))).unwrap();
    assert_eq!(bulk["Operations"].as_array().unwrap().len(), writes);
    assert!(!bulk.to_string().contains("{{created:"), "placeholders become bulk ids");
    assert!(bulk.to_string().contains("bulkId:create:"));

    let http = text(&example("preview", &["--format", "http"]));
    assert_eq!(
        http.matches("\n# @name ").count(),
        http.matches("\nAuthorization: Bearer {{token}}\n").count()
    );
    assert!(!http.contains("{{created:"));

    let curl = text(&example("preview", &["--format", "curl"]));
    assert_eq!(curl.matches("send P").count() + curl.matches("send DELETE").count(), writes);

    let html = text(&example("preview", &["--format", "html"]));
    assert!(
        html.contains("Content-Security-Policy") && !html.contains(" style=") && !html.contains("<script")
    );
    assert_eq!(html.matches("<details").count(), 66);

    let only: Value =
        serde_json::from_str(&text(&example("preview", &["--only", "disable,failed"]))).unwrap();
    let verdicts = only["operations"].as_array().unwrap().iter().map(|o| o["verdict"].as_str().unwrap());
    assert!(verdicts.clone().all(|verdict| ["disable", "failed"].contains(&verdict)));
    assert_eq!(verdicts.count(), 5);
}

#[test]
fn three_files_as_the_portal_downloads_them() {
    let folder = std::env::temp_dir().join(format!("provisor-csv-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let prefix = folder.join("log");
    let output = example("preview", &["--format", "csv", "--output", prefix.to_str().unwrap()]);
    assert!(output.status.success());
    let lines = |part: &str| {
        let path = folder.join(format!("log_ProvisioningLogs{part}.csv"));
        let mut reader = csv::Reader::from_path(path).unwrap();
        assert_eq!(&reader.headers().unwrap()[0], "ChangeId");
        reader.records().map(|record| record.unwrap()[0].to_owned()).collect::<Vec<_>>()
    };
    let (logs, steps, changes) = (lines(""), lines("_ProvisioningSteps"), lines("_ModifiedProperties"));
    assert_eq!(logs.len(), 66);
    assert!(steps.iter().chain(&changes).all(|id| logs.contains(id)));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn checks_for_pipelines() {
    for (check, code) in [
        (&["--fail-on-deletes", "3"][..], 3),
        (&["--fail-on-deletes", "4"], 0),
        (&["--fail-on-errors"], 3),
        (&["--fail-on-errors", "1"], 0),
        (&["--fail-on-changes", "55"], 3),
    ] {
        let output = example("preview", &[&["--format", "summary"], check].concat());
        assert_eq!(output.status.code(), Some(code), "{check:?}");
    }
    let nothing = provisor(&["preview"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(String::from_utf8(nothing.stderr).unwrap().contains("give `--users`"));
    let absent = provisor(&["preview", "--users", "no-such-file.json"]);
    assert_eq!(absent.status.code(), Some(2));
}

#[test]
fn findings_by_name() {
    let found: Value = serde_json::from_str(&text(&example("lint", &["--format", "json"]))).unwrap();
    let rules: Vec<&str> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect();
    for rule in ["invalid-role", "default-access", "duplicate-source", "no-matching-value"] {
        assert!(rules.contains(&rule), "{rule}: {rules:?}");
    }
    assert_eq!(example("lint", &["--fail-on", "warning"]).status.code(), Some(3));
    let table = provisor(&["lint", "--table", &format!("{EXAMPLE}/mapping-table.md")]);
    assert!(text(&table).contains("[duplicate-target]"));
    assert!(provisor(&["lint"]).status.success());
}

#[test]
fn a_changed_mapping_and_whom_it_concerns() {
    let folder = std::env::temp_dir().join(format!("provisor-compare-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/provision/profile/application/clarizen-one.json");
    let before = std::fs::read_to_string(path).unwrap();
    let mut after: Value = serde_json::from_str(&before).unwrap();
    let mappings = after["synchronizationRules"][0]["objectMappings"].as_array_mut().unwrap();
    let users = mappings.iter_mut().find(|mapping| mapping["sourceObjectName"] == "User").unwrap();
    for line in users["attributeMappings"].as_array_mut().unwrap() {
        if line["targetAttributeName"] == "title" {
            line["source"] = json!({"type": "Function", "expression": "ToUpper([jobTitle])", "name": "ToUpper", "parameters": []});
        }
    }
    let other = folder.join("after.json");
    std::fs::write(&other, after.to_string()).unwrap();
    let other = other.to_str().unwrap();
    let same = example("compare", &["--before", path, "--after", path, "--fail-on-differences"]);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same));
    let output = example(
        "compare",
        &["--before", path, "--after", other, "--format", "json", "--fail-on-differences"],
    );
    assert_eq!(output.status.code(), Some(3));
    let found: Value = serde_json::from_str(&text(&output)).unwrap();
    let differences = found["differences"].as_array().unwrap();
    assert!(!differences.is_empty());
    for difference in differences {
        for value in difference["values"].as_array().unwrap() {
            assert_eq!(value["target"], "title", "{difference}");
            assert_eq!(value["after"], value["before"].as_str().unwrap().to_uppercase());
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn one_expression() {
    let give = |arguments: &[&str]| -> Value { serde_json::from_str(&text(&provisor(arguments))).unwrap() };
    let join = ["eval", "--expression", "Join(\" \", [a], [b])", "--input", "{\"a\":\"x\",\"b\":\"y\"}"];
    assert_eq!(give(&join), json!({"value": "x y"}));
    assert_eq!(give(&["eval", "--expression", "IgnoreFlowIfNullOrEmpty([a])"]), json!({"ignore": true}));
    let wrong = give(&["eval", "--expression", "Nope(1)"]);
    assert_eq!(wrong["error"]["span"]["start"], 0);
    assert!(wrong["error"]["code"].is_string() && wrong["error"]["message"].is_string());
    let now = give(&["eval", "--expression", "Now()", "--now", "2026-11-24T10:00:00Z"]);
    assert!(now["value"].as_str().unwrap().contains("2026"), "{now}");
}

#[test]
fn a_target_without_bulk_gets_none() {
    let output = example("preview", &["--format", "bulk", "--target-profile", "aws-iam-identity-center"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("AWS IAM Identity Center takes no bulk requests; use `--format curl`"), "{told}");
    assert!(output.stdout.is_empty());
    let unknown = example("preview", &["--target-profile", "nope"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8(unknown.stderr).unwrap().contains("possible values: "));
}

/// What a command says of the example with one mapping beside the matching one: `title`, by an expression.
fn with_title(command: &str, expression: &str, name: &str, more: &[&str]) -> Value {
    let folder = std::env::temp_dir().join(format!("provisor-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let schema = folder.join("schema.json");
    let line = |target: &str, source: Value| json!({"targetAttributeName": target, "source": source, "matchingPriority": 0});
    let mut matching = line("userName", json!({"type": "Attribute", "name": "userPrincipalName"}));
    matching["matchingPriority"] = json!(1);
    let lines = [matching, line("title", json!({"type": "Function", "expression": expression}))];
    let mapping = json!({"sourceObjectName": "User", "targetObjectName": "User", "attributeMappings": lines});
    let document = json!({"synchronizationRules": [{"objectMappings": [mapping]}]});
    std::fs::write(&schema, document.to_string()).unwrap();
    let mut arguments = vec!["--schema", schema.to_str().unwrap()];
    arguments.extend(more);
    let said = serde_json::from_str(&text(&example(command, &arguments))).unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    said
}

#[test]
fn the_time_is_the_clocks_unless_it_is_given() {
    let title = |more: &[&str]| {
        let plan = with_title("preview", "Now()", "now", more);
        plan["operations"][0]["result"]["title"].as_str().unwrap().to_owned()
    };
    assert_eq!(title(&["--now", "2026-11-24T10:05:06Z"]), "11/24/2026 10:05:06 AM");
    assert!(!title(&[]).contains("/1970 "), "the clock's");
}

#[test]
fn the_default_domain_is_a_setting_and_its_absence_a_finding() {
    let given = ["--default-domain", "contoso.com"];
    let title = |more: &[&str]| {
        with_title("preview", "DefaultDomain()", "domain", more)["operations"][0]["result"]["title"].clone()
    };
    assert_eq!((title(&given), title(&[])), (json!("contoso.com"), json!("")));
    let is_told = |more: &[&str]| {
        let more = [&["--format", "json"], more].concat();
        let said = with_title("lint", "DefaultDomain()", "domain-lint", &more).to_string();
        said.contains("`DefaultDomain` gives an empty text")
    };
    assert_eq!((is_told(&given), is_told(&[])), (false, true));
}

/// A file in a folder of its own, for as long as the test runs.
fn file(name: &str, text: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("provisor-files-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn settings_that_there_are_none_of_are_refused_in_words() {
    for (at, (settings, words)) in [
        (r#"{"dialekt": "rfc"}"#, "there is no setting `dialekt`, expected one of `syncAll`"),
        (r#"{"dialect": "rfc7644"}"#, "there is no `rfc7644`, expected one of `legacy`"),
        (r#"{"deletionThreshold": -1}"#, "expected a whole number from 0"),
        ("5", "expected an object of settings"),
    ]
    .into_iter()
    .enumerate()
    {
        let path = file(&format!("settings-{at}.json"), settings);
        let output = example("preview", &["--settings", path.to_str().unwrap()]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{settings}: {told}");
        assert!(told.contains(words), "{settings}: {told}");
        assert!(!told.contains("usize") && !told.contains("struct"), "{told}");
    }
}

#[test]
fn two_settings_are_compared_at_one_moment() {
    let path = file("after.json", r#"{"deletionThreshold": 9}"#);
    let more = ["--settings-after", path.to_str().unwrap(), "--format", "json"];
    let schema = |name: &str| {
        let line = |target: &str, source: Value, priority: u8| json!({"targetAttributeName": target, "source": source, "matchingPriority": priority});
        let lines = [
            line("userName", json!({"type": "Attribute", "name": "userPrincipalName"}), 1),
            line("title", json!({"type": "Function", "expression": "Now()"}), 0),
        ];
        let mapping =
            json!({"sourceObjectName": "User", "targetObjectName": "User", "attributeMappings": lines});
        file(name, &json!({"synchronizationRules": [{"objectMappings": [mapping]}]}).to_string())
    };
    let (before, after) = (schema("before-schema.json"), schema("after-schema.json"));
    let files = ["--before", before.to_str().unwrap(), "--after", after.to_str().unwrap()];
    let said: Value =
        serde_json::from_str(&text(&example("compare", &[&more[..], &files].concat()))).unwrap();
    assert_eq!(said["differences"], json!([]), "{said}");
}

#[test]
fn a_mapping_table_is_a_configuration() {
    let path = format!("{EXAMPLE}/mapping-table.md");
    let output = example("preview", &["--schema", &path, "--format", "summary"]);
    let summary: Value = serde_json::from_str(&text(&output)).unwrap();
    assert!(summary["create"].as_u64().is_some_and(|created| created > 0), "{summary}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("`roles[primary eq\"True\".type]` is not well formed"), "{told}");
}

#[test]
fn a_time_is_read_strictly() {
    let eval = |now: &str| provisor(&["eval", "--expression", "Now()", "--now", now]);
    for (now, shown) in [
        ("2026-02-28T10:00:00Z", "2/28/2026 10:00:00 AM"),
        ("2026-02-28t10:00:00.5z", "2/28/2026 10:00:00 AM"),
        ("2024-02-29T00:00:00+05:00", "2/28/2024 7:00:00 PM"),
        ("2026-01-01T00:00:00-00:00", "1/1/2026 12:00:00 AM"),
    ] {
        let output = eval(now);
        assert_eq!(text(&output).trim(), json!({"value": shown}).to_string(), "{now}");
    }
    for now in [
        "2026-02-31T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026x02x30?10-00-00",
        "2026-01-01T00:00:00X05:00",
        "2026-01-01T00:00:00+99:99",
        "2026-01-01T00:00:00+-1:00",
        "2026-01-01T00:00:00-1:00",
        "2026-01-01T00:00:60Z",
        "2026-01-01T24:00:01Z",
        "2026-01-01 00:00:00Z",
        "2026-01-01",
        "+026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.Z",
        "tomorrow",
        "",
    ] {
        let output = eval(now);
        assert_eq!(output.status.code(), Some(2), "{now}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("is no time; write it as RFC 3339 does"), "{told}");
    }
    // A setting is told, and the plan is made as of 1970.
    let path = file("now.json", r#"{"now": "2026-02-31T00:00:00Z"}"#);
    let output = example("lint", &["--settings", path.to_str().unwrap(), "--format", "json"]);
    assert!(text(&output).contains("`2026-02-31T00:00:00Z` is no time"), "{}", text(&output));
}
