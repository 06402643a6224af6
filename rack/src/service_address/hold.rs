//! Which service addresses this rack holds, by what it is named for, who vouches for it, and who else claims them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::lease::clock::Moment;
use model::net::service_address::HOLD_MS;

/// When an address that was taken is announced: a host may miss one (RFC 5227 §2.3 has two).
const ANNOUNCED_AFTER_MS: [u64; 3] = [0, 1_000, 2_000];
/// How often it is announced from then on: a rack that could not hear it the first times hears it then.
const ANNOUNCED_EVERY_MS: u64 = 30_000;
/// Who is vouched for and hears another claim its address says so again, but not more often (RFC 5227 §2.4).
const DEFENDED_EVERY_MS: u64 = 1_000;
/// After how long between two turns this rack stood still: the kernel has forgotten what it was told in the one before, and
/// another rack may have been named.
const STOOD_STILL_MS: u64 = HOLD_MS;
/// How often the link is asked whether another host has an address.
const ASKED_EVERY_MS: u64 = 1_000;
/// After how many questions without an answer nobody has it.
const ASKED_TIMES: usize = 3;

/// The addresses that are held.
#[derive(Debug, Default)]
pub(super) struct Holds {
    held: BTreeMap<IpAddr, Held>,
    /// What was held before this rack stood still, or had no link: another one may hold it now.
    doubted: BTreeMap<IpAddr, Doubted>,
    turned: Option<Moment>,
}

#[derive(Debug)]
struct Held {
    interface: String,
    since: Moment,
    announced: usize,
    last_announced: Moment,
    defended: Option<Moment>,
    asked: Option<Moment>,
}

impl Held {
    const fn new(interface: String, now: Moment) -> Self {
        let (since, last_announced) = (now, now);
        Self { interface, since, announced: 0, last_announced, defended: None, asked: None }
    }
}

#[derive(Debug)]
struct Doubted {
    interface: String,
    asked: usize,
    last_asked: Option<Moment>,
}

/// What this rack knows when it goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn<'a> {
    /// Whether the leading region vouches for it.
    pub(super) is_vouched: bool,
    /// The interfaces that have a link.
    pub(super) running: &'a BTreeSet<String>,
    /// When it is.
    pub(super) now: Moment,
}

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Steps {
    /// The kernel is told of these, again.
    pub(super) keep: Vec<(IpAddr, String)>,
    /// These were taken just now.
    pub(super) taken: Vec<IpAddr>,
    /// The kernel is to forget these.
    pub(super) drop: Vec<(IpAddr, String)>,
    /// The link is told of these.
    pub(super) announce: Vec<(IpAddr, String)>,
    /// The link is asked whether another host has these.
    pub(super) ask: Vec<(IpAddr, String)>,
}

impl Holds {
    /// What is held now.
    pub(super) fn addresses(&self) -> BTreeSet<IpAddr> {
        self.held.keys().copied().collect()
    }

    /// Whether it matters who has an address.
    pub(super) fn concerns(&self, ip: IpAddr) -> bool {
        self.held.contains_key(&ip) || self.doubted.contains_key(&ip)
    }

    /// Goes on, with the addresses that this rack is named for, each with its interface.
    ///
    /// While nobody vouches for it, it takes nothing, and keeps what it holds: when the quorum is lost nobody else can be
    /// named. As another one may have been named all the same, it asks the link. What it held before it stood still, or had no
    /// link, it holds again only when nobody there answers for it.
    pub(super) fn go_on(&mut self, wanted: &BTreeMap<IpAddr, String>, turn: Turn<'_>) -> Steps {
        let mut steps = Steps::default();
        let last = self.turned.replace(turn.now);
        let stood_still = last.is_some_and(|last| turn.now.since_ms(last) >= STOOD_STILL_MS);
        self.drop_unwanted(wanted, &mut steps);
        if turn.is_vouched {
            self.take_wanted(wanted, turn.now, &mut steps);
        } else {
            self.doubt(stood_still, turn.running, &mut steps);
            self.ask(turn, &mut steps);
        }
        self.keep(turn, &mut steps);
        steps
    }

