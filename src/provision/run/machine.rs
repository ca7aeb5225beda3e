//! A plan carried out at a real target: which request goes out next, what became of each, and
//! when to try again. Whoever runs it sends the bytes and tells the time; the plan's own
//! requests are all that is ever asked for.
//!
//! The order: what takes away, users, groups, then what refers to objects that the plan makes.
//! What waits for a request that failed is not sent; what is about one object goes out one by one.

use super::log::{Entry, Status, Subject};
use crate::provision::export::LeftOut;
use crate::provision::message::told;
use crate::provision::plan::placeholder::Created;
use crate::provision::plan::{Operation, PlannedRequest, error_code};
use hashbrown::HashSet;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// Requests under way at once, after a first one has shown that the token is taken.
const AT_ONCE: usize = 4;
/// How often a request is sent that nothing answers.
const SILENT_TRIES: u32 = 4;
/// How often a request is sent that a busy target turns away.
const BUSY_TRIES: u32 = 10;
/// The longest rest that a target may ask for, in milliseconds.
const LONGEST_REST: u64 = 15 * 60 * 1000;
/// So many requests in a row without any answer end the run.
const SILENCE: usize = 3;
/// Log lines a turn about what is no longer sent.
const DRAINED: usize = 1_000;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Ending {
    /// It was told to stop.
    Stopped,
    /// The target does not take the token (401), or not for this (403).
    Refused,
    /// The target no longer answers.
    Silent,
}

/// What a run would send, in numbers: objects by action, and requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// Objects that are deleted.
    pub delete: usize,
    /// Objects that are disabled.
    pub disable: usize,
    /// Objects that are created.
    pub create: usize,
    /// Objects that are changed.
    pub update: usize,
    /// Objects that the deletion threshold holds back.
    pub staged: usize,
    /// Requests.
    pub requests: usize,
    /// Requests that the administrator left out.
    #[serde(rename = "leftOut")]
    pub left_out: usize,
}

/// A request to send now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sending {
    /// Its outcome is told with this.
    pub ticket: u32,
    /// `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// Below the Tenant URL.
    pub path: String,
    /// Header names and values, without the credentials.
    pub headers: BTreeMap<String, String>,
    /// The body; empty for none.
    pub body: String,
}

/// What became of a request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Of which.
    pub ticket: u32,
    /// The HTTP status; 0 when no answer came.
    pub status: u16,
    /// Milliseconds after which the target wants to be asked again, when it said so.
    pub retry_after: Option<u64>,
    /// The answer's body.
    pub body: String,
    /// When it was sent, in milliseconds since 1970.
    pub at: i64,
    /// Milliseconds until the answer.
    pub duration: u64,
}

/// What is to be done next, and what is new to tell.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    /// To send now.
    pub send: Vec<Sending>,
    /// Log lines, in the order of the answers.
    pub log: Vec<Entry>,
    /// Requests whose answer is awaited.
    pub under_way: usize,
    /// Requests not settled yet, those under way included.
    pub left: usize,
    /// Milliseconds for which nothing may be sent.
    pub rest: u64,
    /// Why it ends before all was sent.
    pub ending: Option<Ending>,
}

#[derive(Debug)]
struct Waiting {
    /// The plan's, its body apart.
    request: PlannedRequest,
    /// JSON text; empty for none.
    body: String,
    subject: Rc<Subject>,
    stage: usize,
    tries: u32,
    /// The last outcome of a request that is tried again.
    last: Option<Outcome>,
}

/// A run under way.
#[derive(Debug, Default)]
pub struct Run {
    planned: Planned,
    waiting: [VecDeque<Waiting>; 4],
    /// By ticket.
    under_way: Vec<(u32, Waiting)>,
    /// Ids of requests that are not settled.
    pending: HashSet<String>,
    /// Ids of requests that were not carried out.
    lost: HashSet<String>,
    created: Created,
    tickets: u32,
    /// The target has taken the token.
    trusted: bool,
    /// Requests given up without an answer since the last answer.
    silent: usize,
    /// Until when nothing is sent, in milliseconds since 1970.
    rest_until: i64,
    ending: Option<Ending>,
}

