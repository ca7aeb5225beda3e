//! Moments in UTC, as .NET counts them: ticks of 100 ns since 0001-01-01. The culture is
//! invariant and the server's zone is UTC.

use crate::scim::schema::{date_of, days, days_of};

/// Ticks in a second.
pub(crate) const SECOND: i64 = 10_000_000;
/// Ticks in a day.
pub(crate) const DAY: i64 = 86_400 * SECOND;
/// 1601-01-01, where Windows' FILETIME begins.
const FILETIME_EPOCH: i64 = 584_388 * DAY;
/// Days from 0001-01-01 to 1970-01-01, where Unix time begins.
const DAYS_BEFORE_1970: i64 = 719_162;
const UNIX_EPOCH: i64 = DAYS_BEFORE_1970 * DAY;
/// 10000-01-01, the first moment that cannot be written.
const END: i64 = 3_652_059 * DAY;

/// A moment between the years 1 and 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    /// Ticks since 0001-01-01 UTC.
    pub(crate) ticks: i64,
}

/// A moment's parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    /// Ticks within the second.
    pub(crate) fraction: i64,
}

impl Moment {
    fn from_ticks(ticks: i64) -> Option<Self> {
        (0..END).contains(&ticks).then_some(Self { ticks })
    }

    /// From milliseconds since 1970.
    pub(crate) fn from_unix(milliseconds: i64) -> Option<Self> {
        Self::from_ticks(milliseconds.checked_mul(SECOND / 1000)?.checked_add(UNIX_EPOCH)?)
    }

    /// From Windows' FILETIME.
    pub(crate) fn from_filetime(number: i64) -> Option<Self> {
        Self::from_ticks(number.checked_add(FILETIME_EPOCH)?)
    }

    /// As Windows' FILETIME.
    pub(crate) fn filetime(self) -> i64 {
        self.ticks - FILETIME_EPOCH
    }

    /// From parts, `offset` minutes ahead of UTC; nothing when a part is out of range.
    pub(crate) fn from_fields(fields: Fields, offset: i64) -> Option<Self> {
        let Fields { year, month, day, hour, minute, second, fraction } = fields;
        let valid = (1..=9999).contains(&year)
            && days_of(year, month).is_some_and(|last| (1..=last).contains(&day))
            && (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..60).contains(&second)
            && (0..SECOND).contains(&fraction)
            && offset.abs() <= 14 * 60;
        if !valid {
            return None;
        }
        let seconds = (hour * 60 + minute - offset) * 60 + second;
        Self::from_ticks(day_number(year, month, day) * DAY + seconds * SECOND + fraction)
    }

    pub(crate) fn fields(self) -> Fields {
        let (year, month, day) = civil(self.ticks.div_euclid(DAY));
        let rest = self.ticks.rem_euclid(DAY);
        let seconds = rest / SECOND;
        Fields {
            year,
            month,
            day,
            hour: seconds / 3600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            fraction: rest % SECOND,
        }
    }

    /// Sunday is 0.
    pub(crate) fn weekday(self) -> i64 {
        (self.ticks / DAY + 1) % 7
    }

    /// A number of `unit`s later; months keep the day, or the month's last.
    pub(crate) fn add(self, unit: Unit, number: i64) -> Option<Self> {
        let months = match unit {
            Unit::Year => number.checked_mul(12)?,
            Unit::Month => number,
            Unit::Ticks(ticks) => {
                return Self::from_ticks(self.ticks.checked_add(number.checked_mul(ticks)?)?);
            }
        };
        let mut fields = self.fields();
        let month = (fields.year * 12 + fields.month - 1).checked_add(months)?;
        (fields.year, fields.month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
        fields.day = fields.day.min(days_of(fields.year, fields.month)?);
        Self::from_fields(fields, 0)
    }

    /// How many `unit`s from here to `later`, as Visual Basic counts: years and months by
    /// the calendar, weeks by their Sundays, the rest by elapsed time, cut off.
    pub(crate) fn until(self, later: Self, unit: Unit) -> i64 {
        let (from, to) = (self.fields(), later.fields());
        match unit {
            Unit::Year => to.year - from.year,
            Unit::Month => (to.year - from.year) * 12 + to.month - from.month,
            Unit::Ticks(ticks) if ticks == 7 * DAY => {
                let sunday = |moment: Self| moment.ticks / DAY - moment.weekday();
                (sunday(later) - sunday(self)) / 7
            }
            Unit::Ticks(ticks) => (later.ticks - self.ticks) / ticks,
        }
    }
}

/// What `DateAdd` and `DateDiff` count in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Year,
    Month,
    /// Weeks and all that is shorter, by its length.
    Ticks(i64),
}

impl Unit {
    /// By Visual Basic's name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "yyyy" => Self::Year,
            "m" => Self::Month,
            "ww" => Self::Ticks(7 * DAY),
            "d" => Self::Ticks(DAY),
            "h" => Self::Ticks(3600 * SECOND),
            "n" => Self::Ticks(60 * SECOND),
            "s" => Self::Ticks(SECOND),
            _ => return None,
        })
    }
}

/// Days since 0001-01-01.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    days(year, month, day) + DAYS_BEFORE_1970
}

/// Year, month and day of a day number.
const fn civil(day: i64) -> (i64, i64, i64) {
    date_of(day - DAYS_BEFORE_1970)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree_from_year_1_to_9999() {
        let mut expected = (1, 1, 1);
        for day in 0..END / DAY {
            assert_eq!(civil(day), expected);
            let (year, month, date) = expected;
            assert_eq!(day_number(year, month, date), day);
            expected = match (month, date) {
                (12, 31) => (year + 1, 1, 1),
                _ if Some(date) == days_of(year, month) => (year, month + 1, 1),
                _ => (year, month, date + 1),
            };
        }
        assert_eq!(expected, (10_000, 1, 1));
    }

    #[test]
    fn epochs_are_the_days_they_name() {
        assert_eq!(day_number(1601, 1, 1) * DAY, FILETIME_EPOCH);
        assert_eq!(day_number(1970, 1, 1) * DAY, UNIX_EPOCH);
        assert_eq!(Moment::from_unix(0).unwrap().weekday(), 4);
    }
}
