//! Machines and what belongs to one.

use std::collections::BTreeMap;

use model::event::{Audit, AuditedObject, Event, EventLevel};
use model::id::{AvailabilityZoneId, BlockDeviceId, DomainId, InterfaceId, ResourcePoolId, UserId};
use model::machine::annotations::Annotations;
use model::machine::disk::BlockDevice;
use model::machine::erasure::Erasure;
use model::machine::hardware::{Device, Firmware, Hardware, NumaNode};
use model::machine::interface::bond::{Bond, BondMode, HashPolicy, LacpRate};
use model::machine::interface::bridge::{Bridge, BridgeType};
use model::machine::interface::{Card, Interface, Kind, Link, LinkMode, Settings};
use model::machine::lifecycle::{Boot, Failure, Kept, Lifecycle, Phase, Rescue, Stage};
use model::machine::output::ToolOutput;
use model::machine::power::{Power, PowerAction, PowerJob, PowerState};
use model::machine::secrets::MachineSecrets;
use model::machine::{Deployment, Machine, Placement};

use serde_json::json;

use super::layout;
use super::{SUBNET, VLAN, Written, at, id, row, text};

pub(super) fn rows() -> Vec<Written> {
    let mut rows = vec![
        row("deployed, with everything", full()),
        row("new, with nothing", blank("bbbbbb", "blank", Phase::New)),
        row("failed, without a deployment", failed()),
        row("in rescue mode", rescued()),
        row("in memory", in_memory()),
        row("being erased", erased()),
        row("examined but for what is kept", kept()),
        row("powerjob with a rack", job("aaaaaa", PowerAction::NetworkBoot, true)),
        row("powerjob without a rack", job("bbbbbb", PowerAction::On, false)),
        row("powerjob off", job("ccc333", PowerAction::Off, true)),
        row("powerjob query", job("ccc334", PowerAction::Query, true)),
        row("secrets with a pending password", secrets("aaaaaa", Some(text("secret")))),
        row("secrets without one", secrets("bbbbbb", None)),
        row("output of a tool", output("lshw", "<list/>\n\u{e4}")),
        row("event of a user at a node", event(1, true)),
        row("event of nobody nowhere", event(2, false)),
    ];
    rows.extend(every_phase());
    rows.extend(every_level());
    rows
}

fn full() -> Machine {
    Machine {
        system_id: id("aaaaaa"),
        hostname: text("Full-1"),
        description: text("with everything"),
        placement: Placement {
            domain: DomainId(1),
            zone: AvailabilityZoneId(2),
            pool: ResourcePoolId(3),
            tags: vec![text("gpu"), text("ssd")],
            owner: Some(UserId(2)),
            agent_name: text("juju"),
            locked: true,
            annotations: annotations(),
        },
        lifecycle: Lifecycle {
            phase: Phase::Deployed,
            stage: Stage::Done,
            failure: Some(Failure { message: text("no answer"), at: at(1) }),
            since: Some(at(1)),
            previous: Some(Phase::Ready),
            deadline: Some(at(2)),
            job: u64::MAX,
            netboot: true,
            in_memory: false,
            keeps: Kept::default(),
            reached: None,
            erasure: None,
            progress: text("unpacking"),
            rescue: None,
        },
        power: Power {
            driver: text("ipmi"),
            parameters: [("power_address", "10.0.9.1")].into(),
            state: PowerState::On,
            observed: Some(at(3)),
        },
        hardware: hardware(),
        interfaces: interfaces(),
        block_devices: vec![disk()],
        storage: layout::full(),
        deployment: Some(Deployment {
            osystem: text("debian"),
            distro_series: text("bookworm"),
            image_sha256: "a".repeat(64),
            image_bytes: 1 << 40,
            image_type: text("root-tgz"),
            user_data: Some(vec![0, 255, b'#'].into()),
        }),
        created: at(4),
        updated: at(5),
    }
}

fn annotations() -> Annotations {
    let mut annotations = Annotations::default();
    annotations.set(&BTreeMap::from([(text("juju-units"), text("web/0"))])).unwrap();
    annotations
}

