//! The page's exports, in a real browser.
#![cfg(all(target_arch = "wasm32", feature = "browser", feature = "sandbox"))]

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
    let mut export = Export::new("planJson".to_owned());
    let summary = json(&preview.summary())["ok"].to_string();
    let mut file = export.head(&summary);
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
    assert_eq!(preview.find("", "", "", "").len(), 2);
    assert_eq!(preview.find("delete", "", "", "").len(), 0);
    let found = preview.find("create", "ADA@", "", "");
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
