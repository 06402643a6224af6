//! What a change costs a rack with a large copy: from the bytes of a delta until the DHCP view and
//! the zones follow. It prints the lines of `docs/benchmarks/rack.md`.
//!
//! Time is CPU time of the process, as the kernel counts it in hundredths of a second, so that
//! other load does not count; a case runs until enough of it has gathered. `BENCH_SCALE=10` makes
//! the copy a tenth as large.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use dhcp::v4::view::View;
use hickory_proto::rr::{Name, RData, RecordType};
use model::controller::{ControllerInterface, ServedRack};
use model::dns::dnsresource::DnsResource;
use model::dns::domain::Domain;
use model::dns::projector::Projector;
use model::id::{DnsResourceId, DomainId, FabricId, SubnetId, SystemId, VlanId};
use model::lease::binding::{Binding, BindingState};
use model::mac::MacAddress;
use model::machine::hardware::Firmware;
use model::machine::lifecycle::Phase;
use model::machine::served::{ServedInterface, ServedMachine, ServedPhase};
use model::net::subnet::{ReverseDns, Subnet};
use model::net::vlan::Vlan;
use model::time::Timestamp;
use prost::Message;
use proto::convert::{Key, Served, put_to_bytes};
use proto::rack::Delta;
use rack::dns::answer::answer;
use rack::dns::zones::Zones;
use rack::generation::{Follower, Generation, Generations, Intake};

const BINDINGS: u32 = 100_000;
const MACHINES: u32 = 10_000;
const RECORDS: u32 = 10_000;
const OBJECTS_IN_DELTA: usize = 500;

/// A case runs at least for so much CPU time, and at least for so many changes.
const CPU_TICKS_MIN: u64 = 60;
const CHANGES_MIN: u32 = 20;

/// The copy of a rack and what follows it.
struct Rack {
    intake: Intake,
    generations: Generations,
    dhcp: (Follower, View),
    dns: (Follower, Projector),
    zones: Arc<Zones>,
    revision: u64,
}

impl Rack {
    fn new() -> Self {
        let generations = Generations::default();
        Self {
            intake: Intake::default(),
            dhcp: (generations.follow(), View::default()),
            dns: (generations.follow(), Projector::default()),
            zones: Arc::default(),
            revision: 1,
            generations,
        }
    }

    /// The first copy, as a region sends it.
    fn load(&mut self, deltas: &[Vec<u8>]) {
        let mut arriving = Generation::default();
        for bytes in deltas {
            self.intake.apply(&mut arriving, Delta::decode(bytes.as_slice()).unwrap());
        }
        arriving.revision = self.revision;
        self.generations.publish(arriving);
        self.follow();
    }

    fn change(&mut self, bytes: &[u8]) {
        self.revision += 1;
        let mut generation = Generation::clone(&self.generations.load());
        let delta = Delta::decode(bytes).unwrap();
        let changed = self.intake.apply(&mut generation, delta);
        generation.revision = self.revision;
        self.generations.publish_changed(generation, changed);
        self.follow();
    }

    fn follow(&mut self) {
        rack::dhcp::copy::update(&mut self.dhcp.1, &self.dhcp.0.step());
        self.zones = Arc::new(rack::dns::follow::update(&mut self.dns.1, &self.dns.0.step()));
    }

    fn answers(&self, name: &str) -> Vec<IpAddr> {
        let found = answer(&self.zones, &Name::from_ascii(name).unwrap(), RecordType::A);
        let address = |data: &RData| match data {
            RData::A(ip) => Some(IpAddr::V4(ip.0)),
            _ => None,
        };
        found.iter().flat_map(|it| &it.answers).filter_map(|it| address(&it.data)).collect()
    }
}

