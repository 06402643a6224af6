//! Networks as deployed systems are told of them.

use super::*;
use crate::id::{FabricId, InterfaceId};
use crate::mac::MacAddress;
use crate::machine::interface::bond::{HashPolicy, LacpRate};
use crate::machine::interface::{Link, Settings};

fn physical(number: u8) -> Interface {
    Interface {
        id: InterfaceId(number.into()),
        name: format!("eth{}", number - 1),
        vlan: Some(VlanId(1)),
        ..Interface::of_mac(MacAddress([0x52, 0x54, 0, 0, 0, number]))
    }
}

fn above(number: u32, name: &str, kind: Kind, parents: &[u32]) -> Interface {
    Interface {
        id: InterfaceId(number),
        name: name.to_owned(),
        kind,
        parents: parents.iter().copied().map(InterfaceId).collect(),
        ..physical(1)
    }
}

fn with_ip(mut interface: Interface, subnet: u32, ip: &str) -> Interface {
    let id = interface.id.0 * 10 + subnet;
    let ip_address = Some(ip.parse().unwrap());
    let link = Link::new(id, LinkMode::Auto, Some(SubnetId(subnet)));
    interface.links.push(Link { ip_address, ..link });
    interface
}

/// VLAN 1 is untagged, 2 has the tag 5 and jumbo frames; subnet 1 and 6 are on the first, 2 on the other.
fn networks() -> Networks {
    let vlan = |id, vid, mtu| Vlan { vid, mtu, ..Vlan::untagged(VlanId(id), FabricId(0)) };
    let subnet = |id: u32, vlan: u32, cidr: &str, gateway: &str| LinkedSubnet {
        subnet: Subnet {
            gateway_ip: Some(gateway.parse().unwrap()),
            ..Subnet::new(SubnetId(id), VlanId(vlan), cidr.parse().unwrap())
        },
        name_servers: vec![[10, 0, 0, 2].into()],
        routes: Vec::new(),
    };
    let mut first = subnet(1, 1, "10.0.0.0/24", "10.0.0.1");
    let to = "10.9.0.0/16".parse().unwrap();
    first.routes.push(Route { to, via: [10, 0, 0, 254].into(), metric: 7 });
    Networks {
        vlans: [vlan(1, 0, 1500), vlan(2, 5, 9000)].into_iter().map(|it| (it.id, it)).collect(),
        subnets: BTreeMap::from([
            (SubnetId(1), first),
            (SubnetId(2), subnet(2, 2, "10.5.0.0/24", "10.5.0.1")),
            (SubnetId(6), subnet(6, 1, "fd00::/64", "fd00::1")),
        ]),
        domain: Some("maas".to_owned()),
    }
}

fn rendered(all: &[Interface]) -> Value {
    netplan(all, &networks())["network"].clone()
}

#[test]
fn a_card_has_its_addresses_routes_and_servers_and_a_gateway_of_each_family() {
    let card = with_ip(with_ip(physical(1), 1, "10.0.0.7"), 6, "fd00::7");
    assert_eq!(
        rendered(&[card, physical(2)]),
        json!({ "version": 2, "ethernets": {
            "eth0": {
                "match": { "macaddress": "52:54:00:00:00:01" },
                "set-name": "eth0",
                "mtu": 1500,
                "addresses": ["10.0.0.7/24", "fd00::7/64"],
                "gateway4": "10.0.0.1",
                "gateway6": "fd00::1",
                "routes": [{ "to": "10.9.0.0/16", "via": "10.0.0.254", "metric": 7 }],
                "nameservers": { "addresses": ["10.0.0.2"], "search": ["maas"] },
            },
            "eth1": {
                "match": { "macaddress": "52:54:00:00:00:02" },
                "set-name": "eth1",
                "mtu": 1500,
                "optional": true,
            },
        } })
    );
}

#[test]
fn a_machine_has_one_default_route_of_a_family() {
    let mut all = [with_ip(physical(1), 1, "10.0.0.7"), with_ip(physical(2), 2, "10.5.0.7")];
    let gateways = |all: &[Interface]| {
        let network = rendered(all);
        ["eth0", "eth1"].map(|name| network["ethernets"][name]["gateway4"].clone())
    };
    assert_eq!(gateways(&all), [json!("10.0.0.1"), Value::Null]);
    all[1].boot = true;
    assert_eq!(gateways(&all), [Value::Null, json!("10.5.0.1")], "that of its boot interface");
    all[0].links[0].default_gateway = true;
    assert_eq!(gateways(&all), [json!("10.0.0.1"), Value::Null], "but for what was set");
}

