//! How a machine is stored: in parts, with its secrets apart, and readable by the version before.

use bytes::Bytes;
use model::id::SystemId;
use model::machine::hardware::{Device, Hardware};
use model::machine::lifecycle::Lifecycle;
use model::machine::power::Power;
use model::machine::{Deployment, Machine, Placement};
use model::time::Timestamp;
use raft_store::Store;
use raft_store::read::Consistency;
use raft_store::txn::{Txn, Write};
use tables::error::TableError;
use tables::object::{Object, ObjectChange};
use tables::read::Reads;
use tables::row::{prefixes, row_key};
use tables::update::{Cause, Tables};

const SECRET: &str = "swordfish";

fn id() -> SystemId {
    SystemId::from_number(7)
}

fn cause() -> Cause {
    Cause::new("test", "test")
}

/// A machine with forty devices, a BMC with a password, and 48 KiB of user data.
fn machine() -> Machine {
    let device = |number: u32| Device {
        bus: "pci".to_owned(),
        address: format!("0000:{number:02x}:00.0"),
        vendor_id: "8086".to_owned(),
        product_id: "10fb".to_owned(),
        vendor_name: "Intel Corporation".to_owned(),
        product_name: "82599ES 10-Gigabit SFI/SFP+ Network Connection".to_owned(),
        driver: "ixgbe".to_owned(),
    };
    let parameters = [("power_address", "10.9.0.1"), ("power_pass", SECRET)];
    Machine {
        system_id: id(),
        hostname: "web-1".to_owned(),
        description: String::new(),
        placement: Placement::default(),
        lifecycle: Lifecycle::default(),
        power: Power {
            driver: "ipmi".to_owned(),
            parameters: parameters.into(),
            ..Power::default()
        },
        hardware: Hardware {
            architecture: "amd64/generic".to_owned(),
            devices: (0..40).map(device).collect(),
            ..Hardware::default()
        },
        interfaces: Vec::new(),
        block_devices: Vec::new(),
        storage: model::machine::storage::Storage::default(),
        deployment: Some(Deployment {
            osystem: "debian".to_owned(),
            distro_series: "bookworm".to_owned(),
            image_sha256: "0".repeat(64),
            image_bytes: 1,
            image_type: "root-tgz".to_owned(),
            user_data: Some(SECRET.repeat(48 * 1024 / SECRET.len()).into_bytes().into()),
        }),
        created: Timestamp::from_unix_ms(1),
        updated: Timestamp::from_unix_ms(1),
    }
}

async fn put(tables: &Tables, machine: &Machine) -> Result<(), TableError> {
    tables.update(&cause(), |tx| tx.put(machine)).await
}

async fn stored(tables: &Tables) -> Vec<(Bytes, Bytes)> {
    let view = tables.store().read(Consistency::Linearizable).await.unwrap();
    let rows = prefixes::<Machine>().into_iter().flat_map(|prefix| view.range(&prefix));
    rows.map(|(key, stored)| (key, stored.value)).collect()
}

async fn read(tables: &Tables) -> Result<Option<Machine>, TableError> {
    tables.view().await.unwrap().get::<Machine>(&id())
}

#[tokio::test]
async fn a_report_of_progress_writes_at_most_a_kibibyte() {
    let tables = Tables::new(Store::in_memory());
    let mut machine = machine();
    put(&tables, &machine).await.unwrap();
    assert_eq!(read(&tables).await, Ok(Some(machine.clone())));
    "installing".clone_into(&mut machine.lifecycle.progress);
    let (_, txn) = tables.plan(&cause(), |tx| tx.put(&machine)).await.unwrap();
    let [Write::Put { key, value }] = txn.writes.as_slice() else { panic!("{:?}", txn.writes) };
    assert_eq!(*key, row_key::<Machine>(&id()));
    assert!(value.len() <= 1024, "{} bytes", value.len());
}

#[tokio::test]
async fn a_power_poll_writes_the_power_and_nothing_else() {
    let tables = Tables::new(Store::in_memory());
    let mut machine = machine();
    put(&tables, &machine).await.unwrap();
    machine.power.observed = Some(Timestamp::from_unix_ms(9));
    let (_, txn) = tables.plan(&cause(), |tx| tx.put(&machine)).await.unwrap();
    let keys: Vec<&Bytes> = txn.writes.iter().map(Write::key).collect();
    assert_eq!(keys.len(), 1);
    assert!(keys[0].starts_with(b"t/machinepower/"), "{keys:?}");
}

