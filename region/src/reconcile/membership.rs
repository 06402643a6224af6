//! Who takes part in Raft: every recorded region is added as a learner, a learner that has caught up
//! becomes a voter, and a member that is recorded no more is removed. One step at a time.

use std::net::SocketAddr;
use std::time::Duration;

use model::controller::RegionController;
use raft_store::status::{Member, MembershipError};
use tokio_util::sync::CancellationToken;

use crate::config::GRPC_PORT;
use crate::reconcile::driver::{self, Schedule};
use tables::error::TableError;
use tables::read::Reads;
use tables::row::prefix;
use tables::update::Tables;

/// A learner this close to the end of the log has caught up.
const LAG_MAX: u64 = 100;

/// Why a pass failed.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    /// The regions cannot be read.
    #[error(transparent)]
    Tables(#[from] TableError),
    /// The members cannot be changed now.
    #[error(transparent)]
    Membership(#[from] MembershipError),
}

/// What to do next about the members.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    AddLearner {
        node_id: u64,
        address: String,
    },
    Promote {
        node_id: u64,
    },
    Remove {
        node_id: u64,
    },
    /// The leader itself is to go: the next leader removes it.
    GiveWay,
}

/// Runs until cancelled.
pub async fn run(tables: Tables, shutdown: CancellationToken) {
    let schedule = Schedule {
        name: "membership",
        prefixes: vec![prefix::<RegionController>()],
        interval: Duration::from_secs(1),
    };
    driver::run(tables.store().clone(), schedule, shutdown, || pass(&tables)).await;
}

/// Takes one step, if one is due.
///
/// # Errors
/// See [`PassError`].
pub async fn pass(tables: &Tables) -> Result<(), PassError> {
    let Some(status) = tables.store().status() else { return Ok(()) };
    // A stale view could miss a region that is a member already.
    let regions = tables.view().await?.list::<RegionController>()?;
    match next_step(&regions, &status.members, status.node_id) {
        None => {}
        Some(Step::AddLearner { node_id, address }) => {
            tables.store().add_learner(node_id, address).await?;
            tracing::info!(node.id = node_id, "region node {node_id} is a learner");
        }
        Some(Step::Promote { node_id }) => {
            tables.store().promote(node_id).await?;
            tracing::info!(node.id = node_id, "region node {node_id} is a voter");
        }
        Some(Step::Remove { node_id }) => {
            tables.store().remove(node_id).await?;
            tracing::info!(node.id = node_id, "region node {node_id} is no member any more");
        }
        Some(Step::GiveWay) => {
            tables.store().hand_over().await;
        }
    }
    Ok(())
}

fn next_step(regions: &[RegionController], members: &[Member], own_id: u64) -> Option<Step> {
    let is_member = |node_id: u64| members.iter().any(|member| member.id == node_id);
    if let Some(region) = regions.iter().find(|region| !is_member(region.node_id)) {
        let address = SocketAddr::new(region.address, GRPC_PORT).to_string();
        return Some(Step::AddLearner { node_id: region.node_id, address });
    }
    let is_recorded = |node_id: u64| regions.iter().any(|region| region.node_id == node_id);
    if let Some(gone) = members.iter().find(|member| !is_recorded(member.id)) {
        let step = Step::Remove { node_id: gone.id };
        return Some(if gone.id == own_id { Step::GiveWay } else { step });
    }
    let caught_up =
        |member: &&Member| !member.voter && member.lag.is_some_and(|lag| lag <= LAG_MAX);
    members.iter().find(caught_up).map(|member| Step::Promote { node_id: member.id })
}

#[cfg(test)]
mod tests {
    use model::id::SystemId;

    use super::*;

    fn region(node_id: u64) -> RegionController {
        RegionController {
            system_id: SystemId::from_number(node_id),
            node_id,
            hostname: format!("r{node_id}"),
            version: String::new(),
            address: [127, 0, 0, 1].into(),
        }
    }

    fn member(id: u64, voter: bool, lag: Option<u64>) -> Member {
        Member { id, address: String::new(), voter, matched: None, lag }
    }

    #[test]
    fn a_new_region_becomes_a_learner_and_then_a_voter() {
        let regions = [region(1), region(2)];
        let voter = member(1, true, Some(0));
        let address = "127.0.0.1:5241".to_owned();
        let add = Step::AddLearner { node_id: 2, address };
        assert_eq!(next_step(&regions, std::slice::from_ref(&voter), 1), Some(add));
        for (lag, step) in [
            (None, None),
            (Some(LAG_MAX + 1), None),
            (Some(LAG_MAX), Some(Step::Promote { node_id: 2 })),
        ] {
            assert_eq!(next_step(&regions, &[voter.clone(), member(2, false, lag)], 1), step);
        }
        assert_eq!(next_step(&regions, &[voter, member(2, true, Some(500))], 1), None);
    }

    #[test]
    fn a_region_that_is_recorded_no_more_is_removed() {
        let members = [member(1, true, Some(0)), member(2, true, Some(0))];
        let remove = Some(Step::Remove { node_id: 2 });
        assert_eq!(next_step(&[region(1)], &members, 1), remove);
        assert_eq!(next_step(&[region(1)], &members, 2), Some(Step::GiveWay));
        let learner = [member(1, true, Some(0)), member(2, false, Some(0))];
        assert_eq!(next_step(&[region(1)], &learner, 1), remove, "and never promoted");
    }
}
