//! Dates as text: .NET's custom formats for reading and writing, and the free forms that
//! `CDate` takes. Month and day names are English, the invariant culture's.

use super::date::{Fields, Moment, SECOND};

/// How Entra writes a date that was given no format.
pub(crate) const GENERAL: &str = "M/d/yyyy h:mm:ss tt";

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The forms that are tried, in order, when no format is given.
const FREE_DATES: [&str; 13] = [
    "yyyy-M-d",
    "M/d/yyyy",
    "yyyy/M/d",
    "M-d-yyyy",
    "d MMM yyyy",
    "d-MMM-yyyy",
    "d MMMM yyyy",
    "MMM d, yyyy",
    "MMMM d, yyyy",
    "MMM d yyyy",
    "MMMM d yyyy",
    "ddd, d MMM yyyy",
    "dddd, d MMMM yyyy",
];
const FREE_TIMES: [&str; 8] =
    ["", "H:m:s.FFFFFFF", "H:m:s", "H:m", "h:m:s.FFFFFFF tt", "h:m:s tt", "h:m tt", "h tt"];
const FREE_OFFSETS: [&str; 3] = ["K", " K", " 'GMT'"];

/// A piece of a format: a run of one letter, or literal text.
#[derive(Debug, PartialEq)]
enum Piece {
    Field(char, usize),
    Literal(char),
}

/// The pieces of a format; nothing when it is broken, as by a quote that is never closed.
fn pieces(format: &str) -> Option<Vec<Piece>> {
    let format = match standard(format) {
        Some(format) => format,
        // A single letter would have to be a standard format.
        None if format.len() == 1 && format.starts_with(|c: char| c.is_ascii_alphabetic()) => return None,
        None => format,
    };
    let mut pieces = Vec::new();
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => pieces.push(Piece::Literal(letters.next()?)),
            '\'' | '"' => loop {
                match letters.next()? {
                    closing if closing == letter => break,
                    '\\' => pieces.push(Piece::Literal(letters.next()?)),
                    inside => pieces.push(Piece::Literal(inside)),
                }
            },
            '%' if letters.peek().is_none_or(|next| *next == '%') => return None,
            '%' => {}
            'g' => {
                while letters.next_if_eq(&'g').is_some() {}
                pieces.extend("A.D.".chars().map(Piece::Literal));
            }
            'd' | 'M' | 'y' | 'H' | 'h' | 'm' | 's' | 'f' | 'F' | 't' | 'z' | 'K' => {
                let mut run = 1;
                while letter != 'K' && letters.next_if_eq(&letter).is_some() {
                    run += 1;
                }
                pieces.push(Piece::Field(letter, run));
            }
            _ => pieces.push(Piece::Literal(letter)),
        }
    }
    Some(pieces)
}

/// A standard format is one letter; here is what each stands for.
fn standard(format: &str) -> Option<&'static str> {
    Some(match format {
        "d" => "MM/dd/yyyy",
        "D" => "dddd, dd MMMM yyyy",
        "f" => "dddd, dd MMMM yyyy HH:mm",
        "F" | "U" => "dddd, dd MMMM yyyy HH:mm:ss",
        "g" => "MM/dd/yyyy HH:mm",
        "G" => "MM/dd/yyyy HH:mm:ss",
        "m" | "M" => "MMMM dd",
        "o" | "O" => "yyyy-MM-dd'T'HH:mm:ss.fffffffK",
        "r" | "R" => "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
        "s" => "yyyy-MM-dd'T'HH:mm:ss",
        "t" => "HH:mm",
        "T" => "HH:mm:ss",
        "u" => "yyyy-MM-dd HH:mm:ss'Z'",
        "y" | "Y" => "yyyy MMMM",
        _ => return None,
    })
}

