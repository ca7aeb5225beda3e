//! Where the Worker runs, as its variables say.

use worker::Env;

/// Whether this is a developer's machine, not Cloudflare: said by the variable `LOCAL`.
pub(in crate::edge) fn is_local(env: &Env) -> bool {
    env.var("LOCAL").is_ok_and(|value| value.to_string() == "1")
}
