//! The regions as this one sees them: who votes, who leads, how far each one is, and how many more may fail.

use std::collections::BTreeMap;

use axum::response::Response;
use http::StatusCode;
use model::access::{Object, Permission, permits};
use ops::cluster::controllers;
use raft_store::status::{Member, Role, Status};
use serde::Serialize;
use tables::peers::{Heard, Standing};
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::read;
use crate::request::Request;

/// The parameters, with what they mean.
pub const PARAMETERS: &[(&str, &str)] =
    &[("stale", "`true` to be answered without asking the other regions; works without a quorum.")];

/// The regions of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Cluster {
    /// The cluster's id.
    pub id: String,
    /// The node id of the region that answers, whose view this is.
    pub seen_by: u64,
    /// What that region is: `leader`, `follower`, `candidate`, `learner` or `stopping`.
    pub role: &'static str,
    /// The Raft term.
    pub term: u64,
    /// The node id of the leader; null while the region that answers hears none.
    pub leader: Option<u64>,
    /// The last entry of that region's log.
    pub last_log: u64,
    /// The last entry that it applied.
    pub applied: u64,
    /// The last entry of its last snapshot.
    pub snapshot: Option<u64>,
    /// Why it does not use its clock, and so serves nothing that depends on time.
    pub clock_refusal: Option<String>,
    /// How many voting regions a quorum is.
    pub quorum: usize,
    /// How many of the voting regions may fail before there is no quorum, if none has failed yet.
    pub may_fail: usize,
    /// All regions, in the order of their node ids.
    pub members: Vec<Region>,
}

/// A region of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Region {
    /// Its Raft node id.
    pub node_id: u64,
    /// Its id as a controller; null for one that is not registered yet.
    pub system_id: Option<String>,
    /// Its host's name; empty for one that is not registered yet.
    pub hostname: String,
    /// Where other nodes reach it, `ip:port`.
    pub address: String,
    /// The release that it ran when it registered last.
    pub version: String,
    /// Whether it votes; one that has joined and catches up does not.
    pub voter: bool,
    /// Whether it leads.
    pub leads: bool,
    /// What it is: `leader`, `follower`, `candidate`, `learner` or `stopping`, as it said itself last; null while the region
    /// that answers has not heard it.
    pub role: Option<&'static str>,
    /// Its Raft term, as it said last.
    pub term: Option<u64>,
    /// The last entry of its log, as it said last.
    pub last_log: Option<u64>,
    /// The last entry that it applied, as it said last.
    pub applied: Option<u64>,
    /// The last entry that it is known to have; only the leader knows.
    pub matched: Option<u64>,
    /// How many entries it is behind the leader: as the leader knows, or, at another region, as both said last.
    pub lag: Option<u64>,
    /// How long ago it answered the region that answers now, in milliseconds; regions ask each other twice a second. Null
    /// when it never did.
    pub last_contact_ms: Option<u64>,
    /// Size of the file system that its store is on, in bytes.
    pub disk_bytes: Option<u64>,
    /// How much of that is free, in bytes.
    pub disk_free_bytes: Option<u64>,
    /// How far its clock is ahead of the answering region's, in milliseconds, when it was measured last.
    pub clock_offset_ms: Option<i64>,
}

/// The cluster.
///
/// # Errors
/// 403 for who may not see controllers.
pub async fn answer(request: &Request) -> Result<Response, Problem> {
    let permitted = permits(&request.actor, Permission::ReadControllers, &Object::Site);
    permitted.map_err(|denied| Problem::from(rest::problem::Problem::from(denied)))?;
    let Some(status) = request.live.store().status() else {
        return Err(Problem::new(404, "This region's store is not replicated."));
    };
    let regions = controllers::list_regions(&request.parts.tables, &request.actor).await;
    let regions = regions.map_err(rest::problem::Problem::from)?;
    let offsets_ms = request.live.clock().offsets_ms();
    let heard = Members::of(&status, request.live.peers().heard());
    let region = |member: &Member| {
        let standing = heard.standing(member.id);
        let known = regions.iter().map(|found| &found.region).find(|of| of.node_id == member.id);
        Region {
            node_id: member.id,
            system_id: known.map(|region| region.system_id.to_string()),
            hostname: known.map(|region| region.hostname.clone()).unwrap_or_default(),
            address: member.address.clone(),
            version: known.map(|region| region.version.clone()).unwrap_or_default(),
            voter: member.voter,
            leads: status.leader == Some(member.id),
            role: standing.and_then(|standing| standing.role).map(Role::name),
            term: standing.map(|standing| standing.term),
            last_log: standing.map(|standing| standing.last_log),
            applied: standing.map(|standing| standing.applied),
            matched: member.matched,
            lag: member.lag.or_else(|| heard.lag(member.id)),
            last_contact_ms: heard.last_contact_ms(member.id),
            disk_bytes: standing.map(|standing| standing.disk_bytes).filter(|bytes| *bytes > 0),
            disk_free_bytes: standing
                .filter(|standing| standing.disk_bytes > 0)
                .map(|standing| standing.disk_free_bytes),
            clock_offset_ms: offsets_ms.get(&member.id).copied(),
        }
    };
    let members = status.members.iter().map(region).collect();
    let cluster = shown(&status, request.live.clock().refusal(), members);
    Ok(read::answer(request, StatusCode::OK, serde_json::to_value(cluster).unwrap_or_default()))
}

