//! How long the engine's work takes, natively, on one core: `make bench`. Each figure is
//! the best of several runs, as anything slower was somebody else's work.

use std::hint::black_box;
use std::time::{Duration, Instant};

use provisor::provision::engine::Engine;
use provisor::provision::example;
use provisor::provision::report::JobSettings;
use provisor::scim::filter;
use provisor::scim::schema::builtin;
use serde_json::Value;

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
        "\n{:<18}{:>14}{:>14}{:>14}{:>14}",
        "plan, 38 mappings", "read, s", "plan, s", "again, s", "one, µs"
    );
    for people in [1_000, 10_000, 100_000] {
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
        println!(
            "{people:<18}{:>14.2}{:>14.2}{:>14.2}{:>14.1}",
            read.as_secs_f64(),
            first.as_secs_f64(),
            again.as_secs_f64(),
            one.as_secs_f64() * 1e6
        );
    }
}
