//! Rules of interfaces that are made of others, on a machine with four network cards.

use std::net::IpAddr;

use super::acquired::{put_over, take_down, to_be_bridged};
use super::bond::{Bond, BondMode};
use super::bridge::Bridge;
use super::gateways::{self, Gateways, Router};
use super::rules::{ParentsError, VlanError, check_bond_vlan, check_parents, check_vlan};
use super::stack::*;
use super::*;
use crate::id::FabricId;
use crate::net::subnet::Subnet;
use crate::net::vlan::Vlan;

const UNTAGGED: VlanId = VlanId(1);
const OTHER: VlanId = VlanId(2);

fn id(number: u32) -> InterfaceId {
    InterfaceId(number)
}

fn interface(number: u8, name: &str, kind: Kind, parents: &[u32]) -> Interface {
    Interface {
        id: id(number.into()),
        name: name.to_owned(),
        kind,
        parents: parents.iter().copied().map(InterfaceId).collect(),
        vlan: Some(UNTAGGED),
        ..Interface::of_mac(MacAddress([0x52, 0x54, 0, 0, 0, number]))
    }
}

fn bond() -> Kind {
    Kind::Bond(Bond::default())
}

fn bridge() -> Kind {
    Kind::Bridge(Bridge::default())
}

/// `eth0` (1) and `eth1` (2) in `bond0` (5), on which are `bond0.5` (6) and `br0` (7); `eth2` (3), `eth3` (4) alone.
fn all() -> Vec<Interface> {
    let eth = |number: u8| interface(number, &format!("eth{}", number - 1), Kind::Physical, &[]);
    let mut all: Vec<Interface> = (1..=4).map(eth).collect();
    all.push(interface(5, "bond0", bond(), &[1, 2]));
    all.push(interface(6, "bond0.5", Kind::Vlan, &[5]));
    all.push(interface(7, "br0", bridge(), &[5]));
    for above in 4..7 {
        all[above].mac = all[0].mac;
    }
    all
}

fn link(number: u32, mode: LinkMode, subnet: u32) -> Link {
    Link::new(number, mode, Some(SubnetId(subnet)))
}

#[test]
fn what_may_be_made_of_what_is_said_in_the_words_of_maas() {
    for (kind, parents, message) in [
        (Kind::Physical, vec![], ""),
        (Kind::Physical, vec![3], "A physical interface cannot have parents."),
        (bond(), vec![], "A bond interface must have one or more parents."),
        (bond(), vec![3, 4], ""),
        (bond(), vec![3], ""),
        (bond(), vec![3, 6], "Only physical interfaces can be bonded."),
        (bond(), vec![2, 1], "Interfaces already in-use: eth0, eth1."),
        (bridge(), vec![], "A bridge interface must have exactly one parent."),
        (bridge(), vec![3, 4], "A bridge interface must have exactly one parent."),
        (bridge(), vec![7], "A bridge interface can't have another bridge interface as parent."),
        (
            bridge(),
            vec![5],
            "A bridge interface can't have a parent that is already in a bond or a bridge.",
        ),
        (
            bridge(),
            vec![1],
            "A bridge interface can't have a parent that is already in a bond or a bridge.",
        ),
        (bridge(), vec![6], ""),
        (Kind::Vlan, vec![3, 4], "A VLAN interface must have exactly one parent."),
        (Kind::Vlan, vec![6], "A VLAN interface can't have another VLAN interface as parent."),
        (Kind::Vlan, vec![1], "A VLAN interface can't have a parent that is already in a bond."),
        (Kind::Vlan, vec![5], ""),
        (Kind::Vlan, vec![7], ""),
    ] {
        let parents: Vec<InterfaceId> = parents.into_iter().map(InterfaceId).collect();
        let said = check_parents(&all(), None, &kind, &parents);
        let said = said.err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(said, message, "{} of {parents:?}", kind.word());
    }
}

