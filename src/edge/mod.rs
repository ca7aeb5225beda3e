//! The Cloudflare Worker: finds the route, answers, and says in the log and the metrics
//! what it did.
//!
//! A token carries its tenant and a MAC by a secret of the Worker, so that a forged one
//! is refused here without touching storage. The tenant's object decides the rest in the
//! same call that does the work.
//!
//! The rooms, from the bottom up: `platform`, `store`, `auth`, `events`, `tenant`, `copy`, `object`, `worker`,
//! `admin`. A room uses only those before it, and within a room no two files use each other.
//!
//! Nothing here panics: a panic at the edge aborts every request in flight.

mod admin;
mod auth;
mod copy;
mod events;
mod object;
mod platform;
mod store;
mod tenant;
mod worker;

use ::worker::{Context, Env, Request, Response, Result, event};

use crate::routes::{Action, Found, SCIM, find};
use crate::scim::error::ScimError;
use crate::scim::http::normal;
use platform::response::{self, Answer, of_error};
use worker::exchange::{Exchange, METHODS, OTHER};
use worker::scim::scim;
use worker::{health, receivers, token_endpoint, transport};

/// The description of the whole surface, kept true by tests/openapi.rs and tests/edge/openapi.test.mjs.
const OPENAPI: &str = include_str!("openapi.json");

#[event(fetch)]
async fn fetch(mut request: Request, env: Env, context: Context) -> Result<Response> {
    let mut exchange = Exchange::begin(&request);
    let response = match route(&mut request, &env, &mut exchange).await {
        Ok(response) => response,
        Err(fault) => of_error(&fault.told(&exchange.id))?,
    };
    exchange.end(response, &env, &context)
}

/// Finds who answers, by the path in its one form.
async fn route(request: &mut Request, env: &Env, exchange: &mut Exchange) -> Answer {
    let path = request.path();
    let path = normal(&path)?;
    transport::check(request, env, &path)?;
    if exchange.method == OTHER {
        let detail = format!("the method is not supported; send one of {}", METHODS.join(", "));
        return Err(ScimError::new(501, detail).into());
    }
    match find(&exchange.method, &path) {
        Found::Route(action, route, values) => {
            exchange.route = route;
            answer(request, env, exchange, action, &path, &values).await
        }
        Found::OtherMethods(methods) => {
            let detail = format!("`{}` is not allowed here; use {methods}", exchange.method);
            Err(ScimError::new(405, detail).into())
        }
        Found::Nothing => {
            let detail = format!("there is nothing at `{path}`; the Tenant URL ends in `{SCIM}`");
            Err(ScimError::new(404, detail).into())
        }
    }
}

async fn answer(
    request: &mut Request,
    env: &Env,
    exchange: &mut Exchange,
    action: Action,
    path: &str,
    values: &[&str],
) -> Answer {
    match action {
        Action::Health => Ok(Response::ok("ok")?),
        Action::Ready => health::ready(env, exchange).await,
        Action::OpenApi => {
            Ok(Response::ok(OPENAPI)?.with_headers(response::content_type("application/json")?))
        }
        Action::Jwks => receivers::jwks(env, exchange, values.first().unwrap_or(&"")).await,
        Action::Poll => receivers::poll(request, env, exchange).await,
        Action::Scim => scim(request, env, exchange, path.strip_prefix(SCIM).unwrap_or_default()).await,
        Action::Grant => token_endpoint::grant(request, env, exchange).await,
        _ => admin::routes::serve(request, env, exchange, action, values).await,
    }
}
