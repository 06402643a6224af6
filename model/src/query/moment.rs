//! Points in time as they are written (RFC 3339), and ages.

use std::fmt;
use std::ops::Bound;

use crate::time::Timestamp;

const SECOND_MS: u64 = 1000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// The units of ages, the longest first.
const UNITS: [(char, u64); 5] =
    [('w', 7 * DAY_MS), ('d', DAY_MS), ('h', HOUR_MS), ('m', MINUTE_MS), ('s', SECOND_MS)];

/// A point in time that lasts as long as it is exact: a day, a second, or a millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(crate) struct Moment {
    from_ms: u64,
    lasts_ms: u64,
}

impl Moment {
    /// A date (of UTC), or a date with a time of day and its offset.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (date, time) = match text.split_once(['T', 't']) {
            None => (text, None),
            Some((date, time)) => (date, Some(time)),
        };
        let days_ms = days_since_epoch(date)?.checked_mul(DAY_MS.try_into().ok()?)?;
        let Some(time) = time else {
            return Some(Self { from_ms: days_ms.try_into().ok()?, lasts_ms: DAY_MS });
        };
        let zone = time.find(['Z', 'z', '+', '-'])?;
        let (clock, zone) = time.split_at(zone);
        let (clock, fraction) = match clock.split_once('.') {
            None => (clock, None),
            Some((clock, fraction)) => (clock, Some(fraction)),
        };
        let [hour, minute, second] = numbers::<3>(clock, ':', [2, 2, 2])?;
        // A leap second counts as the one before.
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let seconds = hour * 3600 + minute * 60 + second.min(59);
        let fraction_ms = fraction.map_or(Some(0), milliseconds)?;
        let at = days_ms + i64::try_from(u64::from(seconds) * SECOND_MS + fraction_ms).ok()?;
        let from_ms = at.checked_sub(offset_ms(zone)?)?.try_into().ok()?;
        Some(Self { from_ms, lasts_ms: if fraction.is_some() { 1 } else { SECOND_MS } })
    }

    fn until_ms(self) -> u64 {
        self.from_ms.saturating_add(self.lasts_ms)
    }
}

/// Whether a time lies between two moments: after one means after its end, before one before its beginning.
pub(crate) fn is_within(span: &(Bound<Moment>, Bound<Moment>), time: Timestamp) -> bool {
    let at = time.unix_ms;
    let begun = match span.0 {
        Bound::Included(moment) => at >= moment.from_ms,
        Bound::Excluded(moment) => at >= moment.until_ms(),
        Bound::Unbounded => true,
    };
    begun
        && match span.1 {
            Bound::Included(moment) => at < moment.until_ms(),
            Bound::Excluded(moment) => at < moment.from_ms,
            Bound::Unbounded => true,
        }
}

/// An age such as `90s`, `1h30m` or `2w`, in milliseconds.
pub(crate) fn age_ms(text: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let unit = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let count: u64 = rest[..unit].parse().ok()?;
        let letter = rest[unit..].chars().next()?;
        let (_, unit_ms) = UNITS.into_iter().find(|(known, _)| *known == letter)?;
        total = total.checked_add(count.checked_mul(unit_ms)?)?;
        rest = &rest[unit + 1..];
    }
    (!text.is_empty()).then_some(total)
}

/// An age in its longest unit.
pub(crate) struct Age(pub(crate) u64);

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit =
            UNITS.into_iter().find(|(_, unit_ms)| self.0.is_multiple_of(*unit_ms) && self.0 > 0);
        let (letter, unit_ms) = unit.unwrap_or(('s', SECOND_MS));
        write!(f, "{}{letter}", self.0 / unit_ms)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, of_day) = (self.from_ms / DAY_MS, self.from_ms % DAY_MS);
        let (year, month, day) = date_of(days);
        write!(f, "{year:04}-{month:02}-{day:02}")?;
        if self.lasts_ms == DAY_MS {
            return Ok(());
        }
        let (hour, minute) = (of_day / HOUR_MS, of_day % HOUR_MS / MINUTE_MS);
        let second = of_day % MINUTE_MS / SECOND_MS;
        write!(f, "T{hour:02}:{minute:02}:{second:02}")?;
        if self.lasts_ms == 1 {
            write!(f, ".{:03}", of_day % SECOND_MS)?;
        }
        f.write_str("Z")
    }
}

/// Numbers of so many digits with a letter between them.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[u32; N]> {
    let mut parts = text.split(between);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        *number = part.parse().ok().filter(|_| is_number)?;
    }
    parts.next().is_none().then_some(numbers)
}

/// The first three digits of a fraction of a second.
fn milliseconds(fraction: &str) -> Option<u64> {
    let is_number = fraction.bytes().all(|byte| byte.is_ascii_digit()) && !fraction.is_empty();
    let digits = fraction.bytes().map(|byte| u64::from(byte - b'0')).chain([0, 0, 0]).take(3);
    is_number.then(|| digits.fold(0, |sum, digit| sum * 10 + digit))
}

/// `Z`, or hours and minutes ahead of or behind UTC.
fn offset_ms(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let [hours, minutes] = numbers::<2>(&zone[1..], ':', [2, 2])?;
    if hours > 23 || minutes > 59 {
        return None;
    }
    let offset = i64::from(hours * 60 + minutes) * i64::try_from(MINUTE_MS).ok()?;
    Some(if zone.starts_with('-') { -offset } else { offset })
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days before a year of our era.
fn days_before(year: i64) -> i64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400
}

/// The days from 1970-01-01 to a date; none for what is no date.
fn days_since_epoch(date: &str) -> Option<i64> {
    let [year, month, day] = numbers::<3>(date, '-', [4, 2, 2])?.map(i64::from);
    if year == 0 || !(1..=12).contains(&month) || !(1..=days_of_month(year, month)).contains(&day) {
        return None;
    }
    let of_year: i64 = (1..month).map(|month| days_of_month(year, month)).sum();
    Some(days_before(year) - days_before(1970) + of_year + day - 1)
}

/// The date so many days after 1970-01-01.
fn date_of(days: u64) -> (i64, i64, i64) {
    let mut rest = i64::try_from(days).unwrap_or(i64::MAX / 2) + days_before(1970);
    // Near enough, and never after it.
    let mut year = rest / 366 + 1;
    while days_before(year + 1) <= rest {
        year += 1;
    }
    rest -= days_before(year);
    let mut month = 1;
    while rest >= days_of_month(year, month) {
        rest -= days_of_month(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}
