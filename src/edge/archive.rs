//! Backup and restore from outside: the object's pages as one stream of lines, and back.

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use worker::{Env, Request, Response, ResponseBuilder, Result};

use super::backup::NEXT;
use super::reply::{of_error, of_reply};
use super::tenant::{ask_admin, now};
use super::token::hex;
use crate::scim::error::ScimError;
use crate::scim::http::Reply;

/// Lines are handed to the object in batches of about this many bytes.
const BATCH: usize = 256 * 1024;
/// Longest line: a resource may be as long as a request.
const MAX_LINE: usize = 4 * 1_048_576;
/// How the last line begins.
const END: &str = "{\"end\":";

/// Streams a tenant as lines of JSON; the last has the SHA-256 of all before it.
pub(super) async fn export(env: &Env, id: &str, tenant: &str) -> Result<Response> {
    let mut first = ask_admin(env, id, tenant, "/export", &json!({})).await?;
    if first.status_code() != 200 {
        return Ok(first);
    }
    let state = Export {
        env: env.clone(),
        id: id.to_owned(),
        tenant: tenant.to_owned(),
        digest: Sha256::new(),
        next: first.headers().get(NEXT)?,
    };
    let text = first.text().await?;
    let mut state = Some(state);
    if let Some(state) = &mut state {
        state.digest.update(text.as_bytes());
    }
    let rest = stream::try_unfold(state, |state| async move {
        let Some(mut state) = state else { return Ok(None) };
        let cursor: Value =
            state.next.as_deref().and_then(|next| serde_json::from_str(next).ok()).unwrap_or_default();
        let mut page = ask_admin(&state.env, &state.id, &state.tenant, "/export", &cursor).await?;
        let text = page.text().await?;
        if page.status_code() != 200 {
            // The transfer breaks off: a file without its last line is no export.
            return Err(worker::Error::RustError(format!("the export failed: {text}")));
        }
        state.next = page.headers().get(NEXT)?;
        if state.next.is_some() {
            state.digest.update(text.as_bytes());
            return Ok(Some((text.into_bytes(), Some(state))));
        }
        let mut last: Value = serde_json::from_str(&text)?;
        if let Some(end) = last.get_mut("end").and_then(Value::as_object_mut) {
            end.insert("sha256".into(), hex(&state.digest.finalize()).into());
        }
        Ok::<_, worker::Error>(Some((format!("{last}\n").into_bytes(), None)))
    });
    let first = stream::once(async move { Ok::<_, worker::Error>(text.into_bytes()) });
    ResponseBuilder::new().with_header("Content-Type", "application/x-ndjson")?.from_stream(first.chain(rest))
}

struct Export {
    env: Env,
    id: String,
    tenant: String,
    digest: Sha256,
    next: Option<String>,
}

/// Reads an export into an empty tenant. Whatever fails, the tenant is empty again.
pub(super) async fn import(env: &Env, id: &str, tenant: &str, request: &mut Request) -> Result<Response> {
    let begun = ask_admin(env, id, tenant, "/import/begin", &Value::Null).await?;
    if begun.status_code() != 200 {
        return Ok(begun);
    }
    let outcome = read(env, id, tenant, request).await;
    if matches!(&outcome, Ok(response) if response.status_code() == 200) {
        return outcome;
    }
    let abandoned = ask_admin(env, id, tenant, "/import/abandon", &Value::Null).await?;
    if abandoned.status_code() == 200 { outcome } else { Ok(abandoned) }
}

async fn read(env: &Env, id: &str, tenant: &str, request: &mut Request) -> Result<Response> {
    let refuse = |status, detail: &str| of_error(&ScimError::new(status, detail));
    let mut import = Import { digest: Sha256::new(), batch: String::new(), end: None };
    let mut rest: Vec<u8> = Vec::new();
    let mut body = request.stream()?;
    loop {
        let chunk = body.next().await.transpose()?;
        let is_last = chunk.is_none();
        rest.extend(chunk.unwrap_or_default());
        // Whole lines only; the last may lack its newline.
        let whole =
            if is_last { rest.len() } else { rest.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1) };
        if rest.len() - whole > MAX_LINE {
            return refuse(413, "a line is too long to be of an export");
        }
        let Ok(lines) = String::from_utf8(rest.drain(..whole).collect()) else {
            return refuse(400, "the body is not UTF-8; send what an export gave");
        };
        for line in lines.lines() {
            if import.take(line).is_err() {
                return refuse(400, "there are lines after the export's last one");
            }
            if import.batch.len() > BATCH
                && let Some(refused) = import.send(env, id, tenant).await?
            {
                return Ok(refused);
            }
        }
        if is_last {
            break;
        }
    }
    if let Some(refused) = import.send(env, id, tenant).await? {
        return Ok(refused);
    }
    let Some(end) = import.end else {
        return refuse(400, "the export is cut off: its last line is missing; nothing was kept");
    };
    if end.get("sha256").and_then(Value::as_str) != Some(hex(&import.digest.finalize()).as_str()) {
        return refuse(
            422,
            "the lines are not those that were exported: their digest is another; nothing was kept",
        );
    }
    let mut done = ask_admin(env, id, tenant, "/import/finish", &end).await?;
    if done.status_code() != 200 {
        return Ok(done);
    }
    of_reply(Reply::plain(200, &done.json::<Value>().await?))
}

struct Import {
    digest: Sha256,
    batch: String,
    end: Option<Value>,
}

impl Import {
    fn take(&mut self, line: &str) -> std::result::Result<(), ()> {
        if self.end.is_some() {
            return if line.trim().is_empty() { Ok(()) } else { Err(()) };
        }
        if line.starts_with(END) {
            let end: Option<Value> = serde_json::from_str(line).ok();
            self.end = end.and_then(|end| end.get("end").cloned());
            return Ok(());
        }
        self.digest.update(line.as_bytes());
        self.digest.update(b"\n");
        self.batch.push_str(line);
        self.batch.push('\n');
        Ok(())
    }

    /// Hands the batch over; answers with a refusal if there is one.
    async fn send(&mut self, env: &Env, id: &str, tenant: &str) -> Result<Option<Response>> {
        let lines = std::mem::take(&mut self.batch);
        let reply =
            ask_admin(env, id, tenant, "/import/lines", &json!({ "lines": lines, "now": now() })).await?;
        Ok(Some(reply).filter(|reply| reply.status_code() != 200))
    }
}
