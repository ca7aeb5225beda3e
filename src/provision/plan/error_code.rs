//! Entra's names for what a target answers.

/// Entra's code for an answer that is no success, ours with `X-` before it.
pub(crate) fn error_code(status: u16) -> &'static str {
    match status {
        401 => "Unauthorized",
        403 => "InsufficientRights",
        404 => "InvalidAnchor",
        405 => "MethodNotAllowed",
        409 => "EntryConflict",
        422 => "UnprocessableEntity",
        429 => "TooManyRequests",
        501 => "NotImplemented",
        408 | 504 => "Timeout",
        500..=599 => "InternalServerError",
        400 => "X-BadRequest",
        _ => "X-UnexpectedStatus",
    }
}
