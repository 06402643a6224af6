//! A DISCOVER, or a Solicit, is answered once: by one of the racks that heard it.

use serde::Serialize;

use super::Window;
use crate::continuity::history::Ask;
use crate::continuity::kind::{Family, Kind};

/// How many offers came for how many messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PerDiscover {
    /// DISCOVER and Solicit messages.
    pub discovers: u32,
    /// Offers and Advertise messages.
    pub offers: u32,
    /// Messages that were not answered.
    pub unanswered: u32,
    /// Answers beyond the first one.
    pub too_many: u32,
}

impl PerDiscover {
    /// The mean; none when nobody asked.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.discovers > 0).then(|| f64::from(self.offers) / f64::from(self.discovers))
    }

    /// Whether each was answered once.
    #[must_use]
    pub const fn is_one(&self) -> bool {
        self.unanswered == 0 && self.too_many == 0
    }
}

/// Of the exchanges of a family that began and ended within one of the windows.
#[must_use]
pub fn per_discover(asks: &[Ask], family: Family, windows: &[Window]) -> PerDiscover {
    let within = |ask: &&Ask| {
        let last = ask.ended.unwrap_or(ask.begun);
        windows.iter().any(|window| window.contains(ask.begun) && window.contains(last))
    };
    let mut sum = PerDiscover::default();
    for ask in asks.iter().filter(|ask| ask.kind == Kind::New(family)).filter(within) {
        sum.discovers += ask.discovers;
        sum.offers += ask.offers;
        sum.unanswered += ask.discovers.saturating_sub(ask.offers);
        sum.too_many += ask.offers.saturating_sub(ask.discovers);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::{PerDiscover, per_discover};
    use crate::continuity::check::planted::{ask, window};
    use crate::continuity::kind::{Family, Kind};

    const NEW: Kind = Kind::New(Family::V4);

    #[test]
    fn two_racks_that_answer_are_seen_although_another_message_had_no_answer() {
        let mut twice = ask(NEW, 1, 10, Some(11));
        twice.offers = 2;
        let mut late = ask(NEW, 2, 10, Some(15));
        late.discovers = 2;
        let sum =
            per_discover(&[twice, late, ask(NEW, 3, 12, Some(12))], Family::V4, &[window(0, 20)]);
        assert_eq!(sum, PerDiscover { discovers: 4, offers: 4, unanswered: 1, too_many: 1 });
        assert!(!sum.is_one(), "although the mean is {:?}", sum.mean());
    }

    #[test]
    fn only_exchanges_within_the_windows_and_of_the_family_count() {
        let asks = [
            ask(NEW, 1, 10, Some(11)),
            ask(NEW, 2, 19, Some(21)),
            ask(Kind::New(Family::V6), 3, 10, Some(11)),
            ask(Kind::Renewing(Family::V4), 4, 10, Some(11)),
        ];
        let sum = per_discover(&asks, Family::V4, &[window(0, 20), window(21, 30)]);
        assert_eq!((sum.discovers, sum.offers, sum.is_one()), (1, 1, true));
        assert_eq!(sum.mean(), Some(1.0));
    }

    #[test]
    fn who_is_not_answered_at_all_counts() {
        let sum = per_discover(&[ask(NEW, 1, 10, None)], Family::V4, &[window(0, 20)]);
        assert_eq!((sum.unanswered, sum.is_one()), (1, false));
    }
}
