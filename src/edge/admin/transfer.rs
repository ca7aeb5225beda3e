//! Backup and restore from outside: the object's pages as one stream of lines, and back. One page,
//! or one batch and what has arrived of a line, is held at a time.

use futures_util::{StreamExt, stream};
use serde_json::Value;
use sha2::{Digest, Sha256};
use worker::{Env, Request, Response, ResponseBuilder, Result};

use crate::edge::object::client::command;
use crate::edge::object::command::{Applied, Command};
use crate::edge::object::export::NEXT;
use crate::edge::platform::log::failure;
use crate::edge::platform::random::new_id;
use crate::edge::platform::response::{of_error, of_reply};
use crate::scim::auth::token::hex;
use crate::scim::directory::transfer::{MAX_LINE, Sums, Trailer};
use crate::scim::error::ScimError;
use crate::scim::http::Reply;

/// Lines are handed to the object in batches of about this many bytes.
const BATCH: usize = 256 * 1024;
/// Most notes that an import is answered with.
const NOTES: usize = 100;

/// Streams a tenant as lines of JSON; the last has the SHA-256 of all before it.
pub(super) async fn export(env: &Env, id: &str, tenant: &str) -> Result<Response> {
    let mut first = command(env, id, tenant, &Command::Export(Value::Null)).await?;
    if first.status_code() != 200 {
        return Ok(first);
    }
    let mut digest = Sha256::new();
    let next = first.headers().get(NEXT)?;
    let page = first.bytes().await?;
    digest.update(&page);
    let state = Export { env: env.clone(), id: id.to_owned(), tenant: tenant.to_owned(), digest, next };
    let rest = stream::try_unfold(Some(state), |state| async move {
        let Some(mut state) = state else { return Ok(None) };
        let cursor: Value =
            state.next.as_deref().and_then(|next| serde_json::from_str(next).ok()).unwrap_or_default();
        let export = Command::Export(cursor);
        let mut page = command(&state.env, &state.id, &state.tenant, &export).await?;
        if page.status_code() != 200 {
            // The transfer breaks off: a file without its last line is no export.
            let why = format!("the export broke off with {}", page.status_code());
            failure("export", &state.id, &why);
            return Err(worker::Error::RustError(why));
        }
        state.next = page.headers().get(NEXT)?;
        let bytes = page.bytes().await?;
        if state.next.is_some() {
            state.digest.update(&bytes);
            return Ok(Some((bytes, Some(state))));
        }
        let mut last: Value = serde_json::from_slice(&bytes)?;
        if let Some(end) = last.get_mut("end").and_then(Value::as_object_mut) {
            end.insert("sha256".into(), hex(&state.digest.finalize()).into());
        }
        Ok::<_, worker::Error>(Some((format!("{last}\n").into_bytes(), None)))
    });
    let first = stream::once(async move { Ok::<_, worker::Error>(page) });
    ResponseBuilder::new().with_header("Content-Type", "application/x-ndjson")?.from_stream(first.chain(rest))
}

struct Export {
    env: Env,
    id: String,
    tenant: String,
    digest: Sha256,
    next: Option<String>,
}

/// Reads an export into an empty tenant. Whatever fails, the tenant is as it was before.
pub(super) async fn import(env: &Env, id: &str, tenant: &str, request: &mut Request) -> Result<Response> {
    let mut import = Import {
        env,
        id,
        tenant,
        import: new_id(),
        digest: Sha256::new(),
        batch: String::new(),
        first: 1,
        lines: 0,
        end: None,
        notes: Vec::new(),
        more: 0,
    };
    let begun = import.ask(&Command::BeginImport(import.import.clone())).await?;
    if begun.status_code() != 200 {
        return Ok(begun);
    }
    let outcome = import.run(request).await;
    if !matches!(&outcome, Ok(response) if response.status_code() == 200) {
        // It takes back this import and no other: one that was given up meanwhile, or is done, stays.
        let abandoned = import.ask(&Command::AbandonImport(import.import.clone())).await?;
        if !matches!(abandoned.status_code(), 200 | 409) {
            return Ok(abandoned);
        }
    }
    outcome
}

