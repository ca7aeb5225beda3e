//! dateTime (RFC 7643 §2.3.5: `xsd:dateTime`) as an instant.

/// A point in time, to the picosecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Milliseconds since 1970 in UTC, rounded down.
    pub millis: i64,
    /// Picoseconds after that: below 10⁹. What a text says beyond them is left out.
    pub picos: u32,
}

/// Milliseconds since 1970 in UTC, rounded down; a time without an offset is read as UTC.
/// `None` when the text is no dateTime.
///
/// ```
/// use provisor::scim::schema::instant;
/// assert_eq!(instant("1970-01-01T01:00:00.5+01:00"), Some(500));
/// ```
pub fn instant(text: &str) -> Option<i64> {
    moment(text).map(|moment| moment.millis)
}

/// A dateTime as finely as it is written. `None` when the text is no dateTime.
pub fn moment(text: &str) -> Option<Moment> {
    let (date, time) = text.split_once(['T', 't'])?;
    let (year, month, day) = date_parts(date)?;
    let (clock, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => (time.get(..at)?, offset_minutes(time.get(at..)?)?),
        None => (time, 0),
    };
    let mut parts = clock.split(':');
    let hour = digits(parts.next()?, 2)?;
    let minute = digits(parts.next()?, 2)?;
    let (second, fraction) = match parts.next()?.split_once('.') {
        Some((second, fraction)) => (second.to_owned(), fraction.to_owned()),
        None => return finish(year, month, day, hour, minute, digits(clock.get(6..)?, 2)?, 0, offset),
    };
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) || parts.next().is_some() {
        return None;
    }
    let mut padded = fraction.chars().chain(std::iter::repeat('0'));
    let (millis, picos): (String, String) =
        (padded.by_ref().take(3).collect(), padded.by_ref().take(9).collect());
    let picos = picos.parse().ok()?;
    // Midnight as the end of a day is that instant, not a part of a second later.
    if hour == 24 && picos > 0 {
        return None;
    }
    let whole = finish(year, month, day, hour, minute, digits(&second, 2)?, millis.parse().ok()?, offset)?;
    Some(Moment { picos, ..whole })
}

/// The instant as the directory writes it: `2026-11-24T10:00:00.000Z`, so that texts sort as
/// instants do. `None` outside the years 0 to 9999.
///
/// ```
/// use provisor::scim::schema::written;
/// assert_eq!(written(500).as_deref(), Some("1970-01-01T00:00:00.500Z"));
/// ```
pub fn written(millis: i64) -> Option<String> {
    let (day, within) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let (year, month, date) = date_of(day);
    let (hour, minute) = (within / 3_600_000, within / 60_000 % 60);
    let (second, milli) = (within / 1_000 % 60, within % 1_000);
    (0..=9_999)
        .contains(&year)
        .then(|| format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"))
}

#[allow(clippy::too_many_arguments, reason = "the fields of one timestamp")]
fn finish(y: i64, mo: i64, d: i64, h: i64, mi: i64, s: i64, ms: i64, offset: i64) -> Option<Moment> {
    // Midnight may be written as the end of the day before.
    let valid = (h <= 23 && mi <= 59 && s <= 59) || (h, mi, s, ms) == (24, 0, 0, 0);
    let millis = (((days(y, mo, d) * 24 + h) * 60 + mi - offset) * 60 + s) * 1000 + ms;
    valid.then_some(Moment { millis, picos: 0 })
}

fn date_parts(date: &str) -> Option<(i64, i64, i64)> {
    let mut parts = date.split('-');
    let (year, month, day) =
        (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let longest = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    ((1..=longest).contains(&day) && parts.next().is_none()).then_some((year, month, day))
}

fn offset_minutes(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    // xsd:dateTime knows fourteen hours at most.
    (hours * 60 + minutes <= 14 * 60 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
}

fn digits(text: &str, length: usize) -> Option<i64> {
    (text.len() == length && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date so many days from 1970-01-01: the reverse of [`days`].
const fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Counted from March, so that the leap day is the year's last.
    let march = (5 * day_of_year + 2) / 153;
    let date = day_of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    (year_of_era + era * 400 + if month <= 2 { 1 } else { 0 }, month, date)
}

#[cfg(test)]
mod tests {
    use super::{Moment, date_of, days, instant, moment, written};

    #[test]
    fn every_day_of_ten_thousand_years_is_written_and_read_back() {
        for day in days(0, 1, 1)..=days(9_999, 12, 31) {
            let (year, month, date) = date_of(day);
            assert_eq!(days(year, month, date), day);
        }
        for millis in
            [0, -1, 999, 951_782_400_000, 1_795_514_400_123, -62_167_219_200_000, 253_402_300_799_999]
        {
            assert_eq!(instant(&written(millis).unwrap()), Some(millis));
        }
        assert_eq!(written(253_402_300_800_000), None);
        assert_eq!(written(-62_167_219_200_001), None);
    }

    #[test]
    fn reads_parts_of_a_millisecond() {
        assert_eq!(moment("1970-01-01T00:00:00.0015Z"), Some(Moment { millis: 1, picos: 500_000_000 }));
        assert!(moment("1970-01-01T00:00:00.0010001Z") > moment("1970-01-01T00:00:00.001Z"));
        assert_eq!(moment("1970-01-01T24:00:00.0001Z"), None);
    }

    #[test]
    fn reads_what_xsd_allows() {
        assert_eq!(instant("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(instant("2026-11-24T10:00:00.123456Z"), Some(1_795_514_400_123));
        assert_eq!(instant("2026-11-24T12:00:00+02:00"), instant("2026-11-24T10:00:00Z"));
        assert_eq!(instant("2000-02-29T00:00:00"), Some(951_782_400_000));
    }

    #[test]
    fn refuses_what_is_no_date_time() {
        for text in [
            "",
            "2026",
            "2026-02-30T00:00:00Z",
            "2026-01-01T24:00:01Z",
            "2026-01-01T00:00Z",
            "2026-1-1T0:0:0Z",
            "2026-01-01T00:00:00.Z",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
