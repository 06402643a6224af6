//! What the leader knows of racks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::id::SystemId;
use model::net::service_address::GONE_AFTER_MS;

const GONE_AFTER: Duration = Duration::from_millis(GONE_AFTER_MS);
/// A rack that was heard of later than this is there.
const LATELY: Duration = Duration::from_millis(2_000);

/// When racks were heard of, as the leader of a term; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    led: Arc<Mutex<Option<Led>>>,
}

#[derive(Debug)]
struct Led {
    term: u64,
    since: Instant,
    heard: BTreeMap<SystemId, Last>,
    /// Those that something is being taken from: nobody vouches for them meanwhile.
    judged: BTreeSet<SystemId>,
}

/// A process of a rack, as it was heard of last.
#[derive(Debug, Clone, Copy)]
struct Last {
    incarnation: u64,
    at: Instant,
    gave_up: bool,
}

/// A process of a rack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RackProcess {
    /// The rack.
    pub rack: SystemId,
    /// Drawn at its start.
    pub incarnation: u64,
}

/// What is known of a rack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It was heard of a moment ago.
    Lately,
    /// Nothing can be said.
    Unsure,
    /// It holds nothing any more.
    Gone,
}

impl Ledger {
    /// This node leads in a term, and all know it: what was decided in the terms before it is applied no more.
    pub(crate) fn lead(&self, term: u64, now: Instant) {
        let (heard, judged) = (BTreeMap::new(), BTreeSet::new());
        *self.lock() = Some(Led { term, since: now, heard, judged });
    }

    /// Whether it leads in that term, and all know it.
    pub(crate) fn leads_in(&self, term: u64) -> bool {
        self.lock().as_ref().is_some_and(|led| led.term == term)
    }

    /// Racks were heard of, while this node leads in a term. Returns those that can be vouched for.
    pub(crate) fn heard(&self, term: u64, racks: &[RackProcess], now: Instant) -> Vec<SystemId> {
        let mut known = self.lock();
        let Some(led) = known.as_mut().filter(|led| led.term == term) else { return Vec::new() };
        let vouched = racks.iter().filter(|process| !led.judged.contains(&process.rack));
        let vouched: Vec<RackProcess> = vouched.cloned().collect();
        for RackProcess { rack, incarnation } in vouched.iter().cloned() {
            led.heard.insert(rack, Last { incarnation, at: now, gave_up: false });
        }
        vouched.into_iter().map(|process| process.rack).collect()
    }

    /// A process of a rack gave up what it held. What an earlier one says late means nothing.
    pub(crate) fn gave_up(&self, term: u64, process: &RackProcess) {
        if let Some(led) = self.lock().as_mut().filter(|led| led.term == term)
            && let Some(last) = led.heard.get_mut(&process.rack)
            && last.incarnation == process.incarnation
        {
            last.gave_up = true;
        }
    }