fn main() {
    let scale: u32 = std::env::var("BENCH_SCALE").map_or(1, |scale| scale.parse().unwrap());
    let site = Site { bindings: BINDINGS / scale, machines: MACHINES / scale };
    let mut report = String::new();
    let deltas = site.deltas(RECORDS / scale);
    let (before_kib, before) = (memory_kib(), cpu_ticks());
    let mut rack = Rack::new();
    rack.load(&deltas);
    let first_ms = (cpu_ticks() - before) * 10;
    writeln!(report, "| first copy until all services follow | {first_ms} ms |").unwrap();
    let memory = (memory_kib() - before_kib) / 1024;
    writeln!(report, "| memory of the copy and the services | {memory} MiB |").unwrap();
    writeln!(report, "| names with records | {} |", rack.dns.1.names().len()).unwrap();
    assert_eq!(rack.answers("client-20."), Vec::<IpAddr>::new());
    assert_eq!(rack.answers("client-20.maas."), [ip(20)]);
    for (name, change) in site.cases() {
        let micros = measure(&mut rack, &change);
        writeln!(report, "| {name} | {micros:.1} µs |").unwrap();
    }
    assert_eq!(rack.answers("client-20.maas."), [ip(20)]);
    std::io::stdout().write_all(report.as_bytes()).unwrap();
}

type Case = Box<dyn Fn(u32) -> Served>;

/// CPU microseconds for each change.
fn measure(rack: &mut Rack, change: &Case) -> f64 {
    let (mut changes, mut ticks) = (0_u32, 0);
    while ticks < CPU_TICKS_MIN || changes < CHANGES_MIN {
        // What a region does is made before the clock runs.
        let bytes: Vec<Vec<u8>> =
            (changes..changes + 1_000).map(|number| delta(&[change(number)])).collect();
        let before = cpu_ticks();
        for (done, bytes) in bytes.iter().enumerate() {
            rack.change(bytes);
            changes += 1;
            if done % 20 == 19 && cpu_ticks() - before > 10 * CPU_TICKS_MIN {
                break;
            }
        }
        ticks += cpu_ticks() - before;
    }
    f64::from(u32::try_from(ticks).unwrap()) * 10_000.0 / f64::from(changes)
}

/// A site with one large link.
#[derive(Clone, Copy)]
struct Site {
    bindings: u32,
    machines: u32,
}

impl Site {
    /// Machines have the first bindings, by their boot interfaces.
    fn deltas(self, records: u32) -> Vec<Vec<u8>> {
        let mut objects = vec![domain(), vlan(), subnet(), controller()];
        objects.extend((0..self.machines).map(|number| machine(number, Phase::Ready)));
        objects.extend((0..records).map(|number| record(number, 0)));
        objects.extend((0..self.bindings).map(|number| binding(number, "client", 1)));
        objects.chunks(OBJECTS_IN_DELTA).map(delta).collect()
    }

    fn cases(self) -> Vec<(&'static str, Case)> {
        let Self { bindings, machines } = self;
        // Bindings that no machine has.
        let client = move |number: u32| machines + (number * 7_919) % (bindings - machines);
        let new = move |number: u32| bindings + number;
        vec![
            (
                "lease is renewed",
                Box::new(move |it| binding(client(it), "client", u64::from(it) + 2)),
            ),
            ("new lease with a new name", Box::new(move |it| binding(new(it), "client", 1))),
            (
                "lease gets another name",
                Box::new(move |it| {
                    binding(client(it), if it % 2 == 0 { "other" } else { "client" }, 1)
                }),
            ),
            (
                "lease of a machine begins or ends",
                Box::new(move |it| {
                    let state =
                        if it % 2 == 0 { BindingState::Released } else { BindingState::Active };
                    with_state(binding(it / 2 % machines, "client", 1), state)
                }),
            ),
            (
                "machine gets another phase",
                Box::new(move |it| {
                    let phase = if it % 2 == 0 { Phase::Deploying } else { Phase::Deployed };
                    machine(it / 2 % machines, phase)
                }),
            ),
            ("record gets another address", Box::new(move |it| record(it % 1_000, it))),
        ]
    }
}

