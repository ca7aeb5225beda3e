//! Conversations: what a directory asks of a SCIM server, request by request, and what each
//! answer must hold. `tests/vectors/idp/README.md` describes the files.
//!
//! A conversation knows no network: it says what to ask and takes what was answered. So the
//! same files are replayed against the core (`tests/protocol.rs`) and against any server over
//! HTTP (`provisor replay-conversations`).

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// How an answer is compared with what the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It is that very status.
    Exact,
    /// A PATCH may be answered 200 with the resource or 204 without (RFC 7644 §3.5.2); after a
    /// 204 the resource is read, where the file says what it holds. Null and an empty list are
    /// no value (RFC 7643 §2.5).
    AsTheStandard,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The file that it comes from.
    pub file: String,
    /// Such as `PATCH`.
    pub method: String,
    /// Below the SCIM base, query included.
    pub path: String,
    /// Names and values; there are no others than these and `Authorization`.
    pub headers: Vec<(String, String)>,
    /// JSON, or nothing.
    pub body: String,
    /// Whose token it is, where the conversation is about `/Me`.
    pub me: Option<String>,
}

/// What was answered.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// Names in any case, and values.
    pub headers: &'a [(String, String)],
    /// The body as it came.
    pub body: &'a str,
}

/// The first difference: where, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file that was not answered as it says, or that cannot be read.
    pub file: String,
    /// The request, such as `PATCH /Users/1`; empty when nothing was asked.
    pub request: String,
    /// In words.
    pub difference: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, request, difference } = self;
        if request.is_empty() {
            return write!(out, "{file}: {difference}");
        }
        write!(out, "{file}, `{request}`: {difference}")
    }
}

/// A conversation under way.
#[derive(Clone, Debug)]
pub struct Conversation {
    files: Vec<(String, String)>,
    reading: Reading,
    at: usize,
    captured: BTreeMap<String, Value>,
    /// What the present file says, and what was asked for it.
    present: Option<(Value, Ask)>,
    /// A PATCH was answered without the resource, which is read now.
    reads: bool,
    made: Vec<String>,
}

impl Conversation {
    /// A conversation of files, by name and text, in this order.
    pub fn new(files: Vec<(String, String)>, reading: Reading) -> Self {
        Self {
            files,
            reading,
            at: 0,
            captured: BTreeMap::new(),
            present: None,
            reads: false,
            made: Vec::new(),
        }
    }

