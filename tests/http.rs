//! What stands before the core: a path in its one form, the reader of `Authorization`, the headers
//! that the core reads. Every vector is run natively and in the browser; the laws natively.

use provisor::routes::{Found, SCIM, find};
use provisor::scim::http::{BearerForm, HEADERS, Header, Request, bearer, decode, normal};
use serde_json::Value;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn vectors(text: &str) -> (Vec<Value>, Vec<Value>) {
    let vectors: Value = serde_json::from_str(text).unwrap();
    let list = |name: &str| vectors[name].as_array().unwrap().clone();
    (list("cases"), list("refused"))
}

#[test]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
fn a_path_has_one_form() {
    let (cases, refused) = vectors(include_str!("vectors/http/path.json"));
    assert!(cases.len() >= 37 && refused.len() >= 8);
    for case in cases {
        let path = case["path"].as_str().unwrap();
        assert_eq!(normal(path).unwrap(), case["normal"].as_str().unwrap(), "{path}: {}", case["why"]);
    }
    for case in refused {
        let path = case["path"].as_str().unwrap();
        let error = normal(path).unwrap_err();
        assert_eq!((error.status, error.detail.starts_with("the path has ")), (400, true), "{path}");
    }
}

#[test]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
fn a_token_is_read_in_one_way() {
    let (cases, refused) = vectors(include_str!("vectors/http/bearer.json"));
    assert!(cases.len() >= 10 && refused.len() >= 15);
    for case in cases {
        let read = bearer(case["header"].as_str()).unwrap();
        assert_eq!(
            (read.token, format!("{:?}", read.form).as_str()),
            (text(&case, "token"), text(&case, "form"))
        );
        assert_eq!(read.form.told().is_none(), read.form == BearerForm::Plain);
    }
    for case in refused {
        let error = bearer(case["header"].as_str()).unwrap_err();
        assert_eq!(error.status, u16::try_from(case["status"].as_u64().unwrap()).unwrap(), "{case}");
        assert_eq!(error.detail, text(&case, "detail"));
    }
}

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap()
}

#[test]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
fn each_header_that_the_core_reads_is_one_that_a_shell_forwards() {
    use Header::{Accept, ContentType, IfMatch, IfNoneMatch, Prefer};
    for header in [Accept, ContentType, IfMatch, IfNoneMatch, Prefer] {
        // A variant that this list lacks does not compile.
        match header {
            Accept | ContentType | IfMatch | IfNoneMatch | Prefer => {}
        }
        let headers = HEADERS.iter().map(|(_, name)| ((*name).to_owned(), (*name).to_owned())).collect();
        let request = Request { headers, ..Request::default() };
        assert!(request.header(header).is_some(), "{header:?} is not in the table");
    }
}

/// All that is decided by a path.
fn decided(method: &str, path: &str) -> (String, Vec<String>, bool, bool) {
    let path = normal(path).unwrap();
    let found = match find(method, &path) {
        Found::Route(action, route, values) => {
            format!("{action:?} {route} {:?}", values.iter().map(|value| decode(value)).collect::<Vec<_>>())
        }
        other => format!("{other:?}"),
    };
    let below = path.strip_prefix(SCIM).unwrap_or(&path).to_owned();
    let segments = below.split('/').map(decode).collect();
    let request = Request { method: method.into(), path: below, ..Request::default() };
    (found, segments, request.reads(), request.may_mean_me())
}

#[cfg(not(target_arch = "wasm32"))]
mod laws {
    use std::cell::RefCell;

    use proptest::prelude::*;
    use provisor::scim::directory::memory::MemoryStore;
    use provisor::scim::directory::{Context, Settings};
    use provisor::scim::effort::Effort;
    use provisor::scim::http::{Request, serve};
    use provisor::scim::schema::builtin;
    use serde_json::{Value, json};

    use super::{decided, normal};

