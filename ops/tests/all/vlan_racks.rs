//! The racks of VLANs: more than two, each knowing of the others.

use model::controller::RackController;
use model::id::{FabricId, SystemId, VlanId};
use model::net::fabric::Fabric;
use model::net::vlan::Vlan;
use model::time::Timestamp;
use ops::cluster::controllers::delete_rack;
use ops::network::vlans::{self, VlanChange, VlanName};
use raft_store::Store;
use tables::error::TableError;
use tables::read::Reads;
use tables::update::{Cause, Tables};

use crate::many::admin;

const VLAN: VlanId = VlanId(1);

fn rack(number: u64) -> SystemId {
    SystemId::from_number(number)
}

/// Racks k1 to k4 and a VLAN that the first two serve. The fourth one is of a version before.
async fn site(store: Store) -> Tables {
    let tables = Tables::new(store);
    tables
        .update(&Cause::new("test", "test"), |tx| -> Result<(), TableError> {
            let (name, description) = ("fabric-0".to_owned(), String::new());
            tx.insert(&Fabric { id: FabricId(0), name, description, class_type: None })?;
            tx.insert(&Vlan {
                primary_rack: Some(rack(1)),
                secondary_rack: Some(rack(2)),
                ..Vlan::untagged(VLAN, FabricId(0))
            })?;
            for number in 1..=4 {
                tx.insert(&RackController {
                    system_id: rack(number),
                    hostname: format!("k{number}"),
                    version: "1".to_owned(),
                    interfaces: Vec::new(),
                    session: Some(1),
                    last_seen: Timestamp::default(),
                    searches_for_hosts: true,
                    holds_service_addresses: number < 4,
                })?;
            }
            Ok(())
        })
        .await
        .unwrap();
    tables
}

async fn set(tables: &Tables, change: VlanChange) -> Result<Vec<SystemId>, String> {
    let name = VlanName::Vlan("1".to_owned());
    let set = vlans::update(tables, &admin(), &name, &change).await;
    set.map(|told| told.vlan.racks().cloned().collect()).map_err(|refusal| refusal.to_string())
}

fn further(names: &[&str]) -> VlanChange {
    let further_racks = Some(names.iter().map(|name| (*name).to_owned()).collect());
    VlanChange { further_racks, ..VlanChange::default() }
}

#[tokio::test]
async fn a_third_rack_is_added_and_moves_up_when_another_one_is_deleted() {
    let tables = site(Store::in_memory()).await;
    let three = [rack(1), rack(2), rack(3)];
    assert_eq!(set(&tables, further(&["k3"])).await, Ok(three.into()));
    delete_rack(&tables, &admin(), &rack(3), false).await.unwrap_err();
    delete_rack(&tables, &admin(), &rack(1), true).await.unwrap();
    let vlan = tables.view().await.unwrap().get::<Vlan>(&VLAN).unwrap().unwrap();
    assert_eq!((vlan.primary_rack, vlan.secondary_rack), (Some(rack(2)), Some(rack(3))));
    assert_eq!(vlan.further_racks, []);
}

#[tokio::test]
async fn all_racks_of_a_vlan_know_of_further_ones() {
    let tables = site(Store::in_memory()).await;
    let refused = set(&tables, further(&["k3", "k4"])).await.unwrap_err();
    assert!(refused.contains("Rack k4 is of a version that knows two racks"), "{refused}");
    let first = VlanChange { primary_rack: Some("k4".to_owned()), ..further(&["k3"]) };
    set(&tables, first.clone()).await.unwrap_err();
    // Two are known to all versions.
    let two = VlanChange { primary_rack: first.primary_rack, ..VlanChange::default() };
    assert_eq!(set(&tables, two).await, Ok(vec![rack(4), rack(2)]));
    set(&tables, further(&["k3"])).await.unwrap_err();
    let mtu = VlanChange { mtu: Some(9_000), ..VlanChange::default() };
    assert_eq!(set(&tables, mtu).await, Ok(vec![rack(4), rack(2)]));
}

#[tokio::test]
async fn further_racks_wait_for_all_regions() {
    let tables = site(Store::in_memory_at_version(8)).await;
    let refused = set(&tables, further(&["k3"])).await.unwrap_err();
    assert!(refused.contains("Not all regions know it yet"), "{refused}");
    let second = VlanChange { secondary_rack: Some(String::new()), ..further(&["k3"]) };
    assert_eq!(set(&tables, second).await, Ok(vec![rack(1), rack(3)]), "they are two");
}
