//! The page's exports, in a real browser.
#![cfg(all(target_arch = "wasm32", feature = "browser"))]

use provisor::browser::Preview;
use provisor::sandbox::Export;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const PEOPLE: &str = r#"{"value":[
  {"id":"u1","userPrincipalName":"ada@contoso.com","displayName":"Ada Lovelace","accountEnabled":true},
  {"id":"u2","userPrincipalName":"bo@contoso.com","displayName":"Bo Berg","accountEnabled":true}]}"#;

const SETTINGS: &str = r#"{"syncAll":true}"#;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

fn planned() -> (Preview, serde_json::Value) {
    let mut preview = Preview::new();
    assert_eq!(json(&preview.load_source("users.json", PEOPLE.as_bytes()))["ok"]["rows"], 2);
    assert!(json(&preview.configure("", SETTINGS))["ok"].is_array());
    let summary = json(&preview.plan());
    (preview, summary)
}

/// The plan as a file, a row a slice.
fn exported(preview: &Preview) -> String {
    let mut export = Export::new("planJson".to_owned(), &preview.schema_json(), SETTINGS);
    let summary = json(&preview.summary())["ok"].to_string();
    let mut file = export.head(&summary, &preview.survey());
    for row in 0..preview.length() {
        file.push_str(&export.step(&preview.operations(row, 1)));
    }
    file + &export.tail(&summary)
}

#[wasm_bindgen_test]
fn everybody_new_is_created() {
    let (_, summary) = planned();
    assert_eq!((&summary["ok"]["users"], &summary["ok"]["create"]), (&2.into(), &2.into()));
}

#[wasm_bindgen_test]
fn rows_are_found_by_action_and_text() {
    let (preview, _) = planned();
    assert_eq!(preview.find("", "", "", "", Vec::new()).len(), 2);
    assert_eq!(preview.find("delete", "", "", "", Vec::new()).len(), 0);
    let found = preview.find("create", "ADA@", "", "", Vec::new());
    assert_eq!(json(&preview.rows(&found))["ok"][0]["id"], "u1");
}

#[wasm_bindgen_test]
fn an_operation_holds_the_resource_and_its_request() {
    let (preview, _) = planned();
    let operation: serde_json::Value = serde_json::from_str(&preview.operation(0)).unwrap();
    assert_eq!(operation["result"]["userName"], "ada@contoso.com");
    let posts = operation["requests"].as_array().unwrap().iter().filter(|r| r["method"] == "POST").count();
    assert_eq!(posts, 1);
    assert!(preview.operation(7).is_empty());
}

#[wasm_bindgen_test]
fn the_target_makes_updates_of_creates() {
    let (mut preview, _) = planned();
    let target = r#"{"Resources":[{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"t1","userName":"ADA@contoso.com"}]}"#;
    assert_eq!(json(&preview.load_target(target.as_bytes()))["ok"]["rows"], 1);
    let summary = json(&preview.plan());
    assert_eq!((&summary["ok"]["create"], &summary["ok"]["update"]), (&1.into(), &1.into()));
}