    fn drop_unwanted(&mut self, wanted: &BTreeMap<IpAddr, String>, steps: &mut Steps) {
        let stays = |ip: &IpAddr, interface: &String| wanted.get(ip) == Some(interface);
        self.doubted.retain(|ip, doubted| stays(ip, &doubted.interface));
        self.held.retain(|ip, held| {
            let stays = stays(ip, &held.interface);
            if !stays {
                steps.drop.push((*ip, held.interface.clone()));
            }
            stays
        });
    }

    fn take_wanted(&mut self, wanted: &BTreeMap<IpAddr, String>, now: Moment, steps: &mut Steps) {
        self.doubted.clear();
        for (ip, interface) in wanted {
            self.held.entry(*ip).or_insert_with(|| {
                steps.taken.push(*ip);
                Held::new(interface.clone(), now)
            });
        }
    }

    fn doubt(&mut self, stood_still: bool, running: &BTreeSet<String>, steps: &mut Steps) {
        let doubted = &mut self.doubted;
        self.held.retain(|ip, held| {
            let stays = !stood_still && running.contains(&held.interface);
            if !stays {
                let interface = held.interface.clone();
                steps.drop.push((*ip, interface.clone()));
                doubted.insert(*ip, Doubted { interface, asked: 0, last_asked: None });
            }
            stays
        });
    }

    fn ask(&mut self, turn: Turn<'_>, steps: &mut Steps) {
        let now = turn.now;
        let is_due =
            |last: Option<Moment>| last.is_none_or(|last| now.since_ms(last) >= ASKED_EVERY_MS);
        for (ip, held) in self.held.iter_mut().filter(|(_, held)| is_due(held.asked)) {
            held.asked = Some(now);
            steps.ask.push((*ip, held.interface.clone()));
        }
        let held = &mut self.held;
        self.doubted.retain(|ip, doubted| {
            if !turn.running.contains(&doubted.interface) {
                // Nobody can answer: what was asked says nothing.
                (doubted.asked, doubted.last_asked) = (0, None);
            } else if is_due(doubted.last_asked) {
                if doubted.asked == ASKED_TIMES {
                    held.insert(*ip, Held::new(doubted.interface.clone(), now));
                    steps.taken.push(*ip);
                    return false;
                }
                doubted.asked += 1;
                doubted.last_asked = Some(now);
                steps.ask.push((*ip, doubted.interface.clone()));
            }
            true
        });
    }

    fn keep(&mut self, turn: Turn<'_>, steps: &mut Steps) {
        for (ip, held) in &mut self.held {
            steps.keep.push((*ip, held.interface.clone()));
            let is_due = match ANNOUNCED_AFTER_MS.get(held.announced) {
                Some(after_ms) => turn.now.since_ms(held.since) >= *after_ms,
                None => {
                    let quiet_ms = turn.now.since_ms(held.last_announced);
                    turn.is_vouched && quiet_ms >= ANNOUNCED_EVERY_MS
                }
            };
            if is_due {
                held.announced = (held.announced + 1).min(ANNOUNCED_AFTER_MS.len());
                held.last_announced = turn.now;
                steps.announce.push((*ip, held.interface.clone()));
            }
        }
    }

    /// Another host says that it has an address. Who is vouched for says so, too; who is not gives way, because another one
    /// may have been named.
    pub(super) fn claimed(&mut self, ip: IpAddr, is_vouched: bool, now: Moment) -> Steps {
        let mut steps = Steps::default();
        if !is_vouched {
            self.doubted.remove(&ip);
        }
        let Some(held) = self.held.get_mut(&ip) else { return steps };
        let place = (ip, held.interface.clone());
        if !is_vouched {
            self.held.remove(&ip);
            steps.drop.push(place);
        } else if held.defended.is_none_or(|last| now.since_ms(last) >= DEFENDED_EVERY_MS) {
            held.defended = Some(now);
            steps.announce.push(place);
        }
        steps
    }

