//! When a rack advertises on an interface (RFC 4861 §6.2.4 to §6.2.6).
//!
//! Pure: the caller passes the time and a random number, and sends what comes back to all nodes of the link.

use std::net::Ipv6Addr;

use model::lease::clock::Moment;
use model::mac::MacAddress;

use crate::ndp::advertisement::{Withdrawn, encode};
use crate::ndp::content::{Content, Prefix};

/// Between unsolicited advertisements: `MinRtrAdvInterval` and `MaxRtrAdvInterval`, by default (RFC 4861 §6.2.1).
const INTERVAL_MIN_MS: u64 = 200_000;
const INTERVAL_MAX_MS: u64 = 600_000;
/// After the first ones: `MAX_INITIAL_RTR_ADVERT_INTERVAL` and `MAX_INITIAL_RTR_ADVERTISEMENTS`.
const INITIAL_INTERVAL_MAX_MS: u64 = 16_000;
const INITIAL_COUNT: u8 = 3;
/// `MIN_DELAY_BETWEEN_RAS`.
const DELAY_BETWEEN_MS: u64 = 3_000;
/// `MAX_RA_DELAY_TIME`.
const DELAY_MAX_MS: u64 = 500;

/// Why an advertisement is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It was time.
    Unsolicited,
    /// A host asked.
    Solicited,
}

/// The advertisements of a rack on an interface.
#[derive(Debug)]
pub struct Advertiser {
    mac: MacAddress,
    content: Content,
    /// What was advertised before: the next ones say that it is over.
    withdrawn: Withdrawn,
    /// How many of the next ones follow each other soon, because hosts do not know the content yet.
    initial: u8,
    next: Moment,
    /// When a solicitation is answered.
    answer: Option<Moment>,
    sent: Option<Moment>,
}

impl Advertiser {
    /// Begins soon. Racks that begin together do not all send at once.
    #[must_use]
    pub fn new(mac: MacAddress, content: Content, now: Moment, random: u64) -> Self {
        Self {
            mac,
            content,
            withdrawn: Withdrawn::default(),
            initial: INITIAL_COUNT,
            next: now.plus_ms(delay_ms(random)),
            answer: None,
            sent: None,
        }
    }

    /// Advertises something else from now on. What is over is told as often as what is new.
    pub fn set_content(&mut self, content: Content, now: Moment, random: u64) {
        if content == self.content {
            return;
        }
        let old = std::mem::replace(&mut self.content, content);
        self.withdrawn.add(&old);
        self.withdrawn.keep_out(&self.content);
        self.initial = INITIAL_COUNT;
        self.next = self.soon(now, random);
    }

    /// A host asked. Who asks while an answer is due already has its answer by that.
    pub fn solicited(&mut self, now: Moment, random: u64) {
        let at = self.soon(now, random);
        if self.answer.is_none() && at < self.next {
            self.answer = Some(at);
        }
    }

    /// When there is something to send.
    #[must_use]
    pub fn due(&self) -> Moment {
        self.answer.map_or(self.next, |answer| answer.min(self.next))
    }

    /// The packets to be sent now, if it is time.
    pub fn advance(&mut self, now: Moment, random: u64) -> Option<(Reason, Vec<Vec<u8>>)> {
        if now < self.due() {
            return None;
        }
        let reason = if now < self.next { Reason::Solicited } else { Reason::Unsolicited };
        let packets = encode(&self.content, &self.withdrawn, self.mac);
        self.sent = Some(now);
        self.answer = None;
        self.initial = self.initial.saturating_sub(1);
        if self.initial == 0 {
            self.withdrawn = Withdrawn::default();
        }
        // An answer is heard by all, so it counts as one that was due.
        let interval_ms = INTERVAL_MIN_MS + random % (INTERVAL_MAX_MS - INTERVAL_MIN_MS + 1);
        let bound_ms = if self.initial > 0 { INITIAL_INTERVAL_MAX_MS } else { INTERVAL_MAX_MS };
        self.next = now.plus_ms(interval_ms.min(bound_ms));
        Some((reason, packets))
    }

    /// The last packets on a link that nobody advertises on any more: all is over.
    #[must_use]
    pub fn withdraw(mut self) -> Vec<Vec<u8>> {
        self.withdrawn.add(&self.content);
        encode(&Content::default(), &self.withdrawn, self.mac)
    }

