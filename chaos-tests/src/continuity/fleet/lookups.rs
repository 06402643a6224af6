//! Questions for names that are under way. A resolver asks the first server that it was told of, waits, asks the next one
//! once, and then says that it has no answer.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::dns::{self, Answer, NAME_ERROR, NO_ERROR};
use super::identity::Identity;
use crate::continuity::history::{Lookup, Resolved};

/// How long a server has to answer before the next one is asked.
const PATIENCE: Duration = Duration::from_secs(2);
/// Servers that are asked at most: the first one, and one more.
const TRIES_MAX: u32 = 2;

/// Who asks whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) asker: Identity,
    pub(super) server: IpAddr,
    pub(super) payload: Vec<u8>,
}

/// What is asked, by whom, and of whom.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) asker: Identity,
    pub(super) servers: Vec<IpAddr>,
    pub(super) name: String,
    /// The address that the name has.
    pub(super) address: Ipv4Addr,
}

#[derive(Debug)]
struct Open {
    wanted: Wanted,
    begun: Duration,
    tries: u32,
    due: Duration,
    /// What the last one said that could not say anything.
    failed: Option<String>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    open: BTreeMap<u16, Open>,
    last: u16,
}

impl Lookups {
    pub(super) fn begin(&mut self, wanted: Wanted, now: Duration) -> Option<Query> {
        self.last = self.last.wrapping_add(1);
        let open = Open { wanted, begun: now, tries: 0, due: now, failed: None };
        self.open.insert(self.last, open);
        self.ask(self.last, now)
    }

    /// When somebody has waited long enough.
    pub(super) fn due(&self) -> Option<Duration> {
        self.open.values().map(|open| open.due).min()
    }

    /// Asks the next server for those that have waited long enough; those that asked enough of them are over.
    pub(super) fn tick(&mut self, now: Duration, over: &mut Vec<Lookup>) -> Vec<Query> {
        let late = self.open.iter().filter(|(_, open)| open.due <= now);
        let late: Vec<u16> = late.map(|(id, _)| *id).collect();
        let mut queries = Vec::new();
        for id in late {
            queries.extend(self.again(id, now, over));
        }
        queries
    }

    /// Takes an answer; returns whom to ask next if it says nothing.
    pub(super) fn receive(
        &mut self,
        server: IpAddr,
        answer: &Answer,
        now: Duration,
        over: &mut Vec<Lookup>,
    ) -> Option<Query> {
        let open = self.open.get_mut(&answer.id)?;
        if !open.wanted.servers.contains(&server) {
            return None;
        }
        let detail = format!("{server} says {:?} (code {})", answer.addresses, answer.code);
        let resolved = match answer.code {
            NO_ERROR if answer.addresses == [open.wanted.address] => Resolved::Right,
            NO_ERROR | NAME_ERROR => Resolved::Wrong,
            _ => {
                open.failed = Some(detail);
                return self.again(answer.id, now, over);
            }
        };
        let open = self.open.remove(&answer.id)?;
        over.push(open.over(resolved, &detail, now));
        None
    }

    fn again(&mut self, id: u16, now: Duration, over: &mut Vec<Lookup>) -> Option<Query> {
        if self.open.get(&id)?.tries < TRIES_MAX {
            return self.ask(id, now);
        }
        let mut open = self.open.remove(&id)?;
        let resolved = if open.failed.is_some() { Resolved::Failed } else { Resolved::Unanswered };
        let detail = open.failed.take().unwrap_or_else(|| "nobody answers".to_owned());
        over.push(open.over(resolved, &detail, now));
        None
    }

    fn ask(&mut self, id: u16, now: Duration) -> Option<Query> {
        let open = self.open.get_mut(&id)?;
        let servers = &open.wanted.servers;
        let place = usize::try_from(open.tries).ok()?.checked_rem(servers.len());
        let Some(place) = place else {
            self.open.remove(&id);
            return None;
        };
        let (server, payload) = (servers[place], dns::question(id, &open.wanted.name));
        open.tries += 1;
        open.due = now + PATIENCE;
        Some(Query { asker: open.wanted.asker, server, payload })
    }
}

impl Open {
    fn over(self, resolved: Resolved, detail: &str, now: Duration) -> Lookup {
        let Wanted { name, address, .. } = &self.wanted;
        let detail = format!("{name}, which is {address}: {detail}");
        Lookup { begun: self.begun, ended: now, tries: self.tries, resolved, detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::continuity::check::planted::at;
    use crate::continuity::kind::Family;

    const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 64, 16, 9);
    const SERVERS: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 64, 0, 2), Ipv4Addr::new(10, 64, 0, 3)];

    fn begun() -> (Lookups, Query) {
        let mut lookups = Lookups::default();
        let wanted = Wanted {
            asker: Identity::new(Family::V4, 1),
            servers: SERVERS.map(IpAddr::V4).to_vec(),
            name: "c9.maas".to_owned(),
            address: ADDRESS,
        };
        let query = lookups.begin(wanted, at(0)).unwrap();
        (lookups, query)
    }

    fn answer(code: u8, addresses: &[Ipv4Addr]) -> Answer {
        Answer { id: 1, code, addresses: addresses.to_vec() }
    }

    #[test]
    fn the_next_server_is_asked_once_when_the_first_is_silent() {
        let (mut lookups, first) = begun();
        let mut over = Vec::new();
        assert_eq!(first.server, IpAddr::V4(SERVERS[0]));
        assert!(lookups.tick(at(1), &mut over).is_empty());
        let second = lookups.tick(at(2), &mut over);
        assert_eq!(second[0].server, IpAddr::V4(SERVERS[1]));
        assert!(lookups.tick(at(4), &mut over).is_empty());
        assert_eq!((over[0].resolved, over[0].tries), (Resolved::Unanswered, 2));
        assert_eq!(lookups.due(), None);
    }

    #[test]
    fn a_server_that_cannot_say_is_left_and_one_that_says_wrong_is_believed() {
        let (mut lookups, _) = begun();
        let (mut over, server) = (Vec::new(), IpAddr::V4(SERVERS[0]));
        let second = lookups.receive(server, &answer(2, &[]), at(0), &mut over);
        assert_eq!(second.unwrap().server, IpAddr::V4(SERVERS[1]));
        assert!(lookups.receive(server, &answer(NAME_ERROR, &[]), at(1), &mut over).is_none());
        assert_eq!(over[0].resolved, Resolved::Wrong);
        for (said, resolved) in [(ADDRESS, Resolved::Right), (SERVERS[0], Resolved::Wrong)] {
            let (mut lookups, _) = begun();
            let mut over = Vec::new();
            lookups.receive(server, &answer(NO_ERROR, &[said]), at(1), &mut over);
            assert_eq!(over[0].resolved, resolved);
        }
    }
}
