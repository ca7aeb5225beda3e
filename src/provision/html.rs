//! A plan as one HTML file: opens from disk, prints, needs no script and loads nothing.
//! Its content security policy admits its own style sheet by hash and nothing else.

mod configuration;

use super::report::{Operation, Summary};
pub use configuration::configuration;
use serde_json::Value;

const STYLE: &str = include_str!("report.css");
/// The SHA-256 of [`STYLE`] as it stands between its tags; a test holds them together.
const STYLE_HASH: &str = "gXkiTVm0w11uyZtEmuClL+GrtZRgOS4f2TBKrlkHoPA=";

/// What is said of actions: destructive first, then what needs a look, then the rest.
const ACTIONS: [(&str, &str); 8] = [
    ("delete", "deleted"),
    ("disable", "disabled"),
    ("staged", "held back"),
    ("failed", "failed"),
    ("create", "created"),
    ("update", "updated"),
    ("unchanged", "unchanged"),
    ("skipped", "skipped"),
];

/// Everything before the operations.
#[must_use]
pub fn head(title: &str, summary: &Summary) -> String {
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; \
         base-uri 'none'; form-action 'none'\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{0}</title><style>{STYLE}</style></head><body><h1>{0}</h1>",
        escape(title)
    );
    let links = if summary.links_assumed { "links assumed from unique matches" } else { "links as given" };
    text.push_str(&format!(
        "<p class=\"sub\">{} users and {} groups in the source, {} in scope ({}); {} objects in the target, {} of them local and never touched; {}; {} requests change the target</p>",
        summary.users, summary.groups, summary.in_scope, escape(&summary.scope), summary.targets, summary.local, links, summary.requests
    ));
    text.push_str("<ul class=\"tiles\">");
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
    for (name, said) in ACTIONS {
        text.push_str(&format!("<li class=\"{name}\"><b>{}</b><span>{said}</span></li>", count(name)));
    }
    text.push_str("</ul>");
    let mut notes = summary.notes.clone();
    if summary.threshold_exceeded {
        notes.push("more would be disabled and deleted than the threshold allows; they are held back, and the job would be quarantined".to_owned());
    } else if summary.quarantine {
        notes.push("so many objects fail that the job would be quarantined".to_owned());
    }
    if !notes.is_empty() {
        let items: String = notes.iter().map(|note| format!("<li>{}</li>", escape(note))).collect();
        text.push_str(&format!("<ul class=\"notes\">{items}</ul>"));
    }
    text
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
    let mut funnel = vec![("Read".to_owned(), read)];
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
    super::order::sort(&mut changed, |one, other| other.1.cmp(&one.1));
    changed.truncate(MOST_BARS);
    let problems = list("problems")
        .iter()
        .filter_map(|pair| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.as_u64()?)));
    let linked = (summary.update + summary.unchanged).min(summary.targets);
    let apart = summary.targets.saturating_sub(summary.local).saturating_sub(linked);
    let accounts = [
        ("Local, in the target only", summary.local),
        ("Linked, not in scope", apart),
        ("Linked and in scope", linked),
    ];
    let accounts = accounts.map(|(name, count)| (name.to_owned(), u64::try_from(count).unwrap_or(u64::MAX)));
    [
        bars("Scope, step by step", &funnel),
        bars("Attributes that change most", &changed),
        bars("Problems by rule", &problems.collect::<Vec<_>>()),
        bars("Accounts in the target", if summary.targets > 0 { &accounts } else { &[] }),
    ]
    .concat()
}

/// Bars of one picture that are shown.
const MOST_BARS: usize = 12;

fn bars(title: &str, bars: &[(String, u64)]) -> String {
    if bars.is_empty() {
        return String::new();
    }
    let most = bars.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let rows: String = bars
        .iter()
        .map(|(name, count)| {
            let width = count.saturating_mul(100) / most;
            format!(
                "<tr><th scope=\"row\">{}</th><td class=\"n\">{count}</td><td class=\"bar\"><svg width=\"100%\" height=\"10\" aria-hidden=\"true\"><rect width=\"{width}%\" height=\"10\" rx=\"3\"/></svg></td></tr>",
                escape(name)
            )
        })
        .collect();
    format!("<h2>{title}</h2><table class=\"chart\"><tbody>{rows}</tbody></table>")
}

