//! The Cloudflare Worker: checks the token's MAC, then asks the tenant's object, or for
//! an edge-reader token the KV copy.
//!
//! A token carries its tenant and a MAC by a secret of the Worker, so that a forged one
//! is refused here without touching storage. The object decides the rest in the same
//! call that does the work.
//!
//! Nothing here panics: a panic at the edge aborts every request in flight.

mod admin;
mod archive;
mod backup;
mod condition;
mod copy;
mod limit;
mod manage;
mod migrate;
mod password;
mod plan;
mod publish;
mod reply;
mod sql;
mod tenant;
mod token;

use worker::{Context, Env, Request, Response, Result, event};

use crate::scim::error::ScimError;
use crate::scim::http::{MAX_PAYLOAD, Reply};
use reply::of_error;
use token::Token;

/// The path of the SCIM base.
pub(crate) const SCIM: &str = "/scim/v2";

#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _: Context) -> Result<Response> {
    let path = request.path();
    if path == "/healthz" {
        return Response::ok("ok");
    }
    if path == "/admin" || path.starts_with("/admin/") {
        return admin::serve(request, &env).await;
    }
    if path == SCIM || path.starts_with("/scim/v2/") {
        return match scim(&mut request, &env, &path).await {
            Ok(response) => Ok(response),
            Err(error) => of_error(&error),
        };
    }
    let detail = format!("there is nothing at `{path}`; the Tenant URL ends in `{SCIM}`");
    of_error(&ScimError::new(404, detail))
}

async fn scim(request: &mut Request, env: &Env, path: &str) -> std::result::Result<Response, ScimError> {
    let broken = |error: worker::Error| {
        worker::console_error!("request failed: {error}");
        ScimError::new(503, "the service could not answer; try again")
    };
    let presented = request.headers().get("authorization").ok().flatten();
    let key = env.secret("TOKEN_KEY").map_err(broken)?.to_string();
    let token = Token::read(presented.as_deref(), &key)?;
    let below = path.strip_prefix(SCIM).unwrap_or("");
    if token.is_edge_read() {
        return copy::read(env, &token, request, below).await;
    }
    let declared =
        request.headers().get("content-length").ok().flatten().and_then(|text| text.parse::<usize>().ok());
    if declared.is_some_and(|length| length > MAX_PAYLOAD) {
        return Err(ScimError::new(413, format!("the body is too long; send at most {MAX_PAYLOAD} bytes")));
    }
    tenant::ask_scim(env, &token, request, below).await.map_err(broken)
}

impl Reply {
    /// A reply of the Worker itself, in plain JSON.
    fn plain(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: body.to_string(),
        }
    }
}
