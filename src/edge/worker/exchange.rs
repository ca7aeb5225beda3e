//! One request on its way through the Worker: what the log and the metrics tell of it.

use worker::{Context, Env, Request, Response, Result};

use super::metrics;
use crate::edge::platform::log::{self, request_id};
use crate::edge::platform::response::secure;
use crate::edge::tenant::tally::Observation;
use crate::scim::error::ScimError;
use crate::scim::http;

/// The methods that something answers, or that are told which others are.
pub(in crate::edge) const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// What any other method is called in the log and the metrics: its name is the client's own text.
pub(in crate::edge) const OTHER: &str = "other";

/// What is known of a request. Nothing here is a person's: tenants and tokens are told
/// by their random ids.
pub(in crate::edge) struct Exchange {
    /// The client's id for it, or ours.
    pub id: String,
    /// The HTTP method, one of [`METHODS`] or [`OTHER`]; `HEAD` counts as `GET` outside SCIM.
    pub method: String,
    /// The route's template; empty when nothing is there.
    pub route: &'static str,
    /// The tenant, once its token or an administrator has named it.
    pub tenant: Option<String>,
    /// The first part of the token's hash.
    pub actor: Option<String>,
    /// How the token was sent, if not as RFC 6750 writes it.
    pub authorization: Option<&'static str>,
    /// Whether the response is an object's, which has every header already.
    pub is_whole: bool,
    began: f64,
}

/// The method by its own name: `worker` reads what it does not know as `GET`.
fn known_method(method: &str) -> &'static str {
    METHODS.into_iter().find(|known| *known == method).unwrap_or(OTHER)
}

impl Exchange {
    /// Takes note of a request that came in.
    pub fn begin(request: &Request) -> Self {
        Self {
            id: request_id(request),
            method: known_method(&request.inner().method()).to_owned(),
            route: "",
            tenant: None,
            actor: None,
            authorization: None,
            is_whole: false,
            began: js_sys::Date::now(),
        }
    }

    /// Reads the token of an `Authorization` header, and notes how it was written.
    pub fn bearer<'a>(&mut self, header: Option<&'a str>) -> std::result::Result<&'a str, ScimError> {
        let bearer = http::bearer(header)?;
        self.authorization = bearer.form.told();
        Ok(bearer.token)
    }

    /// Tells the log and the metrics, and gives the response what every response has.
    pub fn end(self, response: Response, env: &Env, context: &Context) -> Result<Response> {
        let status = response.status_code();
        // The clock moves at the edge only while something is awaited: this is the time
        // that storage and other machines took, not our own computing.
        let milliseconds = js_sys::Date::now() - self.began;
        log::info(
            "request",
            &[
                ("requestId", self.id.as_str().into()),
                ("method", self.method.as_str().into()),
                ("route", self.route.into()),
                ("status", status.into()),
                ("milliseconds", milliseconds.into()),
                ("tenant", self.tenant.as_deref().into()),
                ("actor", self.actor.as_deref().into()),
                ("authorization", self.authorization.into()),
            ],
        );
        let response = if self.is_whole { response } else { secure(response, &self.id)? };
        let seen = Observation { method: self.method, route: self.route, status, milliseconds };
        metrics::observe(env, context, self.tenant, seen);
        Ok(response)
    }
}
