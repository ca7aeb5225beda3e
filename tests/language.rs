//! The filter language (RFC 7644 §3.4.2.2): every vector matches, misses or fails as it
//! says, natively and in the browser; what lowers to an index loses no match.

use provisor::scim::directory::{Key, Predicate, lower};
use provisor::scim::filter;
use provisor::scim::schema::{INDEXED, Registry, ResourceType, builtin};
use serde_json::{Map, Value};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// Every file of `vectors/filter`, with the fewest cases it may have.
const FILES: [(&str, &str, usize); 9] = [
    ("user", include_str!("vectors/filter/user.json"), 84),
    ("rfc7644", include_str!("vectors/filter/rfc7644.json"), 26),
    ("types", include_str!("vectors/filter/types.json"), 120),
    ("paths", include_str!("vectors/filter/paths.json"), 119),
    ("grammar", include_str!("vectors/filter/grammar.json"), 90),
    ("unicode", include_str!("vectors/filter/unicode.json"), 30),
    ("numbers", include_str!("vectors/filter/numbers.json"), 44),
    ("group", include_str!("vectors/filter/group.json"), 20),
    ("urns", include_str!("vectors/filter/urns.json"), 17),
];

fn vectors() -> impl Iterator<Item = (&'static str, Value)> {
    FILES.iter().map(|(name, text, floor)| {
        let vectors: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let cases = vectors["cases"].as_array().unwrap();
        assert!(cases.len() >= *floor, "{name}: {} cases", cases.len());
        assert!(cases.iter().all(|case| case["rfc"].is_array()), "{name}: every case names its section");
        (*name, vectors)
    })
}

/// The schemas that a file's filters are about: its own, or those that are built in.
fn registry(vectors: &Value) -> Registry {
    match vectors.get("schemas") {
        Some(own) => Registry::load(&own.to_string(), &vectors["resourceTypes"].to_string()).unwrap(),
        None => builtin().clone(),
    }
}

/// Why a case does not end as it says.
fn fault(
    case: &Value,
    resource: &Map<String, Value>,
    registry: &Registry,
    kind: &ResourceType,
) -> Option<String> {
    let text = case["filter"].as_str().unwrap();
    let compiled = filter::parse(text).and_then(|parsed| filter::compile(&parsed, registry, kind));
    match (compiled, case.get("error")) {
        (Ok(compiled), None) => {
            let found = filter::matches(&compiled, resource);
            (found != case["expect"]).then(|| format!("matches: {found}"))
        }
        (Err(error), Some(wanted)) => {
            let span = serde_json::json!([error.span.start, error.span.end]);
            let said = format!("{} {}", error.message, error.help.as_deref().unwrap_or_default());
            let told = span == wanted["span"] && said.contains(wanted["contains"].as_str().unwrap());
            (!told).then(|| format!("wanted {wanted}, found {span} {said}"))
        }
        (Ok(_), Some(_)) => Some("was read, though it should fail".to_owned()),
        (Err(error), None) => Some(format!("{error:?}")),
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn vectors_match_miss_or_fail() {
    let mut faults = Vec::new();
    for (name, vectors) in vectors() {
        let resource = vectors["resource"].as_object().unwrap();
        let registry = registry(&vectors);
        let kind = registry.resource_type(vectors["kind"].as_str().unwrap()).unwrap();
        for case in vectors["cases"].as_array().unwrap() {
            faults.extend(
                fault(case, resource, &registry, kind)
                    .map(|fault| format!("{name}: {}: {fault}", case["filter"])),
            );
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn what_is_printed_reads_the_same() {
    for (_, vectors) in vectors() {
        for case in vectors["cases"].as_array().unwrap() {
            let Ok(parsed) = filter::parse(case["filter"].as_str().unwrap()) else { continue };
            assert_eq!(filter::parse(&parsed.to_string()).as_ref(), Ok(&parsed), "{parsed}");
        }
    }
    let deep = format!("{}userName pr{}", "(".repeat(65), ")".repeat(65));
    assert!(filter::parse(&deep).unwrap_err().message.contains("deeper than 64"));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn lowering_loses_no_match() {
    let kind = builtin().resource_type("User").unwrap();
    let lowered = |text: &str| {
        lower(&filter::compile(&filter::parse(text).unwrap(), builtin(), kind).unwrap(), &INDEXED)
    };
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
    let within = |from: i64, to: i64| (Predicate::Modified(from..=to), true);
    for (filter, from, to) in [
        (r#"meta.lastModified gt "1970-01-01T00:00:01Z""#, 1_001, i64::MAX),
        (r#"META.LASTMODIFIED ge "1970-01-01T00:00:01Z""#, 1_000, i64::MAX),
        (r#"meta.lastModified lt "1970-01-01T01:00:01+01:00""#, i64::MIN, 999),
        (r#"meta.lastModified le "1970-01-01T00:00:01Z""#, i64::MIN, 1_000),
        (r#"meta.lastModified eq "1970-01-01T00:00:01Z""#, 1_000, 1_000),
        (r#"meta[lastModified eq "1970-01-01T00:00:01Z"]"#, 1_000, 1_000),
        // Between two milliseconds.
        (r#"meta.lastModified ge "1970-01-01T00:00:01.0001Z""#, 1_001, i64::MAX),
        (r#"meta.lastModified lt "1970-01-01T00:00:01.0001Z""#, i64::MIN, 1_000),
        // Two bounds are one range.
        (
            r#"meta.lastModified gt "1970-01-01T00:00:01Z" and meta.lastModified le "1970-01-01T00:00:02Z""#,
            1_001,
            2_000,
        ),
    ] {
        assert_eq!(lowered(filter), within(from, to), "{filter}");
    }
    assert_eq!(lowered(r#"meta.lastModified eq "1970-01-01T00:00:01.0001Z""#), (Predicate::None, true));
    assert_eq!(lowered(r#"meta.created gt "1970-01-01T00:00:01Z""#), (Predicate::All, false));
}
