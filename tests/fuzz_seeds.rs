//! The fuzz targets' own functions over their seeds, so that what fuzzing once found stays
//! found without it. `make fuzz` looks further.
#![cfg(not(target_arch = "wasm32"))]

#[path = "../fuzz/targets.rs"]
mod targets;

fn replay(name: &str, target: fn(&[u8])) {
    let folder = format!("{}/fuzz/seeds/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut replayed = 0;
    for seed in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(seed.unwrap().path()).unwrap();
        target(&bytes);
        // A part of a seed is a seed too.
        (0..bytes.len().min(400)).for_each(|end| target(&bytes[..end]));
        replayed += 1;
    }
    assert!(replayed >= 10, "{name}: {replayed} seeds");
}

#[test]
fn filters() {
    replay("filter", targets::filter);
}

#[test]
fn paths() {
    replay("path", targets::path);
}

#[test]
fn patches() {
    replay("patch", targets::patch);
}

#[test]
fn resources() {
    replay("schema", targets::schema);
}

#[test]
fn bodies() {
    replay("bulk", targets::bulk);
}

#[test]
fn cursors() {
    replay("cursor", targets::cursor);
}

#[test]
fn expressions() {
    replay("expression", targets::expression);
}

#[test]
fn configurations() {
    replay("import", targets::import);
}

#[test]
fn lines_of_an_export() {
    replay("transfer", targets::transfer);
}

#[test]
fn downloads() {
    replay("csv", targets::csv);
}

#[test]
fn addresses() {
    replay("address", targets::address);
}

#[test]
fn tokens() {
    replay("token", targets::token);
}

#[test]
fn tokens_of_others() {
    replay("jwt", targets::jwt);
}
