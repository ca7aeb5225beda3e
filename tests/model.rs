//! The directory against a naive twin: a list of documents, searched by brute force, that
//! shares no code with it. Random conversations must get the same answers from both.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::collections::BTreeMap;

use proptest::prelude::*;
use provisor::scim::directory::Settings;
use serde_json::{Value, json};
use support::{Tenant, encode};
use twin::{Bulk, Filter, Twin};

#[path = "model/twin.rs"]
mod twin;

/// One step of a conversation. Numbers choose among what is there, or was.
#[derive(Clone, Debug)]
enum Step {
    CreateUser(Fields),
    CreateGroup(usize, Vec<usize>),
    ReplaceUser(usize, Fields, Condition),
    ReplaceGroup(usize, usize, Vec<usize>),
    PatchUser(usize, Field, Condition),
    PatchMembers(usize, Vec<(Change, Vec<usize>)>),
    Delete(usize, Condition),
    Get(usize, Condition),
    List { users: bool, filter: Pick, sort: usize, descending: bool, start: i64, count: i64 },
    Walk { users: bool, filter: Pick, sort: usize, descending: bool, count: usize },
    Bulk(Vec<BulkStep>),
}

#[derive(Clone, Debug)]
struct Fields {
    name: usize,
    title: Option<usize>,
    external: Option<usize>,
    active: Option<bool>,
}

#[derive(Clone, Debug)]
enum Field {
    Name(usize),
    Title(Option<usize>),
    Active(bool),
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Add,
    Remove,
    Replace,
}

#[derive(Clone, Copy, Debug)]
enum Condition {
    None,
    Right,
    Wrong,
    Any,
}

#[derive(Clone, Debug)]
struct Pick(usize, usize);

#[derive(Clone, Debug)]
enum BulkStep {
    User(usize, Option<usize>),
    Group(usize, Vec<usize>, Vec<usize>),
    AddTo(usize, Vec<usize>),
}

const NAMES: [&str; 8] = ["ann", "ANN", "bob", "Cleo", "dee", "Eve", "fay", "gus"];
const TITLES: [&str; 5] = ["alpha", "Alpha", "beta", "BETA 2", "gamma"];

fn fields() -> impl Strategy<Value = Fields> {
    (0..NAMES.len(), prop::option::of(0..TITLES.len()), prop::option::of(0..4usize), any::<Option<bool>>())
        .prop_map(|(name, title, external, active)| Fields { name, title, external, active })
}

fn condition() -> impl Strategy<Value = Condition> {
    use Condition::{Any, None, Right, Wrong};
    prop::sample::select(vec![None, None, None, Right, Wrong, Any])
}

fn some() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(any::<usize>(), 0..4)
}

fn step() -> impl Strategy<Value = Step> {
    let change = prop::sample::select(vec![Change::Add, Change::Remove, Change::Replace]);
    let field = prop_oneof![
        (0..NAMES.len()).prop_map(Field::Name),
        prop::option::of(0..TITLES.len()).prop_map(Field::Title),
        any::<bool>().prop_map(Field::Active),
    ];
    let filter = || (0..9usize, any::<usize>()).prop_map(|(kind, which)| Pick(kind, which));
    let bulk = prop_oneof![
        (0..NAMES.len(), prop::option::of(0..6usize))
            .prop_map(|(name, manager)| BulkStep::User(name, manager)),
        (0..NAMES.len(), prop::collection::vec(0..6usize, 0..3), some())
            .prop_map(|(name, bulk, known)| BulkStep::Group(name, bulk, known)),
        (0..6usize, prop::collection::vec(0..6usize, 1..3)).prop_map(|(to, who)| BulkStep::AddTo(to, who)),
    ];
    prop_oneof![
        4 => fields().prop_map(Step::CreateUser),
        3 => (0..NAMES.len(), some()).prop_map(|(name, members)| Step::CreateGroup(name, members)),
        2 => (any::<usize>(), fields(), condition()).prop_map(|(a, b, c)| Step::ReplaceUser(a, b, c)),
        1 => (any::<usize>(), 0..NAMES.len(), some()).prop_map(|(a, b, c)| Step::ReplaceGroup(a, b, c)),
        3 => (any::<usize>(), field, condition()).prop_map(|(a, b, c)| Step::PatchUser(a, b, c)),
        4 => (any::<usize>(), prop::collection::vec((change, some()), 1..3)).prop_map(|(a, b)| Step::PatchMembers(a, b)),
        2 => (any::<usize>(), condition()).prop_map(|(a, b)| Step::Delete(a, b)),
        2 => (any::<usize>(), condition()).prop_map(|(a, b)| Step::Get(a, b)),
        3 => (any::<bool>(), filter(), 0..5usize, any::<bool>(), -1..6i64, -1..6i64).prop_map(
            |(users, filter, sort, descending, start, count)| Step::List { users, filter, sort, descending, start, count }),
        1 => (any::<bool>(), filter(), 0..5usize, any::<bool>(), 1..5usize).prop_map(
            |(users, filter, sort, descending, count)| Step::Walk { users, filter, sort, descending, count }),
        2 => prop::collection::vec(bulk, 1..6).prop_map(Step::Bulk),
    ]
}

