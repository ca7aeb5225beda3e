//! Lists the profiles under `src/provision/profile`, so that a new profile is a file, and for the
//! command line the conversations under `tests/vectors/idp`.

use std::fmt::Write;
use std::path::{Path, PathBuf};

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
    // Only there, so that a new conversation builds no wasm anew.
    if std::env::var_os("CARGO_FEATURE_CLI").is_some() {
        let code = conversations(&Path::new(&root).join("tests/vectors/idp"));
        std::fs::write(Path::new(&out).join("conversations.rs"), code).expect("a writable OUT_DIR");
    }
}

/// What is in a folder, by name.
fn inside(folder: &Path) -> Vec<PathBuf> {
    let found = std::fs::read_dir(folder).expect("a folder of conversations");
    let mut found: Vec<_> = found.map(|entry| entry.expect("a file").path()).collect();
    found.sort();
    found
}

/// Each conversation as `("okta/oin", &[("01-test-the-connection.json", "its text"), …])`.
fn conversations(root: &Path) -> String {
    println!("cargo::rerun-if-changed={}", root.display());
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut code = "pub(crate) const CONVERSATIONS: &[(&str, &[(&str, &str)])] = &[\n".to_owned();
    for directory in inside(root).iter().filter(|path| path.is_dir()) {
        for folder in inside(directory) {
            let _ = writeln!(code, "    ({:?}, &[", format!("{}/{}", name(directory), name(&folder)));
            for file in inside(&folder) {
                let _ = writeln!(
                    code,
                    "        ({:?}, include_str!({:?})),",
                    name(&file),
                    file.display().to_string()
                );
            }
            code.push_str("    ]),\n");
        }
    }
    code.push_str("];\n");
    code
}
