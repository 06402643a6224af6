//! Machines carry the tags whose definitions their hardware meets: whatever changes, in steps, and whoever goes on.

use model::machine::Placement;
use model::machine::hardware::Hardware as Inventory;
use model::machine::lifecycle::Lifecycle;
use model::machine::power::Power;
use model::time::Timestamp;
use raft_store::Store;

use super::*;
use crate::authorize::tests::administrator;
use crate::machine::tags::{self, TagChange};

const SSD: &str = "//node[@class='disk' and contains(product, 'SSD')]";

fn id(number: u64) -> SystemId {
    SystemId::from_number(number)
}

pub(crate) fn machine(number: u64) -> Machine {
    Machine {
        system_id: id(number),
        hostname: format!("m{number}"),
        description: String::new(),
        placement: Placement::default(),
        lifecycle: Lifecycle::default(),
        power: Power::default(),
        hardware: Inventory::default(),
        interfaces: Vec::new(),
        block_devices: Vec::new(),
        storage: model::machine::storage::Storage::default(),
        deployment: None,
        created: Timestamp::default(),
        updated: Timestamp::default(),
    }
}

/// A site whose machines with even numbers have an SSD.
async fn site(machines: u64) -> Tables {
    let tables = Tables::new(Store::in_memory());
    let numbers: Vec<u64> = (0..machines).collect();
    for part in numbers.chunks(100) {
        let cause = Cause::new("test", "test");
        let made = tables.update(&cause, |tx| {
            part.iter().try_for_each(|number| {
                tx.put(&machine(*number))?;
                printed(tx, *number, number.is_multiple_of(2))
            })
        });
        made.await.unwrap();
    }
    while go_on(&tables).await.unwrap() {}
    tables
}

/// As a report of the agent does.
fn printed(tx: &mut Tx, number: u64, has_ssd: bool) -> Result<(), TableError> {
    let product = if has_ssd { "SSD 870" } else { "HDD" };
    tx.put(&ToolOutput {
        machine: id(number),
        tool: LSHW.to_owned(),
        text: format!("<list><node class='disk'><product>{product}</product></node></list>"),
        created: Timestamp::default(),
    })?;
    hardware_changed(tx, &id(number))
}

async fn define(tables: &Tables, definition: &str) {
    let change = TagChange { definition: Some(definition.to_owned()), ..TagChange::default() };
    tags::update(tables, &administrator(), "ssd", &change).await.unwrap();
}

async fn carriers(tables: &Tables) -> Vec<u64> {
    let view = tables.view().await.unwrap();
    let machines = view.list::<Machine>().unwrap().into_iter();
    let carrying = machines.filter(|machine| machine.placement.tags == ["ssd"]);
    let mut numbers: Vec<u64> =
        carrying.map(|machine| machine.hostname[1..].parse().unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

async fn with_tag(machines: u64) -> Tables {
    let tables = site(machines).await;
    let change = TagChange { name: Some("ssd".to_owned()), ..TagChange::default() };
    tags::create(&tables, &administrator(), &change).await.unwrap();
    tables
}

#[tokio::test]
async fn a_definition_is_evaluated_in_bounded_steps_by_whoever_goes_on() {
    let machines = MACHINES_MAX as u64 * 2 + 10;
    let tables = with_tag(machines).await;
    assert!(!go_on(&tables).await.unwrap(), "a tag without a definition is nobody's work");
    define(&tables, SSD).await;
    assert!(go_on(&tables).await.unwrap());
    assert_eq!(carriers(&tables).await.len(), MACHINES_MAX / 2);
    // Another process goes on from there.
    let other = Tables::new(tables.store().clone());
    while go_on(&other).await.unwrap() {}
    let expected: Vec<u64> = (0..machines).filter(|number| number.is_multiple_of(2)).collect();
    assert_eq!(carriers(&tables).await, expected);
    define(&tables, "//node[@class='tape']").await;
    while go_on(&tables).await.unwrap() {}
    assert_eq!(carriers(&tables).await, [0_u64; 0]);
}

#[tokio::test]
async fn a_machine_is_looked_at_when_its_hardware_is_another() {
    let tables = with_tag(4).await;
    define(&tables, SSD).await;
    while go_on(&tables).await.unwrap() {}
    let cause = Cause::new("test", "test");
    let swapped = tables.update(&cause, |tx| {
        printed(tx, 0, false)?;
        printed(tx, 3, true)
    });
    swapped.await.unwrap();
    while go_on(&tables).await.unwrap() {}
    assert_eq!(carriers(&tables).await, [2, 3]);
}

#[tokio::test]
async fn a_definition_that_is_another_by_then_changes_nothing() {
    let tables = with_tag(4).await;
    define(&tables, SSD).await;
    let view = tables.view().await.unwrap();
    let due = view.list::<TagEvaluation>().unwrap();
    define(&tables, "//node[@class='tape']").await;
    // A leader that was overtaken commits what it found.
    step(&tables, &view, &due[0]).await.unwrap();
    assert_eq!(carriers(&tables).await, [0_u64; 0]);
    assert!(go_on(&tables).await.unwrap(), "the other definition is due");
}

#[tokio::test]
async fn a_renamed_tag_is_evaluated_under_its_name_and_a_deleted_one_is_no_work() {
    let tables = with_tag(2).await;
    define(&tables, SSD).await;
    let change = TagChange { name: Some("flash".to_owned()), ..TagChange::default() };
    tags::update(&tables, &administrator(), "ssd", &change).await.unwrap();
    while go_on(&tables).await.unwrap() {}
    let view = tables.view().await.unwrap();
    assert_eq!(view.get::<Machine>(&id(0)).unwrap().unwrap().placement.tags, ["flash"]);
    tags::rebuild(&tables, &administrator(), "flash").await.unwrap();
    tags::delete(&tables, &administrator(), "flash").await.unwrap();
    while go_on(&tables).await.unwrap() {}
    let view = tables.view().await.unwrap();
    assert!(view.get::<Machine>(&id(0)).unwrap().unwrap().placement.tags.is_empty());
    assert!(view.list::<TagEvaluation>().unwrap().is_empty());
}