#[test]
fn an_interface_keeps_what_it_is_made_of_and_is_never_made_of_itself() {
    let all = all();
    assert_eq!(check_parents(&all, Some(id(5)), &bond(), &[id(1), id(2), id(3)]), Ok(()));
    assert_eq!(check_parents(&all, Some(id(7)), &bridge(), &[id(5)]), Ok(()));
    let circle = check_parents(&all, Some(id(5)), &bond(), &[id(6)]);
    assert_eq!(circle, Err(ParentsError::Circle { name: "bond0.5".to_owned() }));
}

#[test]
fn a_new_bond_is_on_the_vlan_of_all_its_parents() {
    let mut all = all();
    assert_eq!(check_bond_vlan(&all, &[id(3), id(4)], Some(UNTAGGED)), Ok(()));
    all[3].vlan = Some(OTHER);
    let said = check_bond_vlan(&all, &[id(3), id(4)], Some(UNTAGGED)).unwrap_err();
    assert_eq!(said.to_string(), "All parents must belong to the same VLAN.");
}

#[test]
fn a_vlan_interface_is_on_a_tagged_vlan_of_its_parents_fabric() {
    let vlan = |id: u32, fabric: u32, vid: u16| {
        let untagged = Vlan::untagged(VlanId(id), FabricId(fabric));
        Vlan { vid, ..untagged }
    };
    let parent = vlan(1, 0, 0);
    let check = |vlan: Option<&Vlan>| check_vlan(&Kind::Vlan, vlan, Some(&parent));
    assert_eq!(check(Some(&vlan(2, 0, 5))), Ok(()));
    assert_eq!(check(None), Err(VlanError::Missing));
    assert_eq!(check(Some(&vlan(3, 0, 0))), Err(VlanError::Untagged));
    assert_eq!(check(Some(&vlan(4, 1, 5))), Err(VlanError::OtherFabric));
    assert_eq!(check_vlan(&Kind::Vlan, Some(&vlan(2, 0, 5)), None), Err(VlanError::OtherFabric));
    assert_eq!(check_vlan(&bond(), None, None), Ok(()));
}

#[test]
fn a_bond_takes_the_links_of_its_parents_and_puts_them_on_its_vlan() {
    let mut all = all();
    all[0].links.push(link(9, LinkMode::Auto, 1));
    all[4].vlan = Some(OTHER);
    settle(&mut all, id(5));
    assert!(all[0].links.is_empty());
    assert_eq!((all[0].vlan, all[1].vlan, all[2].vlan), (Some(OTHER), Some(OTHER), Some(UNTAGGED)));
    all[6].vlan = Some(UNTAGGED);
    settle(&mut all, id(7));
    assert_eq!((all[4].vlan, all[0].vlan), (Some(UNTAGGED), Some(UNTAGGED)), "down to the last");
}

#[test]
fn what_is_made_of_an_interface_goes_with_it_and_what_it_was_made_of_is_up_again() {
    let mut all = all();
    remove(&mut all, id(5));
    let left: Vec<&str> = all.iter().map(|interface| interface.name.as_str()).collect();
    assert_eq!(left, ["eth0", "eth1", "eth2", "eth3"]);
    assert_eq!(all[0].links, [Link::new(1, LinkMode::LinkUp, None)]);
    assert!(all[2].links.is_empty());
}

#[test]
fn a_bond_outlives_a_parent_and_has_the_hardware_address_of_one_that_is_left() {
    let mut all = all();
    let second = all[1].mac;
    remove(&mut all, id(1));
    assert_eq!((all[3].name.as_str(), &all[3].parents), ("bond0", &vec![id(2)]));
    assert!(all[3..].iter().all(|above| above.mac == second), "and so has what is upon it");
}

#[test]
fn another_hardware_address_of_a_replaced_card_reaches_what_had_it() {
    let mut all = all();
    let (old, new) = (all[0].mac, MacAddress([2, 0, 0, 0, 0, 1]));
    all[6].mac = MacAddress([2, 0, 0, 0, 0, 9]);
    all[0].mac = new;
    follow_mac(&mut all, id(1), old);
    assert_eq!((all[4].mac, all[5].mac), (new, new));
    assert_eq!(all[6].mac, MacAddress([2, 0, 0, 0, 0, 9]), "the bridge has one of its own");
}

