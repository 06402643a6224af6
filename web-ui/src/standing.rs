//! What a node knows of the cluster by itself, and what an operator makes of it. Pure.

use raft_store::status::Status;

/// How the cluster stands, as this node sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Whether everything is served.
    pub(crate) is_good: bool,
    /// The same in a few words.
    pub(crate) headline: String,
    /// What it means, and what to do.
    pub(crate) advice: String,
    /// How many voters may fail while the others still decide.
    pub(crate) may_lose: usize,
    /// How many vote.
    pub(crate) voters: usize,
}

/// Judges what a node knows. `clock` is why it may not use its clock.
pub(crate) fn judge(status: &Status, clock: Option<&str>) -> Standing {
    let voters = status.members.iter().filter(|member| member.voter).count();
    let majority = voters / 2 + 1;
    let may_lose = voters.saturating_sub(majority);
    let (is_good, headline, advice) = match (status.leader, clock) {
        (None, _) => (
            false,
            "No leader is known".to_owned(),
            format!(
                "A leader needs {majority} of {voters} regions that reach each other. Until then nothing is changed; addresses \
                 that were promised are renewed, and what this region has can be read. Start regions that are down and look at the \
                 links between them. If they are lost for good: docs/how-to/without-quorum.md.",
            ),
        ),
        (Some(leader), Some(reason)) => (
            false,
            format!("Node {leader} leads, but the clock of this node is in doubt"),
            format!("{reason}. Use another region meanwhile."),
        ),
        (Some(leader), None) => (
            true,
            format!("Node {leader} leads, and a quorum answers it"),
            match may_lose {
                0 => "If one more region fails, nothing can be changed.".to_owned(),
                1 => "If all regions are up, one may fail.".to_owned(),
                more => format!("If all regions are up, {more} may fail."),
            },
        ),
    };
    Standing { is_good, headline, advice, may_lose, voters }
}

#[cfg(test)]
mod tests {
    use raft_store::status::{Member, Role};

    use super::*;

    fn status(leader: Option<u64>, voters: u64) -> Status {
        let member = |id| Member {
            id,
            address: format!("10.0.0.{id}:5241"),
            voter: id <= voters,
            matched: None,
            lag: None,
        };
        Status {
            cluster_id: "c".to_owned(),
            node_id: 1,
            role: Role::Follower,
            term: 7,
            leader,
            last_log: 20,
            applied: 19,
            snapshot: None,
            purged: None,
            disk_bytes: 0,
            disk_free_bytes: 0,
            members: (1..=voters + 1).map(member).collect(),
        }
    }

    #[test]
    fn a_minority_may_fail_and_learners_do_not_count() {
        for (voters, may_lose) in [(1, 0), (2, 0), (3, 1), (4, 1), (5, 2)] {
            let judged = judge(&status(Some(1), voters), None);
            assert_eq!((judged.is_good, judged.may_lose), (true, may_lose), "{voters} voters");
        }
    }

    #[test]
    fn without_a_leader_it_says_how_many_regions_are_needed() {
        let judged = judge(&status(None, 3), None);
        assert!(!judged.is_good);
        assert!(judged.advice.contains("2 of 3"), "{}", judged.advice);
    }

    #[test]
    fn a_clock_in_doubt_is_told_where_there_is_a_leader() {
        let judged = judge(&status(Some(2), 3), Some("it differs by 9 s"));
        assert!(!judged.is_good);
        assert!(judged.advice.starts_with("it differs by 9 s"), "{}", judged.advice);
    }
}
