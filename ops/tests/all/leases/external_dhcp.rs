//! DHCP servers that are none of the site's: what is kept of them, shown and told.

use std::net::IpAddr;

use model::controller::{ControllerInterface, RackController};
use model::event::EventLevel;
use model::id::{SystemId, VlanId};
use model::net::external_dhcp::{ExternalDhcp, Heard, Protocol};
use model::net::vlan::Vlan;
use model::time::Timestamp;
use ops::cluster::controllers::delete_rack;
use ops::network::external_dhcp::take_in;
use ops::network::subnets;
use ops::network::vlans::{self, VlanName};
use ops::site::events::{EventQuery, list};
use tables::read::Reads;

use super::site::{Site, ip, mac};
use crate::many::admin;

fn rack(number: u64, address: &str) -> RackController {
    RackController {
        system_id: SystemId::from_number(number),
        hostname: format!("k{number}"),
        version: String::new(),
        interfaces: vec![ControllerInterface {
            name: "eth0".to_owned(),
            mac: mac(200),
            addresses: vec![address.parse().unwrap()],
        }],
        session: None,
        last_seen: Timestamp::default(),
        searches_for_hosts: false,
        holds_service_addresses: false,
    }
}

async fn site() -> Site {
    let site = Site::new().await;
    site.change(|tx| {
        tx.put(&rack(1, "10.0.0.2/24"))?;
        tx.put(&rack(9, "192.0.2.9/24"))
    })
    .await;
    site
}

async fn heard(site: &Site, servers: &[u8]) {
    let servers = servers.iter().map(|last| (ip(*last), Some(mac(*last)))).collect();
    let heard = Heard { servers, complete: Some(Protocol::DhcpV4) };
    take_in(&site.tables, &SystemId::from_number(1), site.vlan, &heard).await.unwrap();
}

async fn shown(site: &Site) -> Option<IpAddr> {
    let name = VlanName::Vlan(site.vlan.to_string());
    vlans::get(&site.tables, &admin(), &name).await.unwrap().external_dhcp
}

/// The events, the newest first: kind, level and text.
async fn told(site: &Site) -> Vec<(String, EventLevel, String)> {
    let query = EventQuery { limit: 10, ..EventQuery::default() };
    let events = list(&site.tables, &admin(), &query).await.unwrap().into_iter();
    events.map(|event| (event.kind, event.level, event.description)).collect()
}

/// C-14.
#[tokio::test]
async fn an_external_server_is_shown_and_told_once_and_gone_when_it_is_not_heard() {
    let site = site().await;
    heard(&site, &[]).await;
    assert_eq!(told(&site).await, [], "there is none");
    heard(&site, &[9, 2]).await;
    let at = site.view().await.revision();
    assert_eq!(shown(&site).await, Some(ip(9)), "and not the rack itself");
    heard(&site, &[9]).await;
    assert_eq!(site.view().await.revision(), at, "what is known already writes nothing");
    let [(kind, level, text)] = &told(&site).await[..] else { panic!("one event") };
    assert_eq!((kind.as_str(), *level), ("External DHCP server", EventLevel::Warning));
    for says in ["10.0.0.9 (52:54:00:00:00:09)", "VLAN fabric-0 0", "which racks serve"] {
        assert!(text.contains(says), "{text}");
    }
    heard(&site, &[8, 9]).await;
    assert_eq!(shown(&site).await, Some(ip(8)), "the least of them");
    heard(&site, &[]).await;
    assert_eq!(shown(&site).await, None);
    assert!(site.view().await.get::<ExternalDhcp>(&site.vlan).unwrap().is_none());
    let gone =
        told(&site).await.into_iter().filter(|(kind, ..)| kind == "External DHCP server gone");
    assert_eq!(gone.count(), 2);
}

