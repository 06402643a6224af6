//! Waiting for a condition: what tests and the demo do instead of sleeping.
//!
//! No clock ends a wait, because nobody knows how slow the host is. It fails when nothing that can be
//! seen has advanced for a while, and says what advanced last, and when.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Display;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use anyhow::anyhow;
use tokio::time::{Instant, sleep};

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(50);
/// What one look counts for at most: a host that was suspended, or a look that hung, is no standstill.
const LOOK_MAX: Duration = Duration::from_secs(30);
/// Signs that a failure shows, those that advanced last first.
const SHOWN_MAX: usize = 6;
/// The longest reading that is shown, in characters.
const READING_MAX: usize = 120;

/// How long processes of ours may stand still: they answer in milliseconds where there is time for them.
pub const PROCESS_STALL: Duration = Duration::from_secs(120);
/// How long an emulated machine may stand still: it says nothing while its firmware loads the ephemeral
/// OS, half a minute on an idle host.
pub const MACHINE_STALL: Duration = Duration::from_secs(420);

/// What was seen while waiting.
///
/// A reading is an advance only when it was never seen before: what goes round in circles stands still.
#[derive(Debug)]
pub struct Signs {
    started: Instant,
    now: Instant,
    idle: Duration,
    seen: HashSet<u64>,
    advances: BTreeMap<String, Advance>,
}

/// The last new reading of a sign.
#[derive(Debug)]
struct Advance {
    reading: String,
    at: Instant,
}

impl Signs {
    fn start(now: Instant) -> Self {
        let (seen, advances) = (HashSet::new(), BTreeMap::new());
        Self { started: now, now, idle: Duration::ZERO, seen, advances }
    }

    /// Takes note of what a sign shows: a status, a number of bytes.
    pub fn see(&mut self, sign: &str, reading: impl Display) {
        let reading = reading.to_string();
        self.advance(sign, &reading, &reading);
    }

    /// Takes note of text in which numbers, times and ids do not count: a line of a log, an error.
    pub fn see_text(&mut self, sign: &str, text: &str) {
        let words = text.split_whitespace();
        let plain: Vec<&str> =
            words.filter(|word| !word.contains(|c: char| c.is_ascii_digit())).collect();
        self.advance(sign, &plain.join(" "), text.trim());
    }

    /// The signs and their last new readings, those that advanced last first.
    pub fn latest(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut advances: Vec<_> = self.advances.iter().collect();
        advances.sort_by_key(|(_, advance)| std::cmp::Reverse(advance.at));
        advances.into_iter().map(|(sign, advance)| (sign.as_str(), advance.reading.as_str()))
    }

    fn advance(&mut self, sign: &str, identity: &str, shown: &str) {
        let mut hasher = DefaultHasher::new();
        (sign, identity).hash(&mut hasher);
        if self.seen.insert(hasher.finish()) {
            self.idle = Duration::ZERO;
            let reading = shown.chars().filter(|c| !c.is_control()).take(READING_MAX).collect();
            self.advances.insert(sign.to_owned(), Advance { reading, at: self.now });
        }
    }

    /// A look begins: what passed since the last one was without an advance so far.
    fn tick(&mut self, now: Instant) {
        self.idle += now.saturating_duration_since(self.now).min(LOOK_MAX);
        self.now = now;
    }

    /// What a wait that failed says.
    fn standstill(&self, what: &str) -> String {
        let (idle, waited) = (self.idle.as_secs(), (self.now - self.started).as_secs());
        let mut text = format!("{what}: nothing has advanced for {idle} s of {waited} s");
        for (sign, reading) in self.latest().take(SHOWN_MAX) {
            let ago = (self.now - self.advances[sign].at).as_secs();
            text.push_str(&format!("; {sign}, {ago} s ago: {reading}"));
        }
        text
    }
}

/// Waits until `look` returns a value. A look tells the signs what it saw; its errors are a sign, too.
///
/// # Errors
/// When nothing has advanced for `stall`, with the last error of `look`; `what` says what was waited for.
pub async fn wait_for<T>(
    what: &str,
    stall: Duration,
    mut look: impl AsyncFnMut(&mut Signs) -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let mut signs = Signs::start(Instant::now());
    loop {
        signs.tick(Instant::now());
        let looked = look(&mut signs).await;
        if let Ok(Some(value)) = looked {
            return Ok(value);
        }
        if let Err(error) = &looked {
            signs.see_text("error", &format!("{error:#}"));
        }
        if signs.idle >= stall {
            let message = signs.standstill(what);
            return Err(match looked {
                Err(error) => error.context(message),
                Ok(_) => anyhow!(message),
            });
        }
        sleep(POLL).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{LOOK_MAX, Signs, wait_for};

    const SECOND: Duration = Duration::from_secs(1);

    /// The idle time in seconds after one look a second that sees these readings.
    #[track_caller]
    fn check(readings: &[&str], idle: u64) {
        let start = Instant::now();
        let mut signs = Signs::start(start);
        for (count, reading) in (0..).zip(readings) {
            signs.tick(start + SECOND * count);
            signs.see_text("log", reading);
        }
        assert_eq!(signs.idle.as_secs(), idle, "{readings:?}");
    }

    #[test]
    fn only_what_was_never_seen_before_is_an_advance() {
        check(&["one", "two", "three"], 0);
        check(&["one", "one", "one"], 2);
        check(&["one", "two", "one", "two"], 2);
        check(&["[ 1.5] try 1", "[ 2.5] try 2"], 1);
    }

    #[test]
    fn numbers_count_where_they_are_the_sign() {
        let start = Instant::now();
        let mut signs = Signs::start(start);
        for mib in 1..=9_u32 {
            signs.tick(start + SECOND * mib);
            signs.see("disk", format!("{mib} MiB"));
        }
        assert_eq!(signs.idle, Duration::ZERO);
    }

    #[test]
    fn a_suspended_host_is_no_standstill() {
        let start = Instant::now();
        let mut signs = Signs::start(start);
        signs.tick(start + SECOND * 3600);
        assert_eq!(signs.idle, LOOK_MAX);
    }

    #[test]
    fn a_failure_says_what_advanced_last_and_when() {
        let start = Instant::now();
        let mut signs = Signs::start(start);
        signs.see("status of m1", "New");
        signs.tick(start + SECOND * 10);
        signs.see_text("console of m1", "[ 9.1] Run /init as init process");
        signs.tick(start + SECOND * 14);
        let wanted = "m1 is Ready: nothing has advanced for 4 s of 14 s; console of m1, 4 s ago: \
             [ 9.1] Run /init as init process; status of m1, 14 s ago: New";
        assert_eq!(signs.standstill("m1 is Ready"), wanted);
    }

    #[tokio::test]
    async fn waiting_ends_with_the_value_or_names_what_stayed_away() {
        let mut looks = 0;
        let value = wait_for("two looks", SECOND * 5, async |_| {
            looks += 1;
            Ok((looks == 2).then_some(looks))
        });
        assert_eq!(value.await.expect("a value"), 2);
        let never = wait_for::<()>("the moon", Duration::ZERO, async |_| anyhow::bail!("new moon"));
        let error = never.await.expect_err("it stays away");
        let text = format!("{error:#}");
        assert!(text.starts_with("the moon: nothing has advanced for 0 s of 0 s"), "{text}");
        assert!(text.ends_with("new moon"), "{text}");
    }
}