/// Both sides, and every id there ever was.
struct Both {
    tenant: Tenant,
    twin: Twin,
    ids: Vec<String>,
    /// What was read of each user last, by its tag.
    seen: BTreeMap<(String, String), Value>,
}

type Outcome = Result<(), TestCaseError>;

impl Both {
    fn new() -> Self {
        let settings = Settings { max_results: 1_000, ..Settings::default() };
        Self { tenant: Tenant::with(settings), twin: Twin::default(), ids: Vec::new(), seen: BTreeMap::new() }
    }

    fn id(&self, which: usize) -> String {
        if self.ids.is_empty() { "nobody".into() } else { self.ids[which % self.ids.len()].clone() }
    }

    fn ids_of(&self, which: &[usize]) -> Vec<String> {
        which.iter().map(|which| self.id(*which)).collect()
    }

    /// An id of this type, or of none.
    fn id_of(&self, kind: &str, which: usize) -> String {
        let of_kind: Vec<&String> =
            self.ids.iter().filter(|id| self.twin.kind(id).is_none_or(|found| found == kind)).collect();
        if of_kind.is_empty() { "nobody".into() } else { of_kind[which % of_kind.len()].clone() }
    }

    fn header(&self, id: &str, condition: Condition) -> Option<String> {
        let version = self.twin.version(id).unwrap_or(1);
        match condition {
            Condition::None => None,
            Condition::Right => Some(format!("\"0\", W/\"{version}\"")),
            Condition::Wrong => Some(format!("W/\"{}\"", version + 1)),
            Condition::Any => Some("*".into()),
        }
    }

    /// Sends one request and answers with status, ETag and body.
    fn ask(
        &mut self,
        method: &str,
        target: &str,
        header: Option<(&str, String)>,
        body: &Value,
    ) -> (u16, String, Value) {
        let headers: Vec<(&str, &str)> = header.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let reply = self.tenant.ask(method, target, &headers, &body);
        self.twin.now = self.tenant.now();
        let etag = reply.headers.iter().find(|(name, _)| name == "ETag").map(|(_, tag)| tag.clone());
        (reply.status, etag.unwrap_or_default(), serde_json::from_str(&reply.body).unwrap_or(Value::Null))
    }

    fn agree(&self, what: &str, found: &(u16, String, Value), status: u16, id: &str) -> Outcome {
        prop_assert_eq!(found.0, status, "{}: {}", what, found.2);
        if (200..300).contains(&status) && self.twin.version(id).is_some() {
            let version = self.twin.version(id).unwrap_or_default();
            let shown = self.twin.shown(id);
            prop_assert_eq!(twin::own(&found.1), format!("W/\"{version}\""), "{}", what);
            if status != 204 {
                // A tag tells groups apart where there are any, and is the same in header and body.
                prop_assert_eq!(twin::own(&found.1) != found.1, shown.get("groups").is_some(), "{}", found.2);
                prop_assert_eq!(&found.2["meta"]["version"], &found.1);
                prop_assert_eq!(twin::in_order(found.2.clone()), twin::in_order(shown), "{}", what);
            }
        }
        Ok(())
    }