fn delta(objects: &[Served]) -> Vec<u8> {
    let changes = objects.iter().map(put_to_bytes).collect();
    Delta { revision: 1, changes, ..Delta::default() }.encode_to_vec()
}

fn ip(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(u32::from_be_bytes([10, 0, 0, 16]) + number).into()
}

fn mac(number: u32) -> MacAddress {
    let [a, b, c, d] = number.to_be_bytes();
    MacAddress([0x52, 0x54, a, b, c, d])
}

fn binding(number: u32, name: &str, told: u64) -> Served {
    Served::Binding(Binding {
        ip: ip(number),
        subnet: SubnetId(1),
        vlan: VlanId(1),
        client: mac(number).into(),
        hardware: None,
        prefix_length: None,
        state: BindingState::Active,
        hostname: Some(format!("{name}-{number}")),
        told_until: Timestamp::from_unix_ms(told),
        promise_until: Timestamp::from_unix_ms(told),
        rack: SystemId::from_number(1),
    })
}

fn with_state(served: Served, state: BindingState) -> Served {
    match served {
        Served::Binding(binding) => Served::Binding(Binding { state, ..binding }),
        other => panic!("{:?} is no binding", Key::clone(&other.key())),
    }
}

fn machine(number: u32, phase: Phase) -> Served {
    let interface = |name: &str, mac, boot| ServedInterface {
        name: name.to_owned(),
        mac,
        vlan: Some(VlanId(1)),
        boot,
        addresses: Vec::new(),
    };
    Served::Machine(ServedMachine {
        system_id: SystemId::from_number(1_000 + u64::from(number)),
        hostname: format!("client-{number}"),
        domain: DomainId(0),
        architecture: "amd64/generic".to_owned(),
        firmware: Firmware::Uefi,
        secure_boot: None,
        uuid: String::new(),
        phase: ServedPhase::Known(phase),
        boots_own_disk: false,
        interfaces: vec![
            interface("eth0", mac(number), true),
            interface("eth1", mac(u32::MAX - number), false),
        ],
        tags: Vec::new(),
    })
}

fn record(number: u32, address: u32) -> Served {
    Served::DnsResource(DnsResource {
        id: DnsResourceId(number),
        name: format!("service-{number}"),
        domain: DomainId(0),
        address_ttl: None,
        ip_addresses: vec![Ipv4Addr::from_bits(0xac10_0000 + number + address % 7).into()],
        records: Vec::new(),
    })
}

fn domain() -> Served {
    Served::Domain(Domain {
        id: DomainId(0),
        name: "maas".to_owned(),
        authoritative: true,
        ttl: None,
        is_default: true,
    })
}

fn vlan() -> Served {
    Served::Vlan(Vlan {
        name: "link".to_owned(),
        dhcp_on: true,
        primary_rack: Some(SystemId::from_number(1)),
        ..Vlan::untagged(VlanId(1), FabricId(1))
    })
}

fn subnet() -> Served {
    Served::Subnet(Subnet {
        name: "10.0.0.0/8".to_owned(),
        rdns_mode: ReverseDns::Enabled,
        allow_proxy: false,
        ..Subnet::new(SubnetId(1), VlanId(1), "10.0.0.0/8".parse().unwrap())
    })
}

fn controller() -> Served {
    Served::Rack(ServedRack {
        system_id: SystemId::from_number(1),
        hostname: "rack-1".to_owned(),
        interfaces: vec![ControllerInterface {
            name: "eth0".to_owned(),
            mac: MacAddress([2; 6]),
            addresses: vec!["10.0.0.1/8".parse().unwrap()],
        }],
        connected: true,
    })
}

/// CPU time of this process in hundredths of a second.
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(") ").unwrap().1;
    let fields: Vec<&str> = after_name.split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Resident memory of this process.
fn memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
