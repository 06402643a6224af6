//! Changing who takes part: one change at a time, and an id is never used again.
//!
//! A change is proposed only while the members are still those that it was decided on. The ids of
//! removed members are part of the replicated state: a node that comes back under an id it had would
//! bring back votes and entries that others have counted on.

use std::collections::BTreeSet;
use std::time::Duration;

use openraft::async_runtime::watch::WatchReceiver;
use openraft::errors::{ClientWriteError, PreconditionFailed, RaftError};
use openraft::raft::Precondition;
use openraft::{ChangeMembers, Instant as _};

use crate::node::Node;
use crate::runtime::clock::{self, Instant};
use crate::status::{self, Member, MembershipError};
use crate::store::{Backend, Store};
use crate::types::{self, LogId, Membership, TypeConfig};

/// A learner that is this many entries behind has caught up.
const CAUGHT_UP: u64 = 100;
/// How long a learner may take to catch up when it replaces a member.
const CATCH_UP_MAX: Duration = Duration::from_secs(10 * 60);
const POLL: Duration = Duration::from_millis(50);

/// What a change is decided on.
struct Basis {
    log_id: Option<LogId>,
    members: Membership,
    retired: BTreeSet<u64>,
}

impl Basis {
    fn address(&self, id: u64) -> Option<&str> {
        self.members.get_node(&id).map(|member| member.address.as_str())
    }

    fn voters(&self) -> BTreeSet<u64> {
        self.members.voter_ids().collect()
    }

    fn require_member(&self, id: u64) -> Result<(), MembershipError> {
        match self.address(id) {
            Some(_) => Ok(()),
            None => Err(refused(format!("node {id} is not a member"))),
        }
    }

    /// Whether the node is to be added; it is not when it is there already.
    fn admits(&self, id: u64, address: &str) -> Result<bool, MembershipError> {
        if self.retired.contains(&id) {
            let reason = format!("node {id} was removed, and an id is never used again");
            return Err(refused(reason));
        }
        match self.address(id) {
            None => Ok(true),
            Some(known) if known == address => Ok(false),
            Some(known) => Err(refused(format!(
                "node {id} is a member at {known}: a node with another address needs a new id"
            ))),
        }
    }
}

fn refused(reason: String) -> MembershipError {
    MembershipError::Refused { reason }
}