    fn run(&mut self, step: &Step) -> Outcome {
        match step {
            Step::CreateUser(fields) => self.create("/Users", &fields.body()),
            Step::CreateGroup(name, members) => {
                let body = support::group(NAMES[*name], &strs(&self.ids_of(members)));
                self.create("/Groups", &body)
            }
            Step::ReplaceUser(which, fields, condition) => {
                let id = self.id_of("User", *which);
                let header = self.header(&id, *condition);
                let found = self.ask(
                    "PUT",
                    &format!("/Users/{id}"),
                    header.clone().map(|h| ("if-match", h)),
                    &fields.body(),
                );
                let status = self.twin.replace(&id, &fields.body(), header.as_deref());
                self.agree("replace", &found, status, &id)
            }
            Step::ReplaceGroup(which, name, members) => {
                let id = self.id_of("Group", *which);
                let body = support::group(NAMES[*name], &strs(&self.ids_of(members)));
                let found = self.ask("PUT", &format!("/Groups/{id}"), None, &body);
                let status = self.twin.replace(&id, &body, None);
                self.agree("replace a group", &found, status, &id)
            }
            Step::PatchUser(which, field, condition) => {
                let id = self.id_of("User", *which);
                let (path, value) = match field {
                    Field::Name(name) => ("userName", json!(NAMES[*name])),
                    Field::Title(title) => ("title", json!(title.map(|title| TITLES[title]))),
                    Field::Active(active) => ("active", json!(active)),
                };
                let operation = if value.is_null() {
                    json!({ "op": "remove", "path": path })
                } else {
                    json!({ "op": "replace", "path": path, "value": value })
                };
                let header = self.header(&id, *condition);
                let found = self.ask(
                    "PATCH",
                    &format!("/Users/{id}"),
                    header.clone().map(|h| ("if-match", h)),
                    &patch(vec![operation]),
                );
                let status = self.twin.set(&id, path, &value, header.as_deref());
                self.agree("patch", &found, status, &id)
            }
            Step::PatchMembers(which, changes) => {
                let id = self.id_of("Group", *which);
                let mut operations = Vec::new();
                let mut sets = Vec::new();
                for (change, members) in changes {
                    let members = self.ids_of(members);
                    let value: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
                    operations.push(match change {
                        Change::Add => json!({ "op": "add", "path": "members", "value": value }),
                        Change::Remove => json!({ "op": "remove", "path": "members", "value": value }),
                        Change::Replace => json!({ "op": "replace", "path": "members", "value": value }),
                    });
                    sets.push((matches!(change, Change::Replace), matches!(change, Change::Remove), members));
                }
                let found = self.ask("PATCH", &format!("/Groups/{id}"), None, &patch(operations));
                let status = self.twin.members(&id, &sets);
                self.agree("members", &found, status, &id)
            }
            Step::Delete(which, condition) => {
                let id = self.id(*which);
                let header = self.header(&id, *condition);
                let at = self.twin.path(&id);
                let found = self.ask("DELETE", &at, header.clone().map(|h| ("if-match", h)), &Value::Null);
                let status = self.twin.delete(&id, header.as_deref());
                prop_assert_eq!(found.0, status, "delete: {}", found.2);
                Ok(())
            }
            Step::Get(which, condition) => {
                let id = self.id(*which);
                let header = self.header(&id, *condition);
                let at = self.twin.path(&id);
                let found = self.ask("GET", &at, header.map(|h| ("if-none-match", h)), &Value::Null);
                let is_in_groups = self.twin.shown_groups(&id);
                let status = match (self.twin.version(&id), condition) {
                    (None, _) => 404,
                    (Some(_), Condition::Any) => 304,
                    // Her version alone names no reply that shows groups.
                    (Some(_), Condition::Right) if !is_in_groups => 304,
                    _ => 200,
                };
                self.agree("get", &found, status, &id)?;
                if status == 200 {
                    let again = self.ask("GET", &at, Some(("if-none-match", found.1.clone())), &Value::Null);
                    prop_assert_eq!(again.0, 304);
                    // One tag never stands for two replies.
                    if self.twin.kind(&id) == Some("User") {
                        let body = found.2.clone();
                        let known = self.seen.entry((id, found.1.clone())).or_insert_with(|| body.clone());
                        prop_assert_eq!(&*known, &body);
                    }
                }
                Ok(())
            }
            Step::List { users, filter, sort, descending, start, count } => {
                let (base, wanted) = self.question(*users, filter, *sort, *descending);
                let found =
                    self.ask("GET", &format!("{base}&startIndex={start}&count={count}"), None, &Value::Null);
                let skip = usize::try_from(start - 1).unwrap_or(0);
                let page: Vec<Value> = wanted
                    .iter()
                    .skip(skip)
                    .take(usize::try_from(*count).unwrap_or(0))
                    .map(|id| self.twin.shown(id))
                    .collect();
                prop_assert_eq!((found.0, &found.2["totalResults"]), (200, &json!(wanted.len())), "{}", base);
                let shown: Vec<Value> = found.2["Resources"].as_array().cloned().unwrap_or_default();
                let ordered = |all: Vec<Value>| all.into_iter().map(twin::in_order).collect::<Vec<_>>();
                prop_assert_eq!(ordered(shown), ordered(page), "{}", base);
                Ok(())
            }
            Step::Walk { users, filter, sort, descending, count } => {
                let (base, wanted) = self.question(*users, filter, *sort, *descending);
                let ids = |page: &Value| -> Vec<String> {
                    page["Resources"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|one| one["id"].as_str().unwrap().to_owned())
                        .collect()
                };
                let (mut by_cursor, mut cursor) = (Vec::new(), String::new());
                loop {
                    let (status, _, page) =
                        self.ask("GET", &format!("{base}&count={count}&cursor={cursor}"), None, &Value::Null);
                    prop_assert_eq!(
                        (status, &page["totalResults"]),
                        (200, &json!(wanted.len())),
                        "{}: {}",
                        base,
                        page
                    );
                    by_cursor.extend(ids(&page));
                    match page["nextCursor"].as_str() {
                        Some(next) => next.clone_into(&mut cursor),
                        None => break,
                    }
                }
                prop_assert_eq!(&by_cursor, &wanted, "by cursor: {}", base);
                let mut by_index = Vec::new();
                while by_index.len() < wanted.len() {
                    let start = by_index.len() + 1;
                    let (_, _, page) = self.ask(
                        "GET",
                        &format!("{base}&count={count}&startIndex={start}"),
                        None,
                        &Value::Null,
                    );
                    let more = ids(&page);
                    prop_assert!(!more.is_empty(), "{} ends early", base);
                    by_index.extend(more);
                }
                prop_assert_eq!(&by_index, &wanted, "by index: {}", base);
                Ok(())
            }
            Step::Bulk(steps) => self.bulk(steps),
        }
    }