    /// How many files it has.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The endpoints beside `/Users` and `/Groups` that the server must have: `needs` of the first file.
    pub fn needs(&self) -> Vec<String> {
        let first = self.files.first().and_then(|(_, text)| serde_json::from_str::<Value>(text).ok());
        let needs = first.as_ref().and_then(|first| first.get("needs")).and_then(Value::as_array);
        needs.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The next request; none when all is asked.
    ///
    /// # Errors
    ///
    /// A file that is not as the README describes.
    pub fn next_ask(&mut self) -> Result<Option<Ask>, Fault> {
        if let (true, Some((_, ask))) = (self.reads, &self.present) {
            let path = ask.path.clone();
            let method = "GET".to_owned();
            return Ok(Some(Ask { method, path, headers: Vec::new(), body: String::new(), ..ask.clone() }));
        }
        let Some((file, text)) = self.files.get(self.at) else { return Ok(None) };
        let fault = |difference: String| Fault { file: file.clone(), request: String::new(), difference };
        let wanted: Value = serde_json::from_str(&self.filled(text))
            .map_err(|error| fault(format!("this file is not JSON: {error}")))?;
        let of = |name: &str| {
            let text = wanted.get(name).and_then(Value::as_str).map(str::to_owned);
            text.ok_or_else(|| {
                fault(format!("this file has no `{name}`; see the README of the conversations"))
            })
        };
        let headers = wanted.get("headers").and_then(Value::as_object).into_iter().flatten();
        let headers = headers.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        let body = wanted.get("request").filter(|body| !body.is_null()).map(Value::to_string);
        let ask = Ask {
            file: file.clone(),
            method: of("method")?,
            path: of("path")?,
            headers: headers.collect(),
            body: body.unwrap_or_default(),
            me: wanted.get("me").and_then(Value::as_str).map(str::to_owned),
        };
        self.present = Some((wanted, ask.clone()));
        Ok(Some(ask))
    }

    /// Compares what was answered to the request that [`next_ask`](Self::next_ask) gave last.
    ///
    /// # Errors
    ///
    /// The first difference.
    pub fn take(&mut self, answer: Answer<'_>) -> Result<(), Fault> {
        let Some((wanted, ask)) = self.present.take() else { return Ok(()) };
        let method = if self.reads { "GET" } else { ask.method.as_str() };
        let fault = |difference: String| {
            let request = format!("{method} {}", ask.path);
            Fault { file: ask.file.clone(), request, difference: shortened(difference) }
        };
        let found: Value = serde_json::from_str(answer.body).unwrap_or_default();
        self.note(method, &ask.path, answer.status, &found);
        let status = wanted.get("status").and_then(Value::as_u64).unwrap_or_default();
        let given = u64::from(answer.status);
        let holds = wanted.get("response").unwrap_or(&Value::Null);
        let either = self.reading == Reading::AsTheStandard && ask.method == "PATCH" && !self.reads;
        let fits = match (self.reads, either, status, given) {
            (true, ..) => given == 200,
            (_, true, 200 | 204, 200 | 204) => true,
            _ => given == status,
        };
        if !fits {
            let status = if self.reads { 200 } else { status };
            let detail = found.get("detail").and_then(Value::as_str);
            let detail = detail.map(|detail| format!(": {}", in_a_line(detail))).unwrap_or_default();
            return Err(fault(format!("the status is {given}, expected {status}{detail}")));
        }
        if either && status == 200 && given == 204 && !holds.is_null() {
            self.present = Some((wanted, ask));
            self.reads = true;
            return Ok(());
        }
        self.reads = false;
        if let Some(difference) = missing(holds, &found, "") {
            return Err(fault(difference));
        }
        for name in wanted.get("lacks").and_then(Value::as_array).into_iter().flatten() {
            let held = name.as_str().and_then(|name| found.get(name));
            let is_nothing = |held: &Value| held.is_null() || held.as_array().is_some_and(Vec::is_empty);
            if held.is_some_and(|held| self.reading == Reading::Exact || !is_nothing(held)) {
                return Err(fault(format!("{name} is there, expected that it is not")));
            }
        }
        for (name, part) in wanted.get("replyHeaders").and_then(Value::as_object).into_iter().flatten() {
            let sent = answer.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            let sent = sent.map(|(_, value)| value.as_str());
            let part = part.as_str().unwrap_or_default();
            if !sent.is_some_and(|sent| sent.contains(part)) {
                let sent = sent.map_or("missing".to_owned(), |sent| format!("`{sent}`"));
                return Err(fault(format!("the header `{name}` is {sent}, expected `{part}` in it")));
            }
        }
        for (name, place) in wanted.get("capture").and_then(Value::as_object).into_iter().flatten() {
            let pointer = format!("/{}", place.as_str().unwrap_or_default());
            let value = found.pointer(&pointer).filter(|value| value.is_string() || value.is_number());
            let value =
                value.ok_or_else(|| fault(format!("{pointer} is missing, and later requests need it")))?;
            self.captured.insert(name.clone(), value.clone());
        }
        self.at += 1;
        Ok(())
    }

    /// What was made and not deleted, the last made first: paths below the SCIM base.
    pub fn leftovers(&self) -> impl Iterator<Item = &str> {
        self.made.iter().rev().map(String::as_str)
    }

    /// A file's text with what was captured; a value stands in JSON text as JSON writes it.
    fn filled(&self, text: &str) -> String {
        self.captured.iter().fold(text.to_owned(), |text, (name, value)| {
            let value = value.to_string();
            let inside = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            text.replace(&format!("{{{{{name}}}}}"), inside.unwrap_or(&value))
        })
    }

    /// Keeps in mind what is to be deleted at the end.
    fn note(&mut self, method: &str, path: &str, status: u16, found: &Value) {
        let path = path.split('?').next().unwrap_or(path);
        if method == "DELETE" && status < 300 {
            self.made.retain(|made| made != path);
        }
        if method == "POST" && status == 201 {
            let id = found.get("id").and_then(Value::as_str);
            self.made.extend(id.map(|id| format!("{}/{id}", path.trim_end_matches('/'))));
        }
        let done = found.get("Operations").and_then(Value::as_array).filter(|_| method == "POST");
        for done in done.into_iter().flatten() {
            let is_made = done.get("method").and_then(Value::as_str) == Some("POST");
            let location = done.get("location").and_then(Value::as_str).filter(|_| is_made);
            let mut parts = location.unwrap_or_default().rsplit('/');
            if let (Some(id), Some(endpoint)) = (parts.next(), parts.next()) {
                self.made.push(format!("/{endpoint}/{id}"));
            }
        }
    }
}

/// Longest difference, in characters.
const MAX_DIFFERENCE: usize = 400;

/// Another server's words, such that they can stand in a line of a terminal.
fn in_a_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn shortened(difference: String) -> String {
    match difference.char_indices().nth(MAX_DIFFERENCE) {
        Some((end, _)) => format!("{}…", difference.get(..end).unwrap_or_default()),
        None => difference,
    }
}

/// Why `found` does not hold what `wanted` says: objects may hold more, an array has as many
/// elements, in any order; null asks nothing. `at` is the place, as a JSON pointer.
pub fn missing(wanted: &Value, found: &Value, at: &str) -> Option<String> {
    let place = if at.is_empty() { "the answer" } else { at };
    match (wanted, found) {
        (Value::Null, _) => None,
        (Value::Object(wanted), Value::Object(found)) => wanted.iter().find_map(|(name, wanted)| {
            missing(wanted, found.get(name).unwrap_or(&Value::Null), &format!("{at}/{name}"))
        }),
        (Value::Array(wanted), Value::Array(found)) if wanted.len() != found.len() => {
            let (wanted, found) = (wanted.len(), found.len());
            Some(format!("{place} has {found} elements, expected {wanted}"))
        }
        (Value::Array(wanted), Value::Array(found)) => wanted.iter().find_map(|wanted| {
            let all: Vec<_> = found.iter().filter_map(|found| missing(wanted, found, at)).collect();
            (all.len() == found.len()).then(|| all.join(" and "))
        }),
        (wanted, found) if wanted == found => None,
        (wanted, Value::Null) => Some(format!("{place} is missing, expected {wanted}")),
        (wanted, found) => Some(format!("{place} is {found}, expected {wanted}")),
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use serde_json::json;

    use super::*;

    fn conversation(files: &[Value], reading: Reading) -> Conversation {
        let files = files.iter().enumerate().map(|(at, file)| (format!("{at}.json"), file.to_string()));
        Conversation::new(files.collect(), reading)
    }

    fn answered(to: &mut Conversation, status: u16, body: &Value) -> Result<(), Fault> {
        to.next_ask()?.unwrap();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        to.take(Answer { status, headers: &[("ETag".to_owned(), "W/\"1\"".to_owned())], body: &body })
    }

    #[test]
    fn a_captured_value_stands_in_later_files_as_json_writes_it() {
        let mut under_way = conversation(
            &[
                json!({"method": "POST", "path": "/Users", "status": 201, "capture": {"id": "id", "version": "meta/version"}}),
                json!({"method": "PUT", "path": "/Users/{{id}}", "request": {"version": "{{version}}"}, "status": 200}),
            ],
            Reading::Exact,
        );
        answered(&mut under_way, 201, &json!({"id": "7", "meta": {"version": "W/\"1\""}})).unwrap();
        let ask = under_way.next_ask().unwrap().unwrap();
        assert_eq!((ask.path.as_str(), ask.body.as_str()), ("/Users/7", r#"{"version":"W/\"1\""}"#));
    }

    #[test]
    fn a_patch_without_the_resource_is_read_after() {
        let patch =
            json!({"method": "PATCH", "path": "/Users/1", "status": 200, "response": {"active": false}});
        let exact =
            answered(&mut conversation(std::slice::from_ref(&patch), Reading::Exact), 204, &Value::Null);
        assert_eq!(exact.unwrap_err().difference, "the status is 204, expected 200");
        let mut either = conversation(&[patch], Reading::AsTheStandard);
        answered(&mut either, 204, &Value::Null).unwrap();
        assert_eq!(either.next_ask().unwrap().unwrap().method, "GET");
        let fault = answered(&mut either.clone(), 200, &json!({"active": true})).unwrap_err();
        assert_eq!(fault.to_string(), "0.json, `GET /Users/1`: /active is true, expected false");
        answered(&mut either, 200, &json!({"active": false})).unwrap();
        assert_eq!(either.next_ask().unwrap(), None);
    }

    #[test]
    fn differences_are_told_in_words() {
        for (more, status, body, words) in [
            (
                json!({}),
                500,
                json!({"detail": "out of order"}),
                "the status is 500, expected 200: out of order",
            ),
            (json!({"response": {"a": [1]}}), 200, json!({"a": [1, 2]}), "/a has 2 elements, expected 1"),
            (json!({"response": {"a": {"b": 1}}}), 200, json!({"a": {}}), "/a/b is missing, expected 1"),
            (json!({"response": {}}), 200, Value::Null, "the answer is missing, expected {}"),
            (json!({"lacks": ["a"]}), 200, json!({"a": 1}), "\"a\" is there, expected that it is not"),
            (
                json!({"replyHeaders": {"etag": "2"}}),
                200,
                json!({}),
                "the header `etag` is `W/\"1\"`, expected `2` in it",
            ),
            (json!({"capture": {"a": "id"}}), 200, json!({}), "/id is missing, and later requests need it"),
        ] {
            let mut file = json!({"method": "GET", "path": "/Users", "status": 200});
            file.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let fault = answered(&mut conversation(&[file], Reading::Exact), status, &body).unwrap_err();
            assert_eq!(fault.difference, words);
        }
        let broken =
            Conversation::new(vec![("x.json".to_owned(), "{}".to_owned())], Reading::Exact).next_ask();
        assert!(broken.unwrap_err().to_string().starts_with("x.json: this file has no `method`"));
    }

    #[test]
    fn what_was_made_is_left_over_until_it_is_deleted() {
        let file =
            |method: &str, path: &str, status: u16| json!({"method": method, "path": path, "status": status});
        let mut under_way = conversation(
            &[file("POST", "/Users", 201), file("POST", "/Bulk", 200), file("DELETE", "/Users/1", 204)],
            Reading::Exact,
        );
        answered(&mut under_way, 201, &json!({"id": "1"})).unwrap();
        let bulk = json!({"Operations": [{"method": "POST", "location": "https://x.example/v2/Groups/2"}]});
        answered(&mut under_way, 200, &bulk).unwrap();
        assert_eq!(under_way.leftovers().collect::<Vec<_>>(), ["/Groups/2", "/Users/1"]);
        answered(&mut under_way, 204, &Value::Null).unwrap();
        assert_eq!(under_way.leftovers().collect::<Vec<_>>(), ["/Groups/2"]);
    }
}
