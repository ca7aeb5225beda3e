//! A SCIM request: answered from the copy, or by its tenant's object.

use worker::{Env, Request};

use super::authenticate::authenticate;
use super::exchange::Exchange;
use super::throttle;
use crate::edge::copy::read::read;
use crate::edge::object::client::{self, Scim};
use crate::edge::platform::response::{Answer, body_text, origin_and_query};
use crate::routes::SCIM;
use crate::scim::auth::token::Token;
use crate::scim::http::{HEADERS, MAX_PAYLOAD};

/// Answers below the SCIM base; `below` is the path there.
pub(in crate::edge) async fn scim(
    request: &mut Request,
    env: &Env,
    exchange: &mut Exchange,
    below: &str,
) -> Answer {
    let presented = request.headers().get("authorization")?;
    let text = exchange.bearer(presented.as_deref());
    let token = match &text {
        Ok(text) => authenticate(env, text).await,
        Err(error) => Err(error.clone().into()),
    };
    let token = match token {
        Ok(token) => token,
        Err(fault) => {
            throttle::refuse(env, exchange, text.unwrap_or_default()).await;
            return Err(fault);
        }
    };
    exchange.tenant = Some(token.tenant.clone());
    exchange.actor = Some(token.credential.actor());
    if token.is_edge_read() {
        return Ok(read(env, &token, request, below).await?);
    }
    let response = ask_scim(env, exchange, &token, request, below).await?;
    exchange.is_whole = true;
    if response.status_code() == 401 {
        throttle::slow_down().await;
    }
    Ok(response)
}

/// Forwards a SCIM request to its tenant's object.
async fn ask_scim(
    env: &Env,
    exchange: &Exchange,
    token: &Token,
    request: &mut Request,
    path: &str,
) -> Answer {
    let (origin, query) = origin_and_query(request);
    let given = request.headers();
    let mut headers = Vec::new();
    for (_, name) in HEADERS {
        headers.extend(given.get(name)?.map(|value| (name.to_owned(), value)));
    }
    let asked = Scim {
        path: path.to_owned(),
        credential: token.credential.clone(),
        base: format!("{origin}{SCIM}"),
        query,
        headers,
    };
    let method = request.method();
    let body = body_text(request, MAX_PAYLOAD).await?;
    Ok(client::scim(env, &exchange.id, &token.tenant, method, asked, &body).await?)
}
