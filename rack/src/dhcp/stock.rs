//! How many free addresses a rack wants to have on each link, and when it asks for them.
//!
//! A grant takes a round trip to a quorum, so addresses are asked for ahead of need: by how fast they
//! went lately. What is not wanted any more lapses by itself.

use std::collections::BTreeMap;

use model::id::VlanId;
use model::lease::clock::Moment;

/// For how many seconds of new clients addresses are kept.
const SECONDS: f64 = 8.0;
/// How many are wanted on a link where nobody came for a while. A region gives less of a small range.
const WANTED_MIN: usize = 256;
/// How many are wanted at most.
pub(crate) const WANTED_MAX: usize = 16_384;
/// How much of the rate is left after a second without new clients.
const FADES_TO: f64 = 0.95;

/// The least time over which a rate is taken.
const LOOK_MS: u64 = 50;

/// How often blocks are renewed.
const EVERY_MS: u64 = 30_000;
/// How soon it is asked again where addresses are few: when the last answer brought some, and else, which
/// doubles while nothing comes and nothing goes.
const AGAIN_MS: u64 = 100;
const IN_VAIN_MS: u64 = 1_000;

/// What went lately, and what was asked for.
#[derive(Debug, Default)]
pub(crate) struct Stock {
    /// New addresses a second, by link.
    rates: BTreeMap<VlanId, f64>,
    /// How many went since the last look.
    went: BTreeMap<VlanId, u32>,
    looked: Option<Moment>,
    /// What became of the requests for each link: what one of them brings says nothing of another.
    requests: BTreeMap<VlanId, Requests>,
    sent: Option<Moment>,
}

/// What became of the requests for a link.
#[derive(Debug, Default)]
struct Requests {
    /// When its turn was last.
    asked: Option<Moment>,
    /// Whether any block came since.
    granted: bool,
    /// How often it was asked in vain since addresses came or went.
    vain: u32,
}

impl Requests {
    fn is_due(&self, few: bool, now: Moment) -> bool {
        let pause_ms = match (few, self.granted) {
            (false, _) => EVERY_MS,
            (true, true) => AGAIN_MS,
            (true, false) => (IN_VAIN_MS << self.vain.min(5)).min(EVERY_MS),
        };
        self.asked.is_none_or(|asked| now.since_ms(asked) >= pause_ms)
    }
}

impl Stock {
    /// A block of a link came.
    pub(crate) fn granted(&mut self, vlan: VlanId) {
        let requests = self.requests.entry(vlan).or_default();
        (requests.granted, requests.vain) = (true, 0);
    }

    /// There may be addresses on a link that there were none of: it is asked for them at once. Without a
    /// link, on any.
    pub(crate) fn changed(&mut self, vlan: Option<VlanId>) {
        match vlan {
            Some(vlan) => drop(self.requests.remove(&vlan)),
            None => self.requests.clear(),
        }
    }

    /// Takes in how many addresses went since it was told last.
    pub(crate) fn went(&mut self, went: BTreeMap<VlanId, u32>, now: Moment) {
        for (vlan, count) in went {
            self.requests.entry(vlan).or_default().vain = 0;
            *self.went.entry(vlan).or_default() += count;
        }
        let since = *self.looked.get_or_insert(now);
        if now.since_ms(since) < LOOK_MS {
            return;
        }
        self.looked = Some(now);
        let seconds = f64::from(u32::try_from(now.since_ms(since)).unwrap_or(u32::MAX)) / 1_000.0;
        let left = FADES_TO.powf(seconds);
        self.rates.values_mut().for_each(|rate| *rate *= left);
        for (vlan, count) in std::mem::take(&mut self.went) {
            let rate = self.rates.entry(vlan).or_default();
            *rate = rate.max(f64::from(count) / seconds);
        }
        self.rates.retain(|_, rate| *rate > 0.1);
    }