impl Run {
    /// With nothing to send.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an operation of the plan without what is left out.
    pub fn add(&mut self, mut operation: Operation, left_out: &LeftOut) {
        let sending = |operation: &Operation| {
            operation.requests.iter().filter(|request| request.method != "GET").count()
        };
        let all = sending(&operation);
        left_out.from(&mut operation);
        let taken = sending(&operation);
        self.planned.left_out += all - taken;
        self.planned.requests += taken;
        let count = match operation.verdict.as_str() {
            "staged" => {
                self.planned.staged += 1;
                return;
            }
            _ if taken == 0 => return,
            "delete" => &mut self.planned.delete,
            "disable" => &mut self.planned.disable,
            "create" => &mut self.planned.create,
            _ => &mut self.planned.update,
        };
        *count += 1;
        let takes_away = matches!(operation.verdict.as_str(), "delete" | "disable");
        let group = operation.object_type == "Group";
        let subject = Rc::new(Subject {
            id: operation.source.id,
            name: operation.source.display_name,
            kind: operation.object_type,
            target: operation.target.map(|target| target.id).unwrap_or_default(),
        });
        for mut request in operation.requests.into_iter().filter(|request| request.method != "GET") {
            let body = std::mem::take(&mut request.body);
            let body = if body.is_null() { String::new() } else { body.to_string() };
            let refers = request.depends_on.iter().any(|id| id.starts_with("create:"));
            let stage = match (takes_away, refers) {
                (true, _) => 0,
                (_, true) => 3,
                _ if group => 2,
                _ => 1,
            };
            self.pending.insert(request.id.clone());
            let subject = Rc::clone(&subject);
            let waiting = Waiting { request, body, subject, stage, tries: 0, last: None };
            self.queue(stage).push_back(waiting);
        }
    }

    /// What it sends, in numbers.
    #[must_use]
    pub fn planned(&self) -> &Planned {
        &self.planned
    }

    /// Sends no more than is under way.
    pub fn stop(&mut self) {
        self.ending.get_or_insert(Ending::Stopped);
    }

    /// Takes what became of requests; says what to send next. `now` is in milliseconds since 1970.
    pub fn turn(&mut self, outcomes: Vec<Outcome>, now: i64) -> Turn {
        let mut log = Vec::new();
        for outcome in outcomes {
            self.take(outcome, now, &mut log);
        }
        if self.ending.is_some() {
            self.drain(now, &mut log);
        }
        let mut send = Vec::new();
        let rest = u64::try_from(self.rest_until.saturating_sub(now)).unwrap_or(0);
        let room = if self.trusted { AT_ONCE } else { 1 };
        while rest == 0 && self.ending.is_none() && self.under_way.len() < room {
            match self.next(now, &mut log) {
                Some(sending) => send.push(sending),
                None => break,
            }
        }
        let under_way = self.under_way.len();
        Turn { send, log, under_way, left: self.pending.len(), rest, ending: self.ending }
    }

    fn queue(&mut self, stage: usize) -> &mut VecDeque<Waiting> {
        let [first, second, third, fourth] = &mut self.waiting;
        match stage {
            0 => first,
            1 => second,
            2 => third,
            _ => fourth,
        }
    }

    /// The next request that may go out; those that never may are told.
    fn next(&mut self, now: i64, log: &mut Vec<Entry>) -> Option<Sending> {
        loop {
            let stage = self.waiting.iter().position(|queue| !queue.is_empty())?;
            if self.under_way.iter().any(|(_, earlier)| earlier.stage != stage) {
                return None;
            }
            let waiting = self.queue(stage).pop_front()?;
            let after = &waiting.request.depends_on;
            if let Some(lost) = after.iter().find(|id| self.lost.contains(*id)) {
                let why = told!("it waits for `{0}`, which was not carried out", lost);
                self.settle(waiting, Status::Skipped, ("", why), &skipped(now), log);
                continue;
            }
            let mut others = self.under_way.iter();
            let same = others.any(|(_, other)| Rc::ptr_eq(&other.subject, &waiting.subject));
            if same || after.iter().any(|id| self.pending.contains(id)) && !self.under_way.is_empty() {
                self.queue(stage).push_front(waiting);
                return None;
            }
            let Some(sending) = self.sending(&waiting) else {
                let why = told!("an id it refers to was never given out").to_owned();
                self.settle(waiting, Status::Skipped, ("", why), &skipped(now), log);
                continue;
            };
            self.under_way.push((sending.ticket, waiting));
            return Some(sending);
        }
    }

    fn sending(&mut self, waiting: &Waiting) -> Option<Sending> {
        let PlannedRequest { method, headers, references, .. } = &waiting.request;
        let path = self.created.path(&waiting.request)?;
        let body = self.created.body(&waiting.body, references)?;
        self.tickets += 1;
        Some(Sending { ticket: self.tickets, method: method.clone(), path, headers: headers.clone(), body })
    }

