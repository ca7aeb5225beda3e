//! What a caller shows to be let in, read and checked as far as that needs no I/O: our own tokens, and those
//! of other issuers.

pub mod jwt;
pub mod token;
