//! The house stands on its floors: a room imports only from rooms below it, and nothing imports in a circle.
//! `scripts/house.sh` prints what is found: circles, files a folder, the longest functions.
#![cfg(not(target_arch = "wasm32"))]

mod house;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fs};

use house::House;

/// Where source files are.
const FOLDERS: [&str; 2] = ["src", "www/src"];

/// The rooms of a folder from the bottom up: each uses only those before it.
const FLOORS: &[(&str, &[&str])] = &[
    (
        "src",
        &["outbound", "routes", "scim", "provision", "conversation", "browser", "sandbox", "edge", "bin"],
    ),
    (
        "src/scim",
        &[
            "span",
            "unicode",
            "error",
            "effort",
            "name",
            "uri",
            "delivery",
            "auth",
            "schema",
            "compat",
            "filter",
            "patch",
            "directory",
            "http",
        ],
    ),
    (
        "src/provision",
        &[
            "message",
            "sort",
            "object_kind",
            "diagnostic",
            "address",
            "profile",
            "expression",
            "values",
            "source",
            "target",
            "configuration",
            "plan",
            "analysis",
            "export",
            "cycle",
            "run",
            "example",
        ],
    ),
    ("src/edge", &["platform", "store", "auth", "events", "tenant", "copy", "object", "worker", "admin"]),
];

fn project() -> PathBuf {
    env::var_os("HOUSE").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

#[test]
fn a_room_imports_only_from_rooms_below_it() {
    let house = House::read(&project(), &FOLDERS);
    let arrows: usize = house.imports.values().map(std::collections::BTreeSet::len).sum();
    assert!(arrows > 1_000, "only {arrows} imports were found");
    let told: Vec<String> = FLOORS.iter().flat_map(|(folder, order)| house.upward(folder, order)).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn nothing_imports_in_a_circle() {
    let house = House::read(&project(), &FOLDERS);
    let circles = house.circles();
    if env::var_os("HOUSE").is_some() {
        print(&house);
    }
    let told: Vec<String> = circles.iter().map(|circle| circle.join(" → ")).collect();
    assert!(told.is_empty(), "{} circles:\n{}", told.len(), told.join("\n"));
}

/// `docs/where.md` leads to places that are there.
#[test]
fn every_place_that_is_named_exists() {
    let text = fs::read_to_string(project().join("docs/where.md")).unwrap();
    let quoted = text.split('`').skip(1).step_by(2);
    let places: Vec<&str> = quoted.filter(|text| text.contains('/') && !text.contains(' ')).collect();
    assert!(places.len() > 50, "only {} places", places.len());
    let gone: Vec<&&str> = places.iter().filter(|place| !project().join(place).exists()).collect();
    assert!(gone.is_empty(), "docs/where.md names {gone:?}");
}

/// What `scripts/house.sh` shows.
fn print(house: &House) {
    println!("{} files, {} circles", house.texts.len(), house.circles().len());
    for circle in house.circles() {
        println!("  {}", circle.join(" → "));
    }
    println!("\n{:>6} {:>7}  folder", "files", "lines");
    for (folder, (files, lines)) in house.folders() {
        println!("{files:>6} {lines:>7}  {folder}");
    }
    println!("\n lines  the longest functions");
    for (lines, function) in house.functions().into_iter().take(20) {
        println!("{lines:>6}  {function}");
    }
}

/// Every way to name another module is an import: an upward one and a circle are found by each of them.
#[test]
fn a_planted_import_is_found() {
    let house = |low: &str, more: &str| {
        let texts = [
            ("src/lib.rs", "mod low;\nmod high;\n"),
            ("src/low/mod.rs", "mod part;\npub use part::Part;\n"),
            ("src/low/part.rs", low),
            ("src/high/mod.rs", "mod deep;\npub use deep::{Deep, other as another};\n"),
            ("src/high/deep.rs", more),
        ];
        House::of(texts.iter().map(|(file, text)| ((*file).into(), (*text).into())).collect())
    };
    let order = ["low", "high"];
    let deep = "pub struct Deep;\npub fn other() {}\nuse crate::low::Part;\n";
    for planted in [
        "use crate::high::Deep;\n",
        "use crate::high::deep::Deep;\n",
        "use super::super::high::Deep;\n",
        "use crate::{high::Deep, low};\n",
        "use crate::high::{\n    another,\n};\n",
        "fn f() { crate::high::another() }\n",
        "const A: char = '\"'; fn f() { crate::high::another() }\n",
        "mod inner {\n    use super::super::super::high::Deep;\n}\n",
        "const A: &str = \"//\"; use crate::high::*;\n",
    ] {
        let house = house(planted, deep);
        assert_eq!(house.upward("src", &order).len(), 1, "{planted}");
        // What a glob brings cannot be said: it is the folder's head that is imported.
        if !planted.contains('*') {
            let circle = ["src/high/deep.rs", "src/low/part.rs", "src/high/deep.rs"];
            assert_eq!(house.circles(), [circle], "{planted}");
        }
    }
    for fine in [
        "// use crate::high::Deep;\n",
        "pub(in crate::high) fn f() {}\n",
        "const A: &str = \"use crate::high::Deep;\";\n",
        "const A: &str = r#\"\"use crate::high::Deep;\"#;\n",
        "\n#[cfg(test)]\n#[allow(dead_code)]\nmod tests {\n    use crate::high::Deep;\n}\n",
        "mod inner {\n    use super::Part;\n    use super::super::Part as P;\n}\npub struct Part;\n",
    ] {
        let house = house(fine, deep);
        assert_eq!(house.upward("src", &order), [""; 0], "{fine}");
        assert_eq!(house.circles(), [[""; 0]; 0], "{fine}");
    }
    let low = house("", deep).upward("src", &["high"]);
    assert!(low[0].contains("`src/low` has no floor"), "{low:?}");
    let page = [
        ("www/src/a.ts", "import { b } from \"./ui/b\";\n"),
        ("www/src/ui/b.tsx", "const c = () => import(\"../c\");\n"),
        ("www/src/c/index.ts", "import \"../a\";\n"),
    ];
    let page: BTreeMap<_, _> = page.iter().map(|(file, text)| ((*file).into(), (*text).into())).collect();
    assert_eq!(House::of(page).circles()[0].len(), 4);
}
