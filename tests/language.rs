//! The filter language (RFC 7644 §3.4.2.2): every vector matches, misses or fails as it
//! says, natively and in the browser; what lowers to an index loses no match.

use provisor::scim::directory::{Key, Predicate};
use provisor::scim::filter::{self, lower};
use provisor::scim::schema::builtin;
use serde_json::Value;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/filter/user.json")).unwrap()
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn vectors_match_miss_or_fail() {
    let vectors = vectors();
    let (resource, kind) =
        (vectors["resource"].as_object().unwrap(), builtin().resource_type("User").unwrap());
    let mut ran = 0;
    for case in vectors["cases"].as_array().unwrap() {
        let text = case["filter"].as_str().unwrap();
        let compiled = filter::parse(text).and_then(|parsed| filter::compile(&parsed, builtin(), kind));
        match (compiled, case.get("error")) {
            (Ok(compiled), None) => {
                assert_eq!(filter::matches(&compiled, resource), case["expect"].as_bool().unwrap(), "{text}");
            }
            (Err(error), Some(wanted)) => {
                let span = serde_json::json!([error.span.start, error.span.end]);
                assert_eq!(span, wanted["span"], "{text}: {}", error.message);
                let said = format!("{} {}", error.message, error.help.unwrap_or_default());
                assert!(said.contains(wanted["contains"].as_str().unwrap()), "{text}: {said}");
            }
            (Ok(_), Some(_)) => panic!("{text}: was read, though it should fail"),
            (Err(error), None) => panic!("{text}: {error:?}"),
        }
        ran += 1;
    }
    assert_eq!(ran, 86);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn what_is_printed_reads_the_same() {
    for case in vectors()["cases"].as_array().unwrap() {
        let Ok(parsed) = filter::parse(case["filter"].as_str().unwrap()) else { continue };
        assert_eq!(filter::parse(&parsed.to_string()).as_ref(), Ok(&parsed), "{parsed}");
    }
    let deep = format!("{}userName pr{}", "(".repeat(65), ")".repeat(65));
    assert!(filter::parse(&deep).unwrap_err().message.contains("deeper than 64"));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn lowering_loses_no_match() {
    let kind = builtin().resource_type("User").unwrap();
    let lowered =
        |text: &str| lower(&filter::compile(&filter::parse(text).unwrap(), builtin(), kind).unwrap());
    let name = |value: &str| Predicate::Equals(Key { attribute: "username".into(), value: value.into() });
    let mail = Predicate::Equals(Key { attribute: "emails.value".into(), value: "a@x".into() });
    assert_eq!(lowered(r#"userName eq "ADA""#), (name("ada"), true));
    assert_eq!(lowered(r#"not (userName eq "ada")"#), (Predicate::Not(Box::new(name("ada"))), true));
    assert_eq!(lowered(r#"userName eq "ada" and title co "x""#), (name("ada"), false));
    assert_eq!(lowered(r#"userName eq "ada" or title co "x""#), (Predicate::All, false));
    assert_eq!(lowered(r#"not (userName eq "ada" and title co "x")"#), (Predicate::All, false));
    assert_eq!(lowered(r#"emails[type eq "work" and value eq "A@x"]"#), (mail.clone(), false));
    assert_eq!(lowered(r#"emails[type eq "work"].value eq "A@x""#), (mail, false));
    assert_eq!(lowered(r#"id eq "7""#), (Predicate::Id("7".into()), true));
}
