//! `provisor tenant`, `token`, `export`, `import` and `audit`: a deployment's administration.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::client::Deployment;
use super::text::print;

/// A deployment's tenants.
#[derive(Subcommand)]
pub(super) enum Tenant {
    /// Make a tenant; prints its Tenant URL and its first token, which is shown this once.
    Create {
        /// Its name.
        name: String,
        /// Its settings as JSON: {"strict": true}.
        #[arg(long, default_value = "{}")]
        settings: String,
    },
    /// List all tenants, one a line: id, name, and its state where it is not active.
    List,
    /// Show one tenant: settings, state, counts.
    Show {
        /// Its id.
        tenant: String,
    },
    /// Change a tenant's settings; those not given stay as they are.
    Set {
        /// Its id.
        tenant: String,
        /// Settings as JSON: {"profile": "strict", "requestsPerSecond": 100}.
        #[arg(long, required_unless_present = "copy")]
        settings: Option<String>,
        /// Whether it has a copy at the edge.
        #[arg(long, value_name = "true|false")]
        copy: Option<bool>,
    },
    /// Show a tenant's own schemas and resource types, or set them anew, checked with positions.
    Schemas {
        /// Its id.
        tenant: String,
        /// Set them from a file as this command prints them: {"Schemas": […], "ResourceTypes": […]}.
        #[arg(long, value_name = "FILE", conflicts_with = "clear")]
        set: Option<PathBuf>,
        /// Go back to the schemas of the standard alone.
        #[arg(long)]
        clear: bool,
    },
    /// Let a tenant rest: its tokens are refused, its data stay.
    Suspend {
        /// Its id.
        tenant: String,
    },
    /// Let a tenant work again.
    Resume {
        /// Its id.
        tenant: String,
    },
    /// Begin to delete a suspended tenant and all its data; `show` says how far it is.
    Delete {
        /// Its id.
        tenant: String,
        /// Its name, to confirm.
        #[arg(long)]
        confirm: String,
    },
    /// Erase a person, also one who was deleted; prints the mark that stands for them in the trail.
    Erase {
        /// The tenant's id.
        tenant: String,
        /// The resource's id.
        id: String,
    },
}

/// A tenant's tokens.
#[derive(Subcommand)]
pub(super) enum Token {
    /// Make a token; it is shown this once.
    Create {
        /// The tenant's id.
        tenant: String,
        /// What it may do: provision, read or edge-read.
        #[arg(long, default_value = "provision")]
        scope: String,
        /// When it ends: 2027-01-31T08:00:00Z. Without it: never.
        #[arg(long)]
        expires: Option<String>,
    },
    /// List a tenant's tokens without their text.
    List {
        /// The tenant's id.
        tenant: String,
    },
    /// End a token, given by its id or whole.
    Revoke {
        /// The tenant's id.
        tenant: String,
        /// The token or its id.
        token: String,
    },
}

/// Which changes, and in which form.
#[derive(clap::Args)]
pub(super) struct Trail {
    /// The tenant's id.
    tenant: String,
    /// Not before this time: 2027-01-31T08:00:00Z.
    #[arg(long)]
    from: Option<String>,
    /// Before this time.
    #[arg(long)]
    to: Option<String>,
    /// By this token, by its id.
    #[arg(long)]
    actor: Option<String>,
    /// Of this resource, by its id.
    #[arg(long)]
    id: Option<String>,
    /// Of this type: User or Group.
    #[arg(long)]
    resource_type: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Form::Ndjson)]
    format: Form,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// One change a line, as JSON.
    Ndjson,
    /// A table for a spreadsheet.
    Csv,
}

/// Runs `provisor tenant`.
pub(super) fn tenant(at: &Deployment, command: &Tenant) -> Result<ExitCode, String> {
    let state = |tenant: &str, state: &str| {
        let path = format!("/tenants/{}", segment(tenant)?);
        show(&at.ask("PATCH", &path, Some(&json!({ "state": state })))?.body)
    };
    match command {
        Tenant::Create { name, settings } => {
            let settings = settings_of(settings)?;
            show(&at.ask("POST", "/tenants", Some(&json!({ "name": name, "settings": settings })))?.body)
        }
        Tenant::List => {
            let field = |tenant: &Value, name: &str| {
                tenant.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            let mut lines = Vec::new();
            let mut cursor = String::new();
            loop {
                let body = at.ask("GET", &format!("/tenants?limit=500{cursor}"), None)?.body;
                for tenant in body.get("tenants").and_then(Value::as_array).into_iter().flatten() {
                    let state =
                        Some(field(tenant, "state")).filter(|state| !state.is_empty() && state != "active");
                    let state = state.map(|state| format!("  ({state})")).unwrap_or_default();
                    lines.push(format!("{}  {}{state}", field(tenant, "id"), field(tenant, "name")));
                }
                match body.get("next").and_then(Value::as_str) {
                    Some(next) => cursor = format!("&cursor={}", encoded(next)),
                    None => break print(&lines.join("\n")),
                }
            }
        }
        Tenant::Show { tenant } => {
            show(&at.ask("GET", &format!("/tenants/{}", segment(tenant)?), None)?.body)
        }
        Tenant::Set { tenant, settings, copy } => {
            let mut change = serde_json::Map::new();
            if let Some(settings) = settings {
                change.insert("settings".into(), settings_of(settings)?);
            }
            change.extend(copy.map(|copy| ("copy".to_owned(), Value::Bool(copy))));
            let path = format!("/tenants/{}", segment(tenant)?);
            show(&at.ask("PATCH", &path, Some(&change.into()))?.body)
        }
        Tenant::Schemas { tenant, set, clear } => schemas(at, tenant, set.as_deref(), *clear),
        Tenant::Suspend { tenant } => state(tenant, "suspended"),
        Tenant::Resume { tenant } => state(tenant, "active"),
        Tenant::Delete { tenant, confirm } => {
            let path = format!("/tenants/{}", segment(tenant)?);
            at.ask("DELETE", &path, Some(&json!({ "confirm": confirm })))?;
            print("the deletion is under way; when it is done `provisor tenant show` finds no such tenant")
        }
        Tenant::Erase { tenant, id } => {
            let path = format!("/tenants/{}/erase", segment(tenant)?);
            show(&at.ask("POST", &path, Some(&json!({ "id": id })))?.body)
        }
    }
}

fn settings_of(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("`--settings` is not JSON: {error}"))
}