    /// A path of segments that mean something and some that do not.
    fn segments() -> impl Strategy<Value = Vec<String>> {
        let known = prop::sample::select(vec![
            "scim", "v2", "Users", "Groups", "Me", "Bulk", ".search", "admin", "tenants", "healthz",
            "Schemas", "...", "urn:a:b", "é", "a b", "50%", "a/b", "%41",
        ]);
        let any = prop::string::string_regex("[a-zA-Z0-9é%/+@. ]{1,6}").unwrap();
        let segment = prop_oneof![3 => known.prop_map(str::to_owned), 1 => any];
        prop::collection::vec(segment.prop_filter("dots", |text| text != "." && text != ".."), 0..5)
    }

    /// A segment's characters, each as it is or escaped, with digits in either case.
    fn spelled(segment: &str, choices: &mut impl Iterator<Item = u8>) -> String {
        let mut spelled = String::new();
        for c in segment.chars() {
            let choice = choices.next().unwrap_or(0) % 4;
            if choice < 2 && !matches!(c, '/' | '%') {
                spelled.push(c);
                continue;
            }
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let escape =
                    if choice.is_multiple_of(2) { format!("%{byte:02X}") } else { format!("%{byte:02x}") };
                spelled.push_str(&escape);
            }
        }
        spelled
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn however_a_path_is_spelled_the_same_is_decided(
            segments in segments(),
            choices in prop::collection::vec(any::<u8>(), 64),
            method in prop::sample::select(vec!["GET", "POST", "PUT", "DELETE"]),
        ) {
            let mut choices = choices.into_iter().cycle();
            let mut plain = String::new();
            let mut odd = String::new();
            for segment in &segments {
                plain.push('/');
                plain.push_str(&spelled(segment, &mut std::iter::repeat(2)));
                odd.push_str(["/", "//", "/./", "/x/../", "/%2E/", "/a/b/%2e./../"][usize::from(choices.next().unwrap() % 6)]);
                odd.push_str(&spelled(segment, &mut choices));
            }
            odd.push_str(["", "/", "//", "/."][usize::from(choices.next().unwrap() % 4)]);
            prop_assert_eq!(decided(method, &plain), decided(method, &odd), "{} and {}", plain, odd);
        }

