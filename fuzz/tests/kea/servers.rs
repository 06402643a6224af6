//! Kea behind a wire, and Ironraft's engine with a region in memory, both with 10.5.0.100 to
//! 10.5.0.199 of the link 10.5.0.0/24 behind the relay 10.5.0.1.

use std::io;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::process::Command;
use std::time::{Duration, Instant};

use dhcp::v4::engine::{Engine, OwnRack};
use dhcp::v4::output::{Arrival, Output};
use dhcp::v4::view::PeerRack;
use fuzz::region::Region;
use model::id::{BlockId, FabricId, IpRangeId, SubnetId, SystemId, VlanId};
use model::lease::block::Block;
use model::lease::clock::{Moment, RegionClock};
use model::lease::grant::Applicant;
use model::lease::policy::Policy;
use model::net::subnet::{ReverseDns, Subnet};
use model::net::vlan::Vlan;
use model::time::Timestamp;
use tempfile::TempDir;
use testkit::lab::namespace::{Namespace, ProcessNamespace};
use testkit::lab::process::Process;

use crate::packets::Packet;

pub(crate) const RELAY: Ipv4Addr = Ipv4Addr::new(10, 5, 0, 1);
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 5, 0, 2);
const START_WITHIN: Duration = Duration::from_secs(30);
const LINK: VlanId = VlanId(1);

/// A server that is asked through its relay.
pub(crate) trait Server {
    /// What it answers to a packet, if it answers.
    fn answer(&mut self, packet: &[u8]) -> Option<Vec<u8>>;
}

/// A Kea process in a namespace of its own.
pub(crate) struct Kea {
    relay: UdpSocket,
    asked: u32,
    _process: Process,
    _processes: ProcessNamespace,
    _namespaces: [Namespace; 2],
    _folder: TempDir,
}

impl Kea {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let (server, relay) = (Namespace::create("kea")?, Namespace::create("relay")?);
        let path = relay.path();
        server.ip(&["link", "add", "k0", "type", "veth", "peer", "name", "r0", "netns", &path])?;
        server.ip(&["address", "add", "10.5.0.2/24", "dev", "k0"])?;
        server.ip(&["link", "set", "k0", "up"])?;
        relay.ip(&["address", "add", "10.5.0.1/24", "dev", "r0"])?;
        relay.ip(&["link", "set", "r0", "up"])?;
        let folder = TempDir::new()?;
        let configuration = folder.path().join("kea.conf");
        std::fs::write(&configuration, CONFIGURATION)?;
        let mut command = Command::new("kea-dhcp4");
        command.arg("-c").arg(&configuration);
        for variable in ["KEA_PIDFILE_DIR", "KEA_LOCKFILE_DIR", "KEA_DHCP_DATA_DIR"] {
            command.env(variable, folder.path());
        }
        let processes = ProcessNamespace::create()?;
        let process = Process::start(&processes, &server, "kea", folder.path(), command)?;
        let socket = relay.enter(|| UdpSocket::bind((RELAY, 67)))?;
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        let mut kea = Self {
            relay: socket,
            asked: 0,
            _process: process,
            _processes: processes,
            _namespaces: [server, relay],
            _folder: folder,
        };
        kea.wait(START_WITHIN)?;
        Ok(kea)
    }

    /// Asks again and again until it answers.
    fn wait(&mut self, time: Duration) -> anyhow::Result<()> {
        let start = Instant::now();
        while start.elapsed() < time {
            let xid = self.ask_for_life()?;
            if self.received()?.is_some_and(|packet| packet[4..8] == xid) {
                return Ok(());
            }
        }
        let log = std::fs::read_to_string(self._process.log()).unwrap_or_default();
        anyhow::bail!("kea-dhcp4 does not answer: {log}")
    }

    /// A DISCOVER that is always answered. Kea has one thread here, so what was sent before it is
    /// handled when its answer comes.
    fn ask_for_life(&mut self) -> io::Result<[u8; 4]> {
        self.asked += 1;
        let packet = Packet { xid: 0xfeed_0000 | self.asked, ..Packet::of(250) }.discover();
        self.relay.send_to(&packet, (SERVER, 67))?;
        Ok(packet[4..8].try_into().unwrap_or_default())
    }

    fn received(&self) -> io::Result<Option<Vec<u8>>> {
        let mut buffer = [0; 4_096];
        match self.relay.recv(&mut buffer) {
            Ok(length) => Ok(Some(buffer[..length].to_vec())),
            Err(error)
                if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl Server for Kea {
    fn answer(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        self.relay.send_to(packet, (SERVER, 67)).unwrap();
        let life = self.ask_for_life().unwrap();
        let start = Instant::now();
        let mut answer = None;
        while start.elapsed() < START_WITHIN {
            match self.received().unwrap() {
                Some(received) if received[4..8] == life => return answer,
                Some(received) if received[4..6] != [0xfe, 0xed] => answer = Some(received),
                Some(_) | None => {}
            }
        }
        panic!("kea-dhcp4 has stopped answering");
    }
}

const CONFIGURATION: &str = r#"{ "Dhcp4": {
  "interfaces-config": { "interfaces": ["k0"], "dhcp-socket-type": "udp" },
  "multi-threading": { "enable-multi-threading": false },
  "lease-database": { "type": "memfile", "persist": false },
  "valid-lifetime": 600, "renew-timer": 300, "rebind-timer": 525,
  "option-data": [
    { "name": "routers", "data": "10.5.0.1" },
    { "name": "domain-name-servers", "data": "10.5.0.2, 9.9.9.9" },
    { "name": "domain-name", "data": "example.com" }
  ],
  "subnet4": [ { "subnet": "10.5.0.0/24", "pools": [ { "pool": "10.5.0.100 - 10.5.0.199" } ] } ],
  "loggers": [ { "name": "kea-dhcp4", "severity": "WARN", "output_options": [ { "output": "stderr" } ] } ]
} }"#;

