//! Reading files and printing answers.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use provisor::provision::source::decode;

/// A file's text; `-` is standard input.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let fault = |error: std::io::Error| format!("`{}` cannot be read: {error}", path.display());
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes).map_err(fault)?;
        bytes
    } else {
        std::fs::read(path).map_err(fault)?
    };
    decode(&bytes).map_err(|error| format!("`{}`: {error}", path.display()))
}

/// Prints an answer; a reader that went away is no fault.
pub(super) fn print(text: &str) -> Result<ExitCode, String> {
    match writeln!(std::io::stdout(), "{text}") {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(format!("the output cannot be written: {error}")),
    }
}