impl Store {
    /// The members, in the order of their ids; empty for a store in memory. How far each one is
    /// behind is known on the leader only.
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        self.status().map(|status| status.members).unwrap_or_default()
    }

    /// Adds a node that receives the log and does not vote. Returns when the change is committed;
    /// [`Store::status`] shows how far the node has come. Doing it again changes nothing.
    ///
    /// # Errors
    /// See [`MembershipError`]; only the leader can do it. Refused for an id that was a member
    /// before, and for a member's id with another address.
    pub async fn add_learner(&self, id: u64, address: String) -> Result<(), MembershipError> {
        self.replicated()?.add_learner(id, address).await
    }

    /// Makes a learner a voter. Promote one node at a time, when its lag is small. Doing it again
    /// changes nothing.
    ///
    /// # Errors
    /// See [`MembershipError`]; only the leader can do it.
    pub async fn promote(&self, id: u64) -> Result<(), MembershipError> {
        let node = self.replicated()?;
        let basis = node.basis().await?;
        basis.require_member(id)?;
        if basis.voters().contains(&id) {
            return Ok(());
        }
        node.change(&basis, ChangeMembers::AddVoterIds([id].into()), true).await
    }

    /// Makes a voter a learner. Doing it again changes nothing. A leader that is demoted steps
    /// down when that is committed.
    ///
    /// # Errors
    /// See [`MembershipError`]; only the leader can do it. Refused for the last voter, and when of
    /// the voters that stay no majority answers.
    pub async fn demote(&self, id: u64) -> Result<(), MembershipError> {
        let node = self.replicated()?;
        let basis = node.basis().await?;
        basis.require_member(id)?;
        if !basis.voters().contains(&id) {
            return Ok(());
        }
        node.require_quorum_without(&basis, id).await?;
        node.change(&basis, ChangeMembers::RemoveVoters([id].into()), true).await
    }

    /// Removes a voter or a learner. Its id can not be used again. A leader can remove itself: it
    /// steps down when that is committed. Doing it again changes nothing.
    ///
    /// # Errors
    /// See [`MembershipError`]; only the leader can do it. Refused for the last voter, and when of
    /// the voters that stay no majority answers.
    pub async fn remove(&self, id: u64) -> Result<(), MembershipError> {
        let node = self.replicated()?;
        let basis = node.basis().await?;
        if basis.address(id).is_none() {
            return Ok(());
        }
        node.require_quorum_without(&basis, id).await?;
        let change = if basis.voters().contains(&id) {
            ChangeMembers::RemoveVoters([id].into())
        } else {
            ChangeMembers::RemoveNodes([id].into())
        };
        node.change(&basis, change, false).await
    }

    /// Whether [`remove`](Self::remove) would be refused now; never for a store in memory.
    ///
    /// # Errors
    /// As for [`remove`](Self::remove).
    pub async fn check_removal(&self, id: u64) -> Result<(), MembershipError> {
        let Backend::Node(node) = &self.backend else { return Ok(()) };
        let basis = node.basis().await?;
        node.require_quorum_without(&basis, id).await
    }

    /// Whether the node was a member and is not any more, as far as this node has applied the log.
    /// Once it is so it stays so; never for a store in memory.
    #[must_use]
    pub fn is_removed(&self, id: u64) -> bool {
        match &self.backend {
            Backend::Memory { .. } => false,
            Backend::Node(node) => node.view().1.retired.contains(&id),
        }
    }

    /// Puts the node `new_id` at `address` in the place of the member `old_id`: adds it, waits until
    /// it has caught up, and exchanges the two in one change, so that the number of voters is never
    /// smaller. This is how a node gets another address: the address of an id never changes, because
    /// whoever still listens at the old one could answer for it.
    ///
    /// # Errors
    /// See [`MembershipError`]; only the leader can do it. After an error the new node may be a
    /// learner; call it again.
    pub async fn replace_address(
        &self,
        old_id: u64,
        new_id: u64,
        address: String,
    ) -> Result<(), MembershipError> {
        let node = self.replicated()?;
        if node.basis().await?.address(old_id).is_some() {
            node.add_learner(new_id, address).await?;
            node.wait_caught_up(new_id).await?;
        }
        let basis = node.basis().await?;
        let mut voters = basis.voters();
        if voters.remove(&old_id) {
            voters.insert(new_id);
            return node.change(&basis, ChangeMembers::ReplaceAllVoters(voters), false).await;
        }
        self.remove(old_id).await
    }

    fn replicated(&self) -> Result<&Node, MembershipError> {
        match &self.backend {
            Backend::Node(node) => Ok(node),
            Backend::Memory { .. } => Err(refused("the store is in memory".to_owned())),
        }
    }
}

impl Node {
    pub(crate) fn require_leading(&self) -> Result<(), MembershipError> {
        let leadership = *self.leadership.borrow();
        if leadership.leading {
            Ok(())
        } else {
            Err(MembershipError::NotLeader { leader: leadership.leader })
        }
    }

    /// The members at a moment when this node led and had applied everything.
    async fn basis(&self) -> Result<Basis, MembershipError> {
        self.require_leading()?;
        let unavailable = |error: crate::read::ReadError| MembershipError::Unavailable {
            reason: error.to_string(),
        };
        self.read_barrier().await.map_err(unavailable)?;
        let (_, applied) = self.view();
        Ok(Basis {
            log_id: *applied.membership.log_id(),
            members: applied.membership.membership().clone(),
            retired: applied.retired,
        })
    }

