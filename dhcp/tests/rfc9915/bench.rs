//! A rack with one link and one block, and a region that commits.

use std::net::{IpAddr, Ipv6Addr};

use dhcp::leases::OwnRack;
use dhcp::leases::commit;
use dhcp::leases::view::{Host, HostInterface, PeerRack};
use dhcp::v6::dropped::Dropped;
use dhcp::v6::engine::{Engine, server_id};
use dhcp::v6::output::{Arrival, CommitRequest, Outcome, Output, PrefixRequest, Sending};
use model::id::{BlockId, FabricId, IpRangeId, PrefixPoolId, SubnetId, SystemId, VlanId};
use model::lease::binding::{Binding, BindingState};
use model::lease::block::Block;
use model::lease::clock::{Moment, RegionClock};
use model::lease::commit::Change;
use model::lease::cut::Span;
use model::lease::policy::Policy;
use model::mac::MacAddress;
use model::net::prefix::Prefix;
use model::net::prefixpool::PrefixPool;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::time::Timestamp;

use crate::client::{ADVERTISE, Client, REPLY, REQUEST, Reply, association};

pub(crate) const VLAN: VlanId = VlanId(1);
/// Region time at the moment 0 of the rack's clock.
const EPOCH_MS: u64 = 1_000_000_000;

pub(crate) fn ip(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

pub(crate) fn mac(last: u8) -> MacAddress {
    MacAddress([0x52, 0x54, 0, 0, 0, last])
}

pub(crate) fn rack(number: u64) -> SystemId {
    SystemId::from_number(number)
}

pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) now: Moment,
    pub(crate) server: Vec<u8>,
}

impl Bench {
    /// Rack 1 serves `fd00:1::/64` and owns the block `fd00:1::100` to `fd00:1::103` of a range of 256.
    pub(crate) fn new() -> Self {
        Self::of_rack(1)
    }

    /// The same of another rack, which owns no block.
    pub(crate) fn of_rack(number: u64) -> Self {
        let server = server_id("cluster");
        let own = OwnRack { rack: rack(number), incarnation: 7, serves_time: true };
        let engine = Engine::new(own, Policy::default(), server.clone());
        let mut bench = Self { engine, now: Moment::from_ms(0), server };
        let zero = Timestamp::from_unix_ms(EPOCH_MS);
        let Engine { leases, prefixes, .. } = &mut bench.engine;
        prefixes.set_clock(RegionClock::between(bench.now, zero, zero));
        prefixes.set_reachable(true);
        prefixes.update(|view| {
            view.revision = 1;
            view.put_vlan(vlan(VLAN));
            view.put_subnet(subnet(1, VLAN, "fd00:1::/64"));
        });
        leases.set_clock(RegionClock::between(bench.now, zero, zero));
        leases.set_reachable(true);
        leases.update(|view| {
            view.revision = 1;
            view.domain = Some("example.com".to_owned());
            view.put_vlan(vlan(VLAN));
            view.put_subnet(subnet(1, VLAN, "fd00:1::/64"));
            let span = Span { first: ip("fd00:1::100"), last: ip("fd00:1::1ff") };
            view.put_range(IpRangeId(1), Some(span));
            view.put_block(block());
            for number in [1, 2] {
                let addresses = vec![format!("fd00:1::{number}/64").parse().unwrap()];
                view.put_rack(rack(number), PeerRack { connected: number == 1, addresses });
            }
        });
        bench
    }

    pub(crate) fn arrival(&self, client: &Client) -> Arrival {
        Arrival {
            vlan: VLAN,
            interface: 3,
            server: ip("fd00:1::1"),
            source: client.source,
            source_port: 546,
            multicast: true,
            received_us: 0,
        }
    }

    pub(crate) fn handle(
        &mut self,
        client: &Client,
        packet: &[u8],
    ) -> Result<Vec<Output>, Dropped> {
        let arrival = self.arrival(client);
        self.engine.handle(packet, arrival, self.now).map(|(_, outputs)| outputs)
    }

    pub(crate) fn pass_ms(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
    }

    /// What a message comes to, with a region that commits what is asked for.
    #[track_caller]
    pub(crate) fn answered(&mut self, client: &Client, packet: &[u8]) -> Reply {
        let outputs = self.handle(client, packet).unwrap();
        let mut replies: Vec<Sending> = sent(&outputs).into_iter().cloned().collect();
        for request in requested(&outputs) {
            replies.extend(sent(&self.commit(&request)).into_iter().cloned());
        }
        for request in delegated(&outputs) {
            replies.extend(sent(&self.delegate(&request)).into_iter().cloned());
        }
        assert_eq!(replies.len(), 1, "{replies:?}");
        let reply = Reply::read(&replies[0].payload);
        assert_eq!(reply.xid, client.xid);
        reply
    }

    /// The client's Solicit, answered with an Advertise.
    #[track_caller]
    pub(crate) fn advertised(&mut self, client: &Client) -> Ipv6Addr {
        let reply = self.answered(client, &client.solicit());
        assert_eq!(reply.kind, ADVERTISE);
        reply.address()
    }

    /// The whole exchange.
    #[track_caller]
    pub(crate) fn bound(&mut self, client: &Client) -> Ipv6Addr {
        let ip = self.advertised(client);
        let reply = self.answered(client, &self.to_server(client, REQUEST, &[ip]));
        assert_eq!((reply.kind, reply.address()), (REPLY, ip));
        ip
    }

    /// A message for this server with one association.
    pub(crate) fn to_server(&self, client: &Client, kind: u8, addresses: &[Ipv6Addr]) -> Vec<u8> {
        client.packet_to(kind, &self.server, &association(1, addresses))
    }

