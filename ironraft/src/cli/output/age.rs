//! Times as people read them in tables: how long ago they are.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

/// The column with when something was made, and what it is called where that is told as an age.
const CREATED: &str = "CREATED";
const AGE: &str = "AGE";

/// The header of a column as it stands above ages.
pub(crate) fn title(header: &mut String) {
    if header == CREATED {
        AGE.clone_into(header);
    }
}

/// The column that is meant by the name that it has above ages, too.
pub(crate) fn asked_for(name: &str) -> String {
    if name.eq_ignore_ascii_case(AGE) { CREATED.to_owned() } else { name.to_owned() }
}

/// An object whose times are ages.
pub(crate) fn aged(value: &Value, now: Timestamp) -> Value {
    match value {
        Value::String(text) => age(text, now).map_or_else(|| value.clone(), Value::String),
        Value::Object(members) => {
            let aged = |(name, value): (&String, &Value)| (name.clone(), aged(value, now));
            Value::Object(members.iter().map(aged).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| aged(item, now)).collect()),
        other => other.clone(),
    }
}

/// How long ago a time of RFC 3339 is; none for other texts.
fn age(text: &str, now: Timestamp) -> Option<String> {
    let is_time = text.len() >= 20 && text.as_bytes().get(10) == Some(&b'T');
    let time: Timestamp = text.parse().ok().filter(|_| is_time)?;
    let past = u64::try_from(now.as_second() - time.as_second());
    Some(match past {
        Ok(seconds) => span(Duration::from_secs(seconds)),
        Err(_) => {
            let ahead = u64::try_from(time.as_second() - now.as_second()).unwrap_or_default();
            format!("in {}", span(Duration::from_secs(ahead)))
        }
    })
}

/// A span in its greatest units: `45s`, `12m`, `3h20m`, `5d`.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    let and = |unit: u64, letter: char| match unit {
        0 => String::new(),
        unit => format!("{unit}{letter}"),
    };
    match seconds {
        0..60 => format!("{seconds}s"),
        60..600 => format!("{minutes}m{}", and(seconds % 60, 's')),
        600..3600 => format!("{minutes}m"),
        3600..36000 => format!("{hours}h{}", and(minutes % 60, 'm')),
        36000..172_800 => format!("{hours}h"),
        _ => format!("{days}d"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_ages_and_nothing_else_is() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        let object = json!({"at": "2026-11-30T11:59:15Z", "ends": "2026-11-30T12:03:00.5Z",
            "name": "2026-11-30", "list": ["2026-11-20T12:00:00Z"], "n": 5});
        let wanted =
            json!({"at": "45s", "ends": "in 3m", "name": "2026-11-30", "list": ["10d"], "n": 5});
        assert_eq!(aged(&object, now), wanted);
    }

    #[test]
    fn spans_have_one_unit_or_two() {
        let of = |seconds| span(Duration::from_secs(seconds));
        let spans: Vec<String> =
            [0, 59, 60, 61, 599, 600, 3600, 3660, 36000, 172_800].into_iter().map(of).collect();
        assert_eq!(spans, ["0s", "59s", "1m", "1m1s", "9m59s", "10m", "1h", "1h1m", "10h", "2d"]);
    }
}