#[test]
fn packets_are_no_larger_than_what_carries_them() {
    let of_vlan = |vlan: VlanId| Some(if vlan == OTHER { 9000 } else { 1500 });
    let mut all = all();
    assert_eq!(effective_mtu(&all, &all[0], of_vlan), 1500);
    all[5].vlan = Some(OTHER);
    for below in [0, 1, 4, 5] {
        assert_eq!(effective_mtu(&all, &all[below], of_vlan), 9000, "{}", all[below].name);
    }
    assert_eq!(effective_mtu(&all, &all[6], of_vlan), 1500);
    all[5].settings.mtu = Some(4000);
    follow_mtu(&mut all, id(6));
    assert_eq!((all[4].settings.mtu, all[1].settings.mtu), (Some(4000), Some(4000)));
    all[0].settings.mtu = Some(2000);
    follow_mtu(&mut all, id(1));
    assert_eq!((all[4].settings.mtu, all[5].settings.mtu), (Some(2000), Some(2000)));
    assert_eq!(all[6].settings.mtu, None, "that of its VLAN");
    let lonely = Interface { vlan: None, ..all[2].clone() };
    assert_eq!(effective_mtu(&all, &lonely, of_vlan), DEFAULT_MTU);
}

#[test]
fn what_is_made_of_disabled_interfaces_is_disabled() {
    let mut all = all();
    all[0].enabled = false;
    assert!(is_enabled(&all, &all[5]), "the other one still is");
    all[1].enabled = false;
    assert!(!is_enabled(&all, &all[5]) && is_enabled(&all, &all[2]));
}

#[test]
fn bridges_of_an_allocation_take_the_links_over_and_give_them_back() {
    let mut all = all();
    all.retain(|interface| interface.id != id(7));
    all[4].links.push(link(9, LinkMode::Auto, 1));
    all[2].links.push(link(10, LinkMode::LinkUp, 1));
    all[5].links.push(link(11, LinkMode::Static, 2));
    let before = all.clone();
    assert_eq!(to_be_bridged(&all), [id(5), id(6)], "those that are configured");
    put_over(&mut all, id(5), id(20), Bridge { stp: true, ..Bridge::default() });
    put_over(&mut all, id(6), id(21), Bridge::default());
    let over = all.last().unwrap();
    assert_eq!((over.name.as_str(), over.links[0].id), ("br-bond0.5", 11));
    assert!(all[4].links.is_empty() && all[4].mac == all[6].mac);
    assert_eq!(to_be_bridged(&all), [], "once");
    take_down(&mut all);
    assert_eq!(all, before);
}

#[test]
fn names_of_bridges_are_as_long_as_linux_takes_them() {
    for (under, name) in [
        ("eth0", "br-eth0"),
        ("enp5s0f1np1d2", "b-p5s0f1np1d2"),
        ("wlx00c0ca123456", "b-f1f9e8-123456"),
    ] {
        let mut all = vec![interface(1, under, Kind::Physical, &[])];
        put_over(&mut all, id(1), id(2), Bridge::default());
        let found = &all[1].name;
        assert!(found.len() <= 15, "{found}");
        if under != "wlx00c0ca123456" {
            assert_eq!(found, name);
        }
    }
}

#[test]
fn a_network_is_copied_onto_other_hardware_of_the_same_names() {
    let mut from = all();
    from[4].links =
        vec![Link { ip_address: Some([10, 0, 0, 9].into()), ..link(9, LinkMode::Static, 1) }];
    from[6].mac = MacAddress([2, 0, 0, 0, 0, 9]);
    put_over(&mut from, id(3), id(30), Bridge::default());
    let mut to: Vec<Interface> = all().into_iter().take(4).collect();
    for (number, other) in (101..).zip(&mut to) {
        other.id = id(number);
        other.mac.0[4] = 1;
    }
    let network = copy::Network::of(&from);
    assert_eq!(network.numbers(), 4, "three interfaces and a link");
    network.copy_to(&mut to, vec![201, 202, 203, 204]);
    let made: Vec<_> =
        to[4..].iter().map(|one| (one.id.0, one.name.as_str(), &one.parents)).collect();
    let bonded = vec![id(101), id(102)];
    let on_bond = vec![id(201)];
    assert_eq!(made, [(201, "bond0", &bonded), (202, "bond0.5", &on_bond), (203, "br0", &on_bond)]);
    assert!(to[4..].iter().all(|one| one.mac == to[0].mac), "of its own hardware");
    assert_eq!(to[4].links, [link(204, LinkMode::Auto, 1)], "an address belongs to one machine");
}

