//! Devices.

use std::collections::BTreeMap;

use model::device::Device;
use model::id::{AvailabilityZoneId, DomainId, InterfaceId, UserId};
use model::mac::MacAddress;
use model::machine::annotations::Annotations;
use model::machine::interface::{Card, Interface, Kind, Link, LinkMode, Settings};

use super::{SUBNET, VLAN, Written, at, id, row, text};

pub(super) fn rows() -> Vec<Written> {
    let device = Device {
        system_id: id("deeee3"),
        hostname: text("Switch-1"),
        description: text("with everything"),
        domain: DomainId(1),
        zone: AvailabilityZoneId(2),
        owner: Some(UserId(2)),
        parent: Some(id("aaaaaa")),
        annotations: noted("app", "db"),
        interfaces: vec![Interface {
            id: InterfaceId(90),
            name: text("eth0"),
            kind: Kind::Physical,
            parents: Vec::new(),
            mac: MacAddress([0x52, 0x54, 0, 0, 3, 1]),
            vlan: Some(VLAN),
            boot: true,
            enabled: true,
            link_connected: false,
            link_speed: 100,
            vendor: String::new(),
            product: String::new(),
            firmware_version: String::new(),
            card: Card::default(),
            settings: Settings::default(),
            tags: vec![text("uplink")],
            links: vec![Link {
                id: 91,
                mode: LinkMode::Static,
                subnet: Some(SUBNET),
                ip_address: Some([10, 0, 9, 1].into()),
                default_gateway: false,
            }],
        }],
        created: at(4),
        updated: at(5),
    };
    let plain = Device {
        system_id: id("deeee4"),
        hostname: text("plain"),
        description: String::new(),
        domain: DomainId(0),
        zone: AvailabilityZoneId(1),
        owner: None,
        parent: None,
        annotations: Annotations::default(),
        interfaces: Vec::new(),
        created: at(0),
        updated: at(0),
    };
    vec![row("device with everything", device), row("device with nothing", plain)]
}

fn noted(key: &str, value: &str) -> Annotations {
    let mut annotations = Annotations::default();
    annotations.set(&BTreeMap::from([(text(key), text(value))])).expect("a short note");
    annotations
}
