//! What the leader asks all members from time to time: which cluster version they support, and what
//! their state is. From the answers it raises the version, and has a replica that differs noticed.

use std::sync::Arc;
use std::time::Duration;

use openraft::async_runtime::watch::WatchReceiver;
use proto::raft as wire;

use crate::node::Node;
use crate::propose;
use crate::runtime::clock;
use crate::state::digest;
use crate::types::LogId;
use crate::version;

/// How often the leader looks.
const EVERY: Duration = Duration::from_secs(5);
/// How long a member has to answer.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// What the members answered.
struct Reports {
    asked: usize,
    answers: Vec<wire::ReportReply>,
}

/// Runs until the node stops.
pub(crate) async fn run(node: Arc<Node>) {
    let mut half_done: Option<LogId> = None;
    loop {
        tokio::select! {
            biased;
            () = node.stopping.cancelled() => return,
            () = clock::sleep(EVERY) => {}
        }
        if node.leadership.borrow().leading {
            half_done = node.repair_members(half_done).await;
            node.survey().await;
        }
    }
}

impl Node {
    /// What this node tells the leader.
    pub(crate) fn report(&self) -> wire::ReportReply {
        let (_, applied) = self.view();
        wire::ReportReply {
            version_max: version::SUPPORTED,
            marks: applied.digest.marks.into_iter().collect(),
        }
    }

    /// Asks all members, and proposes what follows from the answers, if anything does.
    pub(crate) async fn survey(&self) {
        let (_, applied) = self.view();
        let digest = &applied.digest;
        let marked = digest.marks.back().is_some_and(|mark| mark.digest == digest.value);
        let verified = marked
            && digest.marks.iter().rev().nth(1).is_some_and(|mark| mark.digest == digest.value);
        if verified && applied.version == version::SUPPORTED {
            return;
        }
        let reports = self.ask_all().await;
        let raise_version = next_version(applied.version, &reports);
        let marks: Vec<_> = reports.answers.iter().map(|answer| answer.marks.clone()).collect();
        let check = digest::majority(&marks, reports.asked);
        let command = wire::Command {
            raise_version: raise_version.unwrap_or_default(),
            // Without a majority there is nothing to compare, but a new mark.
            check: Some(check.unwrap_or_default()),
            ..wire::Command::default()
        };
        propose::housekeeping(&self.raft, command).await;
    }

    async fn ask_all(&self) -> Reports {
        let metrics = self.raft.server_metrics().borrow_watched().clone();
        let members = metrics.membership_config.membership();
        let own = self.config.node_id;
        let others = members.nodes().filter(|(id, _)| **id != own);
        let asking = others.map(|(id, member)| self.ask(*id, member.address.clone()));
        let mut answers: Vec<_> =
            futures::future::join_all(asking).await.into_iter().flatten().collect();
        answers.push(self.report());
        Reports { asked: members.nodes().count(), answers }
    }

    async fn ask(&self, id: u64, address: String) -> Option<wire::ReportReply> {
        let asking = self.requests.report(id, &address);
        clock::timeout(ANSWER_MAX, asking).await.ok()?.ok()
    }
}

/// The version to raise to: the greatest that every member supports, when every member answered.
fn next_version(current: u32, reports: &Reports) -> Option<u32> {
    let all = reports.answers.len() == reports.asked;
    let supported = reports.answers.iter().map(|answer| answer.version_max).min()?;
    (all && supported > current).then_some(supported)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expected: Option<u32>, asked: usize, versions: &[u32]) {
        let answer = |version_max| wire::ReportReply { version_max, marks: Vec::new() };
        let answers = versions.iter().copied().map(answer).collect();
        assert_eq!(expected, next_version(2, &Reports { asked, answers }));
    }

    #[test]
    fn the_version_is_raised_when_all_members_support_it() {
        check(Some(3), 3, &[3, 4, 3]);
        check(None, 3, &[3, 3]);
        check(None, 3, &[3, 2, 4]);
        check(None, 3, &[1, 3, 3]);
        check(None, 1, &[]);
    }
}
