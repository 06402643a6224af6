//! What `top` shows, and how it changes by what arrives and by keys. Pure: times come from outside.

use std::collections::VecDeque;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use jiff::Timestamp;
use serde_json::Value;

use crate::cli::top::metrics::{Sample, number, whole};

/// How many events are kept.
const EVENTS_MAX: usize = 500;

/// A part of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pane {
    /// The regions.
    Members,
    /// How many machines are in each status.
    Statuses,
    /// Machines that failed or take too long.
    Stuck,
    /// Pools of addresses.
    Pools,
    /// Events.
    Events,
}

/// All parts, in the order of the tabulator key.
pub(crate) const PANES: [Pane; 5] =
    [Pane::Members, Pane::Statuses, Pane::Stuck, Pane::Pools, Pane::Events];

/// A region.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    /// Where it is asked.
    pub(crate) endpoint: String,
    /// What it said last; none when it never answered.
    pub(crate) said: Option<Said>,
    /// When it answered last.
    pub(crate) seen: Option<Timestamp>,
    /// Why it does not answer now.
    pub(crate) silent: Option<String>,
}

/// What a region says of Raft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said {
    /// Whether it leads.
    pub(crate) leads: bool,
    /// Whether it knows a leader.
    pub(crate) has_leader: bool,
    /// The term.
    pub(crate) term: u64,
    /// The last entry in its log.
    pub(crate) log: u64,
    /// The last entry that it applied.
    pub(crate) applied: u64,
    /// How many members vote.
    pub(crate) voters: u64,
}

/// A pool of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pool {
    /// Its subnet.
    pub(crate) subnet: String,
    /// How many addresses it has.
    pub(crate) all: u64,
    /// How many of them a new client could get.
    pub(crate) free: u64,
    /// 0 for enough, 3 for none.
    pub(crate) level: u64,
}

/// A machine that failed or takes too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stuck {
    /// Its name.
    pub(crate) name: String,
    /// Its status.
    pub(crate) status: String,
    /// Why.
    pub(crate) why: String,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its id: later ones have greater ones.
    pub(crate) id: u64,
    /// When, as the region wrote it.
    pub(crate) time: String,
    /// How much it matters.
    pub(crate) level: String,
    /// What it is of.
    pub(crate) of: String,
    /// What happened.
    pub(crate) text: String,
}

/// Something that arrived.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    /// A key.
    Key(KeyEvent),
    /// The screen has another size.
    Resized,
    /// What a region says of itself, or why it says nothing.
    Region {
        /// The region.
        endpoint: String,
        /// Its metrics.
        samples: Result<Vec<Sample>, String>,
    },
    /// How many machines are in each status, and those that need somebody.
    Machines {
        /// A page with counts.
        counts: Value,
        /// A page of machines.
        stuck: Value,
    },
    /// Events, in any order.
    Events(Vec<Value>),
    /// Everybody is asked again, because of this.
    Lost(String),
    /// Somebody answers again.
    Found,
    /// Time passed.
    Tick,
}

/// What is shown.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// The regions.
    pub(crate) members: Vec<Member>,
    /// Statuses with their numbers, the greatest first.
    pub(crate) statuses: Vec<(String, u64)>,
    /// Machines that need somebody.
    pub(crate) stuck: Vec<Stuck>,
    /// How many there are of them.
    pub(crate) stuck_total: u64,
    /// Pools of addresses, the fullest first.
    pub(crate) pools: Vec<Pool>,
    /// Events, newest first.
    pub(crate) events: VecDeque<Event>,
    /// Why nothing new arrives, if that is so, and since when.
    pub(crate) lost: Option<(String, Timestamp)>,
    /// The part that the arrow keys move in.
    pub(crate) focus: Pane,
    /// How far each part is scrolled.
    pub(crate) scrolled: [usize; PANES.len()],
    /// Whether the keys are explained.
    pub(crate) is_explained: bool,
    /// Whether it is over.
    pub(crate) is_over: bool,
    /// The time.
    pub(crate) now: Timestamp,
}

