//! DHCPLEASEQUERY: relays ask who has an address, or which addresses a client has (RFC 4388).
//!
//! Where a client is, and which one has an address, is nobody's business but its operator's
//! (RFC 4388). So only relays that this rack knows are answered: a query's `giaddr` must be the
//! gateway of a subnet that this rack serves. Whoever writes another's address there gains nothing,
//! because the answer goes to the gateway. All others are dropped and counted.
//!
//! A rack knows the leases of the links that it serves, and answers for those. Of addresses elsewhere, and of
//! clients without a lease here, it says that it knows nothing.

use std::net::{IpAddr, Ipv4Addr};

use model::lease::binding::BindingState;
use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::time::Timestamp;

use crate::v4::answer::Destination;
use crate::v4::dropped::Dropped;
use crate::v4::engine::Engine;
use crate::v4::output::{Arrival, Output, Sending};
use crate::wire::code;
use crate::wire::lease_query::{About, LeaseQuery};
use crate::wire::message::{ETHERNET, INFINIBAND};
use crate::wire::reply::{Kind, Reply};

/// What an address without an end lasts (RFC 2131 §3.3).
const WITHOUT_END: u32 = u32::MAX;
/// How long an answer may wait for its sending.
const SEND_WITHIN_MS: u64 = 1_000;
const LEN_MAX: usize = 576 - 28;

/// A lease that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    ip: Ipv4Addr,
    client: ClientId,
    /// Until when; none when the address is kept for its client without an end.
    until: Option<Timestamp>,
}

impl Engine {
    /// Answers a relay's query.
    pub(crate) fn lease_query(
        &mut self,
        query: &LeaseQuery,
        arrival: &Arrival,
        now: Moment,
    ) -> Result<Vec<Output>, Dropped> {
        self.check_relay(query, arrival)?;
        if !self.heard.queries.may_ask(query.giaddr, now) {
            return Err(Dropped::QueriesTooOften);
        }
        let at = self.leases.clock.ok_or(Dropped::NotKnown)?.latest(now);
        let reply = match query.about {
            About::Address(ip) if !self.answers_for(ip) => {
                of_address(query, Kind::LeaseUnknown, ip)
            }
            About::Address(ip) => match self.held(ip, at) {
                Some(held) => self.active(query, arrival, &[held], at),
                None => of_address(query, Kind::LeaseUnassigned, ip),
            },
            About::Hardware(_) | About::Identifier(_) => {
                let held =
                    query.client().map(|client| self.held_by(&client, at)).unwrap_or_default();
                if held.is_empty() {
                    of_address(query, Kind::LeaseUnknown, Ipv4Addr::UNSPECIFIED)
                } else {
                    self.active(query, arrival, &held, at)
                }
            }
        };
        Ok(vec![Output::Send(Sending {
            interface: arrival.interface,
            source: arrival.destination,
            destination: Destination::Relay { ip: query.giaddr, port: 67 },
            kind: reply.kind,
            payload: reply.encode(),
            left_out: Vec::new(),
            send_before: now.plus_ms(SEND_WITHIN_MS),
            received_us: arrival.received_us,
        })])
    }

    /// Checks that a query is of a relay which this rack trusts, and was sent to this rack.
    pub(crate) fn check_relay(&self, query: &LeaseQuery, arrival: &Arrival) -> Result<(), Dropped> {
        let is_relay = self.leases.view.subnet_of(query.giaddr).is_some_and(|(_, subnet)| {
            subnet.gateway_ip == Some(IpAddr::V4(query.giaddr)) && self.serves(subnet.vlan)
        });
        let trusted = is_relay && self.unicast(arrival);
        if trusted { Ok(()) } else { Err(Dropped::UntrustedRelay) }
    }

    fn answers_for(&self, ip: Ipv4Addr) -> bool {
        self.leases.view.subnet_of(ip).is_some_and(|(_, subnet)| self.serves(subnet.vlan))
    }

    /// Who has an address at a time.
    fn held(&self, ip: Ipv4Addr, at: Timestamp) -> Option<Held> {
        let granted =
            self.leases.grants.get(ip).and_then(|grant| Some((grant.client.clone(), grant.told?)));
        let bound =
            self.leases.view.binding(ip).filter(|binding| binding.state == BindingState::Active);
        let bound = bound.map(|binding| (binding.client.clone(), binding.told_until));
        let lasting = granted.into_iter().chain(bound).filter(|(_, until)| *until > at);
        let leased = lasting.max_by_key(|(_, until)| *until);
        let held = |(client, until)| Held { ip, client, until };
        leased
            .map(|(client, until)| held((client, Some(until))))
            .or_else(|| self.leases.view.kept_for(ip).map(|mac| held((mac.into(), None))))
    }

