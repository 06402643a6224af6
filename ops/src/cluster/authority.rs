//! Replacing the cluster's certificate authority while everything works.
//!
//! The rounds and who stands in their way are [`identity::rotation`]'s. What nodes have is what they
//! said themselves ([`report`]); the reconciler at the leader begins the next round ([`advance`]).

use std::collections::{BTreeMap, BTreeSet};

use identity::rotation::{Holding, Lack, Phase, short};
use identity::{IdentityError, PeerIdentity, Role};
use model::access::{Actor, Denied, Object, Permission, permits};
use model::controller::{RackController, RegionController};
use model::error::Kind;

use crate::authorize::{authorize, cause, permit_for_node};
use crate::cluster::nodes::is_member;
use tables::cluster::{CURRENT, NEXT, StoredAuthority, StoredHolding};
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// Why the authority is not replaced, or a report not taken.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Who reports was removed from the cluster, or never was in it.
    #[error("node {name} is not a member of the cluster")]
    NotMember {
        /// The name in its certificate.
        name: String,
    },
    /// Who asks may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Nodes would be cut off.
    #[error("authority {} cannot be retired: {}", short(authority), nodes.join(", "))]
    InUse {
        /// The authority.
        authority: String,
        /// The nodes, and what each lacks.
        nodes: Vec<String>,
    },
    /// So many regions would be cut off that the others are no majority.
    #[error(
        "authority {} cannot be retired: without {} the regions have no quorum",
        short(authority), regions.join(", ")
    )]
    QuorumLost {
        /// The authority.
        authority: String,
        /// The regions that would be cut off.
        regions: Vec<String>,
    },
    /// The cluster has no authority: it was not initialised.
    #[error("the cluster has no certificate authority")]
    NoAuthority,
    /// A stored certificate is malformed, or no key can be made.
    #[error(transparent)]
    Certificate(#[from] IdentityError),
    /// The tables refused it.
    #[error(transparent)]
    Tables(#[from] TableError),
}

impl AuthorityError {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotMember { .. } => Kind::Forbidden,
            Self::Denied(denied) => denied.kind(),
            Self::InUse { .. } | Self::QuorumLost { .. } => Kind::Conflict,
            Self::NoAuthority | Self::Certificate(_) => Kind::Internal,
            Self::Tables(error) => error.kind(),
        }
    }
}

/// Which authorities there are, and which nodes have what of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityStatus {
    /// How far the replacement has come.
    pub phase: Phase,
    /// All members, regions first.
    pub nodes: Vec<NodeStatus>,
}

/// A member and its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeStatus {
    /// What it is, and which.
    pub role: Role,
    /// Its host's name.
    pub hostname: String,
    /// What it said last.
    pub holding: Option<Holding>,
    /// What it lacks of what the phase wants.
    pub lack: Option<Lack>,
    /// It is not waited for.
    pub excused: bool,
}

impl AuthorityStatus {
    /// The nodes that keep the next round from beginning.
    fn in_the_way(&self) -> impl Iterator<Item = &NodeStatus> {
        self.nodes.iter().filter(|node| node.lack.is_some() && !node.excused)
    }
}

/// Which authorities there are now, and which nodes have what of them.
///
/// # Errors
/// See [`AuthorityError`].
pub async fn status(tables: &Tables, actor: &Actor) -> Result<AuthorityStatus, AuthorityError> {
    permits(actor, Permission::ManageCluster, &Object::Site)?;
    status_in(&tables.view().await?)
}

/// Takes what a node says of itself; returns whether it is to renew its certificate now. Written is
/// only what has changed.
///
/// # Errors
/// See [`AuthorityError`].
pub async fn report(
    tables: &Tables,
    actor: &Actor,
    peer: &PeerIdentity,
    holding: &Holding,
) -> Result<bool, AuthorityError> {
    permit_for_node(actor, Permission::ReportCertificate, &peer.role)?;
    let node = peer.role.to_string();
    let seen = tables.stale_view().await?;
    let known = seen.get::<StoredHolding>(&node)?;
    if known.is_none_or(|known| known.holding != *holding) {
        let cause = cause(actor, "certificate.report");
        tables
            .update(&cause, |tx| {
                if !is_member(tx, &peer.role)? {
                    return Err(AuthorityError::NotMember { name: peer.to_string() });
                }
                // One that came back is waited for again.
                let mut current = stored(tx)?;
                if current.excused.remove(&node) {
                    tx.put(&current)?;
                }
                Ok(tx.put(&StoredHolding { node: node.clone(), holding: holding.clone() })?)
            })
            .await?;
    }
    Ok(phase_in(&tables.stale_view().await?)?.outdates(holding))
}

/// Makes a successor of the authority, which the nodes are to trust from now on. While one is being
/// replaced it changes nothing.
///
/// # Errors
/// See [`AuthorityError`].
pub async fn rotate(tables: &Tables, actor: &Actor) -> Result<AuthorityStatus, AuthorityError> {
    let cause = authorize(actor, Permission::ManageCluster, "authority.rotate")?;
    tables
        .update(&cause, |tx| {
            if let Phase::Settled { .. } = phase_in(tx)? {
                let current = stored(tx)?;
                let successor = current.authority.successor()?;
                let (name, excused) = (NEXT.to_owned(), BTreeSet::new());
                let authority = current.authority.trusting(&successor);
                tx.put(&StoredAuthority { authority, excused: BTreeSet::new(), ..current })?;
                tx.put(&StoredAuthority { name, authority: successor, excused })?;
            }
            status_in(tx)
        })
        .await
}

