//! Which service addresses this rack holds, by what it is named for, who vouches for it, and who else claims them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::lease::clock::Moment;

/// When an address that was taken is announced: a host may miss one (RFC 5227 §2.3 has two).
const ANNOUNCED_AFTER_MS: [u64; 3] = [0, 1_000, 2_000];
/// Who is vouched for and hears another claim its address says so again, but not more often (RFC 5227 §2.4).
const DEFENDED_EVERY_MS: u64 = 1_000;

/// The addresses that are held.
#[derive(Debug, Default)]
pub(super) struct Holds {
    held: BTreeMap<IpAddr, Held>,
}

#[derive(Debug)]
struct Held {
    interface: String,
    since: Moment,
    announced: usize,
    defended: Option<Moment>,
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
}

impl Holds {
    /// What is held now.
    pub(super) fn addresses(&self) -> BTreeSet<IpAddr> {
        self.held.keys().copied().collect()
    }

    /// Goes on, with the addresses that this rack is named for, each with its interface. While nobody vouches for it, it
    /// keeps what it holds and takes nothing: others can only be named by who would vouch for it.
    pub(super) fn go_on(
        &mut self,
        wanted: &BTreeMap<IpAddr, String>,
        is_vouched: bool,
        now: Moment,
    ) -> Steps {
        let mut steps = Steps::default();
        self.held.retain(|ip, held| {
            let stays = wanted.get(ip) == Some(&held.interface);
            if !stays {
                steps.drop.push((*ip, held.interface.clone()));
            }
            stays
        });
        if is_vouched {
            for (ip, interface) in wanted {
                if let Entry::Vacant(free) = self.held.entry(*ip) {
                    let interface = interface.clone();
                    free.insert(Held { interface, since: now, announced: 0, defended: None });
                    steps.taken.push(*ip);
                }
            }
        }
        for (ip, held) in &mut self.held {
            steps.keep.push((*ip, held.interface.clone()));
            let due = ANNOUNCED_AFTER_MS.get(held.announced);
            if due.is_some_and(|after_ms| now.since_ms(held.since) >= *after_ms) {
                held.announced += 1;
                steps.announce.push((*ip, held.interface.clone()));
            }
        }
        steps
    }

    /// Another host says that it has an address. Who is vouched for says so, too; who is not gives way, because another one
    /// may have been named.
    pub(super) fn claimed(&mut self, ip: IpAddr, is_vouched: bool, now: Moment) -> Steps {
        let mut steps = Steps::default();
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

    #[test]
    fn an_address_is_taken_when_vouched_for_and_announced_three_times() {
        let mut holds = Holds::default();
        assert_eq!(holds.go_on(&wanted(), false, at(0)), Steps::default(), "nobody vouches");
        let steps = holds.go_on(&wanted(), true, at(100));
        assert_eq!((steps.taken, steps.keep, steps.announce), (vec![ip()], place(), place()));
        let announced: Vec<usize> = [200, 1_100, 1_200, 2_100, 9_000]
            .map(|ms| holds.go_on(&wanted(), true, at(ms)).announce.len())
            .into();
        assert_eq!(announced, [0, 1, 0, 1, 0]);
    }

    #[test]
    fn what_is_held_is_kept_while_no_region_vouches() {
        let mut holds = Holds::default();
        holds.go_on(&wanted(), true, at(0));
        let steps = holds.go_on(&wanted(), false, at(600_000));
        assert_eq!((steps.keep, steps.drop), (place(), Vec::new()));
    }

    #[test]
    fn one_that_nobody_vouches_for_gives_way_until_somebody_does() {
        let mut holds = Holds::default();
        holds.go_on(&wanted(), true, at(0));
        let steps = holds.claimed(ip(), false, at(5_000));
        assert_eq!((steps.drop, steps.announce), (place(), Vec::new()));
        assert_eq!(holds.go_on(&wanted(), false, at(5_100)), Steps::default());
        assert_eq!(holds.go_on(&wanted(), true, at(6_000)).taken, [ip()]);
    }

    #[test]
    fn one_that_is_vouched_for_defends_its_address_once_a_second() {
        let mut holds = Holds::default();
        holds.go_on(&wanted(), true, at(0));
        assert_eq!(holds.claimed(ip(), true, at(10)).announce, place());
        assert_eq!(holds.claimed(ip(), true, at(900)), Steps::default());
        assert_eq!(holds.claimed(ip(), true, at(1_010)).announce, place());
        let another = "10.0.0.6".parse().unwrap();
        assert_eq!(holds.claimed(another, true, at(1_010)), Steps::default(), "not held");
    }

    #[test]
    fn what_another_rack_is_named_for_is_dropped() {
        let mut holds = Holds::default();
        holds.go_on(&wanted(), true, at(0));
        assert_eq!(holds.go_on(&BTreeMap::new(), true, at(50)).drop, place());
        holds.go_on(&wanted(), true, at(100));
        let moved = BTreeMap::from([(ip(), "eth1".to_owned())]);
        let steps = holds.go_on(&moved, true, at(200));
        assert_eq!((steps.drop, steps.taken), (place(), vec![ip()]), "to another interface");
        assert_eq!(holds.end(), [(ip(), "eth1".to_owned())]);
        assert!(holds.addresses().is_empty());
    }
}
