//! The clock and the chance that expressions may not find by themselves.

use crate::provision::expression::Patterns;

/// What expressions are lent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Surroundings {
    /// Milliseconds since 1970-01-01 UTC.
    pub now: i64,
    /// The source tenant's default verified domain.
    pub default_domain: String,
    /// The regular expressions of the plan, compiled.
    pub patterns: Patterns,
}

/// What an object's chance begins with: it differs by moment, target attribute and object,
/// and by nothing else.
pub(crate) fn seed(around: &Surroundings, target: &str, id: &str) -> u64 {
    // FNV-1a, the parts kept apart by a byte that no UTF-8 has.
    let bytes = around.now.to_le_bytes().into_iter().chain(target.bytes()).chain([0xff]).chain(id.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Numbers that follow from a seed.
pub(crate) fn chance(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || splitmix(&mut state)
}

fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut bits = *state;
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
