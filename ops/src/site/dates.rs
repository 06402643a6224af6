//! Dates in the two forms that MAAS prints.

use jiff::Timestamp as Instant;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use model::time::Timestamp;

/// `Sun, 22 Nov. 2026 10:35:26`, in UTC.
#[must_use]
pub fn maas_date(at: Timestamp) -> String {
    format("%a, %d %b. %Y %H:%M:%S", at)
}

/// `Sun, 22 Nov 2026 10:35:26 +0000` (RFC 2822), in UTC.
#[must_use]
pub fn rfc2822(at: Timestamp) -> String {
    format("%a, %d %b %Y %H:%M:%S +0000", at)
}

/// `2026-11-22T10:56:29.080Z`.
#[must_use]
pub fn rfc3339_ms(at: Timestamp) -> String {
    format!("{}Z", iso_ms(at))
}

/// `2026-11-22T10:56:29.080`, in UTC: where MAAS's clients cannot read a time with a zone.
#[must_use]
pub fn iso_ms(at: Timestamp) -> String {
    format!("{}.{:03}", format("%Y-%m-%dT%H:%M:%S", at), at.unix_ms % 1000)
}

fn format(form: &str, at: Timestamp) -> String {
    let instant = i64::try_from(at.unix_ms).ok().and_then(|ms| Instant::from_millisecond(ms).ok());
    let instant = instant.unwrap_or_default().to_zoned(TimeZone::UTC);
    strtime::format(form, &instant).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_look_as_in_maas() {
        let at = Timestamp::from_unix_ms(1_795_343_726_080);
        assert_eq!(maas_date(at), "Sun, 22 Nov. 2026 10:35:26");
        assert_eq!(rfc2822(at), "Sun, 22 Nov 2026 10:35:26 +0000");
        assert_eq!(rfc3339_ms(at), "2026-11-22T10:35:26.080Z");
        assert_eq!(iso_ms(at), "2026-11-22T10:35:26.080");
    }
}
