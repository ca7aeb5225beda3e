//! Cutting and putting together. Positions count UTF-16 units from 1, as .NET does; half
//! of a surrogate pair becomes U+FFFD.

use super::super::Value;
use super::super::ast::{Call, Function};
use super::super::environment::Outcome;
use super::super::eval::bound;
use super::{cloud_sync, entra, many, maybe, need};
use crate::provision::message::told;
use crate::scim::unicode;

pub(super) static FUNCTIONS: [Function; 12] = [
    entra("Append", &[need("source", "source"), need("suffix", "suffix")], told!("adds a suffix"), |call| {
        let suffix = call.text_or_empty(1)?;
        call.map(|call, text| {
            bound(text.len() + suffix.len(), call.span)?;
            Ok(Some(text + &suffix))
        })
    }),
    entra("Prepend", &[need("prefix", "prefix"), need("source", "source")], told!("adds a prefix"), |call| {
        let prefix = call.text_or_empty(0)?;
        let Some(text) = call.text(1)? else { return Ok(Value::Null) };
        bound(text.len() + prefix.len(), call.span)?;
        Ok(Value::Text(prefix + &text))
    }),
    entra(
        "Join",
        &[need("separator", "separator"), many("source", "source")],
        told!("puts values together with a separator; absent and empty ones are skipped"),
        join,
    ),
    entra(
        "Left",
        &[need("source", "source"), need("length", "length")],
        told!("the first characters"),
        |call| {
            let length = call.number(1)?;
            if call.value(0)? == Value::Null {
                return Ok(Value::Text(String::new()));
            }
            call.map(|_, text| Ok(Some(if length < 0 { text } else { cut(&text, 0, length) })))
        },
    ),
    entra(
        "Mid",
        &[need("source", "source"), need("start", "start"), maybe("length", "length")],
        told!("a part of the text, from a position counted from 1"),
        mid,
    ),
    entra("Len", &[need("source", "source")], told!("how many characters the text has"), |call| {
        let text = call.text_or_empty(0)?;
        Ok(Value::Text(text.encode_utf16().count().to_string()))
    }),
    entra(
        "InStr",
        &[
            need("value1", "value1"),
            need("value2", "value2"),
            maybe("start", "start"),
            maybe("compareType", "compareType"),
        ],
        told!("where the second text first stands in the first, counted from 1; 0 when nowhere"),
        in_str,
    ),
    entra(
        "ToLower",
        &[need("source", "source"), maybe("culture", "culture")],
        told!("lower case, by the invariant culture unless another is named"),
        |call| {
            let turkish = dotted_i(call)?;
            call.map(|_, text| Ok(Some(lower(&text, turkish))))
        },
    ),
    entra(
        "ToUpper",
        &[need("source", "source"), maybe("culture", "culture")],
        told!("upper case, by the invariant culture unless another is named"),
        |call| {
            let turkish = dotted_i(call)?;
            call.map(|_, text| Ok(Some(upper(&text, turkish))))
        },
    ),
    entra("StripSpaces", &[need("source", "source")], told!("removes every space"), |call| {
        call.map(|_, text| Ok(Some(text.replace(' ', ""))))
    }),
    entra("CStr", &[need("value", "value")], told!("the value as text"), |call| call.value(0)),
    cloud_sync("Trim", &[need("source", "source")], told!("removes white space at both ends"), |call| {
        call.map(|_, text| Ok(Some(text.trim().to_owned())))
    }),
];

/// `length` UTF-16 units of `text` after the first `skip`.
pub(crate) fn cut(text: &str, skip: i64, length: i64) -> String {
    // In wasm a usize has 32 bits; what does not fit is more than any text has.
    let count = |number: i64| usize::try_from(number.max(0)).unwrap_or(usize::MAX);
    let (skip, length) = (count(skip), count(length));
    let units: Vec<u16> = text.encode_utf16().skip(skip).take(length).collect();
    String::from_utf16_lossy(&units)
}

fn join(call: &mut Call<'_, '_, '_>) -> Outcome {
    let separator = call.text_or_empty(0)?;
    let mut whole = String::new();
    for index in 1..call.count() {
        for part in call.value(index)?.items() {
            if part.is_empty() {
                continue;
            }
            if !whole.is_empty() {
                whole.push_str(&separator);
            }
            whole.push_str(&part);
            bound(whole.len(), call.span)?;
        }
    }
    Ok(Value::Text(whole))
}

fn mid(call: &mut Call<'_, '_, '_>) -> Outcome {
    let start = call.number(1)?;
    if start < 1 {
        return Err(call
            .error("badIndex", 1, told!("`Mid` cannot start at {0}", start))
            .help(told!("count from 1: the first character is 1")));
    }
    let length = call.number_or(2, i64::MAX)?;
    if length < 0 {
        return Err(call
            .error("badIndex", 2, told!("`Mid` cannot take {0} characters", length))
            .help(told!("send 0 or more")));
    }
    call.map(|_, text| Ok(Some(cut(&text, start - 1, length))))
}

fn in_str(call: &mut Call<'_, '_, '_>) -> Outcome {
    let mut text = call.text_or_empty(0)?;
    let mut wanted = call.text_or_empty(1)?;
    let start = call.number_or(2, 1)?;
    if start < 1 {
        return Err(call
            .error("badIndex", 2, told!("`InStr` counts from 1"))
            .help(told!("start at 1 or later")));
    }
    match call.text(3)?.as_deref() {
        None | Some("vbBinaryCompare" | "0") => {}
        Some("vbTextCompare" | "1") => {
            text = lower(&text, false);
            wanted = lower(&wanted, false);
        }
        Some(other) => {
            return Err(call
                .error("badValue", 3, told!("`{0}` is not a way to compare", other))
                .help(told!("write `vbBinaryCompare` or `vbTextCompare`")));
        }
    }
    let text: Vec<u16> = text.encode_utf16().collect();
    let wanted: Vec<u16> = wanted.encode_utf16().collect();
    let skip = usize::try_from(start - 1).unwrap_or(usize::MAX);
    let found = match text.get(skip..) {
        Some(rest) if wanted.is_empty() => (!rest.is_empty()).then_some(0),
        Some(rest) => rest.windows(wanted.len()).position(|window| window == wanted),
        None => None,
    };
    Ok(Value::Text(found.map_or(0, |at| skip + at + 1).to_string()))
}

/// Whether the culture is Turkish or Azeri, whose i has its own upper case.
fn dotted_i(call: &mut Call<'_, '_, '_>) -> Result<bool, super::super::ExpressionError> {
    let culture = call.text_or_empty(1)?.to_ascii_lowercase();
    Ok(matches!(culture.split('-').next(), Some("tr" | "az")))
}

/// One character to one character, as .NET's invariant culture does: what would grow
/// (ß, İ) stays.
pub(crate) fn lower(text: &str, turkish: bool) -> String {
    text.chars()
        .map(|letter| match letter {
            'I' if turkish => 'ı',
            'İ' if turkish => 'i',
            _ => unicode::lower(letter),
        })
        .collect()
}

/// The upper case, one character to one character.
pub(crate) fn upper(text: &str, turkish: bool) -> String {
    text.chars()
        .map(|letter| match letter {
            'i' if turkish => 'İ',
            'ı' if turkish => 'I',
            'ı' => 'ı',
            _ => unicode::upper(letter),
        })
        .collect()
}
