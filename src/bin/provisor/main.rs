//! The command line; each command has a module.
//! Exit codes: 0 all well, 2 the input cannot be used (standard error says why).

mod cycle;
mod eval;
mod preview;
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
    /// Plan a whole population: who is created, updated, disabled, deleted, and why.
    ///
    /// Example: provisor preview --users users.json --target scim-users.json --format text
    Preview(preview::Preview),
    /// Provision any SCIM endpoint as Entra would, cycle after cycle; may be killed at any moment.
    ///
    /// Example: SECRET_TOKEN=… provisor cycle --tenant-url https://app.example/scim --users users.json --state job.json
    Cycle(Box<cycle::Arguments>),
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
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Preview(arguments) => preview::run(&arguments),
        Command::Cycle(arguments) => cycle::run(&arguments),
        Command::Eval(arguments) => eval::run(&arguments),
        Command::Validate { schema } => preview::validate(&schema),
    };
    match outcome {
        Ok(code) => code,
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "provisor: {message}");
            ExitCode::from(2)
        }
    }
}
