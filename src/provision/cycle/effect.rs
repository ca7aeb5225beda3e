//! What the machine asks of the world, and what the world may answer.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a request is for; a shell may count or limit by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// Whether address and credentials are right.
    Test,
    /// Which target object a source object is.
    Match,
    /// What the linked target object holds.
    ReadBack,
    /// POST.
    Create,
    /// PATCH.
    Update,
    /// PATCH that disables.
    Disable,
    /// DELETE.
    Delete,
    /// PATCH of a manager or of members.
    Refer,
}

impl Purpose {
    /// Whether the target may be changed by it.
    #[must_use]
    pub fn writes(self) -> bool {
        !matches!(self, Self::Test | Self::Match | Self::ReadBack)
    }
}

/// One HTTP request; credentials are the shell's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// What it is for.
    pub purpose: Purpose,
    /// The source object, when it is about one.
    pub source: String,
    /// `GET`, `POST`, `PATCH` or `DELETE`.
    pub method: String,
    /// Below the Tenant URL, query included.
    pub path: String,
    /// The body, or null. Content-Type is `application/scim+json`.
    pub body: Value,
}

/// What the machine wants done next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "camelCase")]
pub enum Effect {
    /// Give one page of the source. The machine asks again until a page says it is the last.
    ReadSource {
        /// The page, from 0.
        page: usize,
        /// What the last cycle's last page gave.
        watermark: Option<String>,
    },
    /// Send one request and answer with the reply.
    Send {
        /// The request.
        request: Exchange,
    },
    /// Do nothing before this time, in milliseconds since 1970: the target asked for it.
    Wait {
        /// The time.
        until: i64,
    },
    /// Keep a log record (Graph's `provisioningObjectSummary`).
    Record {
        /// The record.
        record: Value,
    },
    /// Tell an administrator.
    Notify {
        /// What Entra would call it: a quarantine's reason, or `Disabled`.
        code: String,
        /// In words.
        message: String,
    },
    /// The cycle has ended; nothing more will be asked.
    Done,
}

/// What the shell answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub enum Outcome {
    /// A page of the source, in any form the previewer reads.
    Page {
        /// A hint at what it is: the file's name.
        name: String,
        /// The text.
        text: String,
        /// There is no further page.
        last: bool,
        /// What to give back at the next cycle.
        watermark: Option<String>,
    },
    /// The source could not be read: why.
    NoSource {
        /// In words.
        message: String,
    },
    /// A reply, whatever its status.
    Reply {
        /// HTTP status.
        status: u16,
        /// `Retry-After` as a time, in milliseconds since 1970.
        retry_at: Option<i64>,
        /// The body's text.
        body: String,
    },
    /// No reply came in time; the request may have been carried out.
    TimedOut,
    /// No connection, or a broken one; the request may have been carried out.
    Broken {
        /// In words.
        message: String,
    },
    /// The wait is over, the record is kept, the notice is given.
    Taken,
}