    /// How many free addresses are wanted on a link.
    pub(crate) fn wanted(&self, vlan: VlanId) -> usize {
        let rate = self.rates.get(&vlan).copied().unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "is clamped")]
        let by_rate = (rate * SECONDS) as usize;
        by_rate.clamp(WANTED_MIN, WANTED_MAX)
    }

    /// Whether to ask now, with these free addresses on the links, because it is the turn of one of them.
    pub(crate) fn asks(&mut self, free: &BTreeMap<VlanId, usize>, now: Moment) -> bool {
        self.requests.retain(|vlan, _| free.contains_key(vlan));
        if self.sent.is_some_and(|sent| now.since_ms(sent) < AGAIN_MS) {
            return false;
        }
        let mut due = false;
        for (vlan, free) in free {
            let few = free * 2 < self.wanted(*vlan);
            let requests = self.requests.entry(*vlan).or_default();
            if requests.is_due(few, now) {
                requests.asked = Some(now);
                requests.vain += u32::from(few && !requests.granted);
                requests.granted = false;
                due = true;
            }
        }
        if due {
            self.sent = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VLAN: VlanId = VlanId(1);

    fn at(ms: u64) -> Moment {
        Moment::from_ms(ms)
    }

    #[test]
    fn what_is_wanted_follows_the_rate_and_fades() {
        let mut stock = Stock::default();
        assert_eq!(stock.wanted(VLAN), WANTED_MIN);
        stock.went(BTreeMap::new(), at(0));
        stock.went(BTreeMap::from([(VLAN, 250)]), at(250));
        assert_eq!(stock.wanted(VLAN), 8_000, "a thousand a second for eight seconds");
        stock.went(BTreeMap::from([(VLAN, 100_000)]), at(500));
        assert_eq!(stock.wanted(VLAN), WANTED_MAX);
        stock.went(BTreeMap::new(), at(600_000));
        assert_eq!(stock.wanted(VLAN), WANTED_MIN);
        assert!(stock.rates.is_empty(), "what has faded is forgotten");
    }

    #[test]
    fn few_addresses_are_asked_for_at_once_and_none_in_vain_too_often() {
        let mut stock = Stock::default();
        let free = |count| BTreeMap::from([(VLAN, count)]);
        assert!(stock.asks(&free(WANTED_MIN), at(0)), "the first time");
        assert!(!stock.asks(&free(WANTED_MIN), at(29_999)));
        assert!(stock.asks(&free(WANTED_MIN), at(30_000)), "to renew");
        stock.granted(VLAN);
        assert!(stock.asks(&free(10), at(30_100)), "few are left");
        assert!(!stock.asks(&free(10), at(31_000)), "it brought none");
        assert!(stock.asks(&free(10), at(31_100)));
        assert!(!stock.asks(&free(10), at(33_000)), "it is asked less and less");
        assert!(stock.asks(&free(10), at(33_100)));
        stock.granted(VLAN);
        assert!(stock.asks(&free(20), at(33_200)), "it brought some, but too few");
    }

    /// A small range has fewer addresses than are wanted, for ever.
    #[test]
    fn a_link_where_nothing_comes_delays_no_other() {
        let mut stock = Stock::default();
        let new = VlanId(2);
        let small = BTreeMap::from([(VLAN, 10)]);
        let both = BTreeMap::from([(VLAN, 10), (new, 0)]);
        let vain = (0..600).filter(|second| stock.asks(&small, at(second * 1_000))).count();
        assert!(vain < 30, "{vain}");
        let turn =
            (600..700).find(|second| stock.asks(&small, at(second * 1_000))).expect("a turn");
        let after = |ms| at(turn * 1_000 + ms);
        assert!(!stock.asks(&small, after(900)));
        assert!(stock.asks(&both, after(900)), "a link appears");
        stock.granted(new);
        assert!(stock.asks(&both, after(1_100)), "and more is there");
        for second in 602..900 {
            stock.asks(&both, at(second * 1_000));
        }
        assert!(!stock.asks(&both, at(899_900)));
        stock.changed(Some(new));
        assert!(stock.asks(&both, at(899_900)), "its ranges changed");
    }
}