impl State {
    /// What is shown before anybody has answered.
    pub(crate) fn new(endpoints: &[String], now: Timestamp) -> Self {
        let member = |endpoint: &String| Member {
            endpoint: endpoint.clone(),
            said: None,
            seen: None,
            silent: None,
        };
        Self {
            members: endpoints.iter().map(member).collect(),
            statuses: Vec::new(),
            stuck: Vec::new(),
            stuck_total: 0,
            pools: Vec::new(),
            events: VecDeque::new(),
            lost: None,
            focus: Pane::Events,
            scrolled: [0; PANES.len()],
            is_explained: false,
            is_over: false,
            now,
        }
    }

    /// Takes something that arrived at a time.
    pub(crate) fn take(&mut self, input: Input, now: Timestamp) {
        self.now = now;
        match input {
            Input::Key(key) if key.kind != KeyEventKind::Release => self.key(key),
            Input::Key(_) | Input::Resized | Input::Tick => {}
            Input::Region { endpoint, samples } => self.region(&endpoint, samples),
            Input::Machines { counts, stuck } => self.machines(&counts, &stuck),
            Input::Events(events) => self.events(&events),
            Input::Lost(why) => {
                let since = self.lost.take().map_or(now, |(_, since)| since);
                self.lost = Some((why, since));
            }
            Input::Found => self.lost = None,
        }
    }

    /// How many lines a part has.
    pub(crate) fn len(&self, pane: Pane) -> usize {
        match pane {
            Pane::Members => self.members.len(),
            Pane::Statuses => self.statuses.len(),
            Pane::Stuck => self.stuck.len(),
            Pane::Pools => self.pools.len(),
            Pane::Events => self.events.len(),
        }
    }

    /// How far a part is scrolled.
    pub(crate) fn scrolled(&self, pane: Pane) -> usize {
        self.scrolled[place(pane)]
    }

    /// The last entry of any log: what members are behind of.
    pub(crate) fn last_log(&self) -> u64 {
        let said = self.members.iter().filter_map(|member| member.said);
        said.map(|said| said.log).max().unwrap_or_default()
    }

    fn key(&mut self, key: KeyEvent) {
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if is_control => self.is_over = true,
            KeyCode::Char('q') => self.is_over = true,
            KeyCode::Char('?') => self.is_explained = !self.is_explained,
            KeyCode::Esc => self.is_explained = false,
            KeyCode::Tab | KeyCode::Right => self.focus = self.beside(1),
            KeyCode::BackTab | KeyCode::Left => self.focus = self.beside(PANES.len() - 1),
            KeyCode::Down => self.scroll(1),
            KeyCode::Up => self.scroll(-1),
            KeyCode::PageDown => self.scroll(10),
            KeyCode::PageUp => self.scroll(-10),
            KeyCode::Home => self.scroll(isize::MIN),
            _ => {}
        }
    }

    fn beside(&self, steps: usize) -> Pane {
        PANES[(place(self.focus) + steps) % PANES.len()]
    }

    fn scroll(&mut self, lines: isize) {
        let last = self.len(self.focus).saturating_sub(1);
        let at = &mut self.scrolled[place(self.focus)];
        *at = at.saturating_add_signed(lines).min(last);
    }

    fn region(&mut self, endpoint: &str, samples: Result<Vec<Sample>, String>) {
        let now = self.now;
        let Some(member) = self.members.iter_mut().find(|it| it.endpoint == endpoint) else {
            return;
        };
        let samples = match samples {
            Ok(samples) => samples,
            Err(why) => {
                member.silent = Some(why);
                return;
            }
        };
        let of = |name: &str| number(&samples, &format!("ironraft_raft_{name}")).unwrap_or(0);
        let said = Said {
            leads: of("leading") == 1,
            has_leader: of("has_leader") == 1,
            term: of("term"),
            log: of("log_index"),
            applied: of("applied_index"),
            voters: of("voters"),
        };
        (member.said, member.seen, member.silent) = (Some(said), Some(now), None);
        // Only who leads knows the pools.
        if said.leads {
            self.pools = pools(&samples);
        }
    }

    fn machines(&mut self, counts: &Value, stuck: &Value) {
        let counts = counts["facets"]["status"].as_array().into_iter().flatten();
        let counts = counts.filter_map(|it| Some((text(&it["value"])?, it["count"].as_u64()?)));
        self.statuses = counts.filter(|(_, count)| *count > 0).collect();
        self.statuses.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(&other.0)));
        let machines = stuck["items"].as_array().into_iter().flatten();
        let told = machines.map(|machine| Stuck {
            name: text(&machine["fqdn"]).unwrap_or_default(),
            status: text(&machine["status_name"]).unwrap_or_default(),
            why: text(&machine["error_description"])
                .or_else(|| text(&machine["status_message"]))
                .unwrap_or_default(),
        });
        self.stuck = told.collect();
        self.stuck_total = stuck["total"].as_u64().unwrap_or_default();
    }

    fn events(&mut self, events: &[Value]) {
        for event in events {
            let Some(id) = event["id"].as_u64() else { continue };
            let at = self.events.iter().position(|known| known.id <= id);
            let at = at.unwrap_or(self.events.len());
            if self.events.get(at).is_some_and(|known| known.id == id) {
                continue;
            }
            let words = [text(&event["type"]), text(&event["description"])];
            let event = Event {
                id,
                time: text(&event["created"]).unwrap_or_default(),
                level: text(&event["level"]).unwrap_or_default(),
                of: text(&event["hostname"]).unwrap_or_default(),
                text: words.into_iter().flatten().collect::<Vec<_>>().join(": "),
            };
            self.events.insert(at, event);
            // Who reads further down goes on reading the same.
            if at == 0 && self.scrolled(Pane::Events) > 0 {
                self.scrolled[place(Pane::Events)] += 1;
            }
        }
        self.events.truncate(EVENTS_MAX);
        for pane in PANES {
            let last = self.len(pane).saturating_sub(1);
            let at = &mut self.scrolled[place(pane)];
            *at = (*at).min(last);
        }
    }
}