        #[test]
        fn a_normal_form_is_its_own(path in "[/.%a-fA-F0-9é +:~]{0,24}") {
            if let Ok(once) = normal(&path) {
                prop_assert_eq!(normal(&once).unwrap(), once.clone(), "{}", path);
                prop_assert!(once.starts_with('/') && !once.contains("//") && (once == "/" || !once.ends_with('/')));
            }
        }
    }

    /// A password as clients write it: under one of its names, in one of its forms.
    fn password() -> impl Strategy<Value = (&'static str, Value)> {
        let name = prop::sample::select(vec![
            "password",
            "Password",
            "PASSWORD",
            "urn:ietf:params:scim:schemas:core:2.0:User:password",
            "URN:ietf:params:scim:schemas:core:2.0:user:Password",
        ]);
        let form = prop::sample::select(vec![
            json!("secret"),
            json!("$pbkdf2-sha256$i=100000$c2FsdA$aGFzaA"),
            json!("bulkId:a"),
            json!(["one"]),
            json!(["one", "two"]),
            json!(7),
            json!(true),
            json!({ "value": "inside" }),
            json!(""),
            json!(null),
        ]);
        (name, form)
    }

    /// Method, path and body of a write to the user `id1`, or of a new one.
    fn write() -> impl Strategy<Value = (&'static str, String, Value)> {
        (password(), 0..6_u8, any::<u16>()).prop_map(|((name, value), kind, number)| {
            let person = json!({ "userName": format!("u{number}"), name: value });
            let patch = |operation: Value| json!({ "Operations": [operation] });
            let op = ["add", "Replace"][usize::from(number % 2)];
            match kind {
                0 | 1 => ("POST", "/Users".into(), person),
                2 => ("PUT", "/Users/id1".into(), person),
                3 => ("PATCH", "/Users/id1".into(), patch(json!({ "op": op, "path": name, "value": value }))),
                4 => ("PATCH", "/Users/id1".into(), patch(json!({ "op": op, "value": { name: value } }))),
                _ => ("PATCH", "/Users/id1".into(), patch(json!({ "OP": op, "Path": name, "VALUE": value }))),
            }
        })
    }

    /// Carries out requests and answers with what was to be hashed.
    fn hashed(requests: &[Request]) -> Vec<Vec<String>> {
        let (mut store, settings, mut given) = (MemoryStore::new(), Settings::default(), 0);
        let mut told = Vec::new();
        for request in requests {
            let wanted = RefCell::new(Vec::new());
            let hash = |text: &str| {
                wanted.borrow_mut().push(text.to_owned());
                Some("hash".to_owned())
            };
            let mut new_id = || {
                given += 1;
                format!("id{given}")
            };
            let mut context = Context {
                registry: builtin(),
                base: "https://scim.test",
                now: "2026-01-01T00:00:00.000Z",
                actor: "test",
                new_id: &mut new_id,
                hash_password: Some(&hash),
                me: None,
                cursor_key: b"test",
                effort: Effort::new(settings.step_budget),
                settings: &settings,
            };
            serve(&mut store, &mut context, request);
            told.push(wanted.take());
        }
        told
    }

    fn request(method: &str, path: &str, body: String) -> Request {
        Request { method: method.into(), path: path.into(), body, ..Request::default() }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn whatever_is_hashed_was_found_ahead(
            writes in prop::collection::vec((write(), any::<bool>()), 1..4),
            is_bulk: bool,
        ) {
            let mut requests = vec![request("POST", "/Users", json!({ "userName": "first" }).to_string())];
            if is_bulk {
                let operations = writes.iter().map(|((method, path, body), as_text)| {
                    let data = if *as_text { Value::from(body.to_string()) } else { body.clone() };
                    json!({ "method": method, "path": path, "bulkId": path.clone() + method, "DATA": data })
                });
                let body = json!({ "Operations": operations.collect::<Vec<_>>() });
                requests.push(request("POST", "/Bulk", body.to_string()));
            } else {
                let each = writes.iter().map(|((method, path, body), _)| request(method, path, body.to_string()));
                requests.extend(each);
            }
            for (request, hashed) in requests.iter().zip(hashed(&requests)) {
                let mut found = request.passwords().unwrap();
                for text in hashed {
                    let at = found.iter().position(|known| *known == text);
                    prop_assert!(at.is_some(), "{} was not found in {}", text, request.body);
                    found.swap_remove(at.unwrap());
                }
            }
        }
    }

    #[test]
    fn each_way_to_write_a_password_hashes_it_and_too_many_are_refused() {
        let person = json!({ "userName": "u", "Password": "a" });
        let patch = json!({ "Operations": [{ "op": "replace", "path": "password", "value": "b" }] });
        let bulk = json!({ "Operations": [
            { "method": "POST", "path": "/Users", "bulkId": "x", "data": json!({ "userName": "v", "password": "bulkId:x" }).to_string() },
            { "method": "PATCH", "path": "/Users/id1", "data": patch },
        ] });
        let requests = [
            request("POST", "/Users", person.to_string()),
            request("PATCH", "/Users/id1", patch.to_string()),
            request("POST", "/Bulk", bulk.to_string()),
            request("PUT", "/Users/id1", json!({ "userName": "u", "\u{70}assword": 7 }).to_string()),
        ];
        assert_eq!(hashed(&requests), [vec!["a"], vec!["b"], vec!["bulkId:x", "b"], vec!["7"]]);
        assert_eq!(request("POST", "/Users", r#"{"\u0070assword": "c"}"#.into()).passwords().unwrap(), ["c"]);
        let many = |number: usize| {
            let one = json!({ "method": "POST", "path": "/Users", "data": { "password": "p" } });
            request("POST", "/Bulk", json!({ "Operations": vec![one; number] }).to_string())
        };
        assert_eq!(many(20).passwords().unwrap().len(), 20);
        assert_eq!(many(21).passwords().unwrap_err().status, 413);
        assert_eq!([many(1).operations(), many(20).operations(), many(1_001).operations()], [1, 20, 1]);
        assert_eq!(
            request("POST", "/Users/.search", json!({ "password": "p" }).to_string())
                .passwords()
                .unwrap()
                .len(),
            0
        );
    }
}
