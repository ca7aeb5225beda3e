//! A shell in memory: carries out a cycle's effects against our own directory, and keeps
//! what was asked, logged and told.

use provisor::provision::cycle::{Cycle, Effect, Exchange, Job, Outcome, Purpose, Settings};
use provisor::scim::directory::memory::MemoryStore;
use provisor::scim::directory::{self, Context};
use provisor::scim::http::{Reply, Request, serve};
use provisor::scim::schema::builtin;
use serde_json::{Value, json};

/// A SCIM target of our own.
#[derive(Default)]
pub struct Target {
    store: MemoryStore,
    made: u64,
}

impl Target {
    /// Sends one request; `id` is the one that a new resource gets.
    pub fn ask(&mut self, method: &str, path: &str, body: &Value, id: Option<&str>) -> Reply {
        let made = &mut self.made;
        let mut new_id = || match id {
            Some(id) => id.to_owned(),
            None => {
                *made += 1;
                format!("new{made}")
            }
        };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let settings = directory::Settings { max_results: 1000, ..directory::Settings::default() };
        let mut context = Context {
            registry: builtin(),
            base: "https://target.example/scim/v2",
            now: "2026-11-24T10:00:00.000Z",
            actor: "cycle",
            new_id: &mut new_id,
            settings: &settings,
            hash_password: directory::NO_PASSWORDS,
            me: None,
            cursor_key: b"cycle",
            effort: provisor::scim::effort::Effort::new(settings.step_budget),
        };
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![("content-type".to_owned(), "application/scim+json".to_owned())],
            body: if body.is_null() { String::new() } else { body.to_string() },
        };
        serve(&mut self.store, &mut context, &request)
    }

    /// Everything it holds of a kind.
    pub fn all(&mut self, endpoint: &str) -> Vec<Value> {
        let reply = self.ask("GET", &format!("{endpoint}?count=1000"), &Value::Null, None);
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        body["Resources"].as_array().cloned().unwrap_or_default()
    }
}

/// What befalls a request on its way.
#[derive(Clone, Debug, PartialEq)]
pub enum Weather {
    /// Nothing.
    Fair,
    /// The target answers this and does nothing.
    Refused(u16),
    /// The target does it and answers this, without a body.
    Answered(u16),
    /// The target answers 429 and when to come again, seconds from now.
    Busy(i64),
    /// The target does it, and the reply is lost.
    Lost,
    /// It never reaches the target.
    Dropped,
}

/// What is around one cycle.
#[derive(Default)]
pub struct Shell {
    pub target: Target,
    /// Milliseconds since 1970.
    pub clock: i64,
    pub schema: String,
    pub settings: Settings,
    /// Requests that were sent, the test of the connection apart.
    pub sent: Vec<Exchange>,
    pub log: Vec<Value>,
    pub notices: Vec<(String, String)>,
    /// Effects carried out.
    pub effects: usize,
}

impl Shell {
    /// Runs one cycle to its end. `weather` befalls each request; `crashes` says after which
    /// effects all is forgotten but the job as it was stored before the effect.
    pub fn run(
        &mut self,
        job: Job,
        source: &Value,
        on_demand: Vec<String>,
        weather: &mut dyn FnMut(&Exchange) -> Weather,
        crashes: &mut dyn FnMut(usize) -> bool,
    ) -> Job {
        let begin = |job: Job, shell: &Self| {
            let (schema, settings) = (&shell.schema, shell.settings.clone());
            Cycle::new(job, schema, settings, on_demand.clone(), "no-such-user", shell.clock).0
        };
        let mut cycle = begin(job, self);
        for _ in 0..100_000 {
            self.clock += 7;
            let effect = cycle.next(self.clock);
            let stored = serde_json::to_string(cycle.job()).unwrap();
            let outcome = match effect {
                Effect::Done => return cycle.into_job(),
                Effect::ReadSource { .. } => Outcome::Page {
                    name: "source.json".to_owned(),
                    text: source.to_string(),
                    last: true,
                    watermark: Some("w".to_owned()),
                },
                Effect::Wait { until } => {
                    self.clock = self.clock.max(until);
                    Outcome::Taken
                }
                Effect::Record { record } => {
                    self.log.push(record);
                    Outcome::Taken
                }
                Effect::Notify { code, message } => {
                    self.notices.push((code, message));
                    Outcome::Taken
                }
                Effect::Send { request } => {
                    if request.purpose != Purpose::Test {
                        self.sent.push(request.clone());
                    }
                    let weather = weather(&request);
                    self.send(&request, &weather)
                }
            };
            self.effects += 1;
            if crashes(self.effects) {
                let job: Job = serde_json::from_str(&stored).unwrap();
                let ended = job.head.running.is_none() && job.head.outbox.is_empty();
                if ended {
                    return job;
                }
                cycle = begin(job, self);
                continue;
            }
            cycle.take(&outcome, self.clock);
        }
        panic!("the cycle has no end");
    }

    /// A cycle in fair weather.
    pub fn run_fair(&mut self, job: Job, source: &Value) -> Job {
        self.run(job, source, Vec::new(), &mut |_| Weather::Fair, &mut |_| false)
    }

    fn send(&mut self, request: &Exchange, weather: &Weather) -> Outcome {
        let reply =
            |status: u16, retry_at: Option<i64>, body: String| Outcome::Reply { status, retry_at, body };
        let pass = |target: &mut Target| target.ask(&request.method, &request.path, &request.body, None);
        match weather {
            Weather::Fair => {
                let found = pass(&mut self.target);
                reply(found.status, None, found.body)
            }
            Weather::Answered(status) => {
                let found = pass(&mut self.target);
                assert!(found.status < 300, "{}", found.body);
                reply(*status, None, String::new())
            }
            Weather::Refused(status) => {
                reply(*status, None, json!({"status": status.to_string(), "detail": "refused"}).to_string())
            }
            Weather::Busy(seconds) => reply(429, Some(self.clock + seconds * 1000), String::new()),
            Weather::Lost => {
                pass(&mut self.target);
                Outcome::TimedOut
            }
            Weather::Dropped => Outcome::Broken { message: "no connection".to_owned() },
        }
    }
}