/// What a region knows of itself, and heard of the others.
struct Members {
    own: u64,
    own_standing: Standing,
    leader: Option<u64>,
    heard: BTreeMap<u64, Heard>,
}

impl Members {
    fn of(status: &Status, heard: BTreeMap<u64, Heard>) -> Self {
        Self { own: status.node_id, own_standing: status.into(), leader: status.leader, heard }
    }

    fn standing(&self, id: u64) -> Option<Standing> {
        if id == self.own { Some(self.own_standing) } else { self.heard.get(&id)?.standing }
    }

    /// How many entries a region is behind the leader, as both said last.
    fn lag(&self, id: u64) -> Option<u64> {
        let leader = self.standing(self.leader?)?;
        Some(leader.last_log.saturating_sub(self.standing(id)?.last_log))
    }

    fn last_contact_ms(&self, id: u64) -> Option<u64> {
        if id == self.own { Some(0) } else { self.heard.get(&id).map(Heard::age_ms) }
    }
}

fn shown(status: &Status, clock_refusal: Option<String>, members: Vec<Region>) -> Cluster {
    let voters = members.iter().filter(|member| member.voter).count();
    let quorum = voters / 2 + 1;
    Cluster {
        id: status.cluster_id.clone(),
        seen_by: status.node_id,
        role: status.role.name(),
        term: status.term,
        leader: status.leader,
        last_log: status.last_log,
        applied: status.applied,
        snapshot: status.snapshot,
        clock_refusal,
        quorum,
        may_fail: voters.saturating_sub(quorum),
        members,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many regions that vote, and so many that do not.
    fn of(voters: u64, learners: u64) -> Cluster {
        let member = |id: u64| Region {
            node_id: id,
            system_id: None,
            hostname: String::new(),
            address: String::new(),
            version: String::new(),
            voter: id <= voters,
            leads: id == 1,
            role: None,
            term: None,
            last_log: None,
            applied: None,
            matched: None,
            lag: None,
            last_contact_ms: None,
            disk_bytes: None,
            disk_free_bytes: None,
            clock_offset_ms: None,
        };
        let status = Status {
            cluster_id: "c".to_owned(),
            node_id: 1,
            role: Role::Leader,
            term: 3,
            leader: Some(1),
            last_log: 9,
            applied: 9,
            snapshot: None,
            purged: None,
            disk_bytes: 100,
            disk_free_bytes: 50,
            members: Vec::new(),
        };
        shown(&status, None, (1..=voters + learners).map(member).collect())
    }

    #[test]
    fn only_regions_that_vote_count() {
        for (voters, learners, quorum, may_fail) in
            [(1, 0, 1, 0), (2, 0, 2, 0), (3, 0, 2, 1), (3, 2, 2, 1), (4, 0, 3, 1), (5, 1, 3, 2)]
        {
            let cluster = of(voters, learners);
            assert_eq!((cluster.quorum, cluster.may_fail), (quorum, may_fail), "{voters} voters");
        }
    }

    #[test]
    fn a_follower_tells_how_far_the_others_are_by_what_they_said() {
        let status = Status {
            cluster_id: "c".to_owned(),
            node_id: 2,
            role: Role::Follower,
            term: 3,
            leader: Some(1),
            last_log: 90,
            applied: 90,
            snapshot: None,
            purged: None,
            disk_bytes: 100,
            disk_free_bytes: 50,
            members: Vec::new(),
        };
        let standing = |last_log| Standing {
            role: Some(Role::Leader),
            last_log,
            ..Members::of(&status, BTreeMap::new()).own_standing
        };
        let peers = tables::peers::Peers::default();
        peers.answered([(1, Some(standing(100))), (3, None)]);
        let members = Members::of(&status, peers.heard());
        assert_eq!([1, 2, 3].map(|id| members.lag(id)), [Some(0), Some(10), None]);
        assert_eq!([2, 4].map(|id| members.last_contact_ms(id)), [Some(0), None]);
        assert!(members.last_contact_ms(3).is_some(), "an older program answers, too");
        let alone = Members::of(&Status { leader: None, ..status }, peers.heard());
        assert_eq!(alone.lag(2), None, "nobody leads");
    }
}
