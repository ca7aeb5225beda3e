//! Lists the profiles under `src/provision/profile`, so that a new profile is a file.

use std::fmt::Write;
use std::path::Path;

fn main() {
    let root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let out = std::env::var("OUT_DIR").expect("cargo sets it");
    let mut code = String::new();
    for (folder, name) in [("application", "APPLICATIONS"), ("target", "TARGETS")] {
        let folder = Path::new(&root).join("src/provision/profile").join(folder);
        println!("cargo::rerun-if-changed={}", folder.display());
        let files = std::fs::read_dir(&folder).expect("the folder of profiles");
        let mut files: Vec<_> = files.map(|entry| entry.expect("a profile").path()).collect();
        files.sort();
        let _ = writeln!(code, "pub(crate) const {name}: &[(&str, &str)] = &[");
        for file in files.iter().filter(|file| file.extension().is_some_and(|kind| kind == "json")) {
            let stem = file.file_stem().unwrap_or_default().to_string_lossy();
            let _ = writeln!(code, "    ({stem:?}, include_str!({:?})),", file.display().to_string());
        }
        code.push_str("];\n");
    }
    std::fs::write(Path::new(&out).join("profiles.rs"), code).expect("a writable OUT_DIR");
}