    /// The region commits what is asked for, and the copy shows it.
    pub(crate) fn commit(&mut self, request: &CommitRequest) -> Vec<Output> {
        self.commit_any(request.clone().of_any_family())
    }

    /// The same of a prefix.
    pub(crate) fn delegate(&mut self, request: &PrefixRequest) -> Vec<Output> {
        self.commit_any(request.clone().of_any_family())
    }

    fn commit_any(&mut self, request: commit::CommitRequest<IpAddr>) -> Vec<Output> {
        let revision = self.engine.leases.view().revision + 1;
        let now = Timestamp::from_unix_ms(EPOCH_MS + self.now.ms);
        let told_until = now.plus_ms(request.told_ms);
        let state = match request.change {
            Change::Bind | Change::Granted | Change::Register => BindingState::Active,
            Change::Release => BindingState::Released,
            Change::Decline => BindingState::Declined,
        };
        let binding = Binding {
            ip: request.ip,
            subnet: request.subnet,
            vlan: request.vlan,
            client: request.client.clone(),
            hardware: request.hardware,
            prefix_length: request.prefix_length,
            state,
            hostname: request.hostname.clone(),
            told_until,
            promise_until: told_until.plus_ms(600_000),
            rack: rack(1),
        };
        let outcome = Outcome::Committed { revision, told_ms: request.told_ms };
        let outputs = self.engine.committed(request.request_id, outcome, self.now);
        self.show(revision, binding);
        outputs
    }

    /// The copy shows a binding.
    pub(crate) fn show(&mut self, revision: u64, binding: Binding) {
        self.engine.leases.update(|view| {
            view.revision = revision;
            view.put_binding(binding.clone());
        });
        self.engine.prefixes.update(|view| {
            view.revision = revision;
            view.put_binding(binding);
        });
    }

    /// The link has a pool of prefixes, and this rack a block of it that ends at a prefix.
    pub(crate) fn put_pool(&mut self, id: u32, prefix: &str, delegated_length: u8, last: &str) {
        let pool = PrefixPool {
            id: PrefixPoolId(id),
            prefix: prefix.parse().unwrap(),
            delegated_length,
            subnet: SubnetId(1),
            comment: String::new(),
        };
        let last = Prefix::around(ip(last), delegated_length).unwrap();
        let block = Block {
            id: BlockId(100 + id),
            iprange: IpRangeId(0),
            prefix_length: Some(delegated_length),
            first: IpAddr::V6(pool.prefix.network()),
            last: IpAddr::V6(last.last_address()),
            ..block()
        };
        self.engine.prefixes.update(|view| {
            view.put_pool(&pool);
            view.put_block(block);
        });
    }

    /// A machine with an interface that has addresses assigned.
    pub(crate) fn put_host(&mut self, last: u8, addresses: &[Ipv6Addr]) {
        let interface =
            HostInterface { mac: mac(last), vlan: Some(VLAN), addresses: addresses.to_vec() };
        let host = Host {
            hostname: format!("host-{last}"),
            secure_boot: None,
            interfaces: vec![interface],
        };
        let id = SystemId::from_number(100 + u64::from(last));
        self.engine.leases.update(|view| view.put_host(&id, host));
    }
}

pub(crate) fn vlan(id: VlanId) -> Vlan {
    Vlan {
        dhcp_on: true,
        primary_rack: Some(rack(1)),
        secondary_rack: Some(rack(2)),
        ..Vlan::untagged(id, FabricId(1))
    }
}

pub(crate) fn subnet(id: u32, vlan: VlanId, cidr: &str) -> Subnet {
    Subnet {
        dns_servers: vec![IpAddr::V6(ip("fd00::53"))],
        ..Subnet::new(SubnetId(id), vlan, cidr.parse().unwrap())
    }
}

pub(crate) fn block() -> Block {
    Block {
        id: BlockId(1),
        iprange: IpRangeId(1),
        prefix_length: None,
        subnet: SubnetId(1),
        vlan: VLAN,
        first: IpAddr::V6(ip("fd00:1::100")),
        last: IpAddr::V6(ip("fd00:1::103")),
        rack: Some(rack(1)),
        incarnation: 7,
        epoch: 1,
        granted_at: Timestamp::from_unix_ms(EPOCH_MS),
        valid_until: Timestamp::from_unix_ms(EPOCH_MS + 900_000),
        quarantine_until: Timestamp::default(),
    }
}

/// What is sent.
pub(crate) fn sent(outputs: &[Output]) -> Vec<&Sending> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Send(sending) => Some(sending),
            Output::Commit(_) | Output::Delegate(_) | Output::Report(_) => None,
        })
        .collect()
}

/// What a region is asked to commit.
pub(crate) fn requested(outputs: &[Output]) -> Vec<CommitRequest> {
    let request = |output: &Output| match output {
        Output::Commit(request) => Some(request.clone()),
        Output::Send(_) | Output::Delegate(_) | Output::Report(_) => None,
    };
    outputs.iter().filter_map(request).collect()
}

/// The prefixes that a region is asked to commit.
pub(crate) fn delegated(outputs: &[Output]) -> Vec<PrefixRequest> {
    let request = |output: &Output| match output {
        Output::Delegate(request) => Some(request.clone()),
        Output::Send(_) | Output::Commit(_) | Output::Report(_) => None,
    };
    outputs.iter().filter_map(request).collect()
}

/// The only reply among outputs.
#[track_caller]
pub(crate) fn reply(outputs: &[Output]) -> Reply {
    let sent = sent(outputs);
    assert_eq!(sent.len(), 1, "{outputs:?}");
    Reply::read(&sent[0].payload)
}
