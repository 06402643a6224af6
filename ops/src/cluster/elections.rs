//! Operators hear of elections: which region leads, and since when.

use model::access::Actor;
use model::controller::RegionController;
use model::event::EventLevel;
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

use crate::authorize::cause;
use crate::site::events::{NewEvent, record_of_controller};

/// Records that region node `node_id` was elected in a term of Raft. Nothing is recorded of one that is not registered yet:
/// the region that makes a cluster leads it before it has a name.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn tell(tables: &Tables, node_id: u64, term: u64) -> Result<(), TableError> {
    let cause = cause(&Actor::Reconciler("elections"), "region.elected");
    tables
        .update(&cause, |tx: &mut Tx| -> Result<(), TableError> {
            let regions = tx.looking().list::<RegionController>()?;
            let Some(region) = regions.into_iter().find(|region| region.node_id == node_id) else {
                return Ok(());
            };
            let event = NewEvent {
                kind: "Region elected",
                level: EventLevel::Info,
                description: format!("leads the regions in term {term}"),
            };
            record_of_controller(tx, (&region.system_id, region.hostname), event)
        })
        .await
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use model::event::Event;
    use raft_store::Store;
    use tables::update::Cause;

    use super::*;

    #[tokio::test]
    async fn an_event_says_who_leads_in_which_term() {
        let tables = Tables::new(Store::in_memory());
        let region = RegionController {
            system_id: "aaaaab".parse().unwrap(),
            node_id: 2,
            hostname: "r2".to_owned(),
            version: "1".to_owned(),
            address: IpAddr::from([127, 0, 0, 2]),
        };
        let joined = Cause::new("region:2", "region.join");
        tables.update(&joined, |tx| tx.put(&region)).await.unwrap();
        tell(&tables, 2, 7).await.unwrap();
        tell(&tables, 3, 8).await.unwrap();
        let events = tables.view().await.unwrap().list::<Event>().unwrap();
        let told: Vec<_> = events
            .iter()
            .map(|event| (&*event.hostname, &*event.kind, &*event.description))
            .collect();
        assert_eq!(told, [("r2", "Region elected", "leads the regions in term 7")]);
    }
}
