//! What deployed systems are told of their network, taken by Debian's `netplan generate`.

use std::path::Path;
use std::process::Command;

use model::id::{FabricId, InterfaceId, SubnetId, VlanId};
use model::mac::MacAddress;
use model::machine::interface::bond::{Bond, BondMode};
use model::machine::interface::bridge::Bridge;
use model::machine::interface::netplan::{LinkedSubnet, Networks, Route, netplan};
use model::machine::interface::{Interface, Kind, Link, LinkMode, Settings};
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;

fn interface(number: u8, name: &str, kind: Kind, parents: &[u32]) -> Interface {
    Interface {
        id: InterfaceId(number.into()),
        name: name.to_owned(),
        kind,
        parents: parents.iter().copied().map(InterfaceId).collect(),
        vlan: Some(VlanId(1)),
        ..Interface::of_mac(MacAddress([0x52, 0x54, 0, 0, 0, number]))
    }
}

fn linked(mut interface: Interface, mode: LinkMode, subnet: u32, ip: Option<&str>) -> Interface {
    let id = interface.id.0 * 10 + u32::try_from(interface.links.len()).unwrap();
    let ip_address = ip.map(|ip| ip.parse().unwrap());
    interface.links.push(Link { ip_address, ..Link::new(id, mode, Some(SubnetId(subnet))) });
    interface
}

/// Two cards in a bond, with a VLAN interface and a bridge upon it; one alone with DHCP; and one of IPv6.
fn machine(bond: Bond) -> Vec<Interface> {
    let tagged = Interface { vlan: Some(VlanId(2)), ..interface(7, "bond0.5", Kind::Vlan, &[6]) };
    let bridge = interface(8, "br0", Kind::Bridge(Bridge { stp: true, ..Bridge::default() }), &[6]);
    let bridge = linked(bridge, LinkMode::Auto, 1, Some("10.0.0.7"));
    let bridge = linked(bridge, LinkMode::Static, 1, Some("10.0.0.8"));
    let alone = Interface {
        settings: Settings { mtu: Some(9000), accept_ra: Some(false) },
        ..interface(3, "eth2", Kind::Physical, &[])
    };
    vec![
        interface(1, "eth0", Kind::Physical, &[]),
        interface(2, "eth1", Kind::Physical, &[]),
        linked(alone, LinkMode::Dhcp, 1, None),
        linked(interface(4, "eth3", Kind::Physical, &[]), LinkMode::Auto, 6, Some("fd00::7")),
        interface(6, "bond0", Kind::Bond(bond), &[1, 2]),
        linked(tagged, LinkMode::Auto, 2, Some("10.5.0.7")),
        linked(bridge, LinkMode::Static, 6, Some("fd00::8")),
    ]
}

fn networks() -> Networks {
    let vlan = |id, vid| Vlan { vid, ..Vlan::untagged(VlanId(id), FabricId(0)) };
    let subnet = |id: u32, vlan: u32, cidr: &str, gateway: &str| LinkedSubnet {
        subnet: Subnet {
            gateway_ip: Some(gateway.parse().unwrap()),
            ..Subnet::new(SubnetId(id), VlanId(vlan), cidr.parse().unwrap())
        },
        name_servers: vec![[10, 0, 0, 2].into()],
        routes: vec![],
    };
    let mut first = subnet(1, 1, "10.0.0.0/24", "10.0.0.1");
    let to = "10.9.0.0/16".parse().unwrap();
    first.routes.push(Route { to, via: [10, 0, 0, 254].into(), metric: 7 });
    Networks {
        vlans: [vlan(1, 0), vlan(2, 5)].into_iter().map(|vlan| (vlan.id, vlan)).collect(),
        subnets: [
            first,
            subnet(2, 2, "10.5.0.0/24", "10.5.0.1"),
            subnet(6, 1, "fd00::/64", "fd00::1"),
        ]
        .into_iter()
        .map(|linked| (linked.subnet.id, linked))
        .collect(),
        domain: Some("maas".to_owned()),
    }
}

/// The files that netplan makes for networkd, by their names.
fn generated(interfaces: &[Interface], root: &Path) -> Vec<(String, String)> {
    let folder = root.join("etc/netplan");
    std::fs::create_dir_all(&folder).unwrap();
    let config = netplan(interfaces, &networks()).to_string();
    std::fs::write(folder.join("50-cloud-init.yaml"), &config).unwrap();
    let made = Command::new("netplan").arg("generate").arg("--root-dir").arg(root).output();
    let made = made.expect("netplan of the package netplan.io, which deploy/setup installs");
    assert!(made.status.success(), "{config}: {}", String::from_utf8_lossy(&made.stderr));
    let folder = root.join("run/systemd/network");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn networkd_is_told_what_was_configured() {
    let root = tempfile::tempdir().unwrap();
    let bond = Bond { mode: BondMode::Lacp, up_delay_ms: 200, ..Bond::default() };
    let files = generated(&machine(bond), root.path());
    let has = |name: &str, lines: &[&str]| {
        let file = files.iter().find(|(found, _)| found == name);
        let (_, text) = file.unwrap_or_else(|| panic!("{name} is not among {files:#?}"));
        for line in lines {
            assert!(text.lines().any(|found| found == *line), "no {line} in {name}: {text}");
        }
    };
    has(
        "10-netplan-bond0.netdev",
        &["Mode=802.3ad", "LACPTransmitRate=fast", "TransmitHashPolicy=layer2", "UpDelaySec=200ms"],
    );
    has("10-netplan-bond0.network", &["VLAN=bond0.5", "Bridge=br0"]);
    has("10-netplan-bond0.5.netdev", &["Kind=vlan", "Id=5"]);
    has("10-netplan-bond0.5.network", &["Address=10.5.0.7/24"]);
    has("10-netplan-br0.netdev", &["Kind=bridge", "MACAddress=52:54:00:00:00:08", "STP=true"]);
    has(
        "10-netplan-br0.network",
        &["Address=10.0.0.7/24", "Address=10.0.0.8/24", "Address=fd00::8/64", "Gateway=10.0.0.1"],
    );
    has("10-netplan-eth0.network", &["Bond=bond0"]);
    has("10-netplan-eth2.network", &["DHCP=ipv4", "IPv6AcceptRA=no"]);
    let gateways: usize = files.iter().map(|(_, text)| text.matches("Gateway=10.").count()).sum();
    assert_eq!(gateways, 2, "a default route and a static one: {files:#?}");
}

#[test]
fn every_mode_of_a_bond_is_taken() {
    for mode in BondMode::ALL {
        let root = tempfile::tempdir().unwrap();
        let files = generated(&machine(Bond { mode: *mode, ..Bond::default() }), root.path());
        let device = files.iter().find(|(name, _)| name == "10-netplan-bond0.netdev").unwrap();
        assert!(device.1.contains(&format!("Mode={}", mode.word())), "{}", device.1);
    }
}
