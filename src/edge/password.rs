//! A user's password, kept only as a salted hash that is slow to guess from.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha2::Sha256;

use super::admin::new_id;

/// Rounds of PBKDF2: as many as the runtime's own implementation takes.
const ITERATIONS: u32 = 100_000;

/// The hash with its parameters and its own salt beside it, in the form of the PHC string
/// format: `$pbkdf2-sha256$i=100000$<salt>$<hash>`.
pub(super) fn hash(password: &str) -> Option<String> {
    let salt = new_id().replace('-', "");
    let mut hash = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), salt.as_bytes(), ITERATIONS, &mut hash);
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    Some(format!("$pbkdf2-sha256$i={ITERATIONS}${salt}${hash}"))
}