fn router(subnet: SubnetId) -> Option<Router> {
    let gateway_ip: IpAddr = match subnet.0 {
        1 => [10, 0, 1, 1].into(),
        2 => [10, 0, 2, 1].into(),
        6 => "fd00::1".parse().ok()?,
        _ => return None,
    };
    Some(Router { gateway_ip, dhcp_on: subnet.0 == 2 })
}

#[test]
fn one_gateway_of_each_family_is_guessed_until_one_is_set() {
    let mut all = all();
    all[2].boot = true;
    all[2].links = vec![link(21, LinkMode::Auto, 1), link(22, LinkMode::Auto, 3)];
    all[4].links = vec![link(23, LinkMode::Auto, 1), link(24, LinkMode::Dhcp, 2)];
    let chosen = |all: &[Interface]| {
        let Gateways { ipv4, ipv6 } = Gateways::of(all, router);
        (ipv4.map(|found| (found.link, found.is_set)), ipv6.map(|found| (found.link, found.is_set)))
    };
    assert_eq!(chosen(&all), (Some((23, false)), None), "a bond before what it boots from");
    all[3].links = vec![link(25, LinkMode::Static, 2), link(26, LinkMode::Auto, 6)];
    assert_eq!(chosen(&all), (Some((25, false)), Some((26, false))), "a VLAN with DHCP first");
    gateways::set(&mut all, id(3), None, router);
    assert_eq!(chosen(&all), (Some((21, true)), Some((26, false))));
    gateways::set(&mut all, id(5), Some(24), router);
    assert_eq!(chosen(&all).0, Some((24, true)), "DHCP tells of it then");
    assert!(!all[2].links[0].default_gateway, "one of a family");
    gateways::clear(&mut all);
    assert_eq!(chosen(&all), (Some((25, false)), Some((26, false))));
}

#[test]
fn which_gateway_is_meant_is_asked_where_there_are_several() {
    let mut of = interface(1, "eth0", Kind::Physical, &[]);
    of.links = vec![link(1, LinkMode::Auto, 1), link(2, LinkMode::LinkUp, 2)];
    let usable = |of: &Interface| gateways::usable(of, router);
    assert_eq!(usable(&of), [(1, [10, 0, 1, 1].into())]);
    assert_eq!(gateways::ambiguous(&usable(&of)), None);
    of.links.push(link(3, LinkMode::Static, 2));
    assert_eq!(gateways::ambiguous(&usable(&of)).as_deref(), Some("IPv4 gateway"));
}

#[test]
fn a_link_takes_the_place_of_what_cannot_stand_beside_it() {
    let is_ipv4 = |link: &Link| link.subnet.map(|subnet| subnet != SubnetId(6));
    let modes = |of: &Interface| of.links.iter().map(|link| link.mode).collect::<Vec<_>>();
    let mut of = interface(1, "eth0", Kind::Physical, &[]);
    of.ensure_link();
    assert_eq!(modes(&of), [LinkMode::LinkUp]);
    links::add(&mut of, link(2, LinkMode::Dhcp, 1), is_ipv4);
    assert_eq!(modes(&of), [LinkMode::Dhcp]);
    links::add(&mut of, link(3, LinkMode::Static, 6), is_ipv4);
    assert_eq!(modes(&of), [LinkMode::Dhcp, LinkMode::Static], "another family");
    links::add(&mut of, link(4, LinkMode::Auto, 2), is_ipv4);
    assert_eq!(modes(&of), [LinkMode::Static, LinkMode::Auto]);
    links::add(&mut of, Link::new(5, LinkMode::LinkUp, None), is_ipv4);
    assert_eq!(modes(&of), [LinkMode::LinkUp]);
}

