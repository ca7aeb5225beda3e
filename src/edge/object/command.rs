//! What a tenant's object is asked beside SCIM: a command for each. `client` sends it, `commands` answers it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::error::Category;

use crate::edge::store::journal;
use crate::edge::store::space::Space;
use crate::edge::tenant::clients;
use crate::edge::tenant::tally::Tally;
use crate::edge::tenant::tokens;
use crate::scim::directory::transfer::Sums;
use crate::scim::error::ScimError;

/// What a tenant's object is asked. A `Value` is a client's own JSON, which whoever answers checks.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::edge) enum Command {
    /// Says whether the object can open its storage.
    Ready,
    /// Takes note of so many credentials that the Worker refused.
    Refused(u32),
    /// Adds what the Worker saw to the tenant's counts.
    Observe(Tally),
    /// Tells [`Metrics`].
    Metrics,
    /// Makes the tenant.
    Create { identity: Identity, settings: Value, copy: Value },
    /// Shows the tenant.
    Show,
    /// Changes settings, state or copy.
    Change(Value),
    /// Begins the end of the tenant.
    Delete {
        /// Its name, as the administrator wrote it.
        confirm: Option<String>,
        /// What the list of tenants knows of one whose object knows nothing.
        left: Option<Identity>,
    },
    /// Erases a person, by an id if one was sent.
    Erase(Option<String>),
    /// Lists the tokens.
    Tokens,
    /// Notes a token, and answers with [`tokens::Noted`].
    MakeToken(tokens::New),
    /// Ends a token, given by its hash or how that begins, and answers with [`tokens::Revoked`].
    RevokeToken(String),
    /// Lists the OAuth clients.
    Clients,
    /// Notes a client.
    MakeClient(clients::New),
    /// Ends the client of this id.
    RevokeClient(String),
    /// Says whether a client's secret is right, and answers with [`clients::Checked`].
    CheckClient { id: String, hash: String },
    /// Lists whose tokens the tenant takes beside its own.
    Issuers,
    /// Says whose it takes, instead of what was said before; both answer with
    /// [`Listed`](crate::edge::tenant::issuers::Listed).
    SetIssuers(Vec<Value>),
    /// Shows the tenant's own schemas and resource types.
    Schemas,
    /// Keeps others.
    SetSchemas(Value),
    /// Keeps none.
    DeleteSchemas,
    /// Reads a page of the audit trail.
    Journal(journal::Filter),
    /// Lists the event streams.
    Streams,
    /// Makes a stream.
    MakeStream { stream: String, settings: Value },
    /// Shows the stream of this id.
    ShowStream(String),
    /// Deletes the stream of this id.
    DeleteStream(String),
    /// Lists what could not be told to the stream of this id.
    DeadLetters(String),
    /// Tells it once more: one by its `jti`, or all.
    Resend { stream: String, jti: Option<String> },
    /// Keeps a signing key, as a JWK, if there is none or another is wanted; answers with all keys.
    KeepKey { key: Value, rotate: bool },
    /// Answers a receiver that polls, with [`Found`](crate::edge::events::poll::Found).
    Poll {
        /// The hash of its token.
        hash: String,
        /// What it sent.
        asked: Value,
        /// Whether this is a further look for the same request.
        is_again: bool,
    },
    /// Notes everything to be published once more.
    Republish,
    /// Reads a page of an export: the one that the page before named, or the first for null.
    Export(Value),
    /// Begins an import of this id.
    BeginImport(String),
    /// Applies lines, and answers with [`Applied`]; `first` is the number of the first.
    ImportLines { id: String, lines: String, first: u64 },
    /// Ends an import whose rows add up to this.
    FinishImport { id: String, end: Sums },
    /// Takes the import of this id back.
    AbandonImport(String),
    /// Takes back whatever import is under way.
    StopImport,
    /// Plans a posted source against the directory.
    Plan(Value),
}

/// How well a tenant must be for a command to be answered. Each asks for all that those before it do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// There may be no tenant at all.
    Nothing,
    /// There is one, and it may be on its way out.
    Known,
    /// It stays; an import may be under way, as the command neither changes nor reads the directory.
    Stays,
    /// No import is under way.
    Rests,
}

impl Command {
    /// Reads what a Worker sent.
    ///
    /// # Errors
    /// 400 for what is nested too deeply; 503 for a command that only another version knows.
    pub(super) fn read(text: &str) -> Result<Self, ScimError> {
        serde_json::from_str(text).map_err(|error| match error.classify() {
            Category::Data => ScimError::new(503, "the service could not answer; try again"),
            Category::Io | Category::Syntax | Category::Eof => {
                ScimError::new(400, format!("the body is no JSON: {error}"))
            }
        })
    }

    /// How well the tenant must be.
    pub(super) fn need(&self) -> Need {
        match self {
            Self::Ready | Self::Refused(_) | Self::Create { .. } | Self::Delete { .. } => Need::Nothing,
            Self::Show => Need::Known,
            Self::Change(sent) if only_state(sent) => Need::Stays,
            Self::Observe(_)
            | Self::Metrics
            | Self::Tokens
            | Self::MakeToken(_)
            | Self::RevokeToken(_)
            | Self::Clients
            | Self::MakeClient(_)
            | Self::RevokeClient(_)
            | Self::CheckClient { .. }
            | Self::Issuers
            | Self::SetIssuers(_)
            | Self::Schemas
            | Self::Journal(_)
            | Self::Streams
            | Self::ShowStream(_)
            | Self::BeginImport(_)
            | Self::ImportLines { .. }
            | Self::FinishImport { .. }
            | Self::AbandonImport(_)
            | Self::StopImport => Need::Stays,
            Self::Change(_)
            | Self::Erase(_)
            | Self::SetSchemas(_)
            | Self::DeleteSchemas
            | Self::MakeStream { .. }
            | Self::DeleteStream(_)
            | Self::DeadLetters(_)
            | Self::Resend { .. }
            | Self::KeepKey { .. }
            | Self::Poll { .. }
            | Self::Republish
            | Self::Export(_)
            | Self::Plan(_) => Need::Rests,
        }
    }
}

/// Whether a change is of the tenant's state alone.
fn only_state(sent: &Value) -> bool {
    sent.as_object().is_some_and(|sent| sent.keys().all(|name| name == "state"))
}

/// What a tenant is known by.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::edge) struct Identity {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its Tenant URL.
    pub base: String,
}

/// What lines of an import left to be said.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::edge) struct Applied {
    /// What was kept otherwise than it came.
    pub notes: Vec<String>,
    /// Notes for which there was no room.
    pub more: u64,
}

/// What Prometheus is told of a tenant.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::edge) struct Metrics {
    /// What was counted.
    pub tally: Tally,
    /// Users in the directory.
    pub users: u64,
    /// Groups in the directory.
    pub groups: u64,
    /// Copies that are not yet written to KV.
    pub unpublished: u64,
    /// How much is stored.
    pub storage: Space,
}
