//! The target over HTTP: any SCIM endpoint, at a bounded rate.

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime};

use provisor::provision::cycle::{Exchange, Outcome, Purpose};
use serde_json::json;
use ureq::http;

/// Longest reply that is read, in bytes.
const LONGEST: u64 = 64 * 1024 * 1024;

/// An endpoint and what is needed to talk to it.
pub(super) struct Target {
    agent: ureq::Agent,
    base: String,
    authorization: Option<String>,
    pause: Duration,
    next: Instant,
    /// Nothing is changed; what would have been is told.
    dry: bool,
    made: BTreeSet<String>,
}

/// What an endpoint answered.
pub(super) struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: String,
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }
}

impl Target {
    /// An endpoint by its Tenant URL, flags and all. `rate` is requests a second.
    pub fn new(url: &str, token: Option<&str>, rate: u32, timeout: u64, dry: bool) -> Result<Self, String> {
        let parsed: http::Uri = url.parse().map_err(|error| format!("`{url}` is no address: {error}"))?;
        let host = parsed.host().unwrap_or_default();
        let loopback = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
        match parsed.scheme_str() {
            Some("https") => {}
            Some("http") if loopback || token.is_none() => {}
            Some("http") => {
                return Err(format!(
                    "`{url}` would show the token to everyone on the way; give an https address"
                ));
            }
            _ => return Err(format!("`{url}` is no address; give https://HOST/PATH")),
        }
        // Flags such as `?aadOptscim062020` are for the engine.
        let base = url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/').to_owned();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // A redirect would carry the token elsewhere, and a POST with it.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_secs(timeout)))
            .user_agent(concat!("provisor/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Ok(Self {
            agent,
            base,
            authorization: token.map(|token| format!("Bearer {token}")),
            pause: Duration::from_secs(1) / rate.max(1),
            next: Instant::now(),
            dry,
            made: BTreeSet::new(),
        })
    }

    /// Sends one request when its time has come.
    pub fn send(&mut self, request: &Exchange) -> Outcome {
        if self.dry
            && let Some(outcome) = self.pretend(request)
        {
            return outcome;
        }
        match self.exchange(request) {
            Ok(outcome) => outcome,
            Err(ureq::Error::Timeout(_)) => Outcome::TimedOut,
            Err(error) => Outcome::Broken { message: error.to_string() },
        }
    }

    /// Sends one request as it is, when its time has come.
    pub fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, ureq::Error> {
        let now = Instant::now();
        if self.next > now {
            std::thread::sleep(self.next - now);
        }
        self.next = now.max(self.next) + self.pause;
        // The client takes no other quote.
        let path = path.replace('"', "%22");
        let mut built = http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            built = built.header(*name, *value);
        }
        if let Some(authorization) = &self.authorization {
            built = built.header("Authorization", authorization);
        }
        let mut reply = if body.is_empty() {
            self.agent.run(built.body(())?)?
        } else {
            self.agent.run(built.body(body)?)?
        };
        let headers = reply.headers().iter();
        let headers =
            headers.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
        let headers = headers.collect();
        let status = reply.status().as_u16();
        let body = reply.body_mut().with_config().limit(LONGEST).read_to_string()?;
        Ok(Answer { status, headers, body })
    }

    fn exchange(&mut self, request: &Exchange) -> Result<Outcome, ureq::Error> {
        let accept = ("Accept", "application/scim+json");
        let answer = if request.body.is_null() {
            self.ask(&request.method, &request.path, &[accept], "")?
        } else {
            let headers = [accept, ("Content-Type", "application/scim+json; charset=utf-8")];
            self.ask(&request.method, &request.path, &headers, &request.body.to_string())?
        };
        let retry_at = answer.header("Retry-After").and_then(retry_at);
        Ok(Outcome::Reply { status: answer.status, retry_at, body: answer.body })
    }

    /// What the target would have answered to a change.
    fn pretend(&mut self, request: &Exchange) -> Option<Outcome> {
        let reply = |status: u16, body: String| Some(Outcome::Reply { status, retry_at: None, body });
        if request.purpose == Purpose::Create {
            let id = format!("dry-run-{}", self.made.len() + 1);
            self.made.insert(id.clone());
            return reply(201, json!({"id": id}).to_string());
        }
        if request.purpose.writes() {
            return reply(204, String::new());
        }
        let id = request.path.rsplit('/').next()?;
        if self.made.contains(id) { reply(200, json!({"id": id}).to_string()) } else { None }
    }
}

/// `Retry-After` in seconds or as a date, in milliseconds since 1970.
pub(super) fn retry_at(text: &str) -> Option<i64> {
    let at = match text.trim().parse::<u64>() {
        Ok(seconds) => SystemTime::now().checked_add(Duration::from_secs(seconds))?,
        Err(_) => httpdate::parse_http_date(text).ok()?,
    };
    i64::try_from(at.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis()).ok()
}
