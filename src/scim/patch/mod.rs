//! PATCH (RFC 7644 §3.5.2): decode → dialect (what directories really send, made
//! strict) → apply, all operations or none.
