//! One request on its way through the Worker: what the log and the metrics tell of it.

use worker::{Context, Env, Request, Response, Result};

use super::log::{self, request_id};
use super::metrics::{self, Observation};
use super::reply::secure;

/// What is known of a request. Nothing here is a person's: tenants and tokens are told
/// by their random ids.
pub(super) struct Visit {
    /// The client's id for it, or ours.
    pub id: String,
    /// The HTTP method; `HEAD` counts as `GET` outside SCIM.
    pub method: String,
    /// The route's template; empty when nothing is there.
    pub route: &'static str,
    /// The tenant, once its token or an administrator has named it.
    pub tenant: Option<String>,
    /// The first part of the token's hash.
    pub actor: Option<String>,
    /// Whether the response is an object's, which has every header already.
    pub is_whole: bool,
    began: f64,
}

impl Visit {
    /// Takes note of a request that came in.
    pub fn begin(request: &Request) -> Self {
        Self {
            id: request_id(request),
            method: request.method().as_ref().to_owned(),
            route: "",
            tenant: None,
            actor: None,
            is_whole: false,
            began: js_sys::Date::now(),
        }
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
            ],
        );
        let response = if self.is_whole { response } else { secure(response, &self.id)? };
        let seen = Observation { method: self.method, route: self.route, status, milliseconds };
        metrics::observe(env, context, self.tenant, seen);
        Ok(response)
    }
}
