//! What a cycle takes from where it runs: the time, ids, the token, and where it tells how it goes.

use std::hash::{BuildHasher, Hasher};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::super::text::read;

pub(super) fn token(file: Option<&Path>) -> Result<Option<String>, String> {
    let text = match file {
        Some(path) => Some(read(path)?),
        None => std::env::var("SECRET_TOKEN").ok(),
    };
    let token = text.map(|text| text.trim().to_owned());
    match token {
        Some(token) if token.is_empty() || token.contains(char::is_whitespace) => {
            Err("the secret token is empty or has a space in it; give the token alone".to_owned())
        }
        Some(token) => Ok(Some(token)),
        None => {
            tell("note: no `--token-file` and no SECRET_TOKEN: requests carry no credentials");
            Ok(None)
        }
    }
}

pub(super) fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Milliseconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn wait_until(at: i64) {
    while let Ok(left @ 1..) = u64::try_from(at - now()) {
        std::thread::sleep(Duration::from_millis(left.min(60_000)));
    }
}

/// A value that nobody has, in the form of a GUID.
pub(super) fn guid() -> String {
    let random = || std::hash::RandomState::new().build_hasher().finish();
    let (high, low) = (random(), random());
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}