struct Import<'a> {
    env: &'a Env,
    /// The request's id.
    id: &'a str,
    tenant: &'a str,
    /// The import's own id.
    import: String,
    digest: Sha256,
    batch: String,
    /// The number of the batch's first line.
    first: u64,
    /// Lines that have been read.
    lines: u64,
    end: Option<Trailer>,
    notes: Vec<String>,
    /// Notes for which there was no room.
    more: u64,
}

impl Import<'_> {
    /// Gives the object a command.
    async fn ask(&self, asked: &Command) -> Result<Response> {
        command(self.env, self.id, self.tenant, asked).await
    }

    async fn run(&mut self, request: &mut Request) -> Result<Response> {
        let refuse = |status, detail: &str| of_error(&ScimError::new(status, detail));
        let mut rest: Vec<u8> = Vec::new();
        let mut body = request.stream()?;
        loop {
            let chunk = body.next().await.transpose()?;
            let is_last = chunk.is_none();
            let before = rest.len();
            let chunk = chunk.unwrap_or_default();
            // Whole lines only; the last may lack its newline.
            let newline = chunk.iter().rposition(|byte| *byte == b'\n');
            rest.extend(chunk);
            let whole = if is_last { rest.len() } else { newline.map_or(0, |at| before + at + 1) };
            if rest.len() - whole > MAX_LINE {
                let detail = format!(
                    "line {}: it has more than {MAX_LINE} bytes, so that it is of no export; nothing was kept",
                    self.lines + 1
                );
                return refuse(413, &detail);
            }
            let Ok(lines) = String::from_utf8(rest.drain(..whole).collect()) else {
                return refuse(400, "the body is not UTF-8; send what an export gave; nothing was kept");
            };
            for line in lines.lines() {
                if let Err(error) = self.take(line) {
                    return of_error(&error);
                }
                if self.batch.len() > BATCH
                    && let Some(refused) = self.send().await?
                {
                    return Ok(refused);
                }
            }
            if is_last {
                break;
            }
        }
        if let Some(refused) = self.send().await? {
            return Ok(refused);
        }
        let Some(end) = self.end.take() else {
            return refuse(400, "the export is cut off: its last line is missing; nothing was kept");
        };
        if end.sha256 != hex(&std::mem::take(&mut self.digest).finalize()) {
            return refuse(
                422,
                "the lines are not those that were exported: their digest is another; nothing was kept",
            );
        }
        self.finish(end.sums).await
    }

    async fn finish(&self, end: Sums) -> Result<Response> {
        let finish = Command::FinishImport { id: self.import.clone(), end };
        // The answer may have been lost and not the work: asked again, the object says the same.
        let mut done = match self.ask(&finish).await {
            Ok(done) => done,
            Err(_) => self.ask(&finish).await?,
        };
        if done.status_code() != 200 {
            return Ok(done);
        }
        let mut shown: Value = done.json().await?;
        if let Some(shown) = shown.as_object_mut() {
            shown.insert("notes".into(), self.notes.clone().into());
            if self.more > 0 {
                shown.insert("moreNotes".into(), self.more.into());
            }
        }
        of_reply(Reply::plain(200, &shown))
    }

    fn take(&mut self, line: &str) -> std::result::Result<(), ScimError> {
        self.lines += 1;
        if self.end.is_some() {
            let detail = format!(
                "line {}: it comes after the export's last one; send one file; nothing was kept",
                self.lines
            );
            return if line.trim().is_empty() { Ok(()) } else { Err(ScimError::new(400, detail)) };
        }
        if let Some(end) = Trailer::read(line) {
            self.end = Some(end?);
            return Ok(());
        }
        self.digest.update(line.as_bytes());
        self.digest.update(b"\n");
        self.batch.push_str(line);
        self.batch.push('\n');
        Ok(())
    }

    /// Hands the batch over; answers with a refusal if there is one.
    async fn send(&mut self) -> Result<Option<Response>> {
        let lines = std::mem::take(&mut self.batch);
        let first = self.first;
        self.first = self.lines + 1;
        let mut reply = self.ask(&Command::ImportLines { id: self.import.clone(), lines, first }).await?;
        if reply.status_code() != 200 {
            return Ok(Some(reply));
        }
        let Applied { notes, more } = reply.json().await?;
        for note in notes {
            if self.notes.len() < NOTES {
                self.notes.push(note);
            } else {
                self.more += 1;
            }
        }
        self.more += more;
        Ok(None)
    }
}