/// Begins the next round if no node stands in its way; returns the phase when it is a new one.
///
/// # Errors
/// See [`AuthorityError`].
pub async fn advance(tables: &Tables) -> Result<Option<Phase>, AuthorityError> {
    if !is_due(&status_in(&tables.view().await?)?) {
        return Ok(None);
    }
    let reconciler = Actor::Reconciler("authority");
    let cause = authorize(&reconciler, Permission::Reconcile, "authority.advance")?;
    tables
        .update(&cause, |tx| {
            let status = status_in(tx)?;
            if !is_due(&status) {
                return Ok(None);
            }
            let current = stored(tx)?;
            let authority = match tx.delete::<StoredAuthority>(&NEXT.to_owned())? {
                Some(next) => next.authority,
                None => current.authority.alone(),
            };
            tx.put(&StoredAuthority { authority, ..current })?;
            forget_removed(tx, &status)?;
            Ok(Some(phase_in(tx)?))
        })
        .await
}

/// Lets the old authority go. The nodes that stand in the way are waited for no more with `force`,
/// and then have to join anew, unless they come back before it is gone.
///
/// # Errors
/// [`AuthorityError::InUse`] without `force`, [`AuthorityError::QuorumLost`] also with it.
pub async fn retire(
    tables: &Tables,
    actor: &Actor,
    force: bool,
) -> Result<AuthorityStatus, AuthorityError> {
    let cause = authorize(actor, Permission::ManageCluster, "authority.retire")?;
    tables
        .update(&cause, |tx| {
            let status = status_in(tx)?;
            let Some(authority) = status.phase.leaving().map(str::to_owned) else {
                return Ok(status);
            };
            let excuse: BTreeSet<String> =
                status.in_the_way().map(|node| node.role.to_string()).collect();
            if excuse.is_empty() {
                return Ok(status);
            }
            if !force {
                let nodes = status
                    .in_the_way()
                    .filter_map(|node| Some(format!("{} {}", node.role, node.lack.as_ref()?)));
                return Err(AuthorityError::InUse { authority, nodes: nodes.collect() });
            }
            check_quorum(&status, authority)?;
            let mut current = stored(tx)?;
            current.excused.extend(excuse);
            tx.put(&current)?;
            status_in(tx)
        })
        .await
}

/// Whether an authority is being replaced and the next round can begin.
fn is_due(status: &AuthorityStatus) -> bool {
    status.phase.leaving().is_some() && status.in_the_way().next().is_none()
}

/// Refuses to cut off so many regions that the others are no majority.
fn check_quorum(status: &AuthorityStatus, authority: String) -> Result<(), AuthorityError> {
    let regions = status.nodes.iter().filter(|node| matches!(node.role, Role::Region { .. }));
    let (lost, kept): (Vec<_>, Vec<_>) = regions.partition(|node| node.lack.is_some());
    if kept.len() > lost.len() {
        return Ok(());
    }
    let regions = lost.iter().map(|node| node.role.to_string()).collect();
    Err(AuthorityError::QuorumLost { authority, regions })
}

/// Removes what nodes said that are no members any more.
fn forget_removed(tx: &mut Tx, status: &AuthorityStatus) -> Result<(), TableError> {
    let members: BTreeSet<String> = status.nodes.iter().map(|node| node.role.to_string()).collect();
    for gone in tx.list::<StoredHolding>()?.into_iter().filter(|it| !members.contains(&it.node)) {
        tx.delete::<StoredHolding>(&gone.node)?;
    }
    Ok(())
}

fn stored(reads: &impl Reads) -> Result<StoredAuthority, AuthorityError> {
    reads.get::<StoredAuthority>(&CURRENT.to_owned())?.ok_or(AuthorityError::NoAuthority)
}

fn phase_in(reads: &impl Reads) -> Result<Phase, AuthorityError> {
    let current = stored(reads)?.authority;
    let next = reads.get::<StoredAuthority>(&NEXT.to_owned())?.map(|next| next.authority);
    Ok(Phase::of(&current, next.as_ref())?)
}

fn status_in(reads: &impl Reads) -> Result<AuthorityStatus, AuthorityError> {
    let phase = phase_in(reads)?;
    let excused = stored(reads)?.excused;
    let holdings = reads.list::<StoredHolding>()?.into_iter();
    let mut holdings: BTreeMap<String, Holding> =
        holdings.map(|stored| (stored.node, stored.holding)).collect();
    let regions = reads.list::<RegionController>()?.into_iter();
    let racks = reads.list::<RackController>()?.into_iter();
    let members =
        regions.map(|region| (Role::Region { node_id: region.node_id }, region.hostname)).chain(
            racks.map(|rack| (Role::Rack { system_id: rack.system_id.to_string() }, rack.hostname)),
        );
    let nodes = members.map(|(role, hostname)| {
        let name = role.to_string();
        let holding = holdings.remove(&name);
        let lack = phase.lack(holding.as_ref());
        NodeStatus { role, hostname, holding, lack, excused: excused.contains(&name) }
    });
    Ok(AuthorityStatus { nodes: nodes.collect(), phase })
}