#[test]
fn a_bond_with_a_bridge_and_a_vlan_interface_upon_it() {
    let bond = Bond {
        mode: BondMode::Lacp,
        lacp_rate: LacpRate::Slow,
        hash_policy: HashPolicy::Layer34,
        up_delay_ms: 200,
        ..Bond::default()
    };
    let tagged = Interface { vlan: Some(VlanId(2)), ..above(6, "bond0.5", Kind::Vlan, &[5]) };
    let all = [
        physical(2),
        physical(1),
        above(5, "bond0", Kind::Bond(bond), &[2, 1]),
        with_ip(tagged, 2, "10.5.0.7"),
        with_ip(above(7, "br0", Kind::Bridge(Bridge::default()), &[5]), 1, "10.0.0.7"),
    ];
    let network = rendered(&all);
    assert_eq!(
        network["bonds"],
        json!({ "bond0": {
            "interfaces": ["eth0", "eth1"],
            "macaddress": "52:54:00:00:00:01",
            "mtu": 9000,
            "optional": true,
            "parameters": {
                "mode": "802.3ad",
                "lacp-rate": "slow",
                "mii-monitor-interval": 100,
                "down-delay": 0,
                "up-delay": 200,
                "transmit-hash-policy": "layer3+4",
            },
        } })
    );
    let tagged = &network["vlans"]["bond0.5"];
    assert_eq!((&tagged["id"], &tagged["link"]), (&json!(5), &json!("bond0")));
    assert_eq!((&tagged["mtu"], &tagged["addresses"]), (&json!(9000), &json!(["10.5.0.7/24"])));
    assert_eq!(tagged.get("macaddress"), None, "it has that of the bond");
    let bridge = &network["bridges"]["br0"];
    assert_eq!(bridge["interfaces"], json!(["bond0"]));
    assert_eq!(bridge["parameters"], json!({ "stp": false, "forward-delay": 15 }));
    assert_eq!(bridge["gateway4"], "10.0.0.1", "a bridge before a VLAN interface");
    assert_eq!(network["ethernets"]["eth1"]["mtu"], 9000, "it carries such packets");
}

#[test]
fn what_only_some_modes_of_bonds_have_is_told_of_no_others() {
    let notifications = |mode| bond_parameters(&Bond { mode, ..Bond::default() });
    assert_eq!(notifications(BondMode::ActiveBackup)["gratuitious-arp"], 1);
    for mode in BondMode::ALL {
        let parameters = notifications(*mode);
        assert_eq!(parameters.get("lacp-rate").is_some(), *mode == BondMode::Lacp, "{mode:?}");
    }
}

#[test]
fn dhcp_is_of_the_family_of_its_subnet_or_of_both() {
    let with = |subnet: Option<u32>| {
        let link = Link::new(1, LinkMode::Dhcp, subnet.map(SubnetId));
        let network = rendered(&[Interface { links: vec![link], ..physical(1) }]);
        ["dhcp4", "dhcp6"].map(|name| network["ethernets"]["eth0"].get(name).is_some())
    };
    assert_eq!(with(Some(1)), [true, false]);
    assert_eq!(with(Some(6)), [false, true]);
    assert_eq!(with(None), [true, true]);
}

#[test]
fn open_vswitch_is_asked_for_and_what_is_disabled_is_left_out() {
    let bridge = Kind::Bridge(Bridge { made_by: BridgeType::Ovs, stp: true, ..Bridge::default() });
    let settings = Settings { mtu: Some(4000), accept_ra: Some(false) };
    let all = [
        physical(1),
        Interface { enabled: false, ..physical(2) },
        Interface { settings, ..above(7, "br0", bridge, &[1]) },
        above(8, "br1", Kind::Bridge(Bridge::default()), &[2]),
    ];
    let network = rendered(&all);
    let bridge = &network["bridges"]["br0"];
    assert_eq!(
        (&bridge["openvswitch"], &bridge["parameters"]),
        (&json!({}), &json!({ "stp": true }))
    );
    assert_eq!((&bridge["mtu"], &bridge["accept-ra"]), (&json!(4000), &json!(false)));
    assert_eq!(network["ethernets"].as_object().unwrap().len(), 1);
    assert_eq!(network["bridges"].as_object().unwrap().len(), 1);
}
