//! The time, which stands still at the edge while nothing is awaited.

/// The time, as the directory writes it.
pub(in crate::edge) fn now() -> String {
    String::from(js_sys::Date::new_0().to_iso_string())
}

/// The time, in milliseconds since 1970.
pub(in crate::edge) fn clock() -> i64 {
    #[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are far below 2^53")]
    {
        js_sys::Date::now() as i64
    }
}
