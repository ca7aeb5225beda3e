//! What an administrator asks, and who answers it.

use serde_json::Value;
use worker::{Env, Request};

use super::{clients, issuers, journal, streams, tenants, tokens, transfer};
use crate::edge::object::client::command;
use crate::edge::object::command::Command;
use crate::edge::platform::response::{Answer, Fault, body_text, of_reply, origin_and_query};
use crate::edge::tenant::entry;
use crate::edge::tenant::placement::in_path;
use crate::edge::worker::exchange::Exchange;
use crate::edge::worker::{authenticate, metrics, throttle, transport};
use crate::routes::Action;
use crate::scim::auth::token::same_secret;
use crate::scim::error::ScimError;
use crate::scim::http::{self, Reply};

/// Longest body: the source of a plan may be large, but the plan has to fit into the memory too.
const MAX_BODY: usize = 8 << 20;
/// Most tenants on one page of metrics: each is one request to its object.
const METRICS_PAGE: usize = 200;

/// Answers what only an administrator may ask.
pub(in crate::edge) async fn serve(
    request: &mut Request,
    env: &Env,
    exchange: &mut Exchange,
    action: Action,
    values: &[&str],
) -> Answer {
    let given = request.headers().get("authorization")?;
    let wanted = env.secret("ADMIN_TOKEN")?.to_string();
    let is_known = match exchange.bearer(given.as_deref()) {
        Ok(given) => !wanted.is_empty() && same_secret(given, &wanted),
        Err(error) if error.status == 400 => return Err(error.into()),
        Err(_) => false,
    };
    if !is_known && !authenticate::is_admitted(env, request).await? {
        throttle::slow_down().await;
        return Err(ScimError::new(401, "send the administrator's token: `Authorization: Bearer …`").into());
    }
    if !is_known {
        transport::same_site(request, env)?;
    }
    exchange.actor = Some("administrator".into());
    let tenant = match values.first() {
        Some(value) => in_path(value)?,
        None => String::new(),
    };
    exchange.tenant = values.first().map(|_| tenant.clone());
    if action == Action::Import {
        return Ok(transfer::import(env, &exchange.id, &tenant, request).await?);
    }
    let body = read_json(request).await?;
    let (origin, query) = origin_and_query(request);
    let query = http::Request { query, ..http::Request::default() };
    let ask = async |asked: Command| -> Answer { Ok(command(env, &exchange.id, &tenant, &asked).await?) };
    let stream = || values.get(1).map(|id| (*id).to_owned()).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    match action {
        Action::ListTenants => tenants::list(env, &query).await,
        Action::CreateTenant => {
            let key = request.headers().get("idempotency-key")?;
            tenants::create(env, exchange, &origin, &body, key.as_deref()).await
        }
        Action::ShowTenant => ask(Command::Show).await,
        Action::ChangeTenant => ask(Command::Change(body)).await,
        Action::EraseResource => ask(Command::Erase(text("id"))).await,
        Action::DeleteTenant => tenants::delete(env, exchange, &tenant, &body).await,
        Action::ListTokens => ask(Command::Tokens).await,
        Action::CreateToken => tokens::create(env, exchange, &tenant, &body).await,
        Action::RevokeToken => tokens::revoke(env, exchange, &tenant, &body).await,
        Action::ListClients => ask(Command::Clients).await,
        Action::CreateClient => clients::create(env, exchange, &tenant, &body).await,
        Action::RevokeClient => clients::revoke(env, exchange, &tenant, &body).await,
        Action::ListIssuers => ask(Command::Issuers).await,
        Action::SetIssuers => issuers::set(env, exchange, &tenant, &body).await,
        Action::ShowSchemas => ask(Command::Schemas).await,
        Action::SetSchemas => ask(Command::SetSchemas(body)).await,
        Action::DeleteSchemas => ask(Command::DeleteSchemas).await,
        Action::Journal => journal::journal(env, exchange, &tenant, &query).await,
        Action::ListStreams => ask(Command::Streams).await,
        Action::CreateStream => streams::create(env, exchange, &tenant, &body).await,
        Action::ShowStream => ask(Command::ShowStream(stream())).await,
        Action::DeleteStream => ask(Command::DeleteStream(stream())).await,
        Action::DeadLetters => ask(Command::DeadLetters(stream())).await,
        Action::Resend => ask(Command::Resend { stream: stream(), jti: text("jti") }).await,
        Action::RotateKey => {
            let keys = streams::publish_keys(env, exchange, &tenant, true).await?;
            Ok(of_reply(Reply::plain(200, &keys))?)
        }
        Action::Republish => ask(Command::Republish).await,
        Action::Export => Ok(transfer::export(env, &exchange.id, &tenant).await?),
        Action::StopImport => ask(Command::StopImport).await,
        Action::Plan => ask(Command::Plan(body)).await,
        Action::Metrics => metrics_page(env, exchange, query.parameter("tenant")).await,
        Action::Health
        | Action::Ready
        | Action::OpenApi
        | Action::Scim
        | Action::Import
        | Action::Grant
        | Action::Jwks
        | Action::Poll => Err(ScimError::new(404, "there is nothing here").into()),
    }
}

async fn read_json(request: &mut Request) -> Result<Value, Fault> {
    let text = body_text(request, MAX_BODY).await?;
    match text.trim() {
        "" => Ok(Value::Null),
        text => serde_json::from_str(text)
            .map_err(|error| ScimError::new(400, format!("the body is no JSON: {error}")).into()),
    }
}

/// One tenant's metrics, or every tenant's.
async fn metrics_page(env: &Env, exchange: &Exchange, only: Option<String>) -> Answer {
    let ids = match only {
        Some(id) => vec![in_path(&id)?],
        None => {
            let (tenants, _) = entry::page(&env.kv("DIRECTORY")?, METRICS_PAGE + 1, None).await?;
            tenants.into_iter().map(|tenant| tenant.id).collect()
        }
    };
    if ids.len() > METRICS_PAGE {
        let detail = format!(
            "there are more than {METRICS_PAGE} tenants; ask for one with `?tenant=`, or bind Analytics Engine for all"
        );
        return Err(ScimError::new(400, detail).into());
    }
    let mut states = Vec::with_capacity(ids.len());
    for id in ids {
        metrics::tell(env, &id).await;
        let mut response = command(env, &exchange.id, &id, &Command::Metrics).await?;
        if response.status_code() == 200 {
            states.push((id, response.json().await?));
        }
    }
    let page = metrics::page(&states);
    Ok(of_reply(Reply::text(200, "text/plain; version=0.0.4; charset=utf-8", page))?)
}
