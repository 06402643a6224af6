//! A server with one link and one block, and clients that write their packets by hand.

use std::net::{IpAddr, Ipv4Addr};

use dhcp::v4::answer::Destination;
use dhcp::v4::dropped::Dropped;
use dhcp::v4::engine::{Engine, OwnRack};
use dhcp::v4::output::{Arrival, CommitRequest, Outcome, Output, Sending};
use dhcp::v4::view::PeerRack;
use dhcproto::v4::{DhcpOption, Message, MessageType, OptionCode};
use dhcproto::{Decodable, Decoder};
use model::id::{BlockId, FabricId, IpRangeId, SubnetId, SystemId, VlanId};
use model::lease::binding::{Binding, BindingState};
use model::lease::block::Block;
use model::lease::clock::{Moment, RegionClock};
use model::lease::policy::Policy;
use model::mac::MacAddress;
use model::net::subnet::{ReverseDns, Subnet};
use model::net::vlan::Vlan;
use model::time::Timestamp;

pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
pub(crate) const VLAN: VlanId = VlanId(1);
/// Region time at the moment 0 of the rack's clock.
const EPOCH_MS: u64 = 1_000_000_000;

pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) now: Moment,
}

pub(crate) fn rack(number: u64) -> SystemId {
    SystemId::from_number(number)
}

pub(crate) fn mac(last: u8) -> MacAddress {
    MacAddress([0x52, 0x54, 0, 0, 0, last])
}

impl Bench {
    /// Rack 1 serves 10.0.0.0/24 and owns the block 10.0.0.100 to 10.0.0.103.
    pub(crate) fn new() -> Self {
        Self::of_rack(1)
    }

    /// The same as another rack has it.
    pub(crate) fn of_rack(number: u64) -> Self {
        let own = OwnRack { rack: rack(number), incarnation: 7, serves_time: true };
        let mut bench =
            Self { engine: Engine::new(own, Policy::default()), now: Moment::from_ms(0) };
        let zero = Timestamp::from_unix_ms(EPOCH_MS);
        bench.engine.set_clock(RegionClock::between(bench.now, zero, zero));
        bench.engine.set_reachable(true);
        bench.engine.set_addresses([SERVER]);
        bench.engine.update(|view| {
            view.revision = 1;
            view.domain = Some("example.com".to_owned());
            view.put_vlan(vlan(VLAN, None));
            view.put_subnet(subnet(1, VLAN, "10.0.0.0/24", [10, 0, 0, 1]));
            view.put_block(block(900_000));
            let addresses = vec!["10.0.0.2/24".parse().unwrap()];
            view.put_rack(rack(1), PeerRack { connected: true, addresses });
        });
        bench
    }

    pub(crate) fn arrival(&self) -> Arrival {
        let destination = Ipv4Addr::BROADCAST;
        Arrival {
            vlan: VLAN,
            interface: 3,
            server: SERVER,
            source_port: 68,
            destination,
            received_us: 0,
        }
    }

    /// The arrival of a packet that was sent to this rack's address.
    pub(crate) fn unicast(&self) -> Arrival {
        Arrival { destination: SERVER, ..self.arrival() }
    }

    pub(crate) fn handle(&mut self, packet: &[u8]) -> Result<Vec<Output>, Dropped> {
        let arrival = self.arrival();
        self.handle_at(packet, arrival)
    }

    pub(crate) fn handle_at(
        &mut self,
        packet: &[u8],
        arrival: Arrival,
    ) -> Result<Vec<Output>, Dropped> {
        self.engine.handle(packet, arrival, self.now).map(|(_, outputs)| outputs)
    }

    pub(crate) fn pass_ms(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
    }

    pub(crate) fn region_time(&self) -> Timestamp {
        Timestamp::from_unix_ms(EPOCH_MS + self.now.ms)
    }

    /// The client's DISCOVER, answered with an offer of this address.
    #[track_caller]
    pub(crate) fn offered(&mut self, client: &Client) -> Ipv4Addr {
        let outputs = self.handle(&client.discover()).unwrap();
        let reply = sent(&outputs).1;
        assert_eq!(reply.opts().msg_type(), Some(MessageType::Offer));
        reply.yiaddr()
    }

