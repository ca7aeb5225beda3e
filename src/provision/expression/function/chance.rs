//! What the object itself does not know: chance, the tenant's domain, and which values
//! the target holds already.

use super::super::ast::{Call, Function};
use super::super::environment::Outcome;
use super::super::{ExpressionError, Value};
use super::{entra, many, maybe, need};
use crate::provision::message::told;

pub(super) static FUNCTIONS: [Function; 4] = [
    entra("Guid", &[], told!("a new random identifier"), |call| {
        let (high, low) = (random(call), random(call));
        let high = high & !0xf000 | 0x4000;
        let low = low & !(0b11 << 62) | 0b10 << 62;
        Ok(Value::Text(format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )))
    }),
    entra(
        "RandomString",
        &[
            need("length", "length"),
            need("minimumNumbers", "minimumNumbers"),
            need("minimumSpecialCharacters", "minimumSpecialCharacters"),
            need("minimumCapital", "minimumCapital"),
            need("minimumLowerCase", "minimumLowerCase"),
            maybe("charactersToAvoid", "charactersToAvoid"),
        ],
        told!("a random text of that length with at least so many of each kind"),
        random_string,
    ),
    entra("DefaultDomain", &[], told!("the tenant's default verified domain"), |call| {
        Ok(Value::Text(call.context.environment.default_domain.to_owned()))
    }),
    entra(
        "SelectUniqueValue",
        &[need("rule1", "source"), many("rule2", "source")],
        told!("the first value that no object in the target has"),
        select_unique,
    ),
];

fn random(call: &mut Call<'_, '_, '_>) -> u64 {
    (call.context.environment.random)()
}

/// A number below `end`, by rejection so that none is likelier.
fn below(call: &mut Call<'_, '_, '_>, end: usize) -> usize {
    let end = u64::try_from(end.max(1)).unwrap_or(1);
    let fair = u64::MAX - u64::MAX % end;
    for _ in 0..64 {
        let bits = random(call);
        if bits < fair {
            return usize::try_from(bits % end).unwrap_or(0);
        }
    }
    0
}

/// Windows' password characters: digits, special characters, capitals, small letters.
const KINDS: [&str; 4] = [
    "0123456789",
    "~!@#$%^&*_-+=`|\\(){}[]:;\"'<>,.?/",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "abcdefghijklmnopqrstuvwxyz",
];

fn random_string(call: &mut Call<'_, '_, '_>) -> Outcome {
    let length = call.number(0)?;
    let mut least = [0_usize; 4];
    for (index, least) in (1..).zip(least.iter_mut()) {
        let number = call.number(index)?;
        *least = usize::try_from(number).map_err(|_| {
            call.error("badValue", index, told!("the number is negative")).help(told!("send 0 or more"))
        })?;
    }
    let sum = least.iter().fold(0_usize, |sum, least| sum.saturating_add(*least));
    let length = usize::try_from(length).ok().filter(|length| (1..=256).contains(length) && sum <= *length);
    let Some(length) = length else {
        return Err(call
            .error("badValue", 0, told!("the length must be from {0} to 256", sum.max(1)))
            .help(told!("make it at least the sum of the four minima, and at most 256")));
    };
    let avoid = call.text_or_empty(5)?;
    let kinds = KINDS.map(|kind| kind.chars().filter(|letter| !avoid.contains(*letter)).collect::<Vec<_>>());
    let any: Vec<char> = kinds.iter().flatten().copied().collect();
    let mut letters = Vec::with_capacity(length);
    for (kind, least) in kinds.iter().zip(least) {
        for _ in 0..least {
            letters.push(pick(call, kind)?);
        }
    }
    while letters.len() < length {
        letters.push(pick(call, &any)?);
    }
    for last in (1..letters.len()).rev() {
        let other = below(call, last + 1);
        letters.swap(last, other);
    }
    Ok(Value::Text(letters.into_iter().collect()))
}

fn pick(call: &mut Call<'_, '_, '_>, letters: &[char]) -> Result<char, ExpressionError> {
    let place = below(call, letters.len());
    letters.get(place).copied().ok_or_else(|| {
        call.error("badValue", 5, told!("every character that is needed must be avoided"))
            .help(told!("avoid fewer characters"))
    })
}

fn select_unique(call: &mut Call<'_, '_, '_>) -> Outcome {
    for index in 0..call.count() {
        let Some(candidate) = call.text(index)? else { continue };
        if !candidate.is_empty() && !(call.context.environment.taken)(&candidate) {
            return Ok(Value::Text(candidate));
        }
    }
    Err(ExpressionError::new("noUniqueValue", call.span, told!("the target has every candidate already"))
        .help(told!("add another rule to `SelectUniqueValue`")))
}