    /// The last packets of a rack that leaves: what it said holds, because it is about the link, but its own addresses
    /// answer nobody any more.
    #[must_use]
    pub fn leave(mut self, own: &[Ipv6Addr]) -> Vec<Vec<u8>> {
        let servers = std::mem::take(&mut self.content.servers);
        let (gone, staying): (Vec<_>, _) = servers.into_iter().partition(|ip| own.contains(ip));
        self.content.servers = staying;
        self.withdrawn.servers.extend(gone);
        encode(&self.content, &self.withdrawn, self.mac)
    }

    /// After a random delay, and not too soon after the one before.
    fn soon(&self, now: Moment, random: u64) -> Moment {
        let delay_ms = delay_ms(random);
        let allowed = self.sent.map(|sent| sent.plus_ms(DELAY_BETWEEN_MS + delay_ms));
        now.plus_ms(delay_ms).max(allowed.unwrap_or_default())
    }
}

const fn delay_ms(random: u64) -> u64 {
    random % (DELAY_MAX_MS + 1)
}

impl Withdrawn {
    /// What was advertised is over.
    fn add(&mut self, content: &Content) {
        for own in &content.prefixes {
            match self.prefixes.iter_mut().find(|old| old.net == own.net) {
                Some(old) => {
                    old.on_link |= own.on_link;
                    old.autonomous |= own.autonomous;
                }
                None => self.prefixes.push(*own),
            }
        }
        self.servers.retain(|old| !content.servers.contains(old));
        self.servers.extend(&content.servers);
        self.domains.retain(|old| !content.domains.contains(old));
        self.domains.extend(content.domains.iter().cloned());
    }

    /// What is advertised is not over. Of a prefix that goes on, only what it was good for can be.
    fn keep_out(&mut self, content: &Content) {
        self.prefixes = self.prefixes.iter().filter_map(|old| over(old, content)).collect();
        self.servers.retain(|old| !content.servers.contains(old));
        self.domains.retain(|old| !content.domains.contains(old));
    }
}