    /// The whole exchange, with a region that commits.
    #[track_caller]
    pub(crate) fn bound(&mut self, client: &Client) -> Ipv4Addr {
        let ip = self.offered(client);
        let outputs = self.handle(&client.select(ip)).unwrap();
        let request = requested(&outputs);
        let outputs = self.commit(&request);
        let (_, reply, _) = sent(&outputs);
        assert_eq!(reply.opts().msg_type(), Some(MessageType::Ack));
        assert_eq!(reply.yiaddr(), ip);
        ip
    }

    /// The region commits what is asked for, and the copy shows it.
    pub(crate) fn commit(&mut self, request: &CommitRequest) -> Vec<Output> {
        let revision = self.engine.view().revision + 1;
        let told_until = self.region_time().plus_ms(request.told_ms);
        let binding = Binding {
            ip: IpAddr::V4(request.ip),
            subnet: request.subnet,
            vlan: request.vlan,
            client: request.client.clone(),
            hardware: None,
            prefix_length: None,
            state: BindingState::Active,
            hostname: None,
            told_until,
            promise_until: told_until.plus_ms(600_000),
            rack: rack(1),
        };
        let outcome = Outcome::Committed { revision, told_ms: request.told_ms };
        let outputs = self.engine.committed(request.request_id, outcome, self.now);
        self.engine.update(|view| {
            view.revision = revision;
            view.put_binding(binding);
        });
        outputs
    }
}

pub(crate) fn vlan(id: VlanId, relay_vlan: Option<VlanId>) -> Vlan {
    Vlan {
        dhcp_on: relay_vlan.is_none(),
        primary_rack: relay_vlan.is_none().then(|| rack(1)),
        secondary_rack: relay_vlan.is_none().then(|| rack(2)),
        relay_vlan,
        ..Vlan::untagged(id, FabricId(1))
    }
}

pub(crate) fn subnet(id: u32, vlan: VlanId, cidr: &str, gateway: [u8; 4]) -> Subnet {
    Subnet {
        name: cidr.to_owned(),
        gateway_ip: Some(IpAddr::from(gateway)),
        dns_servers: vec![IpAddr::from([9, 9, 9, 9])],
        rdns_mode: ReverseDns::Enabled,
        ..Subnet::new(SubnetId(id), vlan, cidr.parse().unwrap())
    }
}

pub(crate) fn block(valid_ms: u64) -> Block {
    Block {
        id: BlockId(1),
        iprange: IpRangeId(1),
        prefix_length: None,
        subnet: SubnetId(1),
        vlan: VLAN,
        first: IpAddr::from([10, 0, 0, 100]),
        last: IpAddr::from([10, 0, 0, 103]),
        rack: Some(rack(1)),
        incarnation: 7,
        epoch: 1,
        granted_at: Timestamp::from_unix_ms(EPOCH_MS),
        valid_until: Timestamp::from_unix_ms(EPOCH_MS + valid_ms),
        quarantine_until: Timestamp::default(),
    }
}

/// A block of another subnet: the numbers of all three are the same.
pub(crate) fn block_of(number: u32, vlan: VlanId, [first, last]: [[u8; 4]; 2]) -> Block {
    Block {
        id: BlockId(number),
        iprange: IpRangeId(number),
        prefix_length: None,
        subnet: SubnetId(number),
        vlan,
        first: first.into(),
        last: last.into(),
        ..block(900_000)
    }
}

/// A client that writes packets.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) mac: MacAddress,
    pub(crate) xid: u32,
    pub(crate) flags: u16,
    pub(crate) ciaddr: Ipv4Addr,
    pub(crate) giaddr: Ipv4Addr,
    pub(crate) options: Vec<u8>,
}