    fn create(&mut self, endpoint: &str, body: &Value) -> Outcome {
        let found = self.ask("POST", endpoint, None, body);
        let id = found.2["id"].as_str().unwrap_or_default().to_owned();
        let status = self.twin.create(endpoint, &id, body);
        if status == 201 {
            self.ids.push(id.clone());
        }
        self.agree("create", &found, status, &id)
    }

    fn bulk(&mut self, steps: &[BulkStep]) -> Outcome {
        let mut sent = Vec::new();
        let mut meant = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let (operation, bulk) = match step {
                BulkStep::User(name, manager) => {
                    let mut body = support::user(NAMES[*name]);
                    if let Some(manager) = manager {
                        let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
                        body["schemas"] = json!(["urn:ietf:params:scim:schemas:core:2.0:User", urn]);
                        body[urn] = json!({ "manager": { "value": format!("bulkId:b{manager}") } });
                    }
                    let operation = json!({ "method": "POST", "path": "/Users", "bulkId": format!("b{index}"), "data": body });
                    (operation, Bulk { endpoint: "/Users", body, to: None, who: Vec::new() })
                }
                BulkStep::Group(name, bulk, known) => {
                    let mut who: Vec<String> = bulk.iter().map(|one| format!("bulkId:b{one}")).collect();
                    who.extend(self.ids_of(known));
                    let body = support::group(NAMES[*name], &strs(&who));
                    let operation = json!({ "method": "POST", "path": "/Groups", "bulkId": format!("b{index}"), "data": body });
                    (operation, Bulk { endpoint: "/Groups", body, to: None, who: Vec::new() })
                }
                BulkStep::AddTo(to, who) => {
                    let who: Vec<String> = who.iter().map(|one| format!("bulkId:b{one}")).collect();
                    let value: Vec<Value> = who.iter().map(|id| json!({ "value": id })).collect();
                    let data = patch(vec![json!({ "op": "add", "path": "members", "value": value })]);
                    let operation =
                        json!({ "method": "PATCH", "path": format!("/Groups/bulkId:b{to}"), "data": data });
                    (
                        operation,
                        Bulk { endpoint: "/Groups", body: Value::Null, to: Some(format!("b{to}")), who },
                    )
                }
            };
            sent.push(operation);
            meant.push(bulk);
        }
        let (status, _, reply) = self.ask(
            "POST",
            "/Bulk",
            None,
            &json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": sent,
            }),
        );
        prop_assert_eq!(status, 200, "{}", reply);
        let done = reply["Operations"].as_array().unwrap();
        let ids: Vec<Option<String>> =
            done.iter().map(|one| Some(one["location"].as_str()?.rsplit('/').next()?.to_owned())).collect();
        let wanted = self.twin.bulk(&meant, &ids);
        let found: Vec<u16> =
            done.iter().map(|one| one["status"].as_str().unwrap().parse().unwrap()).collect();
        prop_assert_eq!(&found, &wanted, "{}", reply);
        for (operation, id) in done.iter().zip(ids) {
            if operation["status"] == "201" {
                self.ids.extend(id);
            }
        }
        Ok(())
    }

    /// A list's target, and the ids it should hold in order.
    fn question(&self, users: bool, pick: &Pick, sort: usize, descending: bool) -> (String, Vec<String>) {
        let filter = self.filter(users, pick);
        let path = if users { "/Users" } else { "/Groups" };
        let mut target = format!("{path}?x=y");
        if let Some(text) = filter.text() {
            target += &format!("&filter={}", encode(&text));
        }
        let by = if users {
            ["", "userName", "title", "externalId", "meta.lastModified"]
        } else {
            ["", "displayName", "id", "externalId", "meta.created"]
        }[sort];
        if !by.is_empty() {
            target +=
                &format!("&sortBy={by}&sortOrder={}", if descending { "descending" } else { "ascending" });
        }
        (target, self.twin.list(if users { "User" } else { "Group" }, &filter, by, descending))
    }

    fn filter(&self, users: bool, Pick(kind, which): &Pick) -> Filter {
        let word = |words: &[&str]| words[which % words.len()].to_owned();
        match (users, kind) {
            (true, 0) => Filter::Equals("userName", word(&NAMES)),
            (true, 1) => Filter::Contains("title", word(&["ALPHA", "a", "2", "zz"])),
            (true, 2) => Filter::Present("title"),
            (true, 3) => Filter::Not(Box::new(Filter::Equals("userName", word(&NAMES)))),
            (true, 4) => Filter::Active(which % 2 == 0),
            (true, 5) => Filter::InGroup(self.id_of("Group", *which)),
            (true, 6) => Filter::Exactly("externalId", word(&["x0", "X0", "x1", "x2"])),
            (false, 0) => Filter::Equals("displayName", word(&NAMES)),
            (false, 1) => Filter::Contains("displayName", word(&["E", "a", "zz"])),
            (false, 2 | 3) => Filter::HasMember(self.id(*which)),
            (false, 4) => Filter::Not(Box::new(Filter::HasMember(self.id(*which)))),
            _ => Filter::All,
        }
    }
}

impl Fields {
    fn body(&self) -> Value {
        let mut body = support::user(NAMES[self.name]);
        if let Some(title) = self.title {
            body["title"] = json!(TITLES[title]);
        }
        if let Some(external) = self.external {
            body["externalId"] = json!(["x0", "X0", "x1", "x2"][external]);
        }
        if let Some(active) = self.active {
            body["active"] = json!(active);
        }
        body
    }
}

fn strs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn patch(operations: Vec<Value>) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000.max(ProptestConfig::default().cases),
        max_shrink_iters: 2_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_directory_answers_as_its_naive_twin(steps in prop::collection::vec(step(), 24..36)) {
        let mut both = Both::new();
        for step in &steps {
            both.run(step)?;
        }
        let journal = both.tenant.store.journal.len();
        prop_assert_eq!(journal, both.twin.changes, "every change is in the journal once");
        for id in both.ids.clone() {
            let at = both.twin.path(&id);
            let found = both.ask("GET", &at, None, &Value::Null);
            let status = if both.twin.version(&id).is_some() { 200 } else { 404 };
            both.agree("in the end", &found, status, &id)?;
        }
    }
}
