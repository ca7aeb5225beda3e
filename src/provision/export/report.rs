//! A plan as one HTML file: opens from disk, prints, needs no script and loads nothing.
//! Its content security policy admits its own style sheet by hash and nothing else.
//!
//! Its words are told, so that the page can say them in its own language; forms are escaped as all
//! other text is.

mod configuration;
mod markup;

use crate::provision::message::told;
use crate::provision::plan::{Operation, Summary};
use crate::provision::sort::sort;
pub use configuration::configuration;
use markup::{heads, html, titled};
use serde_json::Value;

const STYLE: &str = include_str!("report.css");
/// The SHA-256 of [`STYLE`] as it stands between its tags; a test holds them together.
const STYLE_HASH: &str = "0jFxvy6pS744/5ykQbG8kNE4q3L6PxNc1tvaa05Y4mA=";

/// What is said of actions, and the action as a word: destructive first, then what needs a look,
/// then the rest.
const ACTIONS: [(&str, &str, &str); 8] = [
    ("delete", told!("deleted"), told!("delete")),
    ("disable", told!("disabled"), told!("disable")),
    ("staged", told!("held back"), told!("staged")),
    ("failed", told!("failed"), told!("failed")),
    ("create", told!("created"), told!("create")),
    ("update", told!("updated"), told!("update")),
    ("unchanged", told!("unchanged"), told!("unchanged")),
    ("skipped", told!("skipped"), told!("skipped")),
];

/// Everything before the operations.
#[must_use]
pub fn head(title: &str, summary: &Summary) -> String {
    let mut text = html(
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; \
         base-uri 'none'; form-action 'none'\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{}</title><style>",
        // The language that the report is in comes first.
        &[&told!("en"), &STYLE_HASH, &title],
    );
    text.add(STYLE, &[]);
    text.add("</style></head><body><h1>{}</h1>", &[&title]);
    let links = if summary.links_assumed {
        told!("links assumed from unique matches")
    } else {
        told!("links as given")
    };
    let scope = if summary.scope == "all" { told!("all") } else { told!("assigned") };
    let sentence = told!(
        "{0} users and {1} groups in the source, {2} in scope ({3}); {4} objects in the target, {5} of them local and never touched; {6}; {7} requests change the target",
        summary.users,
        summary.groups,
        summary.in_scope,
        scope,
        summary.targets,
        summary.local,
        links,
        summary.requests
    );
    text.add("<p class=\"sub\">{}</p><ul class=\"tiles\">", &[&sentence]);
    let count = |name: &str| match name {
        "create" => summary.create,
        "update" => summary.update,
        "disable" => summary.disable,
        "delete" => summary.delete,
        "staged" => summary.staged,
        "failed" => summary.failed,
        "skipped" => summary.skipped,
        _ => summary.unchanged,
    };
    for (name, said, _) in ACTIONS {
        text.add("<li class=\"{}\"><b>{}</b><span>{}</span></li>", &[&name, &count(name), &said]);
    }
    text.add("</ul>", &[]);
    let mut notes = summary.notes.clone();
    if summary.threshold_exceeded {
        notes.push(told!("more would be disabled and deleted than the threshold allows; they are held back, and the job would be quarantined").to_owned());
    } else if summary.quarantine {
        notes.push(told!("so many objects fail that the job would be quarantined").to_owned());
    }
    if !notes.is_empty() {
        text.add("<ul class=\"notes\">", &[]);
        notes.iter().for_each(|note| text.add("<li>{}</li>", &[note]));
        text.add("</ul>", &[]);
    }
    text.finish()
}

/// The plan in pictures: each bar stands beside its name and number, so that it is a table too.
/// The findings are the survey's, as JSON.
#[must_use]
pub fn charts(summary: &Summary, findings: &Value) -> String {
    let list = |name: &str| findings.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64).unwrap_or(0);
    let word =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let read = number(findings, "read");
    let mut rest = read;
    let mut funnel = vec![(told!("Read").to_owned(), read)];
    for step in list("funnel") {
        rest = rest.saturating_sub(number(step, "lost"));
        funnel.push((word(step, "name"), rest));
    }
    let mut changed: Vec<(String, u64)> = list("targets")
        .iter()
        .filter(|target| number(target, "changed") > 0)
        .map(|target| {
            (format!("{} {}", word(target, "kind"), word(target, "target")), number(target, "changed"))
        })
        .collect();
    sort(&mut changed, |one, other| other.1.cmp(&one.1));
    changed.truncate(MOST_BARS);
    let problems = list("problems")
        .iter()
        .filter_map(|pair| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.as_u64()?)));
    let linked = (summary.update + summary.unchanged).min(summary.targets);
    let apart = summary.targets.saturating_sub(summary.local).saturating_sub(linked);
    let accounts = [
        (told!("Local, in the target only"), summary.local),
        (told!("Linked, not in scope"), apart),
        (told!("Linked and in scope"), linked),
    ];
    let accounts = accounts.map(|(name, count)| (name.to_owned(), u64::try_from(count).unwrap_or(u64::MAX)));
    [
        bars(told!("Scope, step by step"), &funnel),
        bars(told!("Attributes that change most"), &changed),
        bars(told!("Problems by rule"), &problems.collect::<Vec<_>>()),
        bars(told!("Accounts in the target"), if summary.targets > 0 { &accounts } else { &[] }),
    ]
    .concat()
}