/// Writes a moment; nothing when the format is broken.
pub(crate) fn write(moment: Moment, format: &str) -> Option<String> {
    let fields = moment.fields();
    let mut text = String::new();
    for piece in pieces(format)? {
        let (letter, run) = match piece {
            Piece::Literal(letter) => {
                text.push(letter);
                continue;
            }
            Piece::Field(letter, run) => (letter, run),
        };
        match letter {
            'd' if run > 2 => text.push_str(&name(&DAYS, moment.weekday(), run)),
            'M' if run > 2 => text.push_str(&name(&MONTHS, fields.month - 1, run)),
            'd' => text.push_str(&padded(fields.day, run)),
            'M' => text.push_str(&padded(fields.month, run)),
            'y' if run < 3 => text.push_str(&padded(fields.year % 100, run)),
            'y' => text.push_str(&padded(fields.year, run)),
            'H' => text.push_str(&padded(fields.hour, run.min(2))),
            'h' => text.push_str(&padded((fields.hour + 11) % 12 + 1, run.min(2))),
            'm' => text.push_str(&padded(fields.minute, run.min(2))),
            's' => text.push_str(&padded(fields.second, run.min(2))),
            't' => {
                let half = if fields.hour < 12 { "AM" } else { "PM" };
                text.extend(half.chars().take(run));
            }
            'f' | 'F' if run > 7 => return None,
            'f' => text.extend(padded(fields.fraction, 7).chars().take(run)),
            'F' => {
                let digits: String = padded(fields.fraction, 7).chars().take(run).collect();
                let digits = digits.trim_end_matches('0');
                if digits.is_empty() && text.ends_with('.') {
                    text.pop();
                }
                text.push_str(digits);
            }
            'z' => text.push_str(match run {
                1 => "+0",
                2 => "+00",
                _ => "+00:00",
            }),
            _ => text.push('Z'),
        }
    }
    Some(text)
}

fn padded(number: i64, width: usize) -> String {
    format!("{number:0width$}", width = width.min(9))
}

/// Three letters of a name for a run of three, else the whole.
fn name(names: &[&str], index: i64, run: usize) -> String {
    let whole = usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or("");
    if run == 3 { whole.chars().take(3).collect() } else { whole.to_owned() }
}

/// Reads a moment by a format; parts the format lacks come from `now`'s date or are first.
pub(crate) fn read(text: &str, format: &str, now: Moment) -> Option<Moment> {
    let mut reader = Reader { rest: text.trim(), found: Found::default() };
    for piece in pieces(format.trim())? {
        match piece {
            Piece::Literal(letter) => reader.rest = reader.rest.strip_prefix(letter)?,
            Piece::Field(letter, run) => reader.field(letter, run)?,
        }
    }
    if reader.rest.is_empty() { reader.found.moment(now) } else { None }
}

/// Reads a moment in any of the free forms.
pub(crate) fn read_free(text: &str, now: Moment) -> Option<Moment> {
    let text = text.trim();
    if text.len() > 64 {
        return None;
    }
    // A form whose marks the text lacks cannot fit; that spares most of the tries.
    let worded = text.split(|c: char| !c.is_ascii_alphabetic()).any(|word| word.len() > 2);
    let fits = |form: &str| {
        [('/', '/'), (':', ':'), ('.', '.'), ('t', 'm'), (',', ','), ('-', '-')].iter().all(
            |(mark, wanted)| !form.contains(*mark) || text.contains([*wanted, wanted.to_ascii_uppercase()]),
        )
    };
    for date in FREE_DATES.iter().filter(|form| fits(form) && (worded || !form.contains("MMM"))) {
        for time in FREE_TIMES.iter().filter(|form| fits(form)) {
            for offset in FREE_OFFSETS {
                let separators: &[&str] = if time.is_empty() { &[""] } else { &[" ", "'T'"] };
                for separator in separators {
                    let format = format!("{date}{separator}{time}{offset}");
                    if let Some(moment) = read(text, &format, now) {
                        return Some(moment);
                    }
                }
            }
        }
    }
    None
}

/// The parts found so far.
#[derive(Default)]
struct Found {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    hour: Option<i64>,
    twelve: Option<i64>,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    fraction: i64,
    offset: i64,
}

impl Found {
    fn moment(&self, now: Moment) -> Option<Moment> {
        let today = now.fields();
        let dated = self.year.is_some() || self.month.is_some() || self.day.is_some();
        let (first_month, first_day) = if dated { (1, 1) } else { (today.month, today.day) };
        let hour = match (self.hour, self.twelve) {
            (Some(hour), _) => hour,
            (None, Some(twelve)) if !(1..=12).contains(&twelve) => return None,
            (None, Some(twelve)) => twelve % 12 + if self.afternoon == Some(true) { 12 } else { 0 },
            (None, None) => 0,
        };
        let fields = Fields {
            year: self.year.unwrap_or(today.year),
            month: self.month.unwrap_or(first_month),
            day: self.day.unwrap_or(first_day),
            hour,
            minute: self.minute,
            second: self.second,
            fraction: self.fraction,
        };
        Moment::from_fields(fields, self.offset)
    }
}