/// V6-22.
#[tokio::test]
async fn servers_of_ipv6_stand_beside_those_of_ipv4_and_are_told_by_what_racks_serve() {
    let site = site().await;
    let link_local = |last: u16| IpAddr::from([0xfe80, 0, 0, 0, 0, 0, 0, last]);
    // A bridge of another rack has an address that a server has on this link.
    site.change(|tx| tx.put(&rack(9, "fe80::1/64"))).await;
    let hears = async |servers: &[u16]| {
        let servers = servers.iter().map(|last| (link_local(*last), Some(mac(7)))).collect();
        let heard = Heard { servers, complete: Some(Protocol::DhcpV6) };
        take_in(&site.tables, &SystemId::from_number(1), site.vlan, &heard).await.unwrap();
    };
    hears(&[1]).await;
    assert_eq!(shown(&site).await, Some(link_local(1)));
    let text = told(&site).await.remove(0).2;
    let says = "DHCPv6 server fe80::1 (52:54:00:00:00:07) answers on VLAN fabric-0 0; switch it \
                        off before a subnet of IPv6 is managed there";
    assert_eq!(text, says);
    heard(&site, &[9]).await;
    assert_eq!(shown(&site).await, Some(ip(9)), "the least of all");
    heard(&site, &[]).await;
    assert_eq!(shown(&site).await, Some(link_local(1)), "it was asked by DHCPv4");
    site.add_ipv6().await;
    hears(&[2]).await;
    let events = told(&site).await;
    let says = |kind: &str, text: &str| events.iter().any(|it| it.0 == kind && it.2.contains(text));
    let gone = "DHCPv6 server fe80::1 does not answer on VLAN fabric-0 0 any more";
    assert!(says("External DHCP server gone", gone), "{events:?}");
    let found = "VLAN fabric-0 0, which racks serve: clients get addresses of it";
    assert!(says(
        "External DHCP server",
        &format!("fe80::2 (52:54:00:00:00:07) answers on {found}")
    ));
}

/// C-14.
#[tokio::test]
async fn a_rack_reports_of_links_that_it_has_an_address_on_before_dhcp_is_on_too() {
    let site = site().await;
    site.change(|tx| {
        let vlan = tx.get::<Vlan>(&site.vlan)?.unwrap();
        tx.put(&Vlan { dhcp_on: false, primary_rack: None, secondary_rack: None, ..vlan })
    })
    .await;
    heard(&site, &[9]).await;
    assert_eq!(shown(&site).await, Some(ip(9)));
    assert!(told(&site).await[0].2.contains("before DHCP of the VLAN is switched on"));
    let strangers = Heard { servers: [(ip(7), None)].into(), complete: Some(Protocol::DhcpV4) };
    let elsewhere = take_in(&site.tables, &SystemId::from_number(9), site.vlan, &strangers).await;
    assert!(elsewhere.is_err(), "it has no address there");
    let nowhere = take_in(&site.tables, &SystemId::from_number(1), VlanId(999), &strangers).await;
    assert!(nowhere.is_err(), "there is no such VLAN");
    assert_eq!(shown(&site).await, Some(ip(9)));
}

#[tokio::test]
async fn servers_that_no_rack_looks_for_any_more_are_forgotten() {
    let site = site().await;
    let subnet = site.add_ipv6().await;
    heard(&site, &[9]).await;
    let servers = [(IpAddr::from([0xfe80, 0, 0, 0, 0, 0, 0, 9]), None)].into();
    let heard = Heard { servers, complete: Some(Protocol::DhcpV6) };
    take_in(&site.tables, &SystemId::from_number(1), site.vlan, &heard).await.unwrap();
    let known = async || {
        let external = site.view().await.get::<ExternalDhcp>(&site.vlan).unwrap();
        external.map(|external| external.servers.into_keys().collect::<Vec<_>>())
    };
    assert_eq!(known().await.map(|servers| servers.len()), Some(2));
    subnets::delete(&site.tables, &admin(), &subnet.to_string(), false).await.unwrap();
    assert_eq!(known().await, Some(vec![ip(9)]), "the link has no subnet of IPv6");
}

#[tokio::test]
async fn what_a_rack_found_goes_with_it() {
    let site = site().await;
    heard(&site, &[9]).await;
    let rack = SystemId::from_number(1);
    delete_rack(&site.tables, &admin(), &rack, true).await.unwrap();
    assert_eq!(shown(&site).await, None);
}

#[tokio::test]
async fn what_is_known_of_a_vlan_goes_with_it() {
    let site = site().await;
    heard(&site, &[9]).await;
    let other = VlanId(4_001);
    site.change(|tx| {
        let vlan = tx.get::<Vlan>(&site.vlan)?.unwrap();
        let external = tx.get::<ExternalDhcp>(&site.vlan)?.unwrap();
        tx.put(&Vlan { id: other, vid: 7, name: "seven".to_owned(), ..vlan })?;
        tx.put(&ExternalDhcp { vlan: other, ..external })
    })
    .await;
    let name = VlanName::Vlan(other.to_string());
    vlans::delete(&site.tables, &admin(), &name).await.unwrap();
    let view = site.view().await;
    assert!(view.get::<ExternalDhcp>(&other).unwrap().is_none());
    assert!(view.get::<ExternalDhcp>(&site.vlan).unwrap().is_some());
}