/// Bars of one picture that are shown.
const MOST_BARS: usize = 12;

fn bars(title: &str, bars: &[(String, u64)]) -> String {
    if bars.is_empty() {
        return String::new();
    }
    let mut text = html("<h2>{}</h2><table class=\"chart\"><tbody>", &[&title]);
    let most = bars.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    for (name, count) in bars {
        let width = count.saturating_mul(100) / most;
        text.add(
            "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"bar\"><svg width=\"100%\" height=\"10\" aria-hidden=\"true\"><rect width=\"{}%\" height=\"10\" rx=\"3\"/></svg></td></tr>",
            &[name, count, &width],
        );
    }
    text.add("</tbody></table>", &[]);
    text.finish()
}

/// The heading over all operations of an action; empty for an unknown one.
#[must_use]
pub fn section(action: &str, count: usize) -> String {
    let said = ACTIONS.iter().find(|(name, ..)| *name == action).map_or("", |(_, said, _)| said);
    html("<h2>{} {}</h2>", &[&count, &said]).finish()
}

/// The actions in the order of interest.
pub fn actions() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().map(|(name, ..)| *name)
}

/// One operation, collapsed.
#[must_use]
pub fn operation(operation: &Operation) -> String {
    let count = match operation.changes.len() {
        0 => String::new(),
        1 => told!("1 change").to_owned(),
        many => told!("{0} changes", many),
    };
    let reason = if operation.reason.is_empty() { String::new() } else { format!("{}: ", operation.reason) };
    let word = ACTIONS.iter().find(|(name, ..)| *name == operation.verdict).map_or("", |(.., word)| word);
    let source = &operation.source;
    let mut text = html(
        "<details class=\"{}\"><summary><span class=\"badge\">{}</span><span class=\"name\">{}</span><span class=\"why\">{}{}</span><span class=\"count\">{}</span></summary><div class=\"body\">",
        &[&operation.verdict, &word, &source.display_name, &reason, &operation.explanation, &count],
    );
    let target = operation.target.as_ref().map_or_else(
        || html("{}", &[&told!("no target object")]),
        |target| html("{} <code>{}</code> {}", &[&told!("target object"), &target.id, &target.display_name]),
    );
    text.add("<p>{} <code>{}</code>, {}</p>", &[&operation.object_type, &source.id, &target]);
    if !operation.changes.is_empty() {
        titled(&mut text, told!("Changes"));
        heads(&mut text, &[told!("Attribute"), told!("Before"), told!("After"), told!("Because of")]);
        for change in &operation.changes {
            text.add(
                "<tr><td><code>{}</code></td><td class=\"old\">{}</td><td class=\"new\">{}</td><td><code>{}</code></td></tr>",
                &[&change.target, &plain(&change.old), &plain(&change.new), &change.mapping],
            );
        }
        text.add("</tbody></table>", &[]);
    }
    if !operation.problems.is_empty() {
        titled(&mut text, told!("Problems"));
        text.add("<table><tbody>", &[]);
        for problem in &operation.problems {
            text.add(
                "<tr><td><code>{}</code></td><td>{}</td><td class=\"no\">{}</td></tr>",
                &[&problem.target, &problem.message, &problem.code],
            );
        }
        text.add("</tbody></table>", &[]);
    }
    titled(&mut text, told!("Scope"));
    text.add("<table><tbody>", &[]);
    for step in &operation.scope {
        let (class, said) = if step.passed { ("yes", told!("yes")) } else { ("no", told!("no")) };
        text.add(
            "<tr><td>{}</td><td class=\"{}\">{}</td><td>{}</td></tr>",
            &[&step.name, &class, &said, &step.detail],
        );
    }
    text.add("</tbody></table>", &[]);
    if !operation.requests.is_empty() {
        titled(&mut text, told!("Requests"));
        for request in &operation.requests {
            let body = if request.body.is_null() {
                String::new()
            } else {
                format!("\n{}", serde_json::to_string_pretty(&request.body).unwrap_or_default())
            };
            text.add("<pre>{} {}{}</pre>", &[&request.method, &request.path, &body]);
        }
    }
    text.add("</div></details>\n", &[]);
    text.finish()
}

/// Everything after the operations.
#[must_use]
pub fn tail() -> String {
    let made = told!("Made by provisor {0}; nothing was sent", env!("CARGO_PKG_VERSION"));
    html("<footer>{}.</footer></body></html>\n", &[&made]).finish()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "—".to_owned(),
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_stays_text() {
        assert_eq!(html("{}", &[&"<b a=\"1\">&"]).finish(), "&lt;b a=&quot;1&quot;&gt;&amp;");
        let page = head("<x>", &Summary::default()) + &tail();
        assert!(page.contains("&lt;x&gt;") && !page.contains("<x>"));
    }

    #[test]
    fn the_policy_names_the_style() {
        use sha2::Digest;
        const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut bytes = sha2::Sha256::digest(STYLE.as_bytes()).to_vec();
        bytes.push(0);
        let bits: Vec<u8> =
            bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
        let number = |six: &[u8]| six.iter().fold(0_usize, |sum, bit| sum * 2 + usize::from(*bit));
        let mut text: String = bits.chunks(6).map(|six| char::from(LETTERS[number(six)])).collect();
        text.replace_range(43.., "=");
        assert_eq!(text, STYLE_HASH);
    }
}