struct Reader<'a> {
    rest: &'a str,
    found: Found,
}

impl Reader<'_> {
    fn field(&mut self, letter: char, run: usize) -> Option<()> {
        match (letter, run) {
            ('d', 1 | 2) => self.found.day = Some(self.digits(run, 2)?),
            ('d', _) => {
                self.name(&DAYS, run)?;
            }
            ('M', 1 | 2) => self.found.month = Some(self.digits(run, 2)?),
            ('M', _) => self.found.month = Some(self.name(&MONTHS, run)? + 1),
            ('y', 1 | 2) => {
                let year = self.digits(run, 2)?;
                self.found.year = Some(if year < 50 { 2000 + year } else { 1900 + year });
            }
            ('y', _) => self.found.year = Some(self.digits(run.max(4), run.max(4))?),
            ('H', _) => self.found.hour = Some(self.digits(run.min(2), 2)?),
            ('h', _) => self.found.twelve = Some(self.digits(run.min(2), 2)?),
            ('m', _) => self.found.minute = self.digits(run.min(2), 2)?,
            ('s', _) => self.found.second = self.digits(run.min(2), 2)?,
            ('f', 1..=7) => self.found.fraction = self.fraction(run, run)?,
            ('F', 1..=7) => self.found.fraction = self.fraction(0, run)?,
            ('t', _) => self.found.afternoon = Some(self.half(run)?),
            ('z', _) => self.found.offset = self.offset(run >= 3)?,
            ('K', _) if self.rest.is_empty() => {}
            ('K', _) => match self.rest.strip_prefix(['Z', 'z']) {
                Some(rest) => self.rest = rest,
                None => self.found.offset = self.offset(true)?,
            },
            _ => return None,
        }
        Some(())
    }

    /// From `least` to `most` digits, as a number.
    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let length = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if length < least {
            return None;
        }
        let (digits, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        if digits.is_empty() { Some(0) } else { digits.parse().ok() }
    }

    /// Digits after the point, as ticks.
    fn fraction(&mut self, least: usize, most: usize) -> Option<i64> {
        let before = self.rest.len();
        let number = self.digits(least, most)?;
        let length = u32::try_from(before - self.rest.len()).ok()?;
        Some(number * (SECOND / 10_i64.checked_pow(length)?))
    }

    fn name(&mut self, names: &[&str], run: usize) -> Option<i64> {
        for (index, whole) in names.iter().enumerate() {
            let length = if run == 3 { 3 } else { whole.len() };
            let Some((word, rest)) = self.rest.split_at_checked(length) else { continue };
            if whole.get(..length).is_some_and(|wanted| wanted.eq_ignore_ascii_case(word)) {
                self.rest = rest;
                return i64::try_from(index).ok();
            }
        }
        None
    }

    /// `AM` or `PM`, or their first letter.
    fn half(&mut self, run: usize) -> Option<bool> {
        let (word, rest) = self.rest.split_at_checked(run.min(2))?;
        self.rest = rest;
        match word.to_ascii_uppercase().as_str() {
            "AM" | "A" => Some(false),
            "PM" | "P" => Some(true),
            _ => None,
        }
    }

    /// Minutes ahead of UTC: `+8`, `+08`, or `+08:00` when minutes are wanted.
    fn offset(&mut self, minutes: bool) -> Option<i64> {
        let sign = match self.rest.chars().next()? {
            '+' => 1,
            '-' => -1,
            _ => return None,
        };
        self.rest = self.rest.get(1..)?;
        let hours = self.digits(1, 2)?;
        let mut rest = 0;
        if minutes && !self.rest.is_empty() {
            self.rest = self.rest.strip_prefix(':').unwrap_or(self.rest);
            rest = self.digits(2, 2)?;
        }
        (rest < 60).then_some(sign * (hours * 60 + rest))
    }
}