    /// What a client has at a time on the links that this rack serves, what it got last at first.
    fn held_by(&self, client: &ClientId, at: Timestamp) -> Vec<Held> {
        let served =
            self.leases.view.vlans().filter(|vlan| self.serves(vlan.id)).map(|vlan| vlan.id);
        let addresses = served.flat_map(|vlan| {
            let bound = self.leases.view.bindings_of(vlan, client).into_iter().filter_map(|it| {
                match it.ip {
                    IpAddr::V4(ip) => Some(ip),
                    IpAddr::V6(_) => None,
                }
            });
            bound.chain(self.leases.view.reservations(vlan, client)).collect::<Vec<_>>()
        });
        let held =
            addresses.chain(self.leases.grants.of(client)).filter_map(|ip| self.held(ip, at));
        let mut held: Vec<Held> = held.filter(|held| held.client == *client).collect();
        held.sort_by_key(|held| (std::cmp::Reverse(held.until), held.ip));
        held.dedup_by_key(|held| held.ip);
        held
    }

    /// DHCPLEASEACTIVE about the first of some leases of one client (RFC 4388).
    fn active(&self, query: &LeaseQuery, arrival: &Arrival, held: &[Held], at: Timestamp) -> Reply {
        let Some(first) = held.first() else {
            return of_address(query, Kind::LeaseUnknown, Ipv4Addr::UNSPECIFIED);
        };
        let mut reply = of_address(query, Kind::LeaseActive, first.ip);
        reply.mac = first.client.mac();
        reply.htype = if reply.mac.is_some() { ETHERNET } else { INFINIBAND };
        if let ClientId::Identifier(identifier) = &first.client
            && !matches!(query.about, About::Identifier(_))
        {
            reply.put_wanted(code::CLIENT_IDENTIFIER, identifier.as_ref());
        }
        reply.put(code::SERVER_IDENTIFIER, arrival.destination.octets());
        let seconds = |ms: u64| u32::try_from(ms / 1_000).unwrap_or(WITHOUT_END - 1);
        let left = first.until.map_or(WITHOUT_END, |until| seconds(until.since_ms(at)));
        reply.put_wanted(code::LEASE_TIME, left.to_be_bytes());
        if let Some(until) = first.until {
            // A lease is written for its whole time, unless its client asked for less.
            let since = until.minus_ms(self.leases.policy.lease_ms);
            reply.put_wanted(
                code::CLIENT_LAST_TRANSACTION_TIME,
                seconds(at.since_ms(since)).to_be_bytes(),
            );
        }
        if held.len() > 1 {
            let addresses: Vec<u8> = held.iter().flat_map(|held| held.ip.octets()).collect();
            reply.put_wanted(code::ASSOCIATED_IP, addresses);
        }
        reply
    }
}

/// An answer about an address that says nothing else yet. A query's option 82 is the relay's own and goes
/// back to it as in any reply (RFC 3046 §2.2).
fn of_address(query: &LeaseQuery, kind: Kind, ip: Ipv4Addr) -> Reply {
    let option = |code| query.options.get(code).map(<[u8]>::to_vec);
    let mac = match query.about {
        About::Hardware(mac) => Some(mac),
        About::Address(_) | About::Identifier(_) => None,
    };
    Reply {
        kind,
        htype: if mac.is_some() { ETHERNET } else { 0 },
        mac,
        xid: query.xid,
        flags: 0,
        ciaddr: ip,
        yiaddr: Ipv4Addr::UNSPECIFIED,
        siaddr: Ipv4Addr::UNSPECIFIED,
        giaddr: query.giaddr,
        file: String::new(),
        sname: String::new(),
        options: option(code::CLIENT_IDENTIFIER)
            .map(|identifier| (code::CLIENT_IDENTIFIER, identifier))
            .into_iter()
            .collect(),
        wanted: option(code::PARAMETER_REQUEST_LIST).unwrap_or_default(),
        relay_agent: option(code::RELAY_AGENT_INFORMATION),
        len_max: LEN_MAX,
    }
}
