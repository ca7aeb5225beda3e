//! Bytes as text: Base64, hexadecimal, security identifiers and distinguished names.

use super::super::Value;
use super::super::ast::{Call, Function};
use super::super::environment::Outcome;
use super::super::eval::bound;
use super::{cloud_sync, entra, maybe, need};
use crate::provision::message::told;

pub(super) static FUNCTIONS: [Function; 6] = [
    entra("ConvertToBase64", &[need("source", "source")], told!("Base64 of the text in UTF-16LE"), |call| {
        call.map(|call, text| {
            bound(text.len().saturating_mul(3), call.span)?;
            let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            Ok(Some(to_base64(&bytes)))
        })
    }),
    entra(
        "ConvertToUTF8Hex",
        &[need("source", "source")],
        told!("the text's UTF-8 bytes in hexadecimal"),
        |call| {
            call.map(|call, text| {
                bound(text.len().saturating_mul(2), call.span)?;
                Ok(Some(text.bytes().map(|byte| format!("{byte:02X}")).collect()))
            })
        },
    ),
    cloud_sync(
        "ConvertFromBase64",
        &[need("source", "source"), maybe("encoding", "encoding")],
        told!("the text behind Base64, in `Unicode` (the default), `UTF8` or `ASCII`"),
        convert_from_base64,
    ),
    cloud_sync(
        "StringFromSid",
        &[need("sid", "source")],
        told!("a security identifier as `S-1-…`"),
        string_from_sid,
    ),
    cloud_sync("CRef", &[need("dn", "source")], told!("the text as a reference"), |call| call.value(0)),
    cloud_sync(
        "DNComponent",
        &[need("dn", "source"), need("componentNumber", "componentNumber")],
        told!("the value of one part of a distinguished name, counted from 1 at the left"),
        dn_component,
    ),
];

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for digit in 0..4 {
            let letter = ALPHABET.get((bits >> (18 - 6 * digit)) as usize & 63).copied().unwrap_or(b'A');
            text.push(if digit > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

/// The bytes, or nothing when the text is not Base64 with its padding.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let padding = digits.iter().rev().take_while(|byte| **byte == b'=').count();
    if !digits.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0);
    for digit in digits.iter().take(digits.len() - padding) {
        let value = ALPHABET.iter().position(|letter| letter == digit)?;
        bits = (bits << 6 | u32::try_from(value).ok()?) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    Some(bytes)
}

fn convert_from_base64(call: &mut Call<'_, '_, '_>) -> Outcome {
    let encoding = call.text(1)?.unwrap_or_else(|| "Unicode".into());
    if !matches!(encoding.as_str(), "Unicode" | "UTF8" | "ASCII") {
        return Err(call
            .error("badValue", 1, told!("`{0}` is not a known encoding", encoding))
            .help(told!("write `Unicode`, `UTF8` or `ASCII`")));
    }
    call.map(|call, text| {
        let Some(bytes) = from_base64(&text) else {
            return Err(call.error("badValue", 0, told!("the text is not Base64")).help(told!(
                "send a multiple of four characters from A-Z, a-z, 0-9, `+`, `/` and `=` at the end"
            )));
        };
        Ok(Some(match encoding.as_str() {
            "UTF8" => String::from_utf8_lossy(&bytes).into_owned(),
            "ASCII" => {
                bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect()
            }
            _ => {
                let pair = |pair: &[u8]| match pair {
                    [low, high] => u16::from_le_bytes([*low, *high]),
                    _ => 0xfffd,
                };
                String::from_utf16_lossy(&bytes.chunks(2).map(pair).collect::<Vec<u16>>())
            }
        }))
    })
}

/// A SID in Base64 (as Graph gives it) as text; one that is text already stays.
fn string_from_sid(call: &mut Call<'_, '_, '_>) -> Outcome {
    call.map(|call, text| {
        if text.starts_with("S-") {
            return Ok(Some(text));
        }
        from_base64(&text).and_then(|bytes| sid(&bytes)).map(Some).ok_or_else(|| {
            call.error("badValue", 0, told!("the value is not a security identifier"))
                .help(told!("send its bytes in Base64, or the text `S-1-…`"))
        })
    })
}

/// Revision, count, six bytes of authority big-endian, then four bytes each little-endian.
fn sid(bytes: &[u8]) -> Option<String> {
    let [revision, count, authority @ ..] = bytes else { return None };
    let (authority, rest) = authority.split_at_checked(6)?;
    if rest.len() != usize::from(*count) * 4 {
        return None;
    }
    let authority = authority.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let mut text = format!("S-{revision}-{authority}");
    for part in rest.chunks(4) {
        let number = part.iter().rev().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        text.push_str(&format!("-{number}"));
    }
    Some(text)
}

fn dn_component(call: &mut Call<'_, '_, '_>) -> Outcome {
    let number = call.number(1)?;
    let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let Some(name) = call.text(0)? else { return Ok(Value::Null) };
    let parts = dn_parts(&name);
    let part = place.and_then(|place| parts.get(place));
    let value = part.and_then(|part| part.split_once('=')).map(|(_, value)| value.trim().to_owned());
    Ok(value.map_or(Value::Null, Value::Text))
}

/// The parts between commas; `\,` does not separate, and a backslash is taken off.
fn dn_parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = name.chars();
    while let Some(letter) = letters.next() {
        let letter = match letter {
            ',' => {
                parts.push(String::new());
                continue;
            }
            '\\' => letters.next().unwrap_or('\\'),
            _ => letter,
        };
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    parts
}