fn hardware() -> Hardware {
    Hardware {
        architecture: text("amd64/generic"),
        firmware: Firmware::Uefi,
        secure_boot: Some(true),
        uuid: text("6b0d8c2e-0001-4002-8003-000000000004"),
        cpu_count: 64,
        cpu_speed_mhz: 3100,
        cpu_model: text("Model"),
        memory_mib: 1 << 20,
        numa_nodes: vec![NumaNode { index: 1, memory_mib: 1 << 19, cores: vec![0, 2] }],
        devices: vec![Device {
            bus: text("pci"),
            address: text("0000:00:02.0"),
            vendor_id: text("8086"),
            product_id: text("1572"),
            vendor_name: text("Intel"),
            product_name: text("X710"),
            driver: text("i40e"),
        }],
        dmi: BTreeMap::from([(text("system_vendor"), text("Vendor"))]),
    }
}

/// Two that are hardware, and a bond of both with a bridge and a VLAN interface upon it.
fn interfaces() -> Vec<Interface> {
    let bond = Bond {
        mode: BondMode::Lacp,
        miimon_ms: 50,
        down_delay_ms: 200,
        up_delay_ms: 300,
        peer_notifications: 2,
        lacp_rate: LacpRate::Slow,
        hash_policy: HashPolicy::Encap34,
    };
    let bridge = Bridge { made_by: BridgeType::Ovs, stp: true, forward_delay_s: 4, acquired: true };
    let above = |number: u32, kind: Kind, parents: &[u32]| Interface {
        kind,
        parents: parents.iter().copied().map(InterfaceId).collect(),
        boot: false,
        card: Card::default(),
        links: vec![Link {
            id: number,
            mode: LinkMode::LinkUp,
            subnet: Some(SUBNET),
            ip_address: None,
            default_gateway: true,
        }],
        ..interface(number, LinkMode::LinkUp)
    };
    vec![
        interface(1, LinkMode::Auto),
        interface(2, LinkMode::Static),
        above(3, Kind::Bond(bond), &[1, 2]),
        above(4, Kind::Bridge(bridge), &[3]),
        above(5, Kind::Vlan, &[3]),
        above(6, Kind::Unknown, &[]),
    ]
}

fn interface(number: u32, mode: LinkMode) -> Interface {
    let [.., last] = number.to_be_bytes();
    Interface {
        id: InterfaceId(number),
        name: format!("eth{number}"),
        kind: Kind::Physical,
        parents: Vec::new(),
        mac: model::mac::MacAddress([0x52, 0x54, 0, 0, 0, last]),
        vlan: Some(VLAN),
        boot: number == 1,
        enabled: true,
        link_connected: true,
        link_speed: 25_000,
        vendor: text("Intel"),
        product: text("X710"),
        firmware_version: text("9.1"),
        card: Card { speed: 100_000, numa_node: 1, virtual_functions_max: 64 },
        settings: Settings { mtu: Some(9000), accept_ra: Some(false) },
        tags: Vec::new(),
        links: vec![Link {
            id: number,
            mode,
            subnet: Some(SUBNET),
            ip_address: Some([10, 0, 0, last].into()),
            default_gateway: false,
        }],
    }
}

fn disk() -> BlockDevice {
    BlockDevice {
        id: BlockDeviceId(7),
        name: text("sda"),
        id_path: text("/dev/disk/by-id/x"),
        model: text("M"),
        serial: text("S"),
        size_bytes: 1 << 41,
        block_size_bytes: 4096,
        tags: vec![text("ssd")],
        boot: true,
        numa_node: 0,
    }
}

fn blank(system_id: &str, hostname: &str, phase: Phase) -> Machine {
    Machine {
        system_id: id(system_id),
        hostname: text(hostname),
        description: String::new(),
        placement: Placement::default(),
        lifecycle: Lifecycle { phase, ..Lifecycle::default() },
        power: Power::default(),
        hardware: Hardware::default(),
        interfaces: Vec::new(),
        block_devices: Vec::new(),
        storage: model::machine::storage::Storage::default(),
        deployment: None,
        created: at(0),
        updated: at(0),
    }
}

/// With the link modes and states that the full one has not.
fn failed() -> Machine {
    let link = |number, mode| {
        let mut interface = interface(number, mode);
        interface.vlan = None;
        interface.links[0].subnet = None;
        interface.links[0].ip_address = None;
        interface
    };
    let blank = blank("cccccc", "failed", Phase::Rescue);
    Machine {
        lifecycle: Lifecycle {
            stage: Stage::Working,
            failure: Some(Failure { message: text("no disk"), at: at(1) }),
            ..blank.lifecycle
        },
        power: Power { state: PowerState::Error, ..Power::default() },
        interfaces: vec![link(3, LinkMode::Dhcp), link(4, LinkMode::LinkUp)],
        ..blank
    }
}

