//! What controllers tell of their time services.

use model::access::{Actor, Object, Permission, permits};
use model::controller::{RackController, RegionController};
use model::id::SystemId;
use model::time_service::{TimeService, TimeState};

use crate::authorize::cause;
use crate::error::Refusal;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// Takes in what a rack says of its own.
///
/// # Errors
/// [`Refusal`].
pub async fn report_of_rack(
    tables: &Tables,
    rack: &SystemId,
    state: &TimeState,
) -> Result<(), Refusal> {
    let actor = Actor::Rack(rack.clone());
    permits(&actor, Permission::ServeMachines, &Object::Site)?;
    tables
        .update(&cause(&actor, "time-service.report"), |tx| {
            // One that is not entered any more says nothing.
            if tx.get::<RackController>(rack)?.is_some() {
                note(tx, rack, state)?;
            }
            Ok(())
        })
        .await
}

/// Takes in what a region node says of its own; false when it is not entered yet.
///
/// # Errors
/// [`Refusal`].
pub async fn report_of_region(
    tables: &Tables,
    node_id: u64,
    state: &TimeState,
) -> Result<bool, Refusal> {
    tables
        .update(&cause(&Actor::Reconciler("time-service"), "time-service.report"), |tx| {
            let regions = tx.looking().list::<RegionController>()?;
            let own = regions.into_iter().find(|region| region.node_id == node_id);
            let Some(own) = own else { return Ok(false) };
            note(tx, &own.system_id, state)?;
            Ok(true)
        })
        .await
}

fn note(tx: &mut Tx, controller: &SystemId, state: &TimeState) -> Result<(), Refusal> {
    let at = tx.now();
    Ok(tx.put(&TimeService { system_id: controller.clone(), state: state.clone(), at })?)
}

#[cfg(test)]
mod tests {
    use raft_store::Store;

    use super::*;

    #[tokio::test]
    async fn what_is_not_entered_leaves_nothing() {
        let tables = Tables::new(Store::in_memory());
        let rack: SystemId = SystemId::from_number(7);
        report_of_rack(&tables, &rack, &TimeState::Unsynchronised).await.unwrap();
        assert!(!report_of_region(&tables, 1, &TimeState::Unsynchronised).await.unwrap());
        let view = tables.view().await.unwrap();
        assert!(view.list::<TimeService>().unwrap().is_empty());
    }
}