#[wasm_bindgen_test]
fn a_file_that_is_none_gets_a_clear_error() {
    let mut preview = Preview::new();
    let answer = json(&preview.load_source("notes.txt", b"{ this is no file"));
    assert!(answer["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{answer}");
}

#[wasm_bindgen_test]
fn settings_that_are_none_get_a_clear_error() {
    let mut preview = Preview::new();
    assert!(json(&preview.configure("", "\"no\""))["error"]["message"].is_string());
}

#[wasm_bindgen_test]
fn utf_16_is_read() {
    let mut preview = Preview::new();
    let bytes: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(PEOPLE.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(json(&preview.load_source("users.json", &bytes))["ok"]["rows"], 2);
}

#[wasm_bindgen_test]
fn the_plan_and_the_configuration_leave_as_json() {
    let (preview, _) = planned();
    let plan: serde_json::Value = serde_json::from_str(&exported(&preview)).unwrap();
    assert_eq!(plan["operations"].as_array().unwrap().len(), 2);
    assert!(preview.schema_json().contains("synchronizationRules"));
}

/// Whether a text is told as a whole, as one form or several one after the other.
fn is_told(text: &str) -> bool {
    let mut depth = 0_usize;
    let outside: String = text
        .chars()
        .filter(|letter| {
            match letter {
                '\u{FDD0}' => depth += 1,
                '\u{FDD2}' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .collect();
    depth == 0 && text.contains('\u{FDD0}') && outside.replace(['.', ';', ' '], "").is_empty()
}

/// Every text for people below a value; those of a `raised` error are the administrator's own.
fn texts(value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        serde_json::Value::Object(entries) => {
            for (key, value) in entries {
                match (key.as_str(), value) {
                    ("message" | "help" | "explanation", serde_json::Value::String(text)) => {
                        into.push(text.clone());
                    }
                    ("notes", serde_json::Value::Array(notes)) => {
                        into.extend(notes.iter().filter_map(|note| note.as_str().map(str::to_owned)));
                    }
                    ("scope", serde_json::Value::Array(steps)) => {
                        into.extend(steps.iter().map(|step| step["name"].as_str().unwrap().to_owned()));
                        // Of the roles their names are told.
                        let details = steps
                            .iter()
                            .filter(|step| !step["name"].as_str().unwrap().contains("required role"));
                        into.extend(details.map(|step| step["detail"].as_str().unwrap().to_owned()));
                    }
                    // What a resource holds is data.
                    ("result" | "requests" | "changes" | "outcomes", _) => {}
                    _ => texts(value, into),
                }
            }
        }
        _ => {}
    }
}

/// What the page shows in its own language comes as forms: a text that was written past
/// `told!` would stay English.
#[wasm_bindgen_test]
fn whatever_is_told_of_a_plan_is_told_in_forms() {
    let vectors = [
        include_str!("vectors/plan/filters.json"),
        include_str!("vectors/plan/groups.json"),
        include_str!("vectors/plan/imports.json"),
        include_str!("vectors/plan/links.json"),
        include_str!("vectors/plan/paths.json"),
        include_str!("vectors/plan/profiles.json"),
        include_str!("vectors/plan/roles.json"),
        include_str!("vectors/plan/tables.json"),
        include_str!("vectors/plan/targets.json"),
        include_str!("vectors/plan/tutorial.json"),
        include_str!("vectors/plan/users.json"),
    ];
    let mut count = 0;
    for vector in vectors.iter().flat_map(|text| json(text).as_array().unwrap().clone()) {
        let mut preview = Preview::new();
        let mut told = Vec::new();
        for (kind, text) in vector["source"].as_object().unwrap() {
            texts(&json(&preview.load_source(kind, text.to_string().as_bytes())), &mut told);
        }
        if let Some(target) = vector.get("target") {
            texts(&json(&preview.load_target(target.to_string().as_bytes())), &mut told);
        }
        let settings = vector.get("settings").map_or("{}".to_owned(), ToString::to_string);
        let schema = vector.get("schema").map(ToString::to_string).unwrap_or_default();
        texts(&json(&preview.configure(&schema, &settings)), &mut told);
        texts(&json(&preview.plan()), &mut told);
        for part in (0..).map(|part| preview.lint(part)).take_while(|part| !part.is_empty()) {
            texts(&json(&part), &mut told);
        }
        texts(&json(&preview.operations(0, 1000)), &mut told);
        for row in 0..preview.length() {
            let inside = json(&preview.inside(row));
            let wrong = inside["outcomes"].as_array().unwrap().iter().filter(|one| one["state"] == "error");
            told.extend(wrong.map(|one| one["message"].as_str().unwrap().to_owned()));
        }
        for text in told {
            assert!(text.is_empty() || is_told(&text), "{}: {text:?}", vector["name"]);
            count += 1;
        }
    }
    assert!(count > 500, "{count} texts were told");
}

/// The same of what is wrong with expressions, and of what functions do.
#[wasm_bindgen_test]
fn whatever_is_told_of_an_expression_is_told_in_forms() {
    use provisor::browser::{catalogue, check_expression};
    let mut count = 0;
    for function in json(&catalogue()).as_array().unwrap() {
        assert!(is_told(function["about"].as_str().unwrap()), "{function}");
    }
    let vectors = json(include_str!("vectors/expression/edges.json"));
    let mut expressions: Vec<String> =
        vectors.as_array().unwrap().iter().map(|edge| edge["expr"].as_str().unwrap().to_owned()).collect();
    // Cut anywhere, most of them are wrong.
    expressions = expressions
        .iter()
        .flat_map(|text| text.char_indices().map(|(at, _)| text.get(..at).unwrap().to_owned()).step_by(3))
        .collect();
    for expression in expressions {
        for finding in json(&check_expression(&expression, vec!["mail".to_owned()])).as_array().unwrap() {
            let fixes = finding["fixes"].as_array().unwrap().iter().map(|fix| &fix["label"]);
            for text in [&finding["message"], &finding["help"]].into_iter().chain(fixes) {
                assert!(text.as_str().is_none_or(is_told), "{expression}: {text}");
                count += 1;
            }
        }
    }
    assert!(count > 500, "{count} texts were told");
}