/// With what it was before.
fn rescued() -> Machine {
    let blank = blank("cccccd", "rescued", Phase::Rescue);
    let rescue = Rescue {
        phase: Phase::Broken,
        stage: Stage::Done,
        failure: Some(Failure { message: text("no disk"), at: at(1) }),
        previous: Some(Phase::Deployed),
        netboot: true,
        was_on: true,
        user: UserId(2),
    };
    let stage = Stage::Working;
    Machine {
        lifecycle: Lifecycle { stage, rescue: Some(Box::new(rescue)), ..blank.lifecycle },
        ..blank
    }
}

/// In the way that it is erased.
fn erased() -> Machine {
    let blank = blank("cccccg", "erased", Phase::DiskErasing);
    let erasure = Some(Erasure { secure: true, quick: false });
    let reached = Some(Boot::Agent);
    Machine { lifecycle: Lifecycle { erasure, reached, ..blank.lifecycle }, ..blank }
}

/// With what commissioning leaves as it is.
fn kept() -> Machine {
    let blank = blank("cccccj", "kept", Phase::Commissioning);
    let keeps = Kept { storage: true, networking: false };
    Machine { lifecycle: Lifecycle { keeps, ..blank.lifecycle }, ..blank }
}

/// With a system that every boot starts anew.
fn in_memory() -> Machine {
    let blank = blank("cccccf", "in-memory", Phase::Deployed);
    Machine { lifecycle: Lifecycle { in_memory: true, netboot: true, ..blank.lifecycle }, ..blank }
}

/// Each by its name in the stored form.
fn every_phase() -> Vec<Written> {
    let phases = [
        Phase::Commissioning,
        Phase::Testing,
        Phase::Ready,
        Phase::Allocated,
        Phase::Deploying,
        Phase::Releasing,
        Phase::DiskErasing,
        Phase::Broken,
        Phase::Reserved,
        Phase::Retired,
        Phase::Missing,
    ];
    let machine = |(number, phase): (usize, Phase)| {
        let mut machine = blank(&format!("dddd{number:02}"), &format!("phase-{number}"), phase);
        machine.power.state = PowerState::Off;
        row("a phase", machine)
    };
    phases.into_iter().enumerate().map(machine).collect()
}

fn job(machine: &str, action: PowerAction, assigned: bool) -> PowerJob {
    PowerJob {
        machine: id(machine),
        id: u64::MAX,
        action,
        driver: text("ipmi"),
        parameters: [("power_pass", "secret")].into(),
        rack: assigned.then(|| id("rack34")),
        attempt: 2,
        assigned: at(6),
    }
}

fn secrets(machine: &str, bmc_password: Option<String>) -> MachineSecrets {
    MachineSecrets {
        machine: id(machine),
        agent_token: "token".into(),
        bmc_password: bmc_password.map(Into::into),
    }
}

fn output(tool: &str, printed: &str) -> ToolOutput {
    let (tool, text) = (text(tool), text(printed));
    ToolOutput { machine: id("aaaaaa"), tool, text, created: at(7) }
}

fn event(number: u64, of_user: bool) -> Event {
    Event {
        id: at(0).unix_ms * 4096 + number,
        node: of_user.then(|| id("aaaaaa")),
        hostname: text("full-1"),
        kind: text("Node changed status"),
        level: EventLevel::Info,
        description: text("From 'Ready' to 'Deploying'"),
        username: of_user.then(|| text("admin")),
        created: at(8),
        audit: None,
    }
}

fn every_level() -> Vec<Written> {
    let levels = [
        EventLevel::Audit,
        EventLevel::Debug,
        EventLevel::Warning,
        EventLevel::Error,
        EventLevel::Critical,
    ];
    let at_level = |(number, level): (u64, EventLevel)| {
        row("a level", Event { level, ..event(10 + number, false) })
    };
    let object = AuditedObject {
        kind: text("zone"),
        id: text("3"),
        name: text("lab"),
        before: None,
        after: Some(json!({ "name": "lab" })),
    };
    let audit = Audit {
        operation: text("zone.create"),
        from: Some("10.0.0.9".parse().expect("an address")),
        request_id: Some("r-1".parse().expect("an id")),
        objects: vec![object],
        more: 2,
    };
    let audit = Event { level: EventLevel::Audit, audit: Some(Box::new(audit)), ..event(20, true) };
    (0..).zip(levels).map(at_level).chain([row("what a request changed", audit)]).collect()
}