    /// Gives all of them up.
    pub(super) fn end(&mut self) -> Vec<(IpAddr, String)> {
        self.doubted.clear();
        let held = std::mem::take(&mut self.held).into_iter();
        held.map(|(ip, held)| (ip, held.interface)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip() -> IpAddr {
        "10.0.0.5".parse().unwrap()
    }

    fn wanted() -> BTreeMap<IpAddr, String> {
        BTreeMap::from([(ip(), "eth0".to_owned())])
    }

    fn at(ms: u64) -> Moment {
        Moment::from_ms(ms)
    }

    fn place() -> Vec<(IpAddr, String)> {
        vec![(ip(), "eth0".to_owned())]
    }

    /// Goes on at a moment, with a link everywhere.
    fn go_on(
        holds: &mut Holds,
        wanted: &BTreeMap<IpAddr, String>,
        is_vouched: bool,
        ms: u64,
    ) -> Steps {
        let running = ["eth0", "eth1"].map(str::to_owned).into();
        holds.go_on(wanted, Turn { is_vouched, running: &running, now: at(ms) })
    }

    /// The same without a link.
    fn cut_off(holds: &mut Holds, ms: u64) -> Steps {
        let turn = Turn { is_vouched: false, running: &BTreeSet::new(), now: at(ms) };
        holds.go_on(&wanted(), turn)
    }

    /// A rack that holds the address since 0.
    fn holder() -> Holds {
        let mut holds = Holds::default();
        go_on(&mut holds, &wanted(), true, 0);
        holds
    }

    #[test]
    fn an_address_is_taken_when_vouched_for_and_announced_three_times() {
        let mut holds = Holds::default();
        assert_eq!(go_on(&mut holds, &wanted(), false, 0), Steps::default(), "nobody vouches");
        let steps = go_on(&mut holds, &wanted(), true, 100);
        assert_eq!((steps.taken, steps.keep, steps.announce), (vec![ip()], place(), place()));
        let announced: Vec<usize> = [200, 1_100, 1_200, 2_100, 9_000]
            .map(|ms| go_on(&mut holds, &wanted(), true, ms).announce.len())
            .into();
        assert_eq!(announced, [0, 1, 0, 1, 0]);
    }

    #[test]
    fn who_is_vouched_for_goes_on_to_announce_slowly() {
        let mut holds = holder();
        let announced = |holds: &mut Holds, seconds: std::ops::RangeInclusive<u64>, is_vouched| {
            let mut at = Vec::new();
            for second in seconds {
                let steps = go_on(holds, &wanted(), is_vouched, second * 1_000);
                at.extend((!steps.announce.is_empty()).then_some(second));
            }
            at
        };
        assert_eq!(announced(&mut holds, 1..=70, true), [1, 2, 32, 62]);
        assert!(announced(&mut holds, 71..=200, false).is_empty(), "it may be another's");
        assert_eq!(announced(&mut holds, 201..=210, true), [201]);
    }

    #[test]
    fn what_is_held_is_kept_while_no_region_vouches_and_the_link_is_asked() {
        let mut holds = holder();
        for second in 1..=600 {
            let steps = go_on(&mut holds, &wanted(), false, second * 1_000);
            assert_eq!((steps.keep, steps.drop), (place(), Vec::new()), "after {second} s");
            assert_eq!(steps.ask, place(), "after {second} s");
        }
        let again = go_on(&mut holds, &wanted(), false, 600_100);
        assert!(again.ask.is_empty(), "once a second");
        assert!(go_on(&mut holds, &wanted(), true, 601_500).ask.is_empty(), "nobody else has it");
    }

    #[test]
    fn one_that_stood_still_holds_again_only_when_nobody_on_the_link_answers() {
        let mut holds = holder();
        let steps = go_on(&mut holds, &wanted(), false, 12_000);
        assert_eq!((steps.drop, steps.keep, steps.ask), (place(), Vec::new(), place()));
        assert!(holds.addresses().is_empty() && holds.concerns(ip()));
        for ms in [13_000, 14_000] {
            let steps = go_on(&mut holds, &wanted(), false, ms);
            assert_eq!(steps, Steps { ask: place(), ..Steps::default() });
        }
        let steps = go_on(&mut holds, &wanted(), false, 15_000);
        assert_eq!((steps.taken, steps.keep, steps.announce), (vec![ip()], place(), place()));
    }

    #[test]
    fn one_that_stood_still_leaves_the_address_to_who_answers_for_it() {
        let mut holds = holder();
        go_on(&mut holds, &wanted(), false, 12_000);
        assert_eq!(holds.claimed(ip(), false, at(12_010)), Steps::default());
        for second in 13..=60 {
            let steps = go_on(&mut holds, &wanted(), false, second * 1_000);
            assert_eq!(steps, Steps::default(), "after {second} s");
        }
        assert_eq!(go_on(&mut holds, &wanted(), true, 61_000).taken, [ip()], "it is named");
    }

    #[test]
    fn one_that_stood_still_and_is_vouched_for_since_goes_on() {
        let mut holds = holder();
        let steps = go_on(&mut holds, &wanted(), true, 12_000);
        assert_eq!((steps.keep, steps.drop, steps.taken), (place(), Vec::new(), Vec::new()));
        let mut holds = holder();
        go_on(&mut holds, &wanted(), false, 12_000);
        assert_eq!(go_on(&mut holds, &wanted(), true, 12_100).taken, [ip()]);
    }

    #[test]
    fn one_without_a_link_asks_there_before_it_holds_again() {
        let mut holds = holder();
        assert_eq!(cut_off(&mut holds, 1_000).drop, place());
        for second in 2..=60 {
            assert_eq!(cut_off(&mut holds, second * 1_000), Steps::default(), "nobody can answer");
        }
        let asked: Vec<_> = (61..=64)
            .map(|second| {
                let steps = go_on(&mut holds, &wanted(), false, second * 1_000);
                (steps.ask.len(), steps.taken.len())
            })
            .collect();
        assert_eq!(asked, [(1, 0), (1, 0), (1, 0), (0, 1)]);
    }

    #[test]
    fn one_that_nobody_vouches_for_gives_way_until_somebody_does() {
        let mut holds = holder();
        let steps = holds.claimed(ip(), false, at(5_000));
        assert_eq!((steps.drop, steps.announce), (place(), Vec::new()));
        assert_eq!(go_on(&mut holds, &wanted(), false, 5_100), Steps::default());
        assert_eq!(go_on(&mut holds, &wanted(), true, 6_000).taken, [ip()]);
    }

    #[test]
    fn one_that_is_vouched_for_defends_its_address_once_a_second() {
        let mut holds = holder();
        assert_eq!(holds.claimed(ip(), true, at(10)).announce, place());
        assert_eq!(holds.claimed(ip(), true, at(900)), Steps::default());
        assert_eq!(holds.claimed(ip(), true, at(1_010)).announce, place());
        let another = "10.0.0.6".parse().unwrap();
        assert_eq!(holds.claimed(another, true, at(1_010)), Steps::default(), "not held");
    }

    #[test]
    fn what_another_rack_is_named_for_is_dropped() {
        let mut holds = holder();
        assert_eq!(go_on(&mut holds, &BTreeMap::new(), true, 50).drop, place());
        go_on(&mut holds, &wanted(), true, 100);
        let moved = BTreeMap::from([(ip(), "eth1".to_owned())]);
        let steps = go_on(&mut holds, &moved, true, 200);
        assert_eq!((steps.drop, steps.taken), (place(), vec![ip()]), "to another interface");
        assert_eq!(holds.end(), [(ip(), "eth1".to_owned())]);
        assert!(holds.addresses().is_empty());
    }
}