impl Client {
    pub(crate) fn new(last: u8) -> Self {
        Self {
            mac: mac(last),
            xid: u32::from(last),
            flags: 0,
            ciaddr: Ipv4Addr::UNSPECIFIED,
            giaddr: Ipv4Addr::UNSPECIFIED,
            options: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, code: u8, value: &[u8]) -> Self {
        self.options.extend([code, u8::try_from(value.len()).unwrap()]);
        self.options.extend(value);
        self
    }

    pub(crate) fn packet(&self, kind: u8, options: &[(u8, [u8; 4])]) -> Vec<u8> {
        let mut packet = vec![0; 236];
        packet[..4].copy_from_slice(&[1, 1, 6, 0]);
        packet[4..8].copy_from_slice(&self.xid.to_be_bytes());
        packet[10..12].copy_from_slice(&self.flags.to_be_bytes());
        packet[12..16].copy_from_slice(&self.ciaddr.octets());
        packet[24..28].copy_from_slice(&self.giaddr.octets());
        packet[28..34].copy_from_slice(&self.mac.0);
        packet.extend([99, 130, 83, 99, 53, 1, kind]);
        for (code, value) in options {
            packet.extend([*code, 4]);
            packet.extend(value);
        }
        packet.extend(&self.options);
        packet.push(255);
        packet
    }

    pub(crate) fn discover(&self) -> Vec<u8> {
        self.packet(1, &[])
    }

    /// A request for an offer of this server.
    pub(crate) fn select(&self, ip: Ipv4Addr) -> Vec<u8> {
        self.select_of(ip, SERVER)
    }

    pub(crate) fn select_of(&self, ip: Ipv4Addr, server: Ipv4Addr) -> Vec<u8> {
        self.packet(3, &[(54, server.octets()), (50, ip.octets())])
    }

    /// A request after a restart of the client.
    pub(crate) fn reboot(&self, ip: Ipv4Addr) -> Vec<u8> {
        self.packet(3, &[(50, ip.octets())])
    }

    /// The end of the use of an address.
    pub(crate) fn release(&self, ip: Ipv4Addr) -> Vec<u8> {
        Self { ciaddr: ip, ..self.clone() }.packet(7, &[(54, SERVER.octets())])
    }

    /// A request for more time.
    pub(crate) fn renew(&self, ip: Ipv4Addr) -> Vec<u8> {
        Self { ciaddr: ip, ..self.clone() }.packet(3, &[])
    }
}

#[track_caller]
pub(crate) fn sending(outputs: &[Output]) -> &Sending {
    let mut sendings = outputs.iter().filter_map(|output| match output {
        Output::Send(sending) => Some(sending),
        Output::Commit(_) | Output::Report(_) => None,
    });
    let sending = sendings.next().expect("something is sent");
    assert!(sendings.next().is_none(), "one packet has one answer");
    sending
}

/// The one reply among the outputs: where it goes, what it says, its bytes.
#[track_caller]
pub(crate) fn sent(outputs: &[Output]) -> (Destination, Message, Vec<u8>) {
    let sending = sending(outputs);
    let message = Message::decode(&mut Decoder::new(&sending.payload)).unwrap();
    (sending.destination, message, sending.payload.clone())
}

#[track_caller]
pub(crate) fn kind_of(outputs: &[Output]) -> MessageType {
    sent(outputs).1.opts().msg_type().unwrap()
}

#[track_caller]
pub(crate) fn requested(outputs: &[Output]) -> CommitRequest {
    let request = outputs.iter().find_map(|output| match output {
        Output::Commit(request) => Some(request.clone()),
        Output::Send(_) | Output::Report(_) => None,
    });
    request.expect("a commit is requested")
}

pub(crate) fn lease_seconds(message: &Message) -> Option<u32> {
    match message.opts().get(OptionCode::AddressLeaseTime) {
        Some(DhcpOption::AddressLeaseTime(seconds)) => Some(*seconds),
        _ => None,
    }
}

/// The bytes of an option of a packet, and where its code stands.
pub(crate) fn raw_option(packet: &[u8], wanted: u8) -> Option<(usize, &[u8])> {
    let mut at = 240;
    while let Some(&code) = packet.get(at) {
        match code {
            0 => at += 1,
            255 => return None,
            code => {
                let len = usize::from(*packet.get(at + 1)?);
                if code == wanted {
                    return Some((at, packet.get(at + 2..at + 2 + len)?));
                }
                at += 2 + len;
            }
        }
    }
    None
}