/// What of a prefix is over.
fn over(old: &Prefix, content: &Content) -> Option<Prefix> {
    let Some(own) = content.prefixes.iter().find(|own| own.net == old.net) else {
        return Some(*old);
    };
    let left = Prefix {
        net: old.net,
        on_link: old.on_link && !own.on_link,
        autonomous: old.autonomous && !own.autonomous,
    };
    (left.on_link || left.autonomous).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 9]);
    /// The random number with which intervals are longest.
    const LATE: u64 = INTERVAL_MAX_MS - INTERVAL_MIN_MS;

    fn content(prefixes: &[&str]) -> Content {
        let prefix =
            |text: &&str| Prefix { net: text.parse().unwrap(), on_link: true, autonomous: false };
        Content { prefixes: prefixes.iter().map(prefix).collect(), ..Content::default() }
    }

    fn at(ms: u64) -> Moment {
        Moment::from_ms(ms)
    }

    /// Sends what is due until a time; says when that was.
    fn run(advertiser: &mut Advertiser, until_ms: u64, random: u64) -> Vec<(u64, Reason)> {
        let mut sent = Vec::new();
        while advertiser.due() <= at(until_ms) {
            let now = advertiser.due();
            let (reason, _) = advertiser.advance(now, random).expect("it is due");
            sent.push((now.ms, reason));
        }
        sent
    }

    fn started() -> Advertiser {
        Advertiser::new(MAC, content(&["fd00::/64"]), at(0), 0)
    }

    #[test]
    fn three_follow_soon_and_the_others_within_the_bounds() {
        use Reason::Unsolicited;
        let mut soonest = started();
        assert!(soonest.advance(at(0), 0).is_some());
        assert!(soonest.advance(at(15_999), 0).is_none(), "not before its time");
        let expected = [16_000, 32_000, 232_000, 432_000].map(|ms| (ms, Unsolicited));
        assert_eq!(run(&mut soonest, 500_000, 0), expected);
        let mut latest = Advertiser::new(MAC, content(&[]), at(0), 500);
        let expected = [500, 16_500, 32_500, 632_500].map(|ms| (ms, Unsolicited));
        assert_eq!(run(&mut latest, 1_000_000, LATE), expected);
    }

    #[test]
    fn a_solicitation_is_answered_within_half_a_second_and_three_after_the_one_before() {
        let mut advertiser = started();
        run(&mut advertiser, 40_000, 0);
        advertiser.solicited(at(50_000), 300);
        advertiser.solicited(at(50_100), 0);
        assert_eq!(advertiser.due(), at(50_300), "the first one counts");
        assert_eq!(run(&mut advertiser, 51_000, 0), [(50_300, Reason::Solicited)]);
        advertiser.solicited(at(51_000), 200);
        assert_eq!(advertiser.due(), at(53_500));
        assert_eq!(run(&mut advertiser, 60_000, 0), [(53_500, Reason::Solicited)]);
        assert_eq!(advertiser.due(), at(253_500), "the interval begins anew");
    }

    #[test]
    fn who_asks_just_before_an_unsolicited_one_is_answered_by_that() {
        let mut advertiser = started();
        run(&mut advertiser, 40_000, 0);
        advertiser.solicited(at(231_900), 200);
        assert_eq!(run(&mut advertiser, 240_000, 0), [(232_000, Reason::Unsolicited)]);
    }

    /// The packets that are due.
    fn told(advertiser: &mut Advertiser) -> Vec<Vec<u8>> {
        let now = advertiser.due();
        advertiser.advance(now, 0).expect("it is due").1
    }

    #[test]
    fn what_changes_is_told_three_times_and_what_is_over_as_often() {
        let mut advertiser = started();
        run(&mut advertiser, 40_000, 0);
        let new = content(&["fd01::/64"]);
        advertiser.set_content(new.clone(), at(100_000), 7);
        assert_eq!(advertiser.due(), at(100_007));
        let gone = content(&["fd00::/64"]).prefixes;
        let withdrawn = Withdrawn { prefixes: gone, ..Withdrawn::default() };
        let with_old = encode(&new, &withdrawn, MAC);
        for _ in 0..3 {
            assert_eq!(told(&mut advertiser), with_old);
        }
        assert_eq!(told(&mut advertiser), encode(&new, &Withdrawn::default(), MAC));
        advertiser.set_content(new, at(400_000), 0);
        assert!(advertiser.due() > at(400_000), "nothing has changed");
    }

    #[test]
    fn what_comes_back_is_not_over_any_more() {
        let mut advertiser = started();
        advertiser.set_content(content(&["fd01::/64"]), at(10), 0);
        let back = content(&["fd00::/64", "fd01::/64"]);
        advertiser.set_content(back.clone(), at(20), 0);
        assert_eq!(told(&mut advertiser), encode(&back, &Withdrawn::default(), MAC));
    }

    #[test]
    fn a_prefix_that_is_not_for_own_addresses_any_more_stays_on_the_link() {
        let mut slaac = content(&["fd00::/64"]);
        slaac.prefixes[0].autonomous = true;
        let mut advertiser = Advertiser::new(MAC, slaac.clone(), at(0), 0);
        let plain = content(&["fd00::/64"]);
        advertiser.set_content(plain.clone(), at(10), 0);
        let prefixes = vec![Prefix { on_link: false, ..slaac.prefixes[0] }];
        let withdrawn = Withdrawn { prefixes, ..Withdrawn::default() };
        assert_eq!(told(&mut advertiser), encode(&plain, &withdrawn, MAC));
    }

    #[test]
    fn on_a_link_that_nobody_advertises_on_all_is_over() {
        let was = Content { managed: true, mtu: Some(1_500), ..content(&["fd00::/64"]) };
        let advertiser = Advertiser::new(MAC, was.clone(), at(0), 0);
        let withdrawn = Withdrawn { prefixes: was.prefixes, ..Withdrawn::default() };
        assert_eq!(advertiser.withdraw(), encode(&Content::default(), &withdrawn, MAC));
    }

    #[test]
    fn a_rack_that_leaves_takes_only_its_own_addresses_back() {
        let [own, other] = ["fd00::2", "fd00::3"].map(|ip| ip.parse::<Ipv6Addr>().unwrap());
        let both = Content { servers: vec![own, other], ..content(&["fd00::/64"]) };
        let advertiser = Advertiser::new(MAC, both.clone(), at(0), 0);
        let left = Content { servers: vec![other], ..both };
        let withdrawn = Withdrawn { servers: vec![own], ..Withdrawn::default() };
        assert_eq!(advertiser.leave(&[own]), encode(&left, &withdrawn, MAC));
    }
}