/// The heading over all operations of an action; empty for an unknown one.
#[must_use]
pub fn section(action: &str, count: usize) -> String {
    let said = ACTIONS.iter().find(|(name, _)| *name == action).map_or("", |(_, said)| said);
    format!("<h2>{count} {said}</h2>")
}

/// The actions in the order of interest.
pub fn actions() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().map(|(name, _)| *name)
}

/// One operation, collapsed.
#[must_use]
pub fn operation(operation: &Operation) -> String {
    let count = match operation.changes.len() {
        0 => String::new(),
        1 => "1 change".to_owned(),
        many => format!("{many} changes"),
    };
    let reason = if operation.reason.is_empty() { String::new() } else { format!("{}: ", operation.reason) };
    let mut text = format!(
        "<details class=\"{}\"><summary><span class=\"badge\">{}</span><span class=\"name\">{}</span><span class=\"why\">{}{}</span><span class=\"count\">{count}</span></summary><div class=\"body\">",
        escape(&operation.verdict),
        escape(&operation.verdict),
        escape(&operation.source.display_name),
        escape(&reason),
        escape(&operation.explanation)
    );
    let target = operation.target.as_ref().map_or_else(
        || "no target object".to_owned(),
        |target| {
            format!("target object <code>{}</code> {}", escape(&target.id), escape(&target.display_name))
        },
    );
    text.push_str(&format!(
        "<p>{} <code>{}</code>, {target}</p>",
        escape(&operation.object_type),
        escape(&operation.source.id)
    ));
    if !operation.changes.is_empty() {
        text.push_str("<h3>Changes</h3><table><thead><tr><th>Attribute</th><th>Before</th><th>After</th><th>Because of</th></tr></thead><tbody>");
        for change in &operation.changes {
            text.push_str(&format!(
                "<tr><td><code>{}</code></td><td class=\"old\">{}</td><td class=\"new\">{}</td><td><code>{}</code></td></tr>",
                escape(&change.target), escape(&plain(&change.old)), escape(&plain(&change.new)), escape(&change.mapping)
            ));
        }
        text.push_str("</tbody></table>");
    }
    if !operation.problems.is_empty() {
        text.push_str("<h3>Problems</h3><table><tbody>");
        for problem in &operation.problems {
            text.push_str(&format!(
                "<tr><td><code>{}</code></td><td>{}</td><td class=\"no\">{}</td></tr>",
                escape(&problem.target),
                escape(&problem.message),
                escape(&problem.code)
            ));
        }
        text.push_str("</tbody></table>");
    }
    text.push_str("<h3>Scope</h3><table><tbody>");
    for step in &operation.scope {
        let (class, said) = if step.passed { ("yes", "yes") } else { ("no", "no") };
        text.push_str(&format!(
            "<tr><td>{}</td><td class=\"{class}\">{said}</td><td>{}</td></tr>",
            escape(&step.name),
            escape(&step.detail)
        ));
    }
    text.push_str("</tbody></table>");
    if !operation.requests.is_empty() {
        text.push_str("<h3>Requests</h3>");
        for request in &operation.requests {
            let body = if request.body.is_null() {
                String::new()
            } else {
                format!("\n{}", serde_json::to_string_pretty(&request.body).unwrap_or_default())
            };
            text.push_str(&format!(
                "<pre>{} {}{}</pre>",
                request.method,
                escape(&request.path),
                escape(&body)
            ));
        }
    }
    text.push_str("</div></details>\n");
    text
}

/// Everything after the operations.
#[must_use]
pub fn tail() -> String {
    format!(
        "<footer>Made by provisor {}; nothing was sent.</footer></body></html>\n",
        env!("CARGO_PKG_VERSION")
    )
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "—".to_owned(),
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_stays_text() {
        assert_eq!(escape("<b a=\"1\">&"), "&lt;b a=&quot;1&quot;&gt;&amp;");
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