    /// What is known of these racks in a term. Nobody vouches for one that is gone as long as the judgement lives.
    pub(crate) fn judge(
        &self,
        term: u64,
        racks: impl IntoIterator<Item = SystemId>,
        now: Instant,
    ) -> Judgement {
        let mut known = self.lock();
        let Some(led) = known.as_mut().filter(|led| led.term == term) else {
            return Judgement { ledger: self.clone(), term, of: BTreeMap::new() };
        };
        let of: BTreeMap<SystemId, Heard> =
            racks.into_iter().map(|rack| (rack.clone(), led.of(&rack, now))).collect();
        let gone = of.iter().filter(|(_, heard)| **heard == Heard::Gone);
        led.judged = gone.map(|(rack, _)| rack.clone()).collect();
        Judgement { ledger: self.clone(), term, of }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Led>> {
        self.led.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Led {
    fn of(&self, rack: &SystemId, now: Instant) -> Heard {
        let last = self.heard.get(rack);
        let since = last.map_or(self.since, |last| last.at);
        match now.saturating_duration_since(since) {
            _ if last.is_some_and(|last| last.gave_up) => Heard::Gone,
            span if last.is_some() && span < LATELY => Heard::Lately,
            span if span < GONE_AFTER => Heard::Unsure,
            _ => Heard::Gone,
        }
    }
}

/// What was known of racks at a moment. What follows from it is done before it is dropped.
#[derive(Debug)]
pub(crate) struct Judgement {
    ledger: Ledger,
    term: u64,
    of: BTreeMap<SystemId, Heard>,
}

impl Judgement {
    /// What is known of a rack; nothing of one that was not asked for.
    pub(crate) fn of(&self, rack: &SystemId) -> Heard {
        self.of.get(rack).copied().unwrap_or(Heard::Unsure)
    }
}

impl Drop for Judgement {
    fn drop(&mut self) {
        if let Some(led) = self.ledger.lock().as_mut().filter(|led| led.term == self.term) {
            led.judged.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rack() -> SystemId {
        SystemId::from_number(1)
    }

    fn heard(ledger: &Ledger, term: u64, incarnation: u64, now: Instant) -> bool {
        !ledger.heard(term, &[RackProcess { rack: rack(), incarnation }], now).is_empty()
    }

    fn after(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    fn known(ledger: &Ledger, term: u64, now: Instant) -> Heard {
        ledger.judge(term, [rack()], now).of(&rack())
    }

    #[test]
    fn a_rack_is_gone_some_seconds_after_it_was_heard_of_last() {
        let (ledger, start) = (Ledger::default(), Instant::now());
        ledger.lead(7, start);
        assert!(heard(&ledger, 7, 1, after(start, 10_000)));
        assert_eq!(known(&ledger, 7, after(start, 11_000)), Heard::Lately);
        assert_eq!(known(&ledger, 7, after(start, 12_000)), Heard::Unsure);
        assert_eq!(known(&ledger, 7, after(start, 10_000 + GONE_AFTER_MS - 1)), Heard::Unsure);
        assert_eq!(known(&ledger, 7, after(start, 10_000 + GONE_AFTER_MS)), Heard::Gone);
    }

    #[test]
    fn a_new_leader_takes_no_rack_for_gone_that_another_may_have_vouched_for() {
        let (ledger, start) = (Ledger::default(), Instant::now());
        assert_eq!(known(&ledger, 7, after(start, 60_000)), Heard::Unsure, "it does not lead");
        ledger.lead(7, start);
        assert_eq!(known(&ledger, 7, after(start, GONE_AFTER_MS - 1)), Heard::Unsure);
        assert_eq!(known(&ledger, 7, after(start, GONE_AFTER_MS)), Heard::Gone);
        assert_eq!(known(&ledger, 6, after(start, GONE_AFTER_MS)), Heard::Unsure, "another term");
    }

    #[test]
    fn nobody_is_vouched_for_who_was_just_found_gone() {
        let (ledger, start) = (Ledger::default(), Instant::now());
        ledger.lead(7, start);
        let judgement = ledger.judge(7, [rack()], after(start, GONE_AFTER_MS));
        assert_eq!(judgement.of(&rack()), Heard::Gone);
        assert!(!heard(&ledger, 7, 1, after(start, GONE_AFTER_MS + 1)));
        drop(judgement);
        assert!(heard(&ledger, 7, 1, after(start, GONE_AFTER_MS + 2)));
    }

    #[test]
    fn a_region_vouches_in_no_term_but_the_one_that_all_know() {
        let (ledger, start) = (Ledger::default(), Instant::now());
        assert!(!heard(&ledger, 7, 1, start));
        ledger.lead(7, start);
        assert!(ledger.leads_in(7) && !ledger.leads_in(8));
        assert!(!heard(&ledger, 8, 1, start));
    }

    #[test]
    fn one_that_gave_up_is_gone_at_once_and_there_when_it_is_back() {
        let (ledger, start) = (Ledger::default(), Instant::now());
        let process = |incarnation| RackProcess { rack: rack(), incarnation };
        ledger.lead(7, start);
        heard(&ledger, 7, 1, start);
        ledger.gave_up(7, &process(1));
        assert_eq!(known(&ledger, 7, start), Heard::Gone);
        heard(&ledger, 7, 2, start);
        assert_eq!(known(&ledger, 7, start), Heard::Lately);
        ledger.gave_up(7, &process(1));
        assert_eq!(known(&ledger, 7, start), Heard::Lately, "the word of the one before came late");
    }
}