/// Shows, sets or clears a tenant's own schemas.
fn schemas(at: &Deployment, tenant: &str, set: Option<&Path>, clear: bool) -> Result<ExitCode, String> {
    let path = format!("/tenants/{}/schemas", segment(tenant)?);
    if clear {
        at.ask("DELETE", &path, None)?;
        return print("cleared");
    }
    let Some(file) = set else { return show(&at.ask("GET", &path, None)?.body) };
    let name = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| format!("`{name}` cannot be read: {error}"))?;
    let document: Value =
        serde_json::from_str(&text).map_err(|error| format!("`{name}` is not JSON: {error}"))?;
    at.ask("PUT", &path, Some(&document))?;
    print(&format!("set from {name}"))
}

/// Runs `provisor token`.
pub(super) fn token(at: &Deployment, command: &Token) -> Result<ExitCode, String> {
    match command {
        Token::Create { tenant, scope, expires } => {
            let path = format!("/tenants/{}/tokens", segment(tenant)?);
            show(&at.ask("POST", &path, Some(&json!({ "scope": scope, "expires": expires })))?.body)
        }
        Token::List { tenant } => {
            show(&at.ask("GET", &format!("/tenants/{}/tokens", segment(tenant)?), None)?.body)
        }
        Token::Revoke { tenant, token } => {
            let path = format!("/tenants/{}/tokens/revoke", segment(tenant)?);
            at.ask("POST", &path, Some(&json!({ "token": token })))?;
            print("revoked")
        }
    }
}

/// Writes a tenant's backup to a file. What is cut off is removed again.
pub(super) fn export(at: &Deployment, tenant: &str, file: &PathBuf) -> Result<ExitCode, String> {
    let mut lines = at.download(&format!("/tenants/{}/export", segment(tenant)?))?;
    let fault = |error: std::io::Error| format!("`{}` cannot be written: {error}", file.display());
    let part = file.with_extension("part");
    let mut to = std::fs::File::create(&part).map_err(fault)?;
    let mut buffer = vec![0; 65_536];
    loop {
        match lines.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => to.write_all(buffer.get(..read).unwrap_or_default()).map_err(fault)?,
            Err(error) => {
                let _ = std::fs::remove_file(&part);
                return Err(format!("the export broke off: {error}\nhelp: run the same command again"));
            }
        }
    }
    to.sync_all().map_err(fault)?;
    std::fs::rename(&part, file).map_err(fault)?;
    print(&format!("exported to {}", file.display()))
}

/// Reads a backup into an empty tenant.
pub(super) fn import(at: &Deployment, tenant: &str, file: &PathBuf) -> Result<ExitCode, String> {
    let from =
        std::fs::File::open(file).map_err(|error| format!("`{}` cannot be read: {error}", file.display()))?;
    show(&at.upload(&format!("/tenants/{}/import", segment(tenant)?), from)?)
}

/// Prints a tenant's audit trail, page after page.
pub(super) fn audit(at: &Deployment, audit: &Trail) -> Result<ExitCode, String> {
    let form = if audit.format == Form::Csv { "csv" } else { "ndjson" };
    let mut query = format!("?format={form}");
    for (name, value) in [
        ("from", &audit.from),
        ("to", &audit.to),
        ("actor", &audit.actor),
        ("id", &audit.id),
        ("resourceType", &audit.resource_type),
    ] {
        if let Some(value) = value {
            query.push_str(&format!("&{name}={}", segment(value)?));
        }
    }
    let mut after = String::new();
    let mut is_first = true;
    loop {
        let path = format!("/tenants/{}/journal{query}{after}", segment(&audit.tenant)?);
        let page = at.ask("GET", &path, None)?;
        // Each page of a table begins with its head.
        let text = match page.text.split_once('\n') {
            Some((_, rest)) if !is_first && audit.format == Form::Csv => rest,
            _ => &page.text,
        };
        if !text.trim().is_empty() {
            print(text.trim_end())?;
        }
        match page.next {
            Some(next) => after = format!("&after={next}"),
            None => return Ok(ExitCode::SUCCESS),
        }
        is_first = false;
    }
}

fn show(body: &Value) -> Result<ExitCode, String> {
    let text = serde_json::to_string_pretty(body).map_err(|error| error.to_string())?;
    print(&text)
}

/// Any text as it may stand in a query.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => all.push(char::from(byte)),
            other => all.push_str(&format!("%{other:02X}")),
        }
        all
    })
}

/// A value that may stand in a path or a query as it is.
fn segment(value: &str) -> Result<&str, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    if !value.is_empty() && value.chars().all(is_plain) {
        return Ok(value);
    }
    Err(format!(
        "`{value}` is no id, type or time\nhelp: an id has letters, digits and `-`; a time is 2027-01-31T08:00:00Z"
    ))
}
