//! The expression language against Entra's documented examples, and laws that hold for
//! any text. The vectors run natively and, through the JavaScript engine's regular
//! expressions, in a headless browser.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use provisor::provision::expression::{
    Attributes, Environment, Expression, ExpressionError, Patterns, State, Value, evaluate, functions, lint,
    parse, trace,
};
use provisor::provision::message::plain;
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
        default_domain: "contoso.com",
        strict_iif,
        patterns: &Patterns::default(),
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
fn the_edges_of_every_function_are_as_told() {
    let edges: Vec<Json> = serde_json::from_str(include_str!("vectors/expression/edges.json")).unwrap();
    let mut called: Vec<&str> = Vec::new();
    for edge in &edges {
        let text = edge["expr"].as_str().unwrap();
        let outcome = parse(text).and_then(|expression| {
            called.extend(expression.calls());
            run(&expression, &Source(edge["input"].as_object().unwrap().clone()), &[], false)
        });
        let found = match &outcome {
            Ok(Value::Ignore) => ("ignore", Json::Bool(true)),
            Ok(Value::Null) => ("value", Json::Null),
            Ok(Value::Text(text)) => ("value", text.as_str().into()),
            Ok(Value::List(items)) => ("value", serde_json::json!(items)),
            Err(error) => ("error", error.code.into()),
        };
        assert_eq!((found.0, Some(&found.1)), (found.0, edge.get(found.0)), "{text}: {outcome:?}");
        if let Err(error) = &outcome {
            assert_eq!(edge["message"], plain(&error.message), "{text}");
        }
    }
    let vectors = vectors();
    let vectors = vectors.iter().filter_map(|vector| parse(vector["expr"].as_str()?).ok());
    called.extend(vectors.flat_map(|expression| expression.calls()));
    for function in functions() {
        assert!(called.contains(&function.name), "no vector calls `{}`", function.name);
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn printing_a_vector_and_reading_it_again_changes_nothing() {
    for vector in vectors() {
        let expression = parse(vector["expr"].as_str().unwrap()).unwrap();
        assert_eq!(parse(&expression.to_string()), Ok(expression));
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn entras_tree_keeps_what_the_text_says() {
    for source in [
        r#"Switch([IsSoftDeleted], , "False", "True", "True", "False")"#,
        r#"Replace([title], "a", , , "b", , )"#,
        r#"Replace([phone], , "(?<n>\\d+)", "n", , "mobile", )"#,
        r#"IIF([country] = "USA", [country], IIF(IsPresent([a]), "1", "2"))"#,
        r#"Join("@", [sAMAccountName], Mid([x], "1", "4"))"#,
        r#"FormatDateTime([x], , "yyyyMMddHHmmss.fZ", "yyyy-MM-dd")"#,
        r#"Coalesce([a], [b], "")"#,
        r#""Company name: \"Contoso\"""#,
    ] {
        let expression = parse(source).unwrap();
        assert_eq!(expression.to_string(), source);
        assert_eq!(Expression::from_tree(&expression.to_tree()).unwrap(), expression, "{source}");
    }
    let tree = parse(r#"IIF([c]="x", 2, "n")"#).unwrap().to_tree();
    let keys: Vec<&str> =
        tree["parameters"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["one", "two", "three", "four", "five"]);
    assert_eq!(tree["parameters"][3]["value"]["expression"], "\"2\"");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn errors_say_where_and_what_to_write_instead() {
    for (source, code, start, hint) in [
        ("switch([a], , \"b\", \"c\")", "unknownFunction", 0, "`Switch`"),
        ("IsNullorEmpty([a])", "unknownFunction", 0, "`IsNullOrEmpty`"),
        ("Joined([a])", "unknownFunction", 0, "`Join`"),
        ("ToLower(\"é", "syntax", 8, "end it with"),
        ("ToLower([a)", "syntax", 8, "`]`"),
        ("ToLower([a]", "syntax", 0, "`)`"),
        ("ToLower(\u{201c}a\u{201d})", "syntax", 8, "straight"),
        ("Left([a])", "wrongArguments", 0, "Left(source, length)"),
        ("Switch([a], , \"b\")", "wrongArguments", 0, "Switch(source"),
        ("Switch([a], , \"b\", \"c\", \"d\")", "wrongArguments", 0, "Switch(source"),
        ("[a] = \"b\"", "syntax", 0, "`IIF"),
        ("mail", "syntax", 0, "`[mail]`"),
        ("Mid([a], 1.5, 2)", "syntax", 9, "digits only"),
    ] {
        let error = parse(source).expect_err(source);
        assert_eq!((error.code, error.span.start), (code, start), "{source}: {error}");
        assert!(plain(error.help.as_deref().unwrap_or("")).contains(hint), "{source}: {error}");
    }
    assert_eq!(parse(&"a".repeat(10_001)).unwrap_err().code, "tooLong");
    let deep = |depth: usize| format!("{}\"x\"{}", "ToLower(".repeat(depth), ")".repeat(depth));
    assert!(parse(&deep(64)).is_ok());
    assert_eq!(parse(&deep(65)).unwrap_err().code, "tooDeep");
}

/// The JavaScript engine has no bound of its own, so this runs natively only.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn a_hostile_pattern_ends_with_an_error() {
    let vectors: Vec<Json> = serde_json::from_str(include_str!("vectors/expression/hostile.json")).unwrap();
    let mut bounded = 0;
    for vector in &vectors {
        let part = |name: &str| vector[name].as_str().unwrap_or("");
        let times = usize::try_from(vector["times"].as_u64().unwrap()).unwrap();
        let subject = part("text").repeat(times) + part("end");
        let expression = format!("Replace([s], , \"{}\", , \"\", , )", part("pattern").replace('\\', "\\\\"));
        let got = value(&expression, serde_json::json!({ "s": subject }));
        let failed = |words: &str| got.as_ref().is_err_and(|error| error.contains(words));
        if vector["bounded"] == true {
            // None of these matches; an engine clever enough to see that in time may say so.
            let over = failed("the pattern takes too long on this text");
            bounded += usize::from(over);
            assert!(over || got == Ok(Value::Text(subject)), "{vector}: {got:?}");
        } else if let Some(expected) = vector["value"].as_str() {
            assert_eq!(got, Ok(Value::Text(expected.into())), "{vector}");
        } else {
            assert!(failed(part("error")), "{vector}: {got:?}");
        }
    }
    assert!(bounded > 0, "no pattern met the bound");
    let long = format!("Replace([s], , \"{}\", , \"\", , )", "a".repeat(1001));
    let got = value(&long, serde_json::json!({ "s": "a" }));
    assert!(got.is_err_and(|error| error.contains("longer than 1000 characters")));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn patterns_mean_what_dotnet_means() {
    for (source, pattern, replacement, expect) in [
        ("a1\u{661}b", r"\\d", "#", "a##b"),
        ("é_1-x", r"\\w", "w", "www-w"),
        ("été là", r"\\b", "|", "|été| |là|"),
        ("a\nb\n", r"b$", "x", "a\nx\n"),
        ("ab12", r"(?'n'\\d)(\\d)", "$1x${n}", "ab2x1"),
        ("ab", "(a)(b)", "$2$1$$$&$3", "ba$ab$3"),
        ("abcde", "[a-e-[bd]]", "", "bd"),
        ("a b-c", r"[^\\W]", "", " -"),
        ("a b-c", r"[\\W_]", "", "abc"),
        ("AbC", "(?i)[a-b]", "", "C"),
        ("a\nb", "(?s).", "x", "xxx"),
        ("aab", "(?>a+)b", "x", "x"),
        ("aa bb", r"(?<l>\\w)\\k<l>", "2${l}", "2a 2b"),
        ("xx}x{", "x{2}}|x{", "y", "yy"),
        ("a-b]c", r"[\\]\\-]", "", "abc"),
        ("x\u{1f600}y", "$", "!", "x\u{1f600}y!"),
        ("\u{1f600}y", "z*", "-", "-\u{1f600}-y-"),
    ] {
        let expression = format!("Replace([s], , \"{pattern}\", , \"{replacement}\", , )");
        let got = value(&expression, serde_json::json!({ "s": source }));
        assert_eq!(got, Ok(Value::Text(expect.into())), "{pattern}");
    }
    for pattern in
        ["(a", "a)", "[a", "*", "{2}", r"(?<a-b>c)", r"(?(a)b|c)", r"\\G", r"\\p{IsGreek}", "a(?i)b", r"\\2"]
    {
        let got = value(&format!("Replace(\"s\", , \"{pattern}\", , \"\", , )"), serde_json::json!({}));
        assert!(got.as_ref().is_err_and(|error| error.starts_with("badPattern")), "{pattern}: {got:?}");
    }
    let from =
        |source: Json| value(r#"Replace([s], , "^(?<who>[^@]*)@", "who", , [other], )"#, source).unwrap();
    assert_eq!(from(serde_json::json!({ "other": "jo@x.com" })), Value::Text("jo".into()));
    assert_eq!(from(serde_json::json!({ "s": "here", "other": "jo@x.com" })), Value::Text("here".into()));
    assert_eq!(from(serde_json::json!({ "other": "jo" })), Value::Null);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn dates_and_texts_keep_dotnets_edges() {
    for (expression, expect) in [
        (r#"DateAdd("m", 1, "2024-01-31")"#, "2/29/2024 12:00:00 AM"),
        (r#"DateAdd("yyyy", -1, "2024-02-29T12:00:00Z")"#, "2/28/2023 12:00:00 PM"),
        (r#"DateDiff("m", "2021-01-31", "2021-02-01")"#, "1"),
        (r#"DateDiff("d", "2021-01-31 23:00:00", "2021-02-01 01:00:00")"#, "0"),
        (
            r#"FormatDateTime("2021-03-04T15:06:07.89Z", , , "dddd d MMM yy hh:mm:ss.ff tt zzz")"#,
            "Thursday 4 Mar 21 03:06:07.89 PM +00:00",
        ),
        (r#"FormatDateTime("04.03.2021", , "dd.MM.yyyy", "s")"#, "2021-03-04T00:00:00"),
        (r#"Left("a😀b", 2)"#, "a\u{fffd}"),
        (r#"Mid("abc", 5, 2)"#, ""),
        (r#"PCase("o'brien-SMITH mc")"#, "O'brien-Smith Mc"),
        (r#"PCase("john doe-smith", " ")"#, "John Doe-smith"),
        (r#"ToUpper("ißı")"#, "Ißı"),
        (r#"ToUpper("i", "tr-TR")"#, "İ"),
        (r#"ConvertFromBase64(ConvertToBase64("hé😀"))"#, "hé😀"),
        (r#"Join("-", "a", , "", "b")"#, "a-b"),
        (r#"InStr("abc", "B", 1, vbTextCompare)"#, "2"),
        (r#"SingleAppRoleAssignment("{\"id\":\"1\",\"value\":null,\"displayName\":\"User\"}")"#, "User"),
    ] {
        assert_eq!(text(expression), expect, "{expression}");
    }
    for expression in
        [r#"CDate("2021-02-29")"#, r#"CDate([absent])"#, r#"DateAdd("yyyy", 9999, "2021-01-01")"#]
    {
        let got = value(expression, serde_json::json!({}));
        assert!(got.as_ref().is_err_and(|error| error.starts_with("badDate")), "{expression}: {got:?}");
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_trace_shows_every_part_and_what_was_skipped() {
    let expression = parse(r#"IIF([a] = "1", ToLower("X"), Error("no"))"#).unwrap();
    let source = Source(serde_json::json!({ "a": "1" }).as_object().unwrap().clone());
    let mut random = chance();
    let mut environment = Environment {
        now: NOW,
        random: &mut random,
        taken: &|_| false,
        default_domain: "",
        strict_iif: false,
        patterns: &Patterns::default(),
    };
    let nodes = trace(&expression, &source, &mut environment);
    let told: Vec<(&str, usize, State)> =
        nodes.iter().map(|node| (node.label.as_str(), node.depth, node.state)).collect();
    assert_eq!(
        told,
        [
            ("IIF", 0, State::Value),
            ("=", 1, State::Value),
            ("[a]", 2, State::Value),
            ("\"1\"", 2, State::Value),
            ("ToLower", 1, State::Value),
            ("\"X\"", 2, State::Value),
            ("Error", 1, State::Skipped),
            ("\"no\"", 2, State::Skipped),
        ]
    );
    assert_eq!(nodes[0].value, Value::Text("x".into()));
    let codes: Vec<&str> = lint(&expression).iter().map(|lint| lint.code).collect();
    assert_eq!(codes, ["cloudSyncOnly"]);
    assert_eq!(expression.attributes(), ["a"]);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn every_function_is_told_once() {
    let mut names: Vec<&str> = functions().map(|function| function.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(count >= 56, "{count}");
    assert!(functions().all(|function| !function.about.is_empty()));
}

#[cfg(not(target_arch = "wasm32"))]
mod laws {
    use super::*;
    use proptest::prelude::*;
    use provisor::provision::expression::Kind;

    /// Any expression as text: constants, attributes, and calls of every function with as
    /// many arguments as it takes.
    fn expression() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            "[ -~é😀]{0,8}"
                .prop_map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))),
            "[a-z]{1,5}".prop_map(|name| format!("[{name}]")),
            (-3_i64..300).prop_map(|number| number.to_string()),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let all: Vec<_> = functions().collect();
            (proptest::sample::select(all), proptest::collection::vec(inner, 8)).prop_map(
                |(function, parts)| {
                    let least = function.least();
                    let count = function.most().unwrap_or(least + least % 2);
                    format!("{}({})", function.name, parts[..count.min(8)].join(", "))
                },
            )
        })
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
            if let Err(error) = parse(&text) {
                prop_assert!(text.get(error.span.start..error.span.end).is_some());
            }
        }

        #[test]
        fn printing_is_the_inverse_of_reading(text in expression()) {
            if let Ok(expression) = parse(&text) {
                prop_assert_eq!(parse(&expression.to_string()), Ok(expression));
            }
        }

        #[test]
        fn evaluation_ends_with_a_value_or_an_error_inside_the_text(text in expression(), a in "\\PC{0,20}") {
            if let Ok(expression) = parse(&text) {
                let source = Source(serde_json::json!({ "a": a, "b": [a, "x"] }).as_object().unwrap().clone());
                if let Err(error) = run(&expression, &source, &[], false) {
                    prop_assert!(text.get(error.span.start..error.span.end).is_some());
                }
                prop_assert!(!matches!(expression.kind, Kind::Word(_)));
            }
        }

        #[test]
        fn any_pattern_runs_or_is_refused(pattern in "[a-c()\\[\\]{}?:<>=!|^$.*+\\\\dwsbWS0-9,-]{0,12}", text in "[a-c 1]{0,8}") {
            let pattern = pattern.replace('\\', "\\\\");
            let _ = value(&format!("Replace([t], , \"{pattern}\", , \"$1\", , )"), serde_json::json!({ "t": text }));
        }
    }
}
