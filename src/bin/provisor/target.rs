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
        let now = Instant::now();
        if self.next > now {
            std::thread::sleep(self.next - now);
        }
        self.next = now.max(self.next) + self.pause;
        match self.exchange(request) {
            Ok(outcome) => outcome,
            Err(ureq::Error::Timeout(_)) => Outcome::TimedOut,
            Err(error) => Outcome::Broken { message: error.to_string() },
        }
    }

    fn exchange(&self, request: &Exchange) -> Result<Outcome, ureq::Error> {
        let mut built = http::Request::builder()
            .method(request.method.as_str())
            .uri(format!("{}{}", self.base, request.path))
            .header("Accept", "application/scim+json");
        if let Some(authorization) = &self.authorization {
            built = built.header("Authorization", authorization);
        }
        let mut reply = if request.body.is_null() {
            self.agent.run(built.body(())?)?
        } else {
            let built = built.header("Content-Type", "application/scim+json; charset=utf-8");
            self.agent.run(built.body(request.body.to_string())?)?
        };
        let retry_at = reply.headers().get("Retry-After").and_then(|value| retry_at(value.to_str().ok()?));
        let status = reply.status().as_u16();
        let body = reply.body_mut().with_config().limit(LONGEST).read_to_string()?;
        Ok(Outcome::Reply { status, retry_at, body })
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
fn retry_at(text: &str) -> Option<i64> {
    let at = match text.trim().parse::<u64>() {
        Ok(seconds) => SystemTime::now().checked_add(Duration::from_secs(seconds))?,
        Err(_) => httpdate::parse_http_date(text).ok()?,
    };
    i64::try_from(at.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis()).ok()
}
