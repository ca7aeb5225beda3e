//! How a request may come: over TLS, and where a browser's session stands for the administrator, from no
//! other site.

use worker::{Env, Request};

use crate::edge::platform::env::is_local;
use crate::edge::platform::response::{Fault, origin_and_query};
use crate::scim::error::ScimError;

/// Types of body that a page of another site cannot send without asking first (Fetch §2.2.2).
const ASKED_FIRST: [&str; 3] = ["application/json", "application/scim+json", "application/x-ndjson"];

/// Refuses plain HTTP (RFC 7644 §7.2), except on a developer's machine and for whether the Worker runs.
/// A redirect would come too late: the token was sent already.
pub(in crate::edge) fn check(request: &Request, env: &Env, path: &str) -> Result<(), ScimError> {
    let is_plain = request.inner().url().starts_with("http:");
    if is_plain && path != "/healthz" && !is_local(env) {
        let detail = "plain HTTP is refused, as whoever listens reads the token; use `https://` (TLS) and replace a token that was sent";
        return Err(ScimError::new(403, detail));
    }
    Ok(())
}

/// Refuses what another site may have sent (CSRF). Cloudflare Access knows an administrator by a cookie,
/// which a browser adds to whatever page asks; a token is added by nobody.
pub(in crate::edge) fn same_site(request: &Request, env: &Env) -> Result<(), Fault> {
    let method = request.inner().method();
    if matches!(method.as_str(), "GET" | "HEAD") {
        return Ok(());
    }
    let headers = request.headers();
    let said = |name: &str| -> Result<String, Fault> { Ok(headers.get(name)?.unwrap_or_default()) };
    let refused = |detail: String| Err(ScimError::new(403, detail).into());
    let site = said("sec-fetch-site")?;
    if !matches!(site.as_str(), "" | "same-origin" | "none") {
        return refused(format!(
            "the request comes from another site (`Sec-Fetch-Site: {site}`); send it from this origin, or with `ADMIN_TOKEN`"
        ));
    }
    let origin = said("origin")?;
    let (here, _) = origin_and_query(request);
    let ours = ["ORIGIN", "ORIGIN_EU"].into_iter().filter_map(|name| Some(env.var(name).ok()?.to_string()));
    if !origin.is_empty()
        && origin != here
        && !ours.into_iter().any(|ours| ours.trim_end_matches('/') == origin)
    {
        return refused(format!(
            "the request comes from another site (`Origin: {origin}`); send it from this origin, or with `ADMIN_TOKEN`"
        ));
    }
    let sent = said("content-type")?;
    let name = sent.split(';').next().unwrap_or_default().trim();
    if !ASKED_FIRST.iter().any(|known| name.eq_ignore_ascii_case(known)) {
        return refused(
            "send `Content-Type: application/json`, without a body too: other sites cannot send it without asking"
                .into(),
        );
    }
    Ok(())
}
