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
    let mut rest = Rest(text.as_bytes());
    let (year, month, day) = (rest.number(4)?, rest.after(b"-", 2)?, rest.after(b"-", 2)?);
    let (hour, minute, second) = (rest.after(b"Tt", 2)?, rest.after(b":", 2)?, rest.after(b":", 2)?);
    let (milli, picos) = if rest.one_of(b".").is_some() { rest.fraction()? } else { (0, 0) };
    let offset = rest.offset_minutes()?;
    // Midnight may be written as the end of the day before, and not a part of a second later.
    let clock = (hour <= 23 && minute <= 59 && second <= 59)
        || (hour, minute, second, milli, picos) == (24, 0, 0, 0, 0);
    let valid = rest.0.is_empty() && clock && (1..=days_of(year, month)?).contains(&day);
    let minutes = (days(year, month, day) * 24 + hour) * 60 + minute - offset;
    valid.then_some(Moment { millis: (minutes * 60 + second) * 1000 + milli, picos })
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

/// What of the text is still to be read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    /// The next byte, if it is one of these.
    fn one_of(&mut self, these: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        these.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    /// A number of just so many digits.
    fn number(&mut self, length: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
        })
    }

    /// A number after one of these.
    fn after(&mut self, these: &[u8], length: usize) -> Option<i64> {
        self.one_of(these)?;
        self.number(length)
    }

    /// A fraction of a second: its milliseconds, and the picoseconds after them.
    fn fraction(&mut self) -> Option<(i64, u32)> {
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        let digit = |at| digits.get(at).map_or(0, |digit| u32::from(digit - b'0'));
        let number = |places: std::ops::Range<usize>| places.fold(0, |number, at| number * 10 + digit(at));
        (length > 0).then(|| (i64::from(number(0..3)), number(3..12)))
    }

    /// `Z`, `±hh:mm`, or nothing, which is UTC too.
    fn offset_minutes(&mut self) -> Option<i64> {
        if self.0.is_empty() || self.one_of(b"Zz").is_some() {
            return Some(0);
        }
        let sign = if self.one_of(b"+-")? == b'-' { -1 } else { 1 };
        let (hours, minutes) = (self.number(2)?, self.after(b":", 2)?);
        // xsd:dateTime knows fourteen hours at most.
        (hours * 60 + minutes <= 14 * 60 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
    }
}

/// How many days a month has; `None` when there is no such month.
pub(crate) const fn days_of(year: i64, month: i64) -> Option<i64> {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    match month {
        2 if leap => Some(29),
        2 => Some(28),
        4 | 6 | 9 | 11 => Some(30),
        1..=12 => Some(31),
        _ => None,
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
pub(crate) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date so many days from 1970-01-01: the reverse of [`days`].
pub(crate) const fn date_of(days: i64) -> (i64, i64, i64) {
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
        assert_eq!(instant("1969-12-31t23:59:59.9z"), Some(-100));
        assert_eq!(instant("2026-11-23T24:00:00-00:00"), instant("2026-11-24T00:00:00"));
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
            "2026-01-01T00:00:00Zz",
            "2026-01-01T00:00:00+1:00",
            "2026-01-01T00:00:00+14:01",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "20260-01-01T00:00:00Z",
            "2026-01-01T00:00:00.5+",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
