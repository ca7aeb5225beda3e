//! How long the engine's work takes, natively, on one core: `make bench`. Each figure is
//! the best of several runs, as anything slower was somebody else's work.

use std::hint::black_box;
use std::time::{Duration, Instant};

use provisor::provision::engine::Engine;
use provisor::provision::example;
use provisor::provision::report::JobSettings;
use provisor::scim::filter;
use provisor::scim::schema::builtin;
use serde_json::{Value, json};

const SIMPLE: &str = r#"userName eq "bjensen""#;
const COMPOUND: &str = r#"emails[type eq "work" and value co "@example.com"] or (active eq true and not (name.familyName sw "J"))"#;

fn best(runs: usize, mut work: impl FnMut()) -> Duration {
    let timed = (0..runs).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    timed.min().unwrap_or_default()
}

/// Turns `[jobTitle]` into `ToUpper([jobTitle], )`; whether there was such a mapping.
fn edit(schema: &mut Value) -> bool {
    match schema {
        Value::Object(members) => {
            if members.get("source").is_some_and(|source| source["expression"] == "[jobTitle]") {
                let source = json!({ "type": "Function", "expression": "ToUpper([jobTitle], )" });
                members.insert("source".to_owned(), source);
                return true;
            }
            members.values_mut().any(edit)
        }
        Value::Array(items) => items.iter_mut().any(edit),
        _ => false,
    }
}

/// The most memory that this process has held, in megabytes; 0 where Linux does not say.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1024.0
}

fn main() {
    println!("{:<52}{:>14}", "parse a filter", "µs each");
    for text in [SIMPLE, COMPOUND] {
        let time = best(20, || (0..10_000).for_each(|_| drop(black_box(filter::parse(black_box(text))))));
        println!("{:<52}{:>14.2}", text.chars().take(50).collect::<String>(), time.as_secs_f64() * 1e6 / 1e4);
    }

    let target: Value = serde_json::from_str(&example::target(1, 10_000)).unwrap();
    let people: Vec<_> =
        target["Resources"].as_array().unwrap().iter().filter_map(Value::as_object).collect();
    let kind = builtin().resource_type("User").unwrap();
    println!("\n{:<52}{:>14}", "evaluate it over decoded users", "users/s");
    for text in [SIMPLE, COMPOUND] {
        let compiled = filter::compile(&filter::parse(text).unwrap(), builtin(), kind).unwrap();
        let time = best(20, || {
            black_box(people.iter().map(|user| filter::matches(&compiled, user)).filter(|hit| *hit).count());
        });
        let rate = people.len() as f64 / time.as_secs_f64();
        println!("{:<52}{:>14.0}", text.chars().take(50).collect::<String>(), rate);
    }

    println!(
        "\n{:<18}{:>12}{:>12}{:>12}{:>12}{:>12}{:>12}",
        "plan, 38 mappings", "read, s", "plan, s", "again, s", "edited, s", "one, µs", "peak, MB"
    );
    // The peak never falls, so sizes rise, and it includes the files' text.
    let million = std::env::var_os("BENCH_MILLION").is_some_and(|value| value == "1");
    for people in [1_000, 10_000, 100_000, 1_000_000].into_iter().take(if million { 4 } else { 3 }) {
        let (users, roles) = (example::users(1, people), example::roles());
        let (assignments, target) = (example::assignments(1, people), example::target(1, people));
        let start = Instant::now();
        let mut engine = Engine::new();
        for text in [&users, &roles, &assignments] {
            engine.load_source("bench", text).unwrap();
        }
        engine.load_target(&target).unwrap();
        let read = start.elapsed();
        engine.configure("", &JobSettings::default());
        let first = best(1, || drop(black_box(engine.plan())));
        let again = best(2, || drop(black_box(engine.plan())));
        let one = best(20, || drop(black_box(engine.operation(people / 2))));
        let original = engine.schema().unwrap().clone();
        let mut changed = original.clone();
        assert!(edit(&mut changed), "no mapping to edit");
        let mut versions = [changed.to_string(), original.to_string()].into_iter().cycle();
        let edited = best(4, || {
            engine.configure(&versions.next().unwrap(), &JobSettings::default());
            black_box(engine.plan());
        });
        println!(
            "{people:<18}{:>12.2}{:>12.2}{:>12.2}{:>12.3}{:>12.1}{:>12.0}",
            read.as_secs_f64(),
            first.as_secs_f64(),
            again.as_secs_f64(),
            edited.as_secs_f64(),
            one.as_secs_f64() * 1e6,
            peak()
        );
    }
}
