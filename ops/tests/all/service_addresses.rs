//! The service addresses of VLANs: which may be set, and who is named to hold them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use model::controller::{ControllerInterface, RackController};
use model::event::Event;
use model::id::{FabricId, SubnetId, SystemId, VlanId};
use model::mac::MacAddress;
use model::net::fabric::Fabric;
use model::net::service_address::{ServiceHolder, Voucher};
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::time::Timestamp;
use ops::network::service_holders::{Vouches, begin, name};
use ops::network::subnets;
use ops::network::vlans::{self, VlanChange, VlanName};
use raft_store::Store;
use tables::error::TableError;
use tables::read::Reads;
use tables::update::{Cause, Tables};

use crate::many::admin;

const VLAN: VlanId = VlanId(1);
const VOUCHES: Vouches = Vouches { term: 7, node_id: 1 };

fn rack(number: u64) -> SystemId {
    SystemId::from_number(number)
}

/// Two racks on a VLAN with subnets of both families, and a third elsewhere.
async fn site() -> Tables {
    let tables = Tables::new(Store::in_memory());
    let controller = |number: u64, addresses: &[&str]| RackController {
        system_id: rack(number),
        hostname: format!("k{number}"),
        version: "1".to_owned(),
        interfaces: vec![ControllerInterface {
            name: "eth0".to_owned(),
            mac: MacAddress([2, 0, 0, 0, 0, 1]),
            addresses: addresses.iter().map(|text| text.parse::<IpNet>().unwrap()).collect(),
        }],
        session: Some(1),
        last_seen: Timestamp::default(),
        searches_for_hosts: true,
        holds_service_addresses: true,
    };
    tables
        .update(&Cause::new("test", "test"), |tx| -> Result<(), TableError> {
            let (name, description) = ("fabric-0".to_owned(), String::new());
            tx.insert(&Fabric { id: FabricId(0), name, description, class_type: None })?;
            tx.insert(&Vlan {
                primary_rack: Some(rack(1)),
                secondary_rack: Some(rack(2)),
                ..Vlan::untagged(VLAN, FabricId(0))
            })?;
            for (id, cidr) in [(1, "10.0.0.0/24"), (2, "fd00::/64")] {
                let mut subnet = Subnet::new(SubnetId(id), VLAN, cidr.parse().unwrap());
                subnet.gateway_ip = (id == 1).then(|| IpAddr::from([10, 0, 0, 1]));
                tx.insert(&subnet)?;
            }
            tx.insert(&controller(1, &["10.0.0.2/24"]))?;
            tx.insert(&controller(2, &["10.0.0.3/24"]))?;
            tx.insert(&controller(3, &["192.0.2.3/24"]))
        })
        .await
        .unwrap();
    tables
}

async fn set(tables: &Tables, addresses: &[&str]) -> Result<(), String> {
    let service_addresses = Some(addresses.iter().map(|ip| ip.parse().unwrap()).collect());
    let change = VlanChange { service_addresses, ..VlanChange::default() };
    let set = vlans::update(tables, &admin(), &VlanName::Vlan("1".to_owned()), &change).await;
    set.map(drop).map_err(|refusal| refusal.to_string())
}

/// Names a holder, when these racks are there and all others gone.
async fn named(tables: &Tables, there: &[u64]) -> Option<SystemId> {
    let there: Vec<SystemId> = there.iter().map(|number| rack(*number)).collect();
    name(tables, VOUCHES, &|rack: &SystemId| Some(there.contains(rack))).await.unwrap();
    let view = tables.view().await.unwrap();
    view.get::<ServiceHolder>(&VLAN).unwrap().and_then(|holder| holder.rack)
}

#[tokio::test]
async fn a_holder_is_named_when_the_one_before_is_gone_and_operators_hear_of_it() {
    let tables = site().await;
    assert!(begin(&tables, VOUCHES).await.unwrap());
    assert_eq!(named(&tables, &[1, 2]).await, None, "there is nothing to hold");
    set(&tables, &["10.0.0.5", "fd00::5"]).await.unwrap();
    assert_eq!(named(&tables, &[1, 2]).await, Some(rack(1)));
    assert_eq!(named(&tables, &[2]).await, Some(rack(2)));
    assert_eq!(named(&tables, &[1, 2]).await, Some(rack(2)), "it stays where it is");
    let events = tables.view().await.unwrap().list::<Event>().unwrap();
    let mut told: Vec<_> = events
        .iter()
        .filter(|event| event.kind == "Service address taken")
        .map(|event| format!("{}: {}", event.hostname, event.description))
        .collect();
    // Those of one instant have no order.
    told.sort();
    let addresses = "10.0.0.5 and fd00::5 of VLAN fabric-0 0";
    assert_eq!(
        told,
        [format!("k1: {addresses}"), format!("k2: {addresses}, because rack k1 is away")]
    );
    set(&tables, &[]).await.unwrap();
    assert_eq!(named(&tables, &[1, 2]).await, None);
}