/// Ironraft's engine; a region decides its commits at once.
pub(crate) struct Ironraft {
    engine: Engine,
    region: Region,
    rack: SystemId,
    now: Moment,
}

impl Ironraft {
    pub(crate) fn new() -> Self {
        let rack = SystemId::from_number(1);
        let own = OwnRack { rack: rack.clone(), incarnation: 7, serves_time: true };
        let mut engine = Engine::new(own, Policy::default());
        let mut region = Region::default();
        region.blocks.insert(BlockId(1), block());
        let now = Moment::from_ms(0);
        region.grant(&rack, 7, time(now));
        engine.set_clock(RegionClock::between(now, time(now), time(now)));
        engine.set_reachable(true);
        engine.set_addresses([SERVER]);
        engine.update(|view| {
            view.revision = 1;
            view.domain = Some("example.com".to_owned());
            view.put_vlan(link());
            view.put_subnet(subnet());
            for block in region.blocks.values() {
                view.put_block(block.clone());
            }
            let addresses = vec!["10.5.0.2/24".parse().unwrap()];
            view.put_rack(rack.clone(), PeerRack { connected: true, addresses });
        });
        Self { engine, region, rack, now }
    }

    /// The payload that is sent, after the commit if there is one.
    fn sent(&mut self, outputs: Vec<Output>) -> Option<Vec<u8>> {
        let mut sent = None;
        for output in outputs {
            match output {
                Output::Send(sending) => sent = Some(sending.payload),
                Output::Commit(request) => {
                    let applicant = Applicant { rack: &self.rack, incarnation: 7 };
                    let outcome = self.region.commit(&applicant, &request, time(self.now));
                    let outputs = self.engine.committed(request.request_id, outcome, self.now);
                    let region = &self.region;
                    self.engine.update(|view| {
                        view.revision = region.revision;
                        for binding in region.bindings.values() {
                            view.put_binding(binding.clone());
                        }
                    });
                    sent = self.sent(outputs).or(sent);
                }
                Output::Report(_) => {}
            }
        }
        sent
    }
}

impl Server for Ironraft {
    fn answer(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        self.now = self.now.plus_ms(1_000);
        let arrival = Arrival {
            vlan: LINK,
            interface: 3,
            server: SERVER,
            source_port: 67,
            destination: SERVER,
            received_us: 0,
        };
        let (_, outputs) = self.engine.handle(packet, arrival, self.now).ok()?;
        self.sent(outputs)
    }
}

fn time(now: Moment) -> Timestamp {
    Timestamp::from_unix_ms(1_000_000_000 + now.ms)
}

fn link() -> Vlan {
    Vlan {
        dhcp_on: true,
        primary_rack: Some(SystemId::from_number(1)),
        ..Vlan::untagged(LINK, FabricId(1))
    }
}

fn subnet() -> Subnet {
    Subnet {
        name: "10.5.0.0/24".to_owned(),
        gateway_ip: Some(IpAddr::V4(RELAY)),
        dns_servers: vec![IpAddr::from([9, 9, 9, 9])],
        rdns_mode: ReverseDns::Enabled,
        ..Subnet::new(SubnetId(1), LINK, "10.5.0.0/24".parse().unwrap())
    }
}

fn block() -> Block {
    Block {
        id: BlockId(1),
        iprange: IpRangeId(1),
        prefix_length: None,
        subnet: SubnetId(1),
        vlan: LINK,
        first: IpAddr::from([10, 5, 0, 100]),
        last: IpAddr::from([10, 5, 0, 199]),
        rack: None,
        incarnation: 0,
        epoch: 0,
        granted_at: Timestamp::default(),
        valid_until: Timestamp::default(),
        quarantine_until: Timestamp::default(),
    }
}
