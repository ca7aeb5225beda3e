//! The same filters read and evaluated by this crate and by others, side by side: `make bench`.
//! Each figure is the best of several runs; the ratio is theirs over ours, so more than 1 is
//! faster here.

use std::hint::black_box;
use std::str::FromStr;
use std::time::{Duration, Instant};

use provisor::provision::example;
use provisor::scim::filter;
use provisor::scim::schema::builtin;
use scim_proto::filter::ScimFilter;
use serde_json::Value;

const FILTERS: [&str; 4] = [
    r#"userName eq "bjensen""#,
    r#"title pr and userType eq "Employee""#,
    r#"emails[type eq "work" and value co "@example.com"]"#,
    r#"emails[type eq "work" and value co "@example.com"] or (active eq true and not (name.familyName sw "J"))"#,
];

fn micros(mut work: impl FnMut()) -> f64 {
    let timed = (0..50).map(|_| {
        let start = Instant::now();
        (0..1_000).for_each(|_| work());
        start.elapsed()
    });
    timed.min().unwrap_or(Duration::ZERO).as_secs_f64() * 1e3
}

/// A reader's time, and whether it reads the filter at all.
fn row(name: &str, text: &str, ours: f64, reads: impl Fn(&str) -> bool) {
    if !reads(text) {
        println!("  {name:<28}{:>12}{:>10}", "refuses it", "");
        return;
    }
    let theirs = micros(|| {
        black_box(reads(black_box(text)));
    });
    println!("  {name:<28}{theirs:>12.3}{:>10.2}", theirs / ours);
}

fn main() {
    for text in FILTERS {
        println!("{text}\n  {:<28}{:>12}{:>10}", "reader", "µs", "ratio");
        let ours = micros(|| drop(black_box(filter::parse(black_box(text)))));
        println!("  {:<28}{ours:>12.3}{:>10.2}", "provisor, with spans", 1.0);
        row("kanidm scim_proto", text, ours, |text| ScimFilter::from_str(text).is_ok());
        row("scim-filter", text, ours, |text| matches!(scim_filter::parser::filter(text), Ok(("", _))));
        row("scim_v2", text, ours, |text| scim_v2::filter::Filter::from_str(text).is_ok());
    }
    for text in [FILTERS[0], FILTERS[3]] {
        evaluated(text);
    }
}

/// A filter over ten thousand users that are objects in memory, microseconds for each.
fn evaluated(text: &str) {
    let target: Value = serde_json::from_str(&example::target(1, 10_000)).unwrap_or_default();
    let people = target["Resources"].as_array().map_or(&[][..], Vec::as_slice);
    let each = |count: &dyn Fn() -> usize| {
        let time = (0..20).map(|_| {
            let start = Instant::now();
            black_box(count());
            start.elapsed()
        });
        time.min().unwrap_or(Duration::ZERO).as_secs_f64() * 1e6 / people.len() as f64
    };
    println!("over 10 000 users, each: {text}\n  {:<28}{:>12}{:>10}", "evaluator", "µs", "ratio");
    let parsed = filter::parse(text).ok();
    let kind = builtin().resource_type("User");
    let compiled = parsed.zip(kind).and_then(|(parsed, kind)| filter::compile(&parsed, builtin(), kind).ok());
    let Some(compiled) = compiled else { return };
    let found =
        || people.iter().filter_map(Value::as_object).filter(|user| filter::matches(&compiled, user)).count();
    let ours = each(&found);
    println!("  {:<28}{ours:>12.3}{:>10.2}", "provisor", 1.0);
    let Ok((_, theirs)) = scim_filter::parser::filter(text) else { return };
    let their_count = || people.iter().filter(|user| theirs.r#match(user).unwrap_or(false)).count();
    let time = each(&their_count);
    let note = if their_count() == found() { "" } else { "  (finds something else)" };
    println!("  {:<28}{time:>12.3}{:>10.2}{note}", "scim-filter", time / ours);
}
