//! Dates: reading, writing, adding and counting. Between functions a date is text,
//! `M/d/yyyy h:mm:ss tt` in UTC, as Entra prints it.

use super::super::ast::{Call, Function};
use super::super::date::{Moment, Unit};
use super::super::date_format::{GENERAL, read, read_free, write};
use super::super::environment::Outcome;
use super::super::{ExpressionError, Value};
use super::{entra, maybe, need, slot};
use crate::provision::message::told;

pub(super) static FUNCTIONS: [Function; 7] = [
    entra("Now", &[], told!("the current date and time in UTC"), |call| {
        let now = now(call)?;
        general(call, now)
    }),
    entra("CDate", &[need("expression", "expression")], told!("reads a date and tells it in UTC"), |call| {
        let moment = date(call, 0)?;
        general(call, moment)
    }),
    entra(
        "DateAdd",
        &[need("interval", "interval"), need("value", "value"), need("dateTime", "dateTime")],
        told!("a date some intervals later (`yyyy`, `m`, `ww`, `d`, `h`, `n` or `s`)"),
        date_add,
    ),
    entra(
        "DateDiff",
        &[need("interval", "interval"), need("date1", "date1"), need("date2", "date2")],
        told!(
            "how many intervals from the first date to the second (`yyyy`, `m`, `ww`, `d`, `h`, `n` or `s`)"
        ),
        |call| {
            let unit = unit(call)?;
            let (from, to) = (date(call, 1)?, date(call, 2)?);
            Ok(Value::Text(from.until(to, unit).to_string()))
        },
    ),
    entra("DateFromNum", &[need("value", "source")], told!("the date of a Windows FILETIME"), |call| {
        let number = call.number(0)?;
        let moment = Moment::from_filetime(number).ok_or_else(|| out_of_range(call, 0))?;
        general(call, moment)
    }),
    entra("NumFromDate", &[need("value", "value")], told!("the Windows FILETIME of a date"), |call| {
        Ok(Value::Text(date(call, 0)?.filetime().to_string()))
    }),
    entra(
        "FormatDateTime",
        &[
            need("source", "source"),
            slot("dateTimeStyles", "dateTimeStyles"),
            slot("inputFormat", "inputFormat"),
            maybe("outputFormat", "outputFormat"),
        ],
        told!("reads a date by one .NET format and writes it by another"),
        format_date_time,
    ),
];

fn now(call: &Call<'_, '_, '_>) -> Result<Moment, ExpressionError> {
    Moment::from_unix(call.context.environment.now)
        .ok_or_else(|| ExpressionError::new("badDate", call.span, told!("the clock is out of range")))
}

fn general(call: &Call<'_, '_, '_>, moment: Moment) -> Outcome {
    write(moment, GENERAL).map(Value::Text).ok_or_else(|| out_of_range(call, 0))
}

fn out_of_range(call: &Call<'_, '_, '_>, index: usize) -> ExpressionError {
    call.error("badDate", index, told!("the date is out of range"))
        .help(told!("stay between the years 1 and 9999"))
}

fn date(call: &mut Call<'_, '_, '_>, index: usize) -> Result<Moment, ExpressionError> {
    let now = now(call)?;
    let Some(text) = call.text(index)? else { return Err(call.absent("badDate", index, told!("a date"))) };
    read_free(&text, now).ok_or_else(|| {
        call.error("badDate", index, told!("`{0}` is not a date", text))
            .help(told!("send `2021-08-31T15:00:00Z`, `2021-08-31` or `8/31/2021 3:00:00 PM`"))
    })
}

fn unit(call: &mut Call<'_, '_, '_>) -> Result<Unit, ExpressionError> {
    let name = call.text_or_empty(0)?;
    Unit::from_name(&name).ok_or_else(|| {
        call.error("badValue", 0, told!("`{0}` is not an interval", name))
            .help(told!("write `yyyy`, `m`, `ww`, `d`, `h`, `n` (minutes) or `s`"))
    })
}

fn date_add(call: &mut Call<'_, '_, '_>) -> Outcome {
    let unit = unit(call)?;
    let number = call.number(1)?;
    let moment = date(call, 2)?;
    let later = moment.add(unit, number).ok_or_else(|| out_of_range(call, 1))?;
    general(call, later)
}

/// .NET's `DateTimeStyles`.
const STYLES: [&str; 10] = [
    "None",
    "AllowLeadingWhite",
    "AllowTrailingWhite",
    "AllowInnerWhite",
    "AllowWhiteSpaces",
    "NoCurrentDateDefault",
    "AdjustToUniversal",
    "AssumeLocal",
    "AssumeUniversal",
    "RoundtripKind",
];

/// Refuses a style that there is none of.
fn styles(call: &mut Call<'_, '_, '_>) -> Result<(), ExpressionError> {
    let text = call.text_or_empty(1)?;
    let names = text.split([',', '|']).map(str::trim).filter(|name| !name.is_empty());
    for name in names {
        let plain = name.strip_prefix("DateTimeStyles.").unwrap_or(name);
        if !STYLES.iter().any(|style| style.eq_ignore_ascii_case(plain)) {
            return Err(call
                .error("badValue", 1, told!("`{0}` is not a date style", name))
                .help(told!("leave it out, or write one such as `AssumeUniversal`")));
        }
    }
    Ok(())
}

/// Three arguments are the older form, without styles. The styles change nothing: without
/// an offset a date is taken as UTC, and the result is UTC.
fn format_date_time(call: &mut Call<'_, '_, '_>) -> Outcome {
    let now = now(call)?;
    if call.count() >= 4 {
        styles(call)?;
    }
    let (input, output) = if call.count() < 4 { (1, 2) } else { (2, 3) };
    let from = call.text(input)?;
    let to = call.text(output)?.unwrap_or_else(|| GENERAL.into());
    call.map(|call, text| {
        let moment = match &from {
            Some(format) => read(&text, format, now),
            None => read_free(&text, now),
        };
        let moment = moment.ok_or_else(|| match &from {
            Some(format) => call
                .error("badDate", 0, told!("`{0}` does not have the form `{1}`", text, format))
                .help(told!("name the form that the attribute really has, or leave the input format out")),
            None => call
                .error("badDate", 0, told!("`{0}` is not a date", text))
                .help(told!("name its input format")),
        })?;
        write(moment, &to).map(Some).ok_or_else(|| {
            call.error("badDate", output, told!("`{0}` is not a date format", to)).help(told!(
                "close every quote, write at most seven `f`, and `%` before a single letter, as in `%H`"
            ))
        })
    })
}
