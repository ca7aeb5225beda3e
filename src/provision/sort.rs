//! Putting things in order by one machine for all types: what the standard library makes anew
//! for each type would be a tenth of the page's wasm.

use std::cmp::Ordering;

/// Sorts; equal ones stay in the order they had.
pub(super) fn sort<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let by_place = |one: usize, other: usize| match (items.get(one), items.get(other)) {
        (Some(one), Some(other)) => compare(one, other),
        _ => Ordering::Equal,
    };
    for (at, from) in swaps(items.len(), &by_place) {
        items.swap(at, from);
    }
}

/// Sorts by a key that is computed once for each.
pub(super) fn sort_by_keys<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    let keys: Vec<K> = items.iter().map(key).collect();
    for (at, from) in swaps(items.len(), &|one, other| keys.get(one).cmp(&keys.get(other))) {
        items.swap(at, from);
    }
}

/// The swaps that put so many things in order.
#[inline(never)]
fn swaps(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<(usize, usize)> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by(|one, other| compare(*one, *other));
    let mut swaps = Vec::new();
    for at in 0..count {
        let mut from = places.get(at).copied().unwrap_or(at);
        // What stood at an earlier place was swapped to where its successor came from.
        while from < at {
            from = places.get(from).copied().unwrap_or(at);
        }
        if from != at {
            swaps.push((at, from));
        }
        if let Some(place) = places.get_mut(at) {
            *place = from;
        }
    }
    swaps
}

#[cfg(test)]
mod tests {
    use super::{sort, sort_by_keys};

    #[test]
    fn sorts_as_the_standard_library_does() {
        let mut state = 1_u32;
        for count in 0..200 {
            let mut items: Vec<(u32, u32)> = Vec::new();
            for at in 0..count {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                items.push((state >> 27, at));
            }
            let mut wanted = items.clone();
            wanted.sort_by_key(|(key, _)| *key);
            let mut found = items.clone();
            sort(&mut found, |one, other| one.0.cmp(&other.0));
            assert_eq!(found, wanted);
            sort_by_keys(&mut items, |(key, _)| *key);
            assert_eq!(items, wanted);
        }
    }
}
