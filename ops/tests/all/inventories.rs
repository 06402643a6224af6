//! What commissioning tells of a machine besides sizes and names: where its hardware is, and how its disks shall be laid out.

use api::agent::{Inventory, ReportedDisk, ReportedInterface};
use model::id::SystemId;
use model::machine::Machine;
use model::machine::hardware::{Hardware, NumaNode};
use model::machine::storage::config::LayoutName;
use model::machine::storage::layout::LayoutRequest;
use ops::error::Refusal;
use ops::machine::enlist::{EnlistError, take_in_inventory};
use ops::machine::storage::block_devices::Editor;
use serde_json::{Value, json};
use tables::read::Reads;
use tables::update::Cause;

use crate::leases::site::Site;
use crate::many::{admin, ready};

fn inventory(storage_extra: Option<Value>) -> Inventory {
    let node = |index| NumaNode { index, memory_mib: 1024, cores: vec![index] };
    Inventory {
        hardware: Hardware { numa_nodes: vec![node(0), node(1)], ..Hardware::default() },
        interfaces: vec![ReportedInterface {
            name: "eth0".to_owned(),
            mac: "52:54:00:00:00:07".to_owned(),
            numa_node: Some(1),
            virtual_functions_max: Some(63),
            ..ReportedInterface::default()
        }],
        disks: vec![ReportedDisk {
            name: "sda".to_owned(),
            serial: "S1".to_owned(),
            size_bytes: 20_000_000_000,
            block_size_bytes: 512,
            numa_node: Some(1),
            ..ReportedDisk::default()
        }],
        storage_extra,
        ..Inventory::default()
    }
}

async fn examined(site: &Site, id: &SystemId, inventory: &Inventory) -> Machine {
    let cause = Cause::new("test", "test");
    let update = site.tables.update(&cause, |tx| {
        let mut machine = tx.get::<Machine>(id)?.unwrap();
        take_in_inventory(tx, &mut machine, inventory)?;
        tx.put(&machine)?;
        Ok::<_, EnlistError>(machine)
    });
    update.await.unwrap()
}

async fn set_custom(site: &Site, id: &SystemId) -> Result<(), Refusal> {
    let (tables, actor) = (&site.tables, &admin());
    let request =
        LayoutRequest { storage_layout: Some("custom".to_owned()), ..LayoutRequest::default() };
    Editor { tables, actor, machine: id }.set_layout(&request).await
}

#[tokio::test]
async fn hardware_is_at_its_numa_node_and_an_agent_that_does_not_look_changes_nothing() {
    let site = Site::new().await;
    let id = ready(1).system_id;
    site.change(|tx| tx.put(&ready(1))).await;
    let mut told = inventory(None);
    let places = |machine: &Machine| {
        let card = machine.interfaces[0].card;
        (card.numa_node, card.virtual_functions_max, machine.block_devices[0].numa_node)
    };
    assert_eq!(places(&examined(&site, &id, &told).await), (1, 63, 1));
    told.interfaces[0].numa_node = None;
    told.interfaces[0].virtual_functions_max = None;
    told.disks[0].numa_node = None;
    assert_eq!(places(&examined(&site, &id, &told).await), (1, 63, 1));
}

#[tokio::test]
async fn a_custom_layout_is_that_of_the_last_commissioning() {
    let site = Site::new().await;
    let id = ready(1).system_id;
    site.change(|tx| tx.put(&ready(1))).await;
    let none = "Failed to configure storage layout 'custom': No custom storage layout \
                configuration found";
    examined(&site, &id, &inventory(None)).await;
    assert_eq!(set_custom(&site, &id).await.unwrap_err().to_string(), none);
    let partitions = json!([{ "name": "root", "size": "10G", "fs": "ext4" }]);
    let disk = json!({ "type": "disk", "ptable": "mbr", "partitions": partitions });
    let told = json!({ "layout": { "sda": disk }, "mounts": { "/": { "device": "root" } } });
    let machine = examined(&site, &id, &inventory(Some(told))).await;
    assert_eq!(machine.storage.layout, Some(LayoutName::Flat), "the site has another one");
    set_custom(&site, &id).await.unwrap();
    let machine = site.view().await.get::<Machine>(&id).unwrap().unwrap();
    assert_eq!(machine.storage.layout, Some(LayoutName::Custom));
    assert_eq!(machine.storage.tables[0].partitions[0].size_bytes, 9_999_220_736);
    examined(&site, &id, &inventory(None)).await;
    assert_eq!(set_custom(&site, &id).await.unwrap_err().to_string(), none);
}
