//! Whether DHCP clients are told that this rack serves time.
//!
//! A rack whose time service is down leaves itself out at once, and is told of again when the service has run for a while: one that ends
//! again and again would else come and go with each start.

use model::lease::clock::Moment;
use ntp::standing::Standing;
use tokio::sync::watch;

/// How long the service runs before clients are told of it again.
const RUNS_FOR_MS: u64 = 60_000;

/// This rack's time service, as DHCP sees it.
#[derive(Debug, Default)]
pub(super) struct TimeService {
    /// How it stands; none where nobody says.
    standing: Option<watch::Receiver<Standing>>,
    down: Down,
}

/// Since when a service is seen to run that was down.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Down {
    /// It was not seen down.
    #[default]
    No,
    /// It is down.
    Yes,
    /// It runs again since then.
    UpSince(Moment),
}

impl TimeService {
    /// One that stands as it is told.
    pub(super) fn that_stands(standing: watch::Receiver<Standing>) -> Self {
        Self { standing: Some(standing), down: Down::No }
    }

    /// Whether it is down, or was a moment ago.
    pub(super) fn is_down(&mut self, now: Moment) -> bool {
        if let Some(standing) = &self.standing {
            self.down = self.down.next(&standing.borrow(), now);
        }
        self.down != Down::No
    }
}

impl Down {
    fn next(self, standing: &Standing, now: Moment) -> Self {
        match (standing, self) {
            (Standing::Down(_), _) => Self::Yes,
            // One that starts is as it was.
            (Standing::Starting, before) => before,
            (Standing::Unsynchronised | Standing::Synchronised(_), Self::Yes) => Self::UpSince(now),
            (Standing::Unsynchronised | Standing::Synchronised(_), Self::UpSince(since))
                if now.since_ms(since) >= RUNS_FOR_MS =>
            {
                Self::No
            }
            (Standing::Unsynchronised | Standing::Synchronised(_), before) => before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_is_down_is_left_out_at_once_and_told_of_when_it_has_run_for_a_while() {
        let (told, standing) = watch::channel(Standing::Starting);
        let mut time = TimeService::that_stands(standing);
        let down = || Standing::Down("chronyd ended".to_owned());
        let steps = [
            (0, Standing::Starting, false),
            (1, Standing::Unsynchronised, false),
            (2, down(), true),
            (3, Standing::Starting, true),
            (4, Standing::Unsynchronised, true),
            (60_003, Standing::Unsynchronised, true),
            (60_004, Standing::Unsynchronised, false),
            (70_000, down(), true),
            (70_001, Standing::Unsynchronised, true),
            (70_002, down(), true),
            (130_002, Standing::Unsynchronised, true),
        ];
        for (ms, standing, is_down) in steps {
            told.send_replace(standing);
            assert_eq!(time.is_down(Moment::from_ms(ms)), is_down, "after {ms} ms");
        }
    }

    #[test]
    fn where_nobody_says_how_it_stands_it_is_as_it_is_configured() {
        assert!(!TimeService::default().is_down(Moment::from_ms(9)));
    }
}