#[test]
fn what_is_wrong_with_a_link_is_said_in_the_words_of_maas() {
    let mut of = interface(1, "eth0", Kind::Physical, &[]);
    of.links = vec![link(1, LinkMode::Dhcp, 1)];
    let named = |link: &Link| link.subnet.map(|subnet| format!("s{subnet}"));
    let check = |mode, force| links::check_mode(&of, mode, force, named);
    let said = check(LinkMode::Dhcp, false).unwrap_err();
    assert_eq!(said.to_string(), "Interface is already set to DHCP from 's1'.");
    assert_eq!(check(LinkMode::Dhcp, true), Ok(()));
    assert_eq!(check(LinkMode::LinkUp, false), Err(links::LinkError::HasOthers));
    let bonded = links::check_unbonded(&all(), id(2)).unwrap_err();
    let words = "Cannot link interface(eth1) when interface is in a bond(bond0).";
    assert_eq!((bonded.to_string().as_str(), bonded.field()), (words, "bond"));
    let cidr = "10.0.0.0/24".parse().unwrap();
    let subnet = Subnet::new(SubnetId(1), UNTAGGED, cidr);
    for (mode, subnet, words) in [
        (LinkMode::Dhcp, Some((&subnet, "s")), "Cannot use in mode 'dhcp'."),
        (LinkMode::Auto, None, "Subnet is required when default_gateway is True."),
        (
            LinkMode::Static,
            Some((&subnet, "s")),
            "Cannot set as default gateway because subnet s doesn't provide a gateway IP address.",
        ),
    ] {
        assert_eq!(links::check_gateway(mode, subnet).unwrap_err().to_string(), words);
    }
}

#[test]
fn rows_of_the_version_before_are_read_and_physical_ones_written_as_before() {
    let old = r#"{"id":7,"name":"eth0","mac":"52:54:00:00:00:01","vlan":1,"boot":true,"enabled":true,
        "link_connected":true,"link_speed":1000,"vendor":"","product":"","firmware_version":"",
        "links":[{"id":7,"mode":"Auto","subnet":1,"ip_address":null}]}"#;
    let read: Interface = serde_json::from_str(old).unwrap();
    assert_eq!((&read.kind, read.links[0].default_gateway), (&Kind::Physical, false));
    let written: serde_json::Value = serde_json::to_value(&read).unwrap();
    assert_eq!(written, serde_json::from_str::<serde_json::Value>(old).unwrap());
    let mode = BondMode::Lacp;
    let lacp = Interface { kind: Kind::Bond(Bond { mode, ..Bond::default() }), ..read };
    let written = serde_json::to_string(&lacp).unwrap();
    assert!(written.contains(r#""mode":"802.3ad""#), "{written}");
    assert_eq!(serde_json::from_str::<Interface>(&written).unwrap(), lacp);
}

#[test]
fn racks_know_a_machine_by_what_stands_for_its_hardware() {
    use crate::machine::served::ServedInterface;

    let mut all = all();
    all[0].boot = true;
    all[5].links =
        vec![Link { ip_address: Some([10, 5, 0, 9].into()), ..link(1, LinkMode::Auto, 2) }];
    all[6].links =
        vec![Link { ip_address: Some([10, 0, 0, 9].into()), ..link(2, LinkMode::Auto, 1) }];
    let told: Vec<(String, bool, usize)> = ServedInterface::all_of(&all)
        .into_iter()
        .map(|one| (one.name, one.boot, one.addresses.len()))
        .collect();
    let is = |name: &str, boot: bool, addresses: usize| (name.to_owned(), boot, addresses);
    let bond = [is("eth1", false, 0), is("eth2", false, 0), is("eth3", false, 0)];
    let above = [is("bond0.5", false, 1), is("br0", true, 1)];
    assert_eq!(told, [&bond[..], &above[..]].concat(), "each packet is known by one of them");
}