fn place(pane: Pane) -> usize {
    PANES.iter().position(|known| *known == pane).unwrap_or_default()
}

/// A text that says something.
fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn pools(samples: &[Sample]) -> Vec<Pool> {
    let mut pools: Vec<Pool> = Vec::new();
    let of_pools = samples.iter().filter_map(|sample| Some((sample, sample.labels.get("subnet")?)));
    for (sample, subnet) in of_pools {
        let at = pools.iter().position(|pool| pool.subnet == *subnet).unwrap_or_else(|| {
            pools.push(Pool { subnet: subnet.clone(), all: 0, free: 0, level: 0 });
            pools.len() - 1
        });
        let (pool, value) = (&mut pools[at], whole(sample.value));
        match sample.name.as_str() {
            "ironraft_dhcp_pool_addresses" => {
                pool.all += value;
                if sample.labels.get("state").is_some_and(|state| state == "free") {
                    pool.free = value;
                }
            }
            "ironraft_dhcp_pool_level" => pool.level = value,
            _ => {}
        }
    }
    pools.retain(|pool| pool.all > 0);
    pools.sort_by_key(|pool| (std::cmp::Reverse(pool.used_percent()), pool.subnet.clone()));
    pools
}

impl Pool {
    /// How much of it is used.
    pub(crate) const fn used_percent(&self) -> u64 {
        match self.all.saturating_sub(self.free).saturating_mul(100).checked_div(self.all) {
            Some(percent) => percent,
            None => 0,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::top::metrics;

    pub(crate) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_796_040_000 + second).unwrap()
    }

