//! `provisor replay-conversations`: what directories really send, asked of any SCIM server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use provisor::conversation::{Answer, Ask, Conversation, Fault, Reading};
use serde_json::Value;

use super::target::{self, Target, retry_at};
use super::text::print;

include!(concat!(env!("OUT_DIR"), "/conversations.rs"));

/// How often a server may say that it is busy, and how long a wait for it is at most.
const TRIES: u32 = 5;
const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[derive(clap::Args)]
pub(super) struct Replay {
    /// The server's SCIM base, as a directory would be given it.
    url: String,
    /// The bearer token. Without it: the environment variable SECRET_TOKEN, or none.
    #[arg(long, env = "SECRET_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Only the conversations of this directory, or this one: `entra` or `entra/legacy`. May be given several times.
    #[arg(long, value_name = "DIRECTORY")]
    only: Vec<String>,
    /// Conversations from this folder instead of those that are built in; any depth.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// A PATCH must be answered 200 or 204 as its file says; else either will do, as RFC 7644 §3.5.2 allows.
    #[arg(long)]
    exact: bool,
    /// Go on though there are users or groups already; what counts all of them will fail.
    #[arg(long)]
    not_empty: bool,
    /// Most requests a second.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Seconds after which a request has failed.
    #[arg(long, default_value_t = 60)]
    timeout: u64,
}

/// A conversation's name, and its files by name and text.
type Named = (String, Vec<(String, String)>);

/// Replays the conversations one after the other, each printed as it ends.
pub(super) fn run(arguments: &Replay) -> Result<ExitCode, String> {
    let chosen = chosen(arguments)?;
    let token = arguments.token.as_deref().filter(|token| !token.is_empty());
    let mut target = Target::new(&arguments.url, token, arguments.rate, arguments.timeout, false)?;
    look(&mut target, arguments)?;
    let reading = if arguments.exact { Reading::Exact } else { Reading::AsTheStandard };
    let mut endpoints = None;
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (name, files) in chosen {
        let mut conversation = Conversation::new(files, reading);
        let needs = conversation.needs();
        if !needs.is_empty() {
            let has = endpoints.get_or_insert_with(|| endpoints_of(&mut target));
            if let Some(lacked) = needs.iter().find(|need| !has.contains(need)) {
                skipped += 1;
                print(&format!("skipped  {name}: `/ResourceTypes` names no `{lacked}`"))?;
                continue;
            }
        }
        let outcome = replay(&mut target, &mut conversation);
        let left: Vec<&str> = conversation.leftovers().collect();
        let left: Vec<&str> = left.into_iter().filter(|path| !is_deleted(&mut target, path)).collect();
        match outcome {
            Ok(()) => {
                passed += 1;
                print(&format!("passed   {name}: {} requests", conversation.len()))?;
            }
            Err(fault) => {
                failed += 1;
                print(&format!("failed   {name}: {fault}"))?;
            }
        }
        for path in left {
            print(&format!("         `{path}` could not be deleted; conversations after this may meet it"))?;
        }
    }
    print(&format!("conversations: {passed} passed, {failed} failed, {skipped} skipped"))?;
    Ok(if failed > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// One conversation to its end, or to the first difference.
fn replay(target: &mut Target, conversation: &mut Conversation) -> Result<(), Fault> {
    while let Some(ask) = conversation.next_ask()? {
        let answer = send(target, &ask).map_err(|error| Fault {
            file: ask.file.clone(),
            request: format!("{} {}", ask.method, ask.path),
            difference: format!("there is no answer: {error}"),
        })?;
        let target::Answer { status, headers, body } = &answer;
        conversation.take(Answer { status: *status, headers, body })?;
    }
    Ok(())
}

/// Sends a request, again after the wait that a busy server asks for.
fn send(target: &mut Target, ask: &Ask) -> Result<target::Answer, String> {
    let mut headers: Vec<(&str, &str)> =
        ask.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("accept")) {
        headers.push(("accept", "application/scim+json"));
    }
    for _ in 0..TRIES {
        let answer = target.ask(&ask.method, &ask.path, &headers, &ask.body);
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.status != 429 {
            return Ok(answer);
        }
        let until = answer.header("Retry-After").and_then(retry_at).and_then(|at| u64::try_from(at).ok());
        let until = until.and_then(|at| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(at)));
        let wait = until.and_then(|until| until.duration_since(SystemTime::now()).ok());
        std::thread::sleep(wait.unwrap_or(Duration::from_secs(1)).min(LONGEST_WAIT));
    }
    Err(format!("the server is busy (429), {TRIES} times one after the other; try a lower `--rate`"))
}

