//! How long the engine's work takes, natively, on one core: `make bench`. Each figure is
//! the best of several runs, as anything slower was somebody else's work.

mod scale;

use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use provisor::provision::configuration::JobSettings;
use provisor::provision::example;
use provisor::provision::plan::{Engine, Loading};
use provisor::scim::filter;
use provisor::scim::schema::builtin;
use serde::{Deserialize, Serialize};
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

/// A line of what Linux tells of this process's memory, in megabytes: `VmRSS` now, `VmHWM`
/// at most; 0 elsewhere.
fn memory(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(':'));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1024.0
}

/// Reads a file as the command line does.
fn load(engine: &mut Engine, mut loading: Loading, path: &Path) {
    let mut file = File::open(path).unwrap();
    let mut chunk = vec![0_u8; 1 << 20];
    loop {
        let read = file.read(&mut chunk).unwrap();
        if read == 0 {
            break;
        }
        loading.push(engine, &chunk[..read]).unwrap();
    }
    loading.finish(engine).unwrap();
}

/// What one population costs: seconds, but for `one` (microseconds), and megabytes.
#[derive(Serialize, Deserialize)]
struct Cost {
    people: usize,
    read: f64,
    plan: f64,
    again: f64,
    edited: f64,
    one: f64,
    source: f64,
    target: f64,
    peak: f64,
}

impl Cost {
    /// Microseconds a user, for reading and planning.
    fn each(&self) -> f64 {
        (self.read + self.plan) * 1e6 / self.people as f64
    }
}

/// What this thread has had of a core, so that others on the machine do not count: Linux
/// tells it to a few milliseconds. Elsewhere the time that went by.
fn spent(since: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split_whitespace().next()?.parse().ok());
    nanoseconds.map_or_else(|| since.elapsed(), Duration::from_nanos)
}

/// In a process of its own, as a peak of memory never falls: reads the files in a folder,
/// plans, plans again, edits. Prints what it cost.
fn measure(folder: &Path, people: usize) {
    let start = Instant::now();
    let mut engine = Engine::new();
    for name in ["users.json", "roles.json", "assignments.json"] {
        load(&mut engine, Loading::source(name), &folder.join(name));
    }
    let source = memory("VmRSS");
    load(&mut engine, Loading::target("target.json"), &folder.join("target.json"));
    let (read, target) = (spent(start), memory("VmRSS"));
    let best = |runs: usize, work: &mut dyn FnMut()| {
        let timed = (0..runs).map(|_| {
            let before = spent(start);
            work();
            spent(start).saturating_sub(before)
        });
        timed.min().unwrap_or_default()
    };
    engine.configure("", &JobSettings::default());
    let plan = best(1, &mut || drop(black_box(engine.plan())));
    let again = best(2, &mut || drop(black_box(engine.plan())));
    let one = self::best(20, || drop(black_box(engine.operation(people / 2))));
    let original = engine.schema().unwrap().clone();
    let mut changed = original.clone();
    assert!(edit(&mut changed), "no mapping to edit");
    let mut versions = [changed.to_string(), original.to_string()].into_iter().cycle();
    let edited = best(4, &mut || {
        engine.configure(&versions.next().unwrap(), &JobSettings::default());
        drop(black_box(engine.plan()));
    });
    let [read, plan, again, edited] = [read, plan, again, edited].map(|time| time.as_secs_f64());
    let (one, peak) = (one.as_secs_f64() * 1e6, memory("VmHWM"));
    let cost = Cost { people, read, plan, again, edited, one, source, target, peak };
    println!("{}", serde_json::to_string(&cost).unwrap());
}

/// Writes a population's files and has another process measure them.
fn cost(people: usize) -> Cost {
    let folder = std::env::temp_dir().join(format!("provisor-bench-{}-{people}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    write("users.json", example::users(1, people));
    write("roles.json", example::roles());
    write("assignments.json", example::assignments(1, people));
    write("target.json", example::target(1, people));
    let mut child = Command::new(std::env::current_exe().unwrap());
    let output = child.arg("measure").arg(&folder).arg(people.to_string()).output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, what, folder, people] = arguments.as_slice()
        && what == "measure"
    {
        return measure(Path::new(folder), people.parse().unwrap());
    }
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
        "\n{:<18}{:>10}{:>10}{:>10}{:>10}{:>10}{:>12}{:>12}{:>10}{:>14}",
        "plan, 38 mappings",
        "read, s",
        "plan, s",
        "again, s",
        "edited, s",
        "one, µs",
        "source, MB",
        "target, MB",
        "peak, MB",
        "µs a user"
    );
    let million = std::env::var_os("BENCH_MILLION").is_some_and(|value| value == "1");
    let sizes = [1_000, 10_000, 100_000, 1_000_000].into_iter().take(if million { 4 } else { 3 });
    let mut costs = Vec::new();
    for cost in sizes.map(cost) {
        let Cost { people, read, plan, again, edited, one, source, target, peak } = cost;
        let each = cost.each();
        println!(
            "{people:<18}{read:>10.2}{plan:>10.2}{again:>10.2}{edited:>10.3}{one:>10.1}{source:>12.0}{target:>12.0}{peak:>10.0}{each:>14.2}"
        );
        costs.push(cost);
    }
    if million {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        std::fs::write(docs.join("scale.md"), scale::page(&costs)).unwrap();
        std::fs::write(docs.join("scale.svg"), scale::plot(&costs)).unwrap();
    }
}
