//! Commissioning that leaves storage or networking as they are.

use model::id::SystemId;
use model::machine::Machine;
use model::machine::status::Status;

use crate::machines::site::{SimulatedMachine, Site};

/// Examines a machine again, and returns what it is then.
async fn examined(site: &Site, machine: &SimulatedMachine, id: &SystemId, form: &str) -> Machine {
    let uri = format!("machines/{id}/?op=commission");
    let (status, body) = site.rest("POST", &uri, form).await;
    assert_eq!(status, 200, "{body}");
    let welcome = machine.hello(site).await;
    machine.report(site, &welcome, machine.inventory(None)).await;
    let known = site.machine(id).await;
    assert_eq!(Status::of(&known.lifecycle), Status::Ready);
    known
}

#[tokio::test]
async fn what_was_configured_is_kept_if_that_is_asked_for() {
    let site = Site::new().await;
    let machine = SimulatedMachine::new("52:54:00:00:00:09");
    let id = machine.commissioned(&site).await;
    let mut configured = site.machine(&id).await;
    configured.interfaces[0].name = "uplink".to_owned();
    configured.storage = model::machine::storage::Storage::default();
    configured.block_devices[0].tags = vec!["fast".to_owned()];
    site.tables.update(&site.cause, |tx| tx.put(&configured)).await.expect("a write");

    let kept = examined(&site, &machine, &id, "skip_storage=true&skip_networking=true").await;
    assert_eq!(kept.interfaces, configured.interfaces);
    assert_eq!(
        (&kept.storage, &kept.block_devices),
        (&configured.storage, &configured.block_devices)
    );
    assert_eq!(kept.hardware.cpu_count, 2, "all else is read");

    let kept = examined(&site, &machine, &id, "skip_storage=true").await;
    assert_eq!((kept.interfaces[0].name.as_str(), &kept.storage), ("ens3", &configured.storage));
    let anew = examined(&site, &machine, &id, "skip_storage=false").await;
    assert_ne!(anew.storage, configured.storage, "the disks are laid out");
    assert_ne!(anew.block_devices[0].tags, ["fast"]);
}

#[tokio::test]
async fn what_cannot_be_skipped_is_refused_by_name() {
    let site = Site::new().await;
    let id = SimulatedMachine::new("52:54:00:00:00:09").enlist(&site).await;
    let uri = format!("machines/{id}/?op=commission");
    let (status, body) = site.rest("POST", &uri, "skip_bmc_config=true").await;
    assert_eq!(status, 400);
    assert!(body.contains("skip_bmc_config") && body.contains("power_type"), "{body}");
    assert_eq!(site.status(&id).await, Status::New);
}
