//! A user's password, kept only as a salted hash that is slow to guess from.
//!
//! The runtime's own implementation hashes, which answers later; so all passwords of a request are
//! hashed before the part that decides and commits, which only looks them up.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use js_sys::{Array, Uint8Array};
use serde_json::json;
use worker::wasm_bindgen_futures::JsFuture;
use worker::{Delay, Result};

use crate::edge::platform::crypto::{derive_bits, import_key};
use crate::edge::platform::random::new_id;

/// Rounds of PBKDF2: as many as the runtime takes.
const ITERATIONS: u32 = 100_000;
/// Bits of a hash.
const BITS: u32 = 256;

/// A request's passwords with their hashes, made ahead: one for each place where a password stands, so
/// that two people with the same password have different salts.
#[derive(Debug, Default)]
pub(in crate::edge) struct Hashes(RefCell<HashMap<String, Vec<String>>>);

impl Hashes {
    /// Hashes these texts; others are answered in between.
    ///
    /// # Errors
    /// What the runtime says where it does not hash.
    pub async fn of(texts: Vec<String>) -> Result<Self> {
        let mut hashes: HashMap<String, Vec<String>> = HashMap::new();
        for (index, text) in texts.into_iter().enumerate() {
            if index > 0 {
                Delay::from(Duration::ZERO).await;
            }
            let hash = hash(&text).await?;
            hashes.entry(text).or_default().push(hash);
        }
        Ok(Self(RefCell::new(hashes)))
    }

    /// The next hash of a text; nothing where it was not hashed.
    pub fn take(&self, text: &str) -> Option<String> {
        self.0.borrow_mut().get_mut(text)?.pop()
    }
}

/// The hash with its parameters and its own salt beside it, in the form of the PHC string
/// format: `$pbkdf2-sha256$i=100000$<salt>$<hash>`.
async fn hash(password: &str) -> Result<String> {
    let salt = new_id().replace('-', "");
    let usages = Array::of1(&"deriveBits".into());
    let key = import_key("raw", &Uint8Array::from(password.as_bytes()), &"PBKDF2".into(), false, &usages)?;
    let key = JsFuture::from(key).await?;
    let algorithm = js_sys::JSON::parse(
        &json!({ "name": "PBKDF2", "hash": "SHA-256", "iterations": ITERATIONS }).to_string(),
    )?;
    js_sys::Reflect::set(&algorithm, &"salt".into(), &Uint8Array::from(salt.as_bytes()))?;
    let hash = Uint8Array::new(&JsFuture::from(derive_bits(&algorithm, &key, BITS)?).await?).to_vec();
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    Ok(format!("$pbkdf2-sha256$i={ITERATIONS}${salt}${hash}"))
}
