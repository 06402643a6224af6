//! Giving leadership to another region, because somebody asked for it.

use std::net::IpAddr;

use model::access::{Actor, Denied, Permission};
use model::controller::RegionController;
use model::error::Kind;
use model::event::{Audit, AuditedObject, Event, EventLevel};
use raft_store::status::MembershipError;
use serde_json::json;

use crate::authorize::authorize;
use crate::cluster::nodes::membership_kind;
use tables::error::TableError;
use tables::read::Reads;
use tables::site::REGION_BY_NODE_ID;
use tables::update::Tables;

/// The operation, as history and events name it.
const TRANSFER: &str = "leadership.transfer";

/// Why leadership is not given.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// There is no such region.
    #[error("there is no region node {node_id}")]
    Unknown {
        /// What was asked for.
        node_id: u64,
    },
    /// Who asks may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Raft refuses it now.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// The tables refused it.
    #[error(transparent)]
    Tables(#[from] TableError),
    /// It was done, and the event of it could not be written.
    #[error("region node {node_id} leads, and no event could tell of it: {source}")]
    Untold {
        /// Who leads.
        node_id: u64,
        /// Why.
        source: TableError,
    },
}

impl TransferError {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Unknown { .. } => Kind::NotFound,
            Self::Denied(denied) => denied.kind(),
            Self::Membership(error) => membership_kind(error),
            Self::Tables(error) | Self::Untold { source: error, .. } => error.kind(),
        }
    }
}

/// Gives leadership to a region, and tells in an event who asked for it, from where. Only the leader can do it; one that leads
/// already keeps it, and nothing is told.
///
/// # Errors
/// See [`TransferError`].
pub async fn transfer(
    tables: &Tables,
    actor: &Actor,
    from: Option<IpAddr>,
    node_id: u64,
) -> Result<(), TransferError> {
    let cause = authorize(actor, Permission::ManageCluster, TRANSFER)?;
    let known = tables.view().await?.find(&REGION_BY_NODE_ID, &node_id)?;
    let region = known.ok_or(TransferError::Unknown { node_id })?;
    let before = tables.store().leadership().borrow().leader;
    tables.store().transfer_leader(node_id).await?;
    if before == Some(node_id) {
        return Ok(());
    }
    let told = tables.update(&cause, |tx| {
        let (id, now) = (tx.next_event_id(), tx.now());
        tx.insert(&Event { id, created: now, ..event(actor, from, before, &region) })
    });
    told.await.map_err(|source| TransferError::Untold { node_id, source })
}

/// The event, without its id and time.
fn event(
    actor: &Actor,
    from: Option<IpAddr>,
    before: Option<u64>,
    region: &RegionController,
) -> Event {
    let leader = |node_id: Option<u64>| Some(json!({ "leader": node_id }));
    let object = AuditedObject {
        kind: "region".to_owned(),
        id: region.system_id.to_string(),
        name: region.hostname.clone(),
        before: leader(before),
        after: leader(Some(region.node_id)),
    };
    let description = format!("{TRANSFER}: {object}");
    let audit = Audit {
        operation: TRANSFER.to_owned(),
        from,
        request_id: None,
        objects: vec![object],
        more: 0,
    };
    Event {
        id: 0,
        node: Some(region.system_id.clone()),
        hostname: region.hostname.clone(),
        kind: "Node".to_owned(),
        level: EventLevel::Audit,
        description,
        username: Some(actor.to_string()),
        created: model::time::Timestamp::default(),
        audit: Some(Box::new(audit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_names_who_asked_from_where_and_who_leads() {
        let region = RegionController {
            system_id: "aaaaab".parse().unwrap(),
            node_id: 2,
            hostname: "r2".to_owned(),
            version: "1".to_owned(),
            address: IpAddr::from([127, 0, 0, 2]),
        };
        let from = Some(IpAddr::from([127, 0, 0, 1]));
        let told = event(&Actor::Region(1), from, Some(1), &region);
        assert_eq!(told.username.as_deref(), Some("region:1"));
        assert_eq!(told.description, "leadership.transfer: changed region aaaaab (r2): leader");
        let audit = told.audit.unwrap();
        assert_eq!(audit.from, from);
        assert_eq!(audit.objects[0].after, Some(json!({ "leader": 2 })));
    }
}