    fn take(&mut self, outcome: Outcome, now: i64, log: &mut Vec<Entry>) {
        let Some(at) = self.under_way.iter().position(|(ticket, _)| *ticket == outcome.ticket) else {
            return;
        };
        let (_, mut waiting) = self.under_way.swap_remove(at);
        waiting.tries += 1;
        let gone = waiting.request.method == "DELETE" && outcome.status == 404;
        if matches!(outcome.status, 200..=299) || gone {
            (self.trusted, self.silent) = (true, 0);
            let fault = match waiting.request.id.strip_prefix("create:") {
                Some(source) if !self.created.note(source, &outcome.body) => {
                    let code = "SystemForCrossDomainIdentityManagementServiceIncompatible";
                    Some((
                        code,
                        told!("the resource in the reply has no `id` that a path can name").to_owned(),
                    ))
                }
                _ => None,
            };
            return match fault {
                Some(fault) => self.settle(waiting, Status::Failure, fault, &outcome, log),
                None => self.settle(waiting, Status::Success, ("", String::new()), &outcome, log),
            };
        }
        if let Some(rest) = again(&waiting, &outcome).filter(|_| self.ending.is_none()) {
            self.rest_until = self.rest_until.max(now.saturating_add_unsigned(rest));
            waiting.last = Some(outcome);
            let stage = waiting.stage;
            return self.queue(stage).push_front(waiting);
        }
        match outcome.status {
            0 => {
                self.silent += 1;
                if self.silent >= SILENCE || !self.trusted {
                    self.ending.get_or_insert(Ending::Silent);
                }
            }
            401 | 403 => {
                self.ending.get_or_insert(Ending::Refused);
            }
            _ => (self.trusted, self.silent) = (true, 0),
        }
        let fault = fault(&waiting, &outcome);
        self.settle(waiting, Status::Failure, fault, &outcome, log);
    }

    /// Tells of requests that are no longer sent.
    fn drain(&mut self, now: i64, log: &mut Vec<Entry>) {
        for _ in 0..DRAINED {
            let Some(stage) = self.waiting.iter().position(|queue| !queue.is_empty()) else { break };
            let Some(mut waiting) = self.queue(stage).pop_front() else { break };
            if let Some(last) = waiting.last.take() {
                let fault = fault(&waiting, &last);
                self.settle(waiting, Status::Failure, fault, &last, log);
                continue;
            }
            let why = match self.ending {
                Some(Ending::Refused) => told!("not sent, since the target refused the token"),
                Some(Ending::Silent) => told!("not sent, since the target no longer answered"),
                _ => told!("not sent, since the run was stopped"),
            };
            self.settle(waiting, Status::Skipped, ("", why.to_owned()), &skipped(now), log);
        }
    }

    fn settle(
        &mut self,
        waiting: Waiting,
        status: Status,
        (code, detail): (&str, String),
        outcome: &Outcome,
        log: &mut Vec<Entry>,
    ) {
        let Waiting { request, subject, tries, .. } = waiting;
        self.pending.remove(&request.id);
        if status != Status::Success {
            self.lost.insert(request.id.clone());
        }
        let path = self.created.path(&request).unwrap_or(request.path);
        let mut subject = Subject::clone(&subject);
        if subject.target.is_empty() {
            subject.target = self.created.id(&subject.id).unwrap_or_default().to_owned();
        }
        log.push(Entry {
            at: outcome.at,
            duration: outcome.duration,
            action: Entry::action(&request.id, &request.method).to_owned(),
            status,
            status_code: outcome.status,
            code: code.to_owned(),
            detail,
            tries,
            request: request.id,
            method: request.method,
            path,
            subject,
        });
    }
}

/// The outcome of what was not sent.
fn skipped(now: i64) -> Outcome {
    Outcome { at: now, ..Outcome::default() }
}

/// After how many milliseconds it is sent again; `None` for what is not. A creation that nothing
/// answered may have been made: it is not made twice.
fn again(waiting: &Waiting, outcome: &Outcome) -> Option<u64> {
    let doubled = |tries: u32| 1_000_u64 << tries.saturating_sub(1).min(5);
    match outcome.status {
        429 | 503 if waiting.tries < BUSY_TRIES => {
            let rest = outcome.retry_after.unwrap_or_else(|| doubled(waiting.tries));
            (rest <= LONGEST_REST).then_some(rest.max(1))
        }
        0 | 502 | 504 if waiting.request.method != "POST" && waiting.tries < SILENT_TRIES => {
            Some(doubled(waiting.tries))
        }
        _ => None,
    }
}

/// Entra's code for a failure, and the failure in the target's words.
fn fault(waiting: &Waiting, outcome: &Outcome) -> (&'static str, String) {
    if outcome.status == 0 {
        let why = if waiting.request.method == "POST" {
            told!("no answer came; whether it was carried out shows once the target is loaded again")
                .to_owned()
        } else {
            told!("no answer came, tried {0} times", waiting.tries)
        };
        return ("WebExceptionProtocolError", why);
    }
    let body: Option<Value> = serde_json::from_str(&outcome.body).ok();
    let detail = body.as_ref().and_then(|body| body.get("detail")).and_then(Value::as_str);
    let detail: String = detail.unwrap_or_default().trim().chars().take(500).collect();
    let detail = if detail.is_empty() { told!("the target answered `{0}`", outcome.status) } else { detail };
    (error_code(outcome.status), detail)
}
