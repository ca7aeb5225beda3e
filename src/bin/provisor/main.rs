//! The command line; each command has a module.
//! Exit codes: 0 all well, 2 the input cannot be used (standard error says why), 3 a check
//! that was asked for failed; `cycle` and `replay-conversations` say what else.

mod admin;
mod client;
mod compare;
mod cycle;
mod eval;
mod files;
mod lint;
mod preview;
mod replay;
mod target;
mod text;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What Microsoft Entra's provisioning would do, without doing it.
#[derive(Parser)]
#[command(name = "provisor", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plan a whole population: who is created, updated, disabled, deleted, and why
    ///
    /// Nothing is sent. Exit codes: 0 all well, 2 a file cannot be used, 3 a check failed.
    ///
    /// Examples:
    ///   provisor preview --users users.json --target scim-users.json --format text
    ///   provisor preview --users users.csv --assignments assigned.json --format html -o report.html
    ///   provisor preview --users users.json --target scim.json --fail-on-deletes 20 --fail-on-errors --format summary
    #[command(verbatim_doc_comment)]
    Preview(Box<preview::Preview>),
    /// Compare two configurations over one population: who fares differently, and how.
    ///
    /// Example: provisor compare --users users.json --target scim.json --before old.json --after new.json
    Compare(Box<compare::Compare>),
    /// Say what is wrong or surprising in a configuration, with its population if given.
    ///
    /// Examples:
    ///   provisor lint --schema export.json
    ///   provisor lint --schema export.json --users users.json --target scim.json --fail-on warning
    ///   provisor lint --table mapping-table.md
    #[command(verbatim_doc_comment)]
    Lint(Box<lint::Lint>),
    /// Ask a SCIM endpoint what the portal's Test Connection asks: exit code 3 when it is refused.
    ///
    /// Example: SECRET_TOKEN=… provisor test-connection --tenant-url https://app.example/scim
    TestConnection(cycle::TestConnection),
    /// Provision any SCIM endpoint as Entra would, cycle after cycle; may be killed at any moment.
    ///
    /// Example: SECRET_TOKEN=… provisor cycle --tenant-url https://app.example/scim --users users.json --state job.json
    Cycle(Box<cycle::Arguments>),
    /// Replay what directories really send against any SCIM server, and say what it answers otherwise
    ///
    /// Each conversation is a directory's requests in order: it creates, changes and deletes. Use an empty tenant that
    /// nobody needs; what a conversation made is deleted at its end. Exit codes: 0 all passed, 1 a conversation failed,
    /// 2 the server cannot be asked.
    ///
    /// Examples:
    ///   provisor replay-conversations https://app.example/scim/v2 --token T
    ///   provisor replay-conversations http://localhost:8080/v2 --only entra --only okta/oin
    ///   provisor replay-conversations http://localhost:8080/v2 --folder my-conversations
    #[command(verbatim_doc_comment)]
    ReplayConversations(replay::Replay),
    /// Evaluate one expression: {"value": …}, {"ignore": true} or {"error": …}.
    ///
    /// Example: provisor eval --expression 'Join(" ", [givenName], [surname])' --input '{"givenName":"Ana","surname":"Ng"}'
    Eval(eval::Eval),
    /// Check a synchronizationSchema: every finding as JSON; exit code 2 when it cannot work.
    Validate {
        /// The export: Provisioning, Attribute mapping, Review your schema here, Download.
        #[arg(long)]
        schema: PathBuf,
    },
    /// Make, list, show, suspend, resume and delete a deployment's tenants.
    ///
    /// Example: ADMIN_TOKEN=… provisor tenant create "Example Ltd" --url https://scim.example.com
    Tenant {
        #[command(flatten)]
        at: client::Deployment,
        #[command(subcommand)]
        command: admin::Tenant,
    },
    /// Make, list and revoke a tenant's tokens.
    ///
    /// Example: provisor token create TENANT --scope read --expires 2027-01-31T08:00:00Z
    Token {
        #[command(flatten)]
        at: client::Deployment,
        #[command(subcommand)]
        command: admin::Token,
    },
    /// Write a tenant's backup to a file.
    ///
    /// Example: provisor export TENANT --file tenant.ndjson
    Export {
        #[command(flatten)]
        at: client::Deployment,
        /// The tenant's id.
        tenant: String,
        /// The file to write; what is there is replaced when the export is whole.
        #[arg(long)]
        file: PathBuf,
    },
    /// Read a backup into an empty tenant.
    ///
    /// Example: provisor import TENANT --file tenant.ndjson
    Import {
        #[command(flatten)]
        at: client::Deployment,
        /// The tenant's id.
        tenant: String,
        /// The file to read.
        #[arg(long)]
        file: PathBuf,
    },
    /// Print who changed what, from what to what.
    ///
    /// Example: provisor audit TENANT --from 2027-01-01T00:00:00Z --format csv
    Audit {
        #[command(flatten)]
        at: client::Deployment,
        #[command(flatten)]
        trail: admin::Trail,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Preview(arguments) => preview::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Lint(arguments) => lint::run(&arguments),
        Command::TestConnection(arguments) => cycle::test_connection(&arguments),
        Command::Cycle(arguments) => cycle::run(&arguments),
        Command::ReplayConversations(arguments) => replay::run(&arguments),
        Command::Eval(arguments) => eval::run(&arguments),
        Command::Tenant { at, command } => admin::tenant(&at, &command),
        Command::Token { at, command } => admin::token(&at, &command),
        Command::Export { at, tenant, file } => admin::export(&at, &tenant, &file),
        Command::Import { at, tenant, file } => admin::import(&at, &tenant, &file),
        Command::Audit { at, trail } => admin::audit(&at, &trail),
        Command::Validate { schema } => lint::validate(&schema),
    };
    match outcome {
        Ok(code) => code,
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "provisor: {message}");
            ExitCode::from(2)
        }
    }
}