#[tokio::test]
async fn a_further_rack_holds_when_the_first_two_are_gone() {
    let tables = site().await;
    set(&tables, &["10.0.0.5"]).await.unwrap();
    tables
        .update(&Cause::new("test", "test"), |tx| -> Result<(), TableError> {
            let vlan = tx.get::<Vlan>(&VLAN)?.unwrap();
            tx.put(&Vlan { further_racks: vec![rack(3)], ..vlan })?;
            let mut third = tx.get::<RackController>(&rack(3))?.unwrap();
            third.interfaces[0].addresses = vec!["10.0.0.4/24".parse().unwrap()];
            tx.put(&third)
        })
        .await
        .unwrap();
    assert!(begin(&tables, VOUCHES).await.unwrap());
    assert_eq!(named(&tables, &[1, 2, 3]).await, Some(rack(1)));
    assert_eq!(named(&tables, &[2, 3]).await, Some(rack(2)));
    assert_eq!(named(&tables, &[3]).await, Some(rack(3)));
    assert_eq!(named(&tables, &[1, 2, 3]).await, Some(rack(3)), "it stays where it is");
    assert_eq!(named(&tables, &[1]).await, Some(rack(1)));
}

#[tokio::test]
async fn a_leader_that_stood_still_names_nobody() {
    let tables = site().await;
    set(&tables, &["10.0.0.5"]).await.unwrap();
    assert!(begin(&tables, VOUCHES).await.unwrap());
    assert_eq!(named(&tables, &[1, 2]).await, Some(rack(1)));
    let next = Vouches { term: 8, node_id: 2 };
    assert!(begin(&tables, next).await.unwrap());
    assert_eq!(named(&tables, &[2]).await, Some(rack(1)), "the one of term 7 does nothing");
    assert!(!begin(&tables, VOUCHES).await.unwrap(), "nor does it begin again");
    let known = tables.view().await.unwrap().get::<Voucher>(&0).unwrap();
    assert_eq!(known, Some(Voucher { term: 8, node_id: 2 }));
}

#[tokio::test]
async fn a_rack_that_has_no_interface_there_or_is_of_a_version_before_is_not_named() {
    let tables = site().await;
    set(&tables, &["10.0.0.5"]).await.unwrap();
    assert!(begin(&tables, VOUCHES).await.unwrap());
    tables
        .update(&Cause::new("test", "test"), |tx| -> Result<(), TableError> {
            let first = tx.get::<RackController>(&rack(1))?.unwrap();
            tx.put(&RackController { holds_service_addresses: false, ..first })?;
            let vlan = tx.get::<Vlan>(&VLAN)?.unwrap();
            tx.put(&Vlan { secondary_rack: Some(rack(3)), ..vlan })
        })
        .await
        .unwrap();
    assert_eq!(named(&tables, &[1, 2, 3]).await, None);
}

#[tokio::test]
async fn a_service_address_is_a_free_address_of_the_vlan() {
    let tables = site().await;
    let cases = [
        (&["10.0.0.5", "10.0.0.6"][..], "one service address of each address family"),
        (&["192.0.2.5"], "lies in no subnet of this VLAN"),
        (&["10.0.0.1"], "is the gateway of subnet 10.0.0.0/24"),
        (&["10.0.0.2"], "is an address of rack k1 alone"),
        (&["10.0.0.255"], "is the broadcast address"),
    ];
    for (addresses, why) in BTreeMap::from(cases) {
        let refused = set(&tables, addresses).await.unwrap_err();
        assert!(refused.contains(why), "{addresses:?}: {refused}");
    }
    set(&tables, &["10.0.0.5"]).await.unwrap();
    let gateway = subnets::SubnetChange {
        gateway_ip: Some(Some("10.0.0.5".parse().unwrap())),
        ..subnets::SubnetChange::default()
    };
    let refused = subnets::update(&tables, &admin(), "10.0.0.0/24", &gateway).await.unwrap_err();
    assert!(refused.to_string().contains("is the service address of its VLAN"), "{refused}");
    let refused = subnets::delete(&tables, &admin(), "10.0.0.0/24", true).await.unwrap_err();
    assert!(refused.to_string().contains("10.0.0.5 in 10.0.0.0/24 is a service address"));
    assert!(tables::network::is_held(&tables.view().await.unwrap(), "10.0.0.5".parse().unwrap()));
}
