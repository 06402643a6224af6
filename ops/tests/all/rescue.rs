//! Rescue mode while a cluster is upgraded.

use model::id::SystemId;
use model::machine::status::Status;
use ops::machine::actions::MachineCommands;
use raft_store::Store;

use crate::leases::site::Site;
use crate::many::{admin, ready};

/// The last cluster version in which some region may not know rescue mode.
const BEFORE: u32 = 5;

async fn enter(version: u32) -> Result<Status, String> {
    let site = Site::of(Store::in_memory_at_version(version)).await;
    site.change(|tx| tx.put(&ready(1))).await;
    let (actor, machine) = (admin(), SystemId::from_number(1));
    let commands =
        MachineCommands { tables: &site.tables, actor: &actor, machine: &machine, comment: None };
    let entered = Box::pin(commands.enter_rescue_mode()).await;
    entered.map(|machine| Status::of(&machine.lifecycle)).map_err(|refusal| refusal.to_string())
}

#[tokio::test]
async fn rescue_mode_begins_once_all_regions_know_it() {
    let refused = enter(BEFORE).await.unwrap_err();
    assert!(refused.contains("upgrade them first"), "{refused}");
    assert_eq!(enter(BEFORE + 1).await, Ok(Status::EnteringRescueMode));
}