/// Sends a request of our own, which is of no conversation.
fn send_plain(target: &mut Target, method: &str, path: &str) -> Result<target::Answer, String> {
    let ask = Ask {
        file: String::new(),
        method: method.to_owned(),
        path: path.to_owned(),
        headers: Vec::new(),
        body: String::new(),
        me: None,
    };
    send(target, &ask)
}

fn is_deleted(target: &mut Target, path: &str) -> bool {
    send_plain(target, "DELETE", path).is_ok_and(|answer| answer.status < 300 || answer.status == 404)
}

/// Whether the server can be asked at all, and holds nothing yet.
fn look(target: &mut Target, arguments: &Replay) -> Result<(), String> {
    let url = &arguments.url;
    for (endpoint, kind) in [("/Users", "users"), ("/Groups", "groups")] {
        let path = format!("{endpoint}?startIndex=1&count=1");
        let answer = send_plain(target, "GET", &path).map_err(|error| {
            format!(
                "`{url}` cannot be reached: {error}\nhelp: is the server running, and is this its SCIM base?"
            )
        })?;
        if [401, 403].contains(&answer.status) {
            return Err(format!(
                "`{url}` refuses the token ({})\nhelp: give one that may read and write, with --token T",
                answer.status
            ));
        }
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let total = body.get("totalResults").and_then(Value::as_u64);
        let Some(total) = total.filter(|_| answer.status == 200) else {
            if kind == "groups" {
                continue;
            }
            return Err(format!(
                "`GET {path}` is answered {} without a list\nhelp: is `{url}` the SCIM base, such as https://HOST/scim/v2?",
                answer.status
            ));
        };
        if total > 0 && !arguments.not_empty {
            return Err(format!(
                "there are {total} {kind} already; conversations count what is there, and create, change and delete\n\
                 help: use an empty tenant that nobody needs, or go on with --not-empty"
            ));
        }
    }
    Ok(())
}

/// The endpoints that the server says it has.
fn endpoints_of(target: &mut Target) -> Vec<String> {
    let answer = send_plain(target, "GET", "/ResourceTypes");
    let body: Value =
        answer.ok().and_then(|answer| serde_json::from_str(&answer.body).ok()).unwrap_or_default();
    let kinds = body.get("Resources").and_then(Value::as_array).into_iter().flatten();
    kinds.filter_map(|kind| kind.get("endpoint").and_then(Value::as_str)).map(str::to_owned).collect()
}

/// The conversations that were asked for.
fn chosen(arguments: &Replay) -> Result<Vec<Named>, String> {
    let all = match &arguments.folder {
        Some(folder) => {
            let mut found = Vec::new();
            collect(folder, folder, &mut found)?;
            found
        }
        None => CONVERSATIONS
            .iter()
            .map(|(name, files)| {
                let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
                ((*name).to_owned(), files.collect())
            })
            .collect(),
    };
    let is_of = |name: &str, only: &str| {
        name.strip_prefix(only.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if let Some(none) = arguments.only.iter().find(|only| !all.iter().any(|(name, _)| is_of(name, only))) {
        let names: Vec<String> = all.iter().map(|(name, _)| format!("`{name}`")).collect();
        return Err(format!("no conversation is of `{none}`\nhelp: there are {}", names.join(", ")));
    }
    let is_wanted =
        |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| is_of(name, only));
    let chosen: Vec<Named> = all.into_iter().filter(|(name, _)| is_wanted(name)).collect();
    if chosen.is_empty() {
        let folder = arguments.folder.as_deref().unwrap_or(Path::new("")).display();
        return Err(format!(
            "`{folder}` holds no conversation\nhelp: one is a folder of .json files, in order of name"
        ));
    }
    Ok(chosen)
}

/// Every folder with .json files in it, at any depth.
fn collect(root: &Path, folder: &Path, found: &mut Vec<Named>) -> Result<(), String> {
    let fault = |error: std::io::Error| format!("`{}` cannot be read: {error}", folder.display());
    let mut inside = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fault)? {
        inside.push(entry.map_err(fault)?.path());
    }
    inside.sort();
    let mut files = Vec::new();
    for path in &inside {
        if path.is_dir() {
            collect(root, path, found)?;
        } else if path.extension().is_some_and(|kind| kind == "json") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, super::text::read(path)?));
        }
    }
    if !files.is_empty() {
        let name = folder.strip_prefix(root).unwrap_or(folder).display().to_string();
        let own = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        found.push((if name.is_empty() { own } else { name }, files));
    }
    Ok(())
}