#[tokio::test]
async fn what_is_secret_stands_in_the_row_of_credentials_alone() {
    let tables = Tables::new(Store::in_memory());
    put(&tables, &machine()).await.unwrap();
    for (key, value) in stored(&tables).await {
        let is_there = String::from_utf8_lossy(&value).contains(SECRET);
        assert_eq!(is_there, key.starts_with(b"t/machinecredentials/"), "{key:?}");
    }
}

#[tokio::test]
async fn a_deleted_machine_leaves_no_part() {
    let tables = Tables::new(Store::in_memory());
    put(&tables, &machine()).await.unwrap();
    assert_eq!(stored(&tables).await.len(), 5, "the row, credentials, power, hardware, deployment");
    tables.update(&cause(), |tx| tx.delete::<Machine>(&id())).await.unwrap();
    assert_eq!(stored(&tables).await, []);
}

#[tokio::test]
async fn a_part_that_is_gone_is_a_change_of_the_machine() {
    let tables = Tables::new(Store::in_memory());
    let mut machine = machine();
    put(&tables, &machine).await.unwrap();
    let before = tables.view().await.unwrap().revision();
    machine.deployment = None;
    put(&tables, &machine).await.unwrap();
    let mut watch = tables.store().watch(prefixes::<Machine>(), before).await.unwrap();
    let batch = watch.next().await.unwrap();
    let view = tables.view().await.unwrap();
    for change in batch.changes {
        let changed = ObjectChange::of(&view, &change.key, change.value.as_deref()).unwrap();
        let whole = Object::Machine(Box::new(machine.clone()));
        assert_eq!(changed, Some(ObjectChange::Put(whole)), "{:?}", change.key);
    }
}

#[tokio::test]
async fn rows_fall_apart_when_all_members_can_read_that() {
    let before = Tables::new(Store::in_memory_at_version(1));
    let mut machine = machine();
    put(&before, &machine).await.unwrap();
    let [(key, whole)] = stored(&before).await.try_into().unwrap();
    assert_eq!(whole[0], 1, "what the version before writes and reads");
    assert_eq!(serde_json::from_slice::<Machine>(&whole[1..]).ok(), Some(machine.clone()));

    let tables = Tables::new(Store::in_memory());
    let write = Write::Put { key, value: whole };
    tables.store().transact(Txn { writes: vec![write], ..Txn::default() }).await.unwrap();
    assert_eq!(read(&tables).await, Ok(Some(machine.clone())));
    "later".clone_into(&mut machine.description);
    put(&tables, &machine).await.unwrap();
    assert_eq!(stored(&tables).await.len(), 5);
    assert_eq!(read(&tables).await, Ok(Some(machine)));
}

/// Changes the stored row of the machine as a newer program would have written it.
async fn rewrite(tables: &Tables, from: &str, to: &str) {
    let key = row_key::<Machine>(&id());
    let view = tables.store().read(Consistency::Linearizable).await.unwrap();
    let value = view.get(&key).unwrap().value;
    let text = std::str::from_utf8(&value).unwrap();
    assert!(text.contains(from), "{text}");
    let value = Bytes::from(text.replace(from, to));
    let write = Write::Put { key, value };
    tables.store().transact(Txn { writes: vec![write], ..Txn::default() }).await.unwrap();
}

#[tokio::test]
async fn a_field_of_a_newer_program_survives_a_write() {
    let tables = Tables::new(Store::in_memory());
    let mut machine = machine();
    put(&tables, &machine).await.unwrap();
    rewrite(&tables, "\"placement\":{", "\"placement\":{\"row\":\"r12\",").await;
    "edited".clone_into(&mut machine.description);
    put(&tables, &machine).await.unwrap();
    let rows = stored(&tables).await;
    let row = rows.iter().find(|(key, _)| *key == row_key::<Machine>(&id())).unwrap();
    let text = std::str::from_utf8(&row.1).unwrap();
    assert!(text.contains("\"row\":\"r12\"") && text.contains("edited"), "{text}");
}

#[tokio::test]
async fn a_word_of_a_newer_program_is_refused_by_name_and_kept() {
    let tables = Tables::new(Store::in_memory());
    let machine = machine();
    put(&tables, &machine).await.unwrap();
    rewrite(&tables, "\"phase\":\"New\"", "\"phase\":\"Dreaming\"").await;
    let before = stored(&tables).await;
    let refused = put(&tables, &machine).await.unwrap_err();
    assert!(matches!(&refused, TableError::Newer { .. }), "{refused}");
    let text = refused.to_string();
    assert!(text.contains("Dreaming") && text.contains("upgrade this node"), "{text}");
    assert_eq!(stored(&tables).await, before);
}