    /// Refuses to leave voters of which no majority answers: nothing could be changed any more, not
    /// even the members. Whether they answer is found out now.
    async fn require_quorum_without(&self, basis: &Basis, id: u64) -> Result<(), MembershipError> {
        let mut staying = basis.voters();
        if !staying.remove(&id) {
            return Ok(());
        }
        if staying.is_empty() {
            return Err(refused(format!("node {id} is the last voter")));
        }
        let began = Instant::now();
        loop {
            let silent = self.silent_since(began, &staying);
            if (staying.len() - silent.len()) * 2 > staying.len() {
                return Ok(());
            }
            if began.elapsed() >= self.config.timers.election_max * 3 {
                return Err(refused(format!(
                    "without node {id} no majority of the voters {staying:?} would answer, for \
                     {silent:?} do not: bring them back, or remove them first"
                )));
            }
            clock::sleep(POLL).await;
        }
    }

    /// Those of the voters that answered nothing that this leader sent since then.
    fn silent_since(&self, began: Instant, voters: &BTreeSet<u64>) -> Vec<u64> {
        let metrics = self.raft.metrics().borrow_watched().clone();
        let answers = |id: &u64| {
            let acked = metrics.heartbeat.as_ref().and_then(|all| *all.get(id)?);
            acked.is_some_and(|acked| acked.elapsed() <= began.elapsed())
        };
        let own = self.config.node_id;
        voters.iter().copied().filter(|id| *id != own && !answers(id)).collect()
    }

    async fn add_learner(&self, id: u64, address: String) -> Result<(), MembershipError> {
        let basis = self.basis().await?;
        if !basis.admits(id, &address)? {
            return Ok(());
        }
        let added = [(id, types::Member { address })].into();
        self.change(&basis, ChangeMembers::AddNodes(added), true).await
    }

    async fn change(
        &self,
        basis: &Basis,
        change: ChangeMembers<u64, types::Member>,
        retain: bool,
    ) -> Result<(), MembershipError> {
        let Ok(_one_at_a_time) = self.changing_members.try_lock() else {
            return Err(MembershipError::InProgress);
        };
        let unchanged = Precondition::LastMembershipLogId { last_membership_log_id: basis.log_id };
        match self.raft.change_membership_if(change, retain, [unchanged]).await {
            Ok(_) => Ok(()),
            Err(error) if was_overtaken(&error, basis.log_id) => Err(MembershipError::InProgress),
            Err(error) => Err(status::membership_error(error)),
        }
    }

    async fn wait_caught_up(&self, id: u64) -> Result<(), MembershipError> {
        let until = Instant::now() + CATCH_UP_MAX;
        loop {
            self.require_leading()?;
            let status = self.status();
            let lag = status.members.iter().find(|member| member.id == id).and_then(|it| it.lag);
            if lag.is_some_and(|lag| lag <= CAUGHT_UP) {
                return Ok(());
            }
            if Instant::now() >= until || self.stopping.is_cancelled() {
                let reason = format!("node {id} does not catch up");
                return Err(MembershipError::Unavailable { reason });
            }
            clock::sleep(POLL).await;
        }
    }

    /// Ends a change that a lost leader left half done: two sets of voters until now, the new one
    /// alone from here on. `seen` is what the last call returned; a change is left alone the first
    /// time it is seen, because whoever makes it may be about to end it.
    pub(crate) async fn repair_members(&self, seen: Option<LogId>) -> Option<LogId> {
        let (_, applied) = self.view();
        let log_id = *applied.membership.log_id();
        let members = applied.membership.membership().clone();
        if members.get_joint_config().len() < 2 || log_id != seen {
            return log_id;
        }
        let basis = Basis { log_id, members, retired: applied.retired };
        // Nobody is lost: who was a voter before and is none now stays as a learner.
        match self.change(&basis, ChangeMembers::AddVoterIds(BTreeSet::new()), true).await {
            Ok(()) => tracing::info!("completed a change of the members that was interrupted"),
            Err(error) => {
                tracing::warn!(%error, "cannot complete a change of the members, trying again");
            }
        }
        log_id
    }
}

/// Whether nothing was written because the members were others than those decided on.
fn was_overtaken(
    error: &RaftError<TypeConfig, ClientWriteError<TypeConfig>>,
    basis: Option<LogId>,
) -> bool {
    matches!(
        error,
        RaftError::APIError(ClientWriteError::PreconditionFailed(
            PreconditionFailed::LastMembershipLogIdMismatch { expected, .. }
        )) if *expected == basis
    )
}