    fn key(code: KeyCode) -> Input {
        Input::Key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn event(id: u64) -> Value {
        json!({"id": id, "created": format!("2026-11-30T12:00:{id:02}Z"), "level": "info",
            "hostname": "web-01", "type": "Node changed status", "description": format!("step {id}")})
    }

    fn metrics_of(leads: u8, log: u64, free: u64) -> Result<Vec<Sample>, String> {
        Ok(metrics::read(&format!(
            "ironraft_raft_leading {leads}\nironraft_raft_has_leader 1\nironraft_raft_term 5\n\
             ironraft_raft_log_index {log}\nironraft_raft_applied_index {log}\nironraft_raft_voters 3\n\
             ironraft_dhcp_pool_addresses{{subnet=\"10.0.0.0/24\",state=\"free\"}} {free}\n\
             ironraft_dhcp_pool_addresses{{subnet=\"10.0.0.0/24\",state=\"active\"}} {}\n\
             ironraft_dhcp_pool_level{{subnet=\"10.0.0.0/24\"}} 1\n",
            100 - free
        )))
    }

    /// A cluster at work.
    pub(crate) fn busy() -> State {
        let endpoints = ["http://10.0.0.1:5240", "http://10.0.0.2:5240", "http://10.0.0.3:5240"];
        let mut state = State::new(&endpoints.map(str::to_owned), at(0));
        let mut region = |place: usize, samples| {
            let endpoint = endpoints[place].to_owned();
            state.take(Input::Region { endpoint, samples }, at(1));
        };
        region(0, metrics_of(1, 1200, 12));
        region(1, metrics_of(0, 1195, 50));
        region(2, metrics_of(0, 900, 50));
        region(2, Err("connection refused".to_owned()));
        let counts = json!({"facets": {"status": [{"value": "ready", "count": 20},
            {"value": "deployed", "count": 400}, {"value": "failed_deployment", "count": 1}]}});
        let stuck = json!({"total": 1, "items": [{"fqdn": "web-02.lab", "status_name": "Failed deployment",
            "error_description": "", "status_message": "no answer from the BMC"}]});
        state.take(Input::Machines { counts, stuck }, at(2));
        state.take(Input::Events((1..=3).map(event).collect()), at(9));
        state
    }

    #[test]
    fn members_pools_and_machines_are_told_as_they_were_said() {
        let state = busy();
        assert_eq!(state.last_log(), 1200);
        assert_eq!(state.pools[0].used_percent(), 88, "the leader's, not those of others");
        assert_eq!(state.statuses[0], ("deployed".to_owned(), 400));
        assert_eq!(state.stuck[0].why, "no answer from the BMC");
        let silent = &state.members[2];
        assert_eq!(
            (silent.seen, silent.silent.as_deref()),
            (Some(at(1)), Some("connection refused"))
        );
    }

    #[test]
    fn events_come_once_and_newest_first_and_are_bounded() {
        let mut state = busy();
        state.take(Input::Events(vec![event(2), event(5), event(4)]), at(10));
        let ids: Vec<u64> = state.events.iter().map(|event| event.id).collect();
        assert_eq!(ids, [5, 4, 3, 2, 1]);
        state.take(key(KeyCode::Down), at(10));
        state.take(Input::Events(vec![event(6)]), at(10));
        assert_eq!(state.scrolled(Pane::Events), 2, "the same event is at the top");
        state.take(Input::Events((7..1000).map(event).collect()), at(10));
        assert_eq!((state.events.len(), state.events[0].id), (EVENTS_MAX, 999));
        assert!(state.scrolled(Pane::Events) < EVENTS_MAX);
    }

    #[test]
    fn keys_move_explain_and_end() {
        let mut state = busy();
        state.take(key(KeyCode::Tab), at(3));
        assert_eq!(state.focus, Pane::Members);
        state.take(key(KeyCode::BackTab), at(3));
        assert_eq!(state.focus, Pane::Events);
        (0..9).for_each(|_| state.take(key(KeyCode::Down), at(3)));
        assert_eq!(state.scrolled(Pane::Events), 2);
        state.take(key(KeyCode::Home), at(3));
        assert_eq!(state.scrolled(Pane::Events), 0);
        state.take(key(KeyCode::Char('?')), at(3));
        assert!(state.is_explained);
        state.take(Input::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), at(3));
        assert!(state.is_over);
    }

    #[test]
    fn a_loss_is_told_since_it_began_and_until_it_ends() {
        let mut state = busy();
        state.take(Input::Lost("a".to_owned()), at(4));
        state.take(Input::Lost("b".to_owned()), at(6));
        assert_eq!(state.lost, Some(("b".to_owned(), at(4))));
        state.take(Input::Found, at(7));
        assert_eq!(state.lost, None);
    }
}
