//! The expression language against Entra's documented examples, and laws that hold for
//! any text. The vectors run natively and, through the JavaScript engine's regular
//! expressions, in a headless browser.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use provisor::provision::expression::{
    Attributes, Environment, Expression, ExpressionError, Value, evaluate, parse,
};
use serde_json::Value as Json;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// 2021-07-02T15:33:38Z, the moment of the documented `Now()`.
const NOW: i64 = 1_625_240_018_000;
const DAY: i64 = 86_400_000;

/// A source object as JSON.
struct Source(serde_json::Map<String, Json>);

impl Attributes for Source {
    fn attribute(&self, name: &str) -> Value {
        let found = self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        match found.map(|(_, value)| value) {
            Some(Json::String(text)) => Value::Text(text.clone()),
            Some(Json::Array(items)) => {
                Value::List(items.iter().map(|item| item.as_str().unwrap().to_owned()).collect())
            }
            _ => Value::Null,
        }
    }
}

/// Numbers that only look random, the same each time.
fn chance() -> impl FnMut() -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

fn run(
    expression: &Expression,
    source: &Source,
    taken: &[String],
    strict_iif: bool,
) -> Result<Value, ExpressionError> {
    let mut random = chance();
    let mut environment = Environment {
        now: NOW,
        random: &mut random,
        taken: &|candidate| taken.iter().any(|known| known == candidate),
        default_domain: "contoso.com".into(),
        strict_iif,
    };
    evaluate(expression, source, &mut environment)
}

/// The value of `text` for an object, or the error's code and message.
fn value(text: &str, source: Json) -> Result<Value, String> {
    let Json::Object(source) = source else { panic!("a source is an object") };
    parse(text)
        .and_then(|expression| run(&expression, &Source(source), &[], false))
        .map_err(|error| format!("{}: {error}", error.code))
}

fn text(expression: &str) -> String {
    match value(expression, serde_json::json!({})) {
        Ok(Value::Text(text)) => text,
        other => panic!("{expression}: {other:?}"),
    }
}

/// A vector's `"(same)"` stands for the expression before it.
fn vectors() -> Vec<Json> {
    let text = include_str!("vectors/expression/entra.json");
    let mut vectors: Vec<Json> = serde_json::from_str(text).unwrap();
    let mut last = Json::Null;
    for vector in &mut vectors {
        if vector["expr"] == "(same)" {
            vector["expr"] = last.clone();
        }
        last = vector["expr"].clone();
    }
    vectors
}

fn count(text: &str, kind: fn(&char) -> bool) -> usize {
    text.chars().filter(kind).count()
}

fn has_shape(id: &str, text: &str) -> bool {
    let digits = count(text, char::is_ascii_digit);
    let small = count(text, char::is_ascii_lowercase);
    match id {
        "V035" => {
            let groups: Vec<&str> = text.split('-').collect();
            let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
            lengths == [8, 4, 4, 4, 12]
                && groups.concat().chars().all(|digit| matches!(digit, '0'..='9' | 'a'..='f'))
        }
        "V074" | "V078" => text.len() == 6 && digits >= 3 && small >= 3,
        "V075" => {
            text.len() == 10
                && digits >= 2
                && count(text, char::is_ascii_punctuation) >= 2
                && count(text, char::is_ascii_uppercase) >= 2
                && small >= 1
                && !text.contains(['?', ','])
        }
        _ => false,
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn every_vector_gives_what_is_documented() {
    let vectors = vectors();
    let mut ran = 0;
    for vector in &vectors {
        let id = vector["id"].as_str().unwrap();
        let expression = parse(vector["expr"].as_str().unwrap());
        let expression = expression.unwrap_or_else(|error| panic!("{id}: {error}"));
        let mut source = vector["input"].as_object().unwrap().clone();
        let mut taken: Vec<String> = source
            .get("$target")
            .and_then(Json::as_array)
            .map(|taken| taken.iter().map(|item| item.as_str().unwrap().to_owned()).collect())
            .unwrap_or_default();
        if taken == ["all three"] {
            source.insert("PreferredFirstName".into(), "John".into());
            source.insert("PreferredLastName".into(), "Smith".into());
            taken = ["John", "J", "Jo"].map(|name| format!("{name}.Smith@contoso.com")).to_vec();
        }
        for (days, placeholder) in [(10, "<now + 10 days>"), (3, "<now + 3 days>")] {
            for value in source.values_mut().filter(|value| *value == placeholder) {
                let then = (NOW + days * DAY + 11_644_473_600_000) * 10_000;
                *value = Json::String(text(&format!("DateFromNum({then})")));
            }
        }
        let strict = vector["status"] == "UNSUPPORTED";
        let got = run(&expression, &Source(source), &taken, strict);
        let expect = match &vector["expect"] {
            Json::Number(number) => Json::String(number.to_string()),
            other => other.clone(),
        };
        let holds = match (vector["status"].as_str().unwrap(), &got) {
            ("NONDET", Ok(Value::Text(text))) => has_shape(id, text),
            ("PARSE-ONLY", got) => *got == Ok(Value::Null),
            ("UNSUPPORTED", Err(error)) => error.code == "conditionFailed",
            (_, Err(error)) => {
                (expect == "<escrow>" && error.code == "noUniqueValue")
                    || (error.code == "raised" && expect == format!("<object error: {}>", error.message))
            }
            (_, Ok(Value::Ignore)) => expect == "<IGNORE>",
            (_, Ok(Value::Null)) => expect.is_null(),
            (_, Ok(Value::Text(text))) => expect == *text,
            (_, Ok(Value::List(items))) => expect == serde_json::json!(items),
        };
        assert!(holds, "{id}: {expression}: {got:?}, not {expect}");
        ran += 1;
    }
    assert_eq!(ran, 96, "vectors that ran");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn printing_a_vector_and_reading_it_again_changes_nothing() {
    for vector in vectors() {
        let expression = parse(vector["expr"].as_str().unwrap()).unwrap();
        assert_eq!(parse(&expression.to_string()), Ok(expression));
    }
}
